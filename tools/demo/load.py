# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Fill a fresh database with Northwind Heating, a business that invoices by link.

Run it by ``odoo shell -d paylink_demo < tools/demo/load.py`` on a database that has the addon,
``payment_demo`` and no demo data.  It reads from the environment

- ``PAYLINK_DEMO_URL``: base URL at which the back end will be served,
- ``PAYLINK_DEMO_DIR``: this folder (needed only where the current folder is not the project's),

and writes ``STEP …`` while it works, then ``READY-LINK <url>`` and ``SHOW …`` lines for the person who looks.
"""

import os
import pathlib
import sys

directory = pathlib.Path(
    os.environ.get("PAYLINK_DEMO_DIR") or pathlib.Path.cwd() / "tools" / "demo"
).resolve()
sys.path.insert(0, str(directory))

from northwind.run import run  # noqa: E402

run(env, os.environ.get("PAYLINK_DEMO_URL", "http://127.0.0.1:8069"))
