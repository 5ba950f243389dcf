# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Plain tests of the addon's plain modules: no Odoo, no database.

Importing ``paylink_invoice`` would run its ``__init__`` and with it Odoo. Its folder is therefore
registered once more, as a bare package of another name::

    from paylink_plain import tokens

Relative imports inside work as they do in the addon.
"""

import sys
import types
from pathlib import Path

from hypothesis import settings

_ADDON = Path(__file__).resolve().parents[2] / "paylink_invoice"


def _register_plain_package():
    package = types.ModuleType("paylink_plain")
    package.__path__ = [str(_ADDON)]
    sys.modules.setdefault(package.__name__, package)


_register_plain_package()

# No folder of found examples in the work tree, and no limit on the time of one example: a busy
# machine is no failure.
settings.register_profile("paylink", database=None, deadline=None)
settings.load_profile("paylink")


def pytest_configure(config):
    # Again, for a run without the conftest files above: pytest --confcutdir=tests/unit tests/unit
    config.addinivalue_line("markers", "slow: left out by ./paylink test --fast")
