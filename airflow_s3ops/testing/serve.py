"""An S3 server in one process, for tests and for trying things out: moto, on loopback.

As soon as it can respond, it prints its address, as the only line on stdout. It ends on SIGTERM or Ctrl-C,
and then loses all stored data. It accepts any credentials and any region. It checks neither checksums nor
signatures, so it cannot test integrity or security.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

HOST = "127.0.0.1"


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help=f"port on {HOST}; 0, the default, means any free port"
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when stdin is closed, for example because the process that started the server was killed",
    )
    arguments = parser.parse_args()

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if arguments.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    server = _server(arguments.port)
    sys.stdout.write(f"http://{HOST}:{server.server_port}\n")
    sys.stdout.flush()
    os.dup2(2, 1)  # the parent reads only one line, and a pipe that is not read fills up
    server.serve_forever()


def _server(port: int) -> BaseWSGIServer:
    try:
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )
        from werkzeug.serving import make_server
    except ImportError as error:
        sys.exit(f"It requires moto with its server ({error}). Install it: pip install 'moto[server]'")

    class QuietHandler(MotoRequestHandler):
        """Responds as moto does, but without delay and without a log line for each request."""

        # The headers and the body are two writes: with Nagle's algorithm, a kept-alive client waits 40 ms.
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Log nothing: only errors belong in the log."""

    application = DomainDispatcherApplication(create_backend_app)
    return make_server(HOST, port, application, threaded=True, request_handler=QuietHandler)


def _stop(_signal: int, _frame: object) -> None:
    """End the process from its main thread, which runs the accept loop."""
    sys.exit(0)


def _end_with_stdin() -> None:
    # Not sys.stdin: a thread that waits in it holds a lock that the interpreter needs when it exits.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
