# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Leave no process behind, even when the command itself is killed with SIGKILL.

Every process that a command starts inherits a mark in its environment. A watcher outside of the
command's process group waits for the command to end, by reading a pipe that only the command
holds open, and then ends whatever still carries the mark: browsers, for one, that a killed test
run would leave behind.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

MARK = "PAYLINK_RUN"


def watch_over():
    """Mark this process and its future children, and start their watcher."""
    if MARK in os.environ:
        return  # started by another of our commands, which has a watcher
    os.environ[MARK] = run_id = uuid.uuid4().hex[:10]
    environment = {key: value for key, value in os.environ.items() if key != MARK}
    watcher = subprocess.Popen(
        [sys.executable, __file__, run_id],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=environment,
        cwd="/",
    )
    # Never closed on purpose: the kernel closes it when this process is gone.
    watch_over.pipe = watcher.stdin


def marked(run_id):
    """Return the ids of the running processes that carry the mark."""
    needle = f"{MARK}={run_id}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


def end_all(run_id, patience=8):
    """Ask every marked process to stop, then kill those that do not."""
    for how in (signal.SIGINT, signal.SIGKILL):
        for pid in marked(run_id):
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + patience
        while marked(run_id) and time.monotonic() < deadline:
            time.sleep(0.1)


def main(run_id):
    """Wait for the command to end, then clean up behind it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    folders = sys.stdin.read().splitlines()
    end_all(run_id)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def remember_folder(path):
    """Have the watcher remove `path` when the command is gone."""
    if hasattr(watch_over, "pipe"):
        watch_over.pipe.write(f"{path}\n".encode())
        watch_over.pipe.flush()


if __name__ == "__main__":
    main(sys.argv[1])
