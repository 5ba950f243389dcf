# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A pytest plugin: what every class of `PaylinkCommon` sets up is made once in a database.

Odoo's common classes of tests make a company with its chart of accounts, products and users anew
for each class, which takes longer than most tests. Here the first class has it made by the very
same code and committed; the others find it there. Each class still has a transaction of its own,
rolled back at its end.

Only for a database that is thrown away: ``pytest -p tools.harness.shared_setup``. Odoo's own
runner knows nothing of it. A class that changes how the common part is made (`get_default_groups`,
`chart_template`, `freeze_time`, …) makes its own, and runs before there is anything shared: the
logins of its users would exist twice.
"""

import datetime
import inspect

import pytest

COMMON = ("odoo.addons.paylink_invoice.tests.common", "PaylinkCommon")
PLAIN = (str, bytes, int, float, bool, datetime.date, type(None))


def pytest_configure(config):
    """Begin."""
    config.pluginmanager.register(Sharing())


class Sharing:
    """The hooks of pytest."""

    shared = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, obj):
        """Replace the set-up before pytest looks for it in the first class that has it."""
        common = inspect.isclass(obj) and _find_common(obj)
        if common and not self.shared:
            self.shared = SharedSetup(common)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        """Run the classes with a set-up of their own first; plain tests stay behind Odoo's."""
        if self.shared:
            items.sort(key=lambda item: not item.cls or self.shared.is_for(item.cls))


def _find_common(cls):
    return next((base for base in cls.__mro__ if (base.__module__, base.__name__) == COMMON), None)


class SharedSetup:
    """What `setUpClass` of a class and of those above it makes, made once.

    :param common: a `TransactionCase`
    """

    def __init__(self, common):
        from odoo.tests import TransactionCase  # Odoo is configured only now.

        self.common = common
        self.below = TransactionCase
        self.layers = [base for base in common.__mro__ if base not in TransactionCase.__mro__]
        hooks = {name for layer in self.layers for name in _get_hooks(layer)}
        self.hooks = hooks - {*dir(TransactionCase)} | {"freeze_time"}
        self.maker = None
        self.kept = None
        setups = [layer for layer in self.layers if "setUpClass" in vars(layer)]
        for layer in setups:
            self._replace(layer, is_last=layer is setups[-1])

    def is_for(self, cls):
        """Tell whether a class has the common set-up, without changes to it."""
        return issubclass(cls, self.common) and all(
            inspect.getattr_static(cls, name, None)
            is inspect.getattr_static(self.common, name, None)
            for name in self.hooks
        )

    def _replace(self, layer, is_last):
        """Let `setUpClass` of one layer pass on to the next; the last one brings what was made."""
        original = vars(layer)["setUpClass"].__func__

        def setUpClass(cls):
            if cls is self.maker or not self.is_for(cls):
                original(cls)
                return
            if self.kept is None:
                self._make()
            super(layer, cls).setUpClass()
            if is_last:
                self._bring(cls)

        layer.setUpClass = classmethod(setUpClass)

    def _make(self):
        """Set up once and commit; remember the attributes of the class."""

        class Below(self.below):
            @classmethod
            def setUpClass(cls):
                super().setUpClass()
                cls.names_below = {*vars(cls), "names_below"} - {"env"}

        self.maker = type("Maker", (self.common, Below), {"__module__": self.common.__module__})
        try:
            self.maker.setUpClass()
            made = {k: v for k, v in vars(self.maker).items() if not k.startswith("__")}
            names = made.keys() - self.maker.names_below
            self.kept = {name: _keep(made[name]) for name in names}
            # What a test is forbidden to do: its cursor hides the method.
            type(self.maker.cr).commit(self.maker.cr)
        finally:
            self.maker.doClassCleanups()

    def _bring(self, cls):
        env = cls.env
        for name, bring in self.kept.items():
            setattr(cls, name, bring(env))


def _get_hooks(layer):
    """Return the names in a class that its `setUpClass` may use: no methods of single tests."""
    return {
        name
        for name, value in vars(layer).items()
        if not name.startswith(("__", "test_")) and not inspect.isfunction(value)
    }


def _keep(value):
    """Return a function that gives an equal value in the environment of another transaction."""
    from odoo.api import Environment
    from odoo.models import BaseModel

    if isinstance(value, Environment):
        user, context, is_sudo = value.uid, dict(value.context), value.su
        return lambda env: env(user=user, context=context, su=is_sudo)
    if isinstance(value, BaseModel):
        name, ids, keep = value._name, value.ids, _keep(value.env)
        return lambda env: keep(env)[name].browse(ids)
    if isinstance(value, dict):
        kept = {key: _keep(item) for key, item in value.items()}
        return lambda env: {key: item(env) for key, item in kept.items()}
    if isinstance(value, (list, tuple)):
        items = [_keep(item) for item in value]
        return lambda env: type(value)(item(env) for item in items)
    if isinstance(value, PLAIN):
        return lambda _env: value
    raise TypeError(f"no way to share {value!r} between classes of tests")
