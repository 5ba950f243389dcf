# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Rules for every test of the project, Odoo's and plain ones."""

import os
import time
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

BROWSER_CALLS = {"start_tour", "browser_js"}
SLOW_FIXTURES = {"start_odoo", "odoo_stand", "browser", "open_page"}


def pytest_addoption(parser):
    parser.addoption(
        "--paylink-fast",
        action="store_true",
        help="leave out tests tagged or marked 'slow', browser tours and running servers",
    )
    parser.addoption(
        "--paylink-full",
        action="store_true",
        help="repeat sweeps with random input as often as docs/security.md promises",
    )
    parser.addoption(
        "--paylink-queue",
        metavar="FOLDER",
        type=Path,
        help="share the tests, class by class, with other processes that name the same folder",
    )
    parser.addoption(
        "--paylink-wait",
        metavar="FILE",
        type=Path,
        help="collect the tests, and run them as soon as there is such a file",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out by ./paylink test --fast")


def _get_tags(item):
    """Return the tags of one of Odoo's tests, none for a plain one."""
    return getattr(getattr(item, "cls", None), "test_tags", ())


def _is_slow(item):
    """Tell whether a test is left out of a fast run.

    Odoo's tests say so by their tag 'slow' or an attribute, plain ones by the mark; what drives a
    browser or starts a server needs no mark.
    """
    function = getattr(item, "function", None)
    calls = getattr(function, "__code__", None)
    return (
        "slow" in _get_tags(item)
        or getattr(function, "is_slow", False)
        or item.get_closest_marker("slow")
        or SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        or BROWSER_CALLS & set(calls.co_names if calls else ())
    )


def _get_class(item):
    return item.nodeid.rpartition("::")[0]


def _is_no_sweep(item, sizes):
    return sizes[_get_class(item)] > 1 or "slow" not in _get_tags(item)


def _take_from_queue(items, folder):
    """Yield the tests of those classes that no other process has taken yet.

    Classes stay together, because they share what they set up.
    """
    folder.mkdir(exist_ok=True)
    for name, members in groupby(items, _get_class):
        try:
            (folder / name.replace("/", ".")).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from members


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Run tests from the queue, where there is one; pytest's own loop else."""
    ready = session.config.getoption("--paylink-wait")
    while ready and not ready.exists():
        time.sleep(0.1)
    folder = session.config.getoption("--paylink-queue")
    if not folder or session.testsfailed or session.config.option.collectonly:
        return None
    # The next class is taken when the last test of one begins: only then pytest keeps the server.
    queue = _take_from_queue(session.items, folder)
    item = next(queue, None)
    while item:
        upcoming = next(queue, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=upcoming)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = upcoming
    return True


def pytest_collection_modifyitems(config, items):
    if config.getoption("--paylink-fast"):
        slow = [item for item in items if _is_slow(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]
    if config.getoption("--paylink-queue") and not config.getoption("--paylink-full"):
        # Named on the command line, they run anyway.
        lengthy = [item for item in items if "full" in _get_tags(item)]
        config.hook.pytest_deselected(items=lengthy)
        items[:] = [item for item in items if item not in set(lengthy)]
    if config.getoption("--paylink-queue"):
        sizes = Counter(map(_get_class, items))
        # What takes long comes first, so that nobody waits for it at the end: sweeps with random
        # input, each the only test of a slow class, then the classes with many tests.
        items.sort(
            key=lambda item: (_is_no_sweep(item, sizes), -sizes[_get_class(item)], _get_class(item))
        )


def _refuse_skip(report):
    """Turn a skip into a failure: without a browser half the suite would pass by not running."""
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("PAYLINK_ALLOW_SKIPS"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{reason} (a skip is a failure here, unless PAYLINK_ALLOW_SKIPS=1)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _refuse_skip(report)
    return report
