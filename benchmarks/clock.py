# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Requests timed one after the other: what is compared takes turns, so noise hits all alike."""

import json
import re
import socket
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from .server_log import ServerLog


@dataclass
class Sample:
    """One visit.

    `wall` is seconds from connecting to the last byte, `cpu` seconds that Odoo and PostgreSQL
    computed, None where the kernel does not tell; `queries` and `sizes` are per request; `calls` are
    those of the server to others, seconds waited and computed each.
    """

    wall: float = 0.0
    cpu: float | None = None
    queries: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    calls: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Post:
    """A request with a body: `make_body` returns another JSON object each time.

    :param path: where to, or a function that returns another one each time
    :param bool is_form: send the object as a form
    """

    path: str | Callable[[], str]
    make_body: Callable[[], dict]
    is_form: bool = False

    def make(self):
        """Return path, type and body of the next request."""
        path = self.path if isinstance(self.path, str) else self.path()
        if self.is_form:
            return path, "application/x-www-form-urlencoded", urlencode(self.make_body()).encode()
        return path, "application/json", json.dumps(self.make_body()).encode()


class Visitor:
    """A browser that is new each time: it brings no cookie, but keeps what a visit gives it."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.host = parts.netloc

    def visit(self, paths, status=200):
        """Fetch paths one after the other; return (seconds, sizes of the answers in bytes).

        :param paths: paths to get, or `Post` requests
        :raise AssertionError: when an answer has another status
        """
        seconds, sizes, cookies = 0.0, [], ""
        for path in paths:
            request = self._request(path, cookies)
            started = time.perf_counter()
            head, body = self._fetch(request)
            seconds += time.perf_counter() - started
            assert int(head.split(b" ", 2)[1]) == status, head.decode("latin-1")
            sizes.append(len(body))
            cookies = self._cookies(head) or cookies
        return seconds, sizes

    def _request(self, what, cookies):
        is_post = isinstance(what, Post)
        path, kind, body = what.make() if is_post else (what, None, b"")
        lines = [
            f"{'POST' if is_post else 'GET'} {path} HTTP/1.1",
            f"Host: {self.host}",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
            "Accept: text/html,application/xhtml+xml",
            "Accept-Language: en-US,en;q=0.9",
            "Connection: close",
            *([f"Cookie: {cookies}"] if cookies else []),
            *([f"Content-Type: {kind}", f"Content-Length: {len(body)}"] * is_post),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def _fetch(self, request):
        """Return head and body of the answer.

        Not to the end of the connection: the server keeps it open for another 10 ms.
        """
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += self._receive(connection)
            head, _blank, body = answer.partition(b"\r\n\r\n")
            chunks, missing = [body], content_length(head) - len(body)
            while missing > 0:
                chunks.append(self._receive(connection))
                missing -= len(chunks[-1])
        return head, b"".join(chunks)

    @staticmethod
    def _receive(connection):
        if chunk := connection.recv(262144):
            return chunk
        raise ConnectionError("the answer ends too early")

    @staticmethod
    def _cookies(head):
        found = []
        for line in head.decode("latin-1").split("\r\n"):
            name, _colon, value = line.partition(": ")
            if name.lower() == "set-cookie":
                found.append(value.split(";")[0])
        return "; ".join(found)


def content_length(head):
    """Return how long an answer says it is; Odoo says it of every page."""
    return int(re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)[1])


class CpuMeter:
    """The processor time of a server: Odoo's processes and PostgreSQL's for its database."""

    def __init__(self, stand):
        self.stand = stand
        self.database_pids = []

    def find(self):
        """Look again which processes there are; Odoo may have opened another connection."""
        with closing(self.stand.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid != pg_backend_pid()",
                [self.stand.database],
            )
            self.database_pids = [pid for (pid,) in cursor.fetchall()]

    def read(self):
        """Return the seconds so far, None where the kernel does not count them.

        Not from /proc/…/stat, which counts in steps of 10 ms.
        """
        pids = [*self._descendants(self.stand.server.process.pid), *self.database_pids]
        try:
            return sum(map(self._of_process, pids)) / 1e9
        except FileNotFoundError:
            return None

    def _descendants(self, pid):
        found = [pid]
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in file.read_text().split():
                found += self._descendants(int(child))
        return found

    @staticmethod
    def _of_process(pid):
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def take_turns(stand, visits, rounds, warm_up=6):
    """Make visits in turns, each round beginning with another one.

    :param stand: a `Stand` with one worker and without cron, which nobody else uses
    :param dict visits: paths by name; a path may come with the status it answers, (path, status)
    :param int rounds: how often each
    :return: list of `Sample` by name
    """
    visitor, meter, log = Visitor(stand.url), CpuMeter(stand), ServerLog(stand.log)
    for _round in range(warm_up):
        for paths, status in visits.values():
            visitor.visit(paths, status)
    samples = {name: [] for name in visits}
    for number in range(rounds):
        meter.find()
        # In turns each is the first, which wakes the server up: it is slower than the others.
        start = number % len(visits)
        names = [*list(visits)[start:], *list(visits)[:start]]
        for name in names:
            samples[name].append(_sample(visitor, meter, log, *visits[name]))
    return samples


def _sample(visitor, meter, log, paths, status):
    log.skip()
    before = meter.read()
    wall, sizes = visitor.visit(paths, status)
    time.sleep(0.004)  # PostgreSQL and the worker finish after the last byte
    after = meter.read()
    queries = [request.queries for request in log.take(len(paths))]
    cpu = None if before is None or after is None else after - before
    return Sample(wall, cpu, queries, sizes, log.read_calls())
