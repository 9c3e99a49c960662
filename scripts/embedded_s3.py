"""An S3 server in one process, for trying things out: moto's, on loopback, forgotten when it ends.

It prints its address as the one line on stdout as soon as it answers, and ends on SIGTERM or Ctrl-C. It
takes any credentials and any region, and checks neither checksums nor signatures: prove neither integrity nor
security on it.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

HOST = "127.0.0.1"


class QuietHandler(MotoRequestHandler):
    """Answers as moto does, at once and without a log line for each request."""

    # Head and body of an answer are two writes: with Nagle on, each costs a kept-alive client 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: only errors belong in the log."""


def stop(_signal: int, _frame: object) -> None:
    """End the process from its main thread, which runs the accept loop."""
    sys.exit(0)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one"
    )
    arguments = parser.parse_args()

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, arguments.port, application, threaded=True, request_handler=QuietHandler)
    print(f"http://{HOST}:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
