# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A hundred customers at once on four workers."""

import asyncio
import time
from urllib.parse import urlsplit

from .clock import content_length
from .table import Row, median, percentile

TITLE = "100 clients, 4 workers"
CLIENTS = 100
# Odoo lets 8 connections per worker wait; the kernel turns more away, to try again a second
# later. As a proxy in front would, the crowd keeps its other requests back: that wait counts.
CONNECTIONS = 32
REQUESTS = 1000  # of each kind, mixed and alone


def run(bench):
    """Let a crowd open the page, an empty route, and both mixed."""
    stand, page = bench.crowded, bench.content["few"]["ours"]
    count = max(200, round(REQUESTS * bench.effort))
    paths = {"page": page, "empty": "/paylink_bench/empty_no_session"}
    crowd = Crowd(stand.url)
    crowd.open(["empty", "page"] * 40, paths)  # every worker has its caches
    mixed = crowd.open(["page", "empty"] * count, paths)
    alone = {"page": [], "empty": []}
    rates = {"page": [], "empty": []}
    for _block in range(2):
        for name in alone:
            answers = crowd.open([name] * (count // 2), paths)
            alone[name] += answers
            rates[name].append(_rate(answers))
    odoo = crowd.open(["odoo"] * (count // 10), {"odoo": bench.content["few"]["portal"]})
    everything = [*mixed, *alone["page"], *alone["empty"]]
    both = {name: [s.seconds for s in mixed if s.name == name] for name in paths}
    only = {name: [s.seconds for s in found] for name, found in alone.items()}
    return [
        Row("answers with 5xx, or none", len([s for s in everything if s.is_failure]), limit=0),
        Row("requests", len(everything), note=f"{CLIENTS} clients without a pause"),
        Row(
            "95 % within, page and empty route in one crowd",
            percentile(both["page"], 95) / percentile(both["empty"], 95),
            "x",
            3,
            note=f"{_describe(both['page'])} against {_describe(both['empty'])}",
        ),
        Row(
            "95 % within, each in a crowd of its own",
            percentile(only["page"], 95) / percentile(only["empty"], 95),
            "x",
            note=f"{_describe(only['page'])} against {_describe(only['empty'])}",
        ),
        Row("pages per second", median(rates["page"]), "/s"),
        Row("empty answers per second", median(rates["empty"]), "/s"),
        Row("Odoo's own page, per second, without its document", _rate(odoo), "/s"),
    ]


class Answer:
    """What one request of the crowd came to; `seconds` includes all waiting."""

    def __init__(self, name, asked, ended, status):
        self.name = name
        self.asked = asked
        self.ended = ended
        self.seconds = ended - asked
        self.is_failure = not 200 <= status < 500


class Crowd:
    """Clients that open one page after the other."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port

    def open(self, names, paths):
        """Make the requests, in this order as far as clients are free; return `Answer`s."""
        return asyncio.run(self._open(names, paths))

    async def _open(self, names, paths):
        waiting = iter(names)
        free = asyncio.Semaphore(CONNECTIONS)
        answers = []

        async def be_a_client():
            for name in waiting:
                asked = time.perf_counter()
                async with free:
                    status = await self._fetch(paths[name])
                answers.append(Answer(name, asked, time.perf_counter(), status))

        await asyncio.gather(*(be_a_client() for _client in range(CLIENTS)))
        return answers

    async def _fetch(self, path):
        """Return the status, 0 when no whole answer came."""
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(request.encode())
            async with asyncio.timeout(60):
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(content_length(head))
            writer.close()
            return int(head.split(b" ", 2)[1])
        except (OSError, TimeoutError, EOFError, ValueError):
            return 0


def _describe(seconds):
    return f"{percentile(seconds, 95) * 1000:.0f} ms (median {median(seconds) * 1000:.0f})"


def _rate(answers):
    """Return how many answers came per second."""
    return len(answers) / (max(a.ended for a in answers) - min(a.asked for a in answers))
