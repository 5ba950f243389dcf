# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Fixtures of the tests from outside: a real server, real mail, a real browser.

    def test_the_page_opens(odoo_stand, open_page):
        link = odoo_stand.shell("answer(env['paylink.link'].search([], limit=1).id)")
        page = open_page("phone")
        page.goto(odoo_stand.url)

Servers run in processes of their own, on databases that are named after the pytest process:
`./paylink test` has several of them side by side. `./paylink test tests` runs these tests alone.
"""

import os

import pytest
from outside import get_world

from tools.harness.browser import KINDS, chromium
from tools.harness.stand import stand


@pytest.fixture(scope="session")
def odoo_stand():
    """Return one server for all tests, two workers and a cron: see `tools.harness.stand.Stand`.

    Tests share its database: make your own customers and invoices, do not count all rows.
    """
    with stand(f"shared{os.getpid()}") as running:
        yield running


@pytest.fixture(scope="session")
def world(odoo_stand):
    """Return the seller with customers and sent links that the tests of SECURITY.md share."""
    return get_world(odoo_stand)


@pytest.fixture
def start_odoo(request):
    """Return a function that starts another server on a fresh copy of the database.

    It takes the arguments of `tools.harness.stand.stand`: workers, crons, options, variables.
    """
    opened = []

    def start(**arguments):
        context = stand(f"own{os.getpid()}_{len(opened)}", **arguments)
        opened.append(context)
        running = context.__enter__()
        request.addfinalizer(lambda: context.__exit__(None, None, None))
        return running

    return start


@pytest.fixture(scope="session")
def browser():
    """Return Chromium, a Playwright `Browser`."""
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser):
    """Return a function that opens an empty page in a browser profile of its own.

    :param kind: 'desk', 'phone', 'dark', 'phone_dark' or 'no_script'
    :param options: more options of Playwright's `new_context`, as `locale="de-DE"`
    """
    contexts = []

    def open_one(kind="desk", **options):
        context = browser.new_context(**(KINDS[kind] | options))
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
