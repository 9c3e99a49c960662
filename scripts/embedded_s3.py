"""An S3 server in one process, for trying things out: moto's server, on loopback. It keeps nothing on disk.

As soon as it is ready it prints its address, as the only line on stdout. It ends on SIGTERM or Ctrl-C. It
accepts any credentials and any region, and checks neither checksums nor signatures: do not use it to prove
integrity or security.
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
    """Responds as moto does, without delay and without a log line for each request."""

    # Header and body of a response are two writes: with Nagle on, a keep-alive client waits 40 ms each time.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: only errors belong in the log."""


def stop(_signal: int, _frame: object) -> None:
    """End the process from its main thread, which runs the accept loop."""
    sys.exit(0)


def main() -> None:
    """Serve until a signal stops the process."""
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
