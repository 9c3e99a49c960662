"""Hold a server on a leash: it ends, and its folder goes, as soon as the process that started it is gone.

Run as `python leash.py FOLDER COMMAND...`. The starter keeps our stdin open; the operating system closes it
however the starter ends, a SIGKILL included, and that is the sign to stop. A process of its own, because not
every server can be taught to watch its stdin.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

PATIENCE = 5.0


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, and insist if it doesn't."""
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main() -> int:
    """Run the server until it ends by itself, or until the starter or a SIGTERM ends it."""
    folder, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    let_go = threading.Event()

    def watch() -> None:
        # Not sys.stdin: a thread that waits there holds a lock that the interpreter's end needs.
        while os.read(0, 1):
            pass
        let_go.set()
        stop(child)

    threading.Thread(target=watch, daemon=True).start()
    try:
        return abs(child.wait())
    finally:
        stop(child)
        if let_go.is_set():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
