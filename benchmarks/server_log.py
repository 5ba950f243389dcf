# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What Odoo's log says of each request: how many queries it made."""

import re
import time
from dataclasses import dataclass

# "GET /path HTTP/1.1" 200 - queries seconds_in_queries other_seconds
LINE = re.compile(
    r'werkzeug: .*"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d{3}) \S+'
    r" (?P<queries>\d+) (?P<sql>[\d.]+) (?P<other>[\d.]+)"
)

# What the addon of the fake Stripe writes.
CALL = re.compile(r"paylink_fake_stripe: asked in (?P<wall>[\d.]+) s, computed (?P<cpu>[\d.]+) s")


@dataclass
class LoggedRequest:
    """One request; `seconds` is what the server took, to the millisecond."""

    path: str
    status: int
    queries: int
    seconds: float


class ServerLog:
    """The end of a log that grows."""

    def __init__(self, path):
        self.path = path
        self.position = 0

    def skip(self):
        """Leave out what was written so far."""
        self.position = self.path.stat().st_size

    def take(self, count, patience=3):
        """Return the next so many requests, once they are all written.

        :raise TimeoutError: when they do not come
        """
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = self._read()
            if len(found) >= count:
                return found
            time.sleep(0.002)
        raise TimeoutError(f"{len(found)} of {count} requests are in {self.path}")

    def read_calls(self):
        """Return the calls to Stripe since :meth:`skip`: seconds waited and computed, each."""
        return [
            (float(match["wall"]), float(match["cpu"])) for match in CALL.finditer(self._tail())
        ]

    def _tail(self):
        with self.path.open(errors="replace") as file:
            file.seek(self.position)
            return file.read()

    def _read(self):
        return [
            LoggedRequest(
                match["path"],
                int(match["status"]),
                int(match["queries"]),
                float(match["sql"]) + float(match["other"]),
            )
            for match in LINE.finditer(self._tail())
        ]
