"""Stop a server and remove its folder as soon as the process that started it has ended.

Run as `python supervisor.py FOLDER COMMAND...`. The starter keeps our stdin open. The operating system closes
it when the starter ends, even by SIGKILL, and then we stop the server. This is a separate process because not
every server can watch its stdin.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

STOP_WITHIN = 5.0


def stop(child: subprocess.Popen[bytes]) -> None:
    """Terminate the server, and kill it if it does not end in time."""
    child.terminate()
    try:
        child.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main() -> int:
    """Run the server until it ends by itself, the starter ends, or a SIGTERM arrives."""
    folder, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    starter_ended = threading.Event()

    def watch() -> None:
        # Not sys.stdin: a thread that waits there holds a lock that the interpreter needs to exit.
        while os.read(0, 1):
            pass
        starter_ended.set()
        stop(child)

    threading.Thread(target=watch, daemon=True).start()
    try:
        return abs(child.wait())
    finally:
        stop(child)
        if starter_ended.is_set():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
