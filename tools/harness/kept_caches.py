# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A pytest plugin: compiled templates, assets and routes outlive a test, until its class ends.

Odoo empties all caches of its registry after each test, and spends a quarter of the time on
compiling the same templates again. Here the cache of records is emptied as ever, each other one
if it was invalidated during the test: so does Odoo itself whenever a transaction is rolled back
(`Registry.reset_changes`), as it is after a test. At the end of each class all are emptied.
"""

from unittest.mock import patch

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    """Begin, when Odoo is loaded."""
    from odoo.modules.registry import Registry
    from odoo.tests import TransactionCase

    invalidated = set()
    clear_cache, clear_all = Registry.clear_cache, Registry.clear_all_caches
    set_up = TransactionCase.setUp

    def note(registry, *names):
        invalidated.update(names)
        clear_cache(registry, *names)

    def note_all(registry):
        clear_all(registry)
        invalidated.update(registry.cache_invalidated)

    def setUp(test):
        def clean():
            clear_cache(test.registry, "default", *invalidated)
            invalidated.clear()

        # The cleanup that is added meanwhile is this one.
        with patch.object(test.registry, "clear_all_caches", clean):
            set_up(test)

    Registry.clear_cache, Registry.clear_all_caches = note, note_all
    TransactionCase.setUp = setUp
