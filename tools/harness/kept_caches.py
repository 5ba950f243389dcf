# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A pytest plugin: what Odoo has cached outlives tests and classes, unless it came from them.

Odoo empties all caches of its registry after each test and each class, and spends a third of the
time on filling them again: compiled templates, lists of assets, routes. But tests and classes are
rolled back, so what was cached before they changed something is true again when they have ended:
it is put aside when it is invalidated, and brought back. Only the caches of records are emptied as
ever.
"""

import pytest

# Many small entries, some of them for records that exist in one test only.
RECORDS = ("default", "templates.cached_values")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    """Begin, when Odoo is loaded."""
    from odoo.modules.registry import Registry
    from odoo.orm.registry import _CACHES_BY_KEY
    from odoo.tests import TransactionCase

    kept = Kept()
    clear_cache, clear_all = Registry.clear_cache, Registry.clear_all_caches
    set_up_models = Registry._setup_models__
    set_up_class, set_up = TransactionCase.setUpClass.__func__, TransactionCase.setUp

    def clear_some(registry, *names):
        for name in names or ("default",):
            kept.put_aside(registry, _CACHES_BY_KEY[name])
        clear_cache(registry, *names)

    def clear_them_all(registry):
        kept.put_aside(registry, registry._Registry__caches)
        clear_all(registry)

    def _setup_models__(registry, *arguments):
        kept.forget(registry)
        set_up_models(registry, *arguments)

    def setUpClass(cls):
        # It comes last: cleanups run in reverse.
        cls.addClassCleanup(kept.enter())
        set_up_class(cls)

    def setUp(test):
        # There is no other process to be told of what the class has changed.
        test.registry.cache_invalidated.clear()
        test.addCleanup(test.registry.cache_sequences.update, test.registry.cache_sequences.copy())
        test.addCleanup(test.registry.cache_invalidated.clear)
        test.addCleanup(kept.enter())
        set_up(test)

    Registry.clear_cache, Registry.clear_all_caches = clear_some, clear_them_all
    Registry._setup_models__ = _setup_models__
    TransactionCase.setUpClass, TransactionCase.setUp = classmethod(setUpClass), setUp


class Kept:
    """What the caches held when a class or test that runs now first invalidated them."""

    def __init__(self):
        self.levels = []  # the class, and its test

    def enter(self):
        """Begin a class or a test; return the function that ends it."""
        self.levels.append({})
        return self._leave

    def _leave(self):
        for cache, content in self.levels.pop().values():
            cache.clear()
            cache.update(content)

    def put_aside(self, registry, names):
        for level in self.levels:
            for name in {*names} - {*level, *RECORDS}:
                cache = registry._Registry__caches[name]
                level[name] = (cache, cache.snapshot)

    def forget(self, registry):
        """Keep nothing: the fields have changed."""
        for level in self.levels:
            level.update((name, (each, {})) for name, each in registry._Registry__caches.items())
