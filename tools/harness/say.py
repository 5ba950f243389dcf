# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What the user reads: progress, and failures in one line."""

import sys
import threading
import time
from contextlib import contextmanager

_started = time.monotonic()


class Failure(Exception):
    """Something the user can put right; the message says how, in one line."""


def say(text):
    """Print one line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _started:4.0f}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text, every=20):
    """Announce a step, and every so many seconds that it still goes on."""
    say(text)
    done = threading.Event()

    def tick():
        while not done.wait(every):
            say(f"  … still at it: {text}")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
