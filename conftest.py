# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Rules for every test of the project, Odoo's and plain ones."""

import os

import pytest

BROWSER_CALLS = {"start_tour", "browser_js"}
# The set-up of a class takes as long as so many tests.
SETUP_LOAD = 6
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
        "--paylink-part",
        metavar="N/OF",
        help="run one of so many parts, which together are all tests",
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


def _choose_part(items, part):
    """Return the tests of one part. Classes stay together, because they share what they set up.

    :param str part: its number and how many there are, as "1/2"
    """
    number, count = map(int, part.split("/"))
    classes = {}
    for item in items:
        classes.setdefault(item.nodeid.rpartition("::")[0], []).append(item)
    loads, chosen = [0] * count, set()
    for _name, members in sorted(classes.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        lightest = loads.index(min(loads))
        loads[lightest] += len(members) + SETUP_LOAD
        if lightest == number - 1:
            chosen.update(members)
    return [item for item in items if item in chosen]


def pytest_collection_modifyitems(config, items):
    if config.getoption("--paylink-fast"):
        slow = [item for item in items if _is_slow(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]
    if config.getoption("--paylink-part") and not config.getoption("--paylink-full"):
        # Named on the command line, they run anyway.
        lengthy = [item for item in items if "full" in _get_tags(item)]
        config.hook.pytest_deselected(items=lengthy)
        items[:] = [item for item in items if item not in set(lengthy)]
    if part := config.getoption("--paylink-part"):
        items[:] = _choose_part(items, part)


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
