# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Locks between parallel runs. The kernel drops them when a process dies, however it dies."""

import fcntl
from contextlib import contextmanager

from .layout import cache
from .say import say


@contextmanager
def locked(name, shared=False):
    """Hold the named lock; tell the user when another run has it."""
    folder = cache() / "locks"
    folder.mkdir(exist_ok=True)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another paylink that works on: {name}")
            fcntl.flock(file, kind)
        yield


def try_lock(path):
    """Return an open file that holds the lock on `path`, or None if another process has it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
