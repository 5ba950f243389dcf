# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""How to run Odoo: which Python, which source, which environment."""

import os
import subprocess

from . import odoo_source, postgres, python_env
from .layout import ODOO_BIN, REQUIREMENTS, ROOT, addons, cache, digest, digest_files
from .process import output_of, run
from .say import Failure

# Left in the environment these would steer Odoo or libpq away from our database.
FOREIGN_PREFIXES = ("ODOO_", "OPENERP_")
FOREIGN = ("PGDATABASE", "PGSERVICE", "PGOPTIONS", "PYTHONPATH", "PYTHONHOME")
# Compiling Odoo takes ten seconds at each start, where its bytecode is not kept.
FOREIGN += ("PYTHONDONTWRITEBYTECODE",)


class Odoo:
    """One Odoo with one Python and one set of PostgreSQL programs."""

    def __init__(self):
        self.python = python_env.odoo_python()
        self.source = odoo_source.find()
        self.binaries = postgres.programs(self.python)
        locks = [REQUIREMENTS / "odoo.txt", REQUIREMENTS / "addons.txt"]
        version = output_of([self.binaries / "postgres", "--version"])
        self.key = digest(self.source.key, python_env.python_key(), digest_files(locks), version)

    def variables(self, data_folder):
        """Return the whole environment for Odoo, with its files in `data_folder`."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN_PREFIXES) and name not in FOREIGN
        }
        # In front: Debian's own wkhtmltopdf is unpatched, it prints no header and no real text.
        paths = [*self.python.parents[1].glob("lib/python3*/site-packages/pydf/bin")]
        paths += [self.python.parent, self.binaries, kept.get("PATH", os.defpath)]
        addons_paths = ([ROOT] if addons() else []) + self.source.addons_paths
        return kept | {
            "PATH": os.pathsep.join(map(str, paths)),
            "PYTHONPATH": str(self.source.python_path),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPYCACHEPREFIX": str(cache() / "pycache"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ODOO_RC": "/dev/null",  # else a stray ~/.odoorc is read
            "ODOO_DATA_DIR": str(data_folder),
            "ODOO_ADDONS_PATH": ",".join(map(str, addons_paths)),
            "ODOO_HTTP_INTERFACE": "127.0.0.1",
        }

    def command(self, *arguments):
        """Return the command line that runs Odoo with these arguments."""
        # Werkzeug's and Odoo's own deprecations are not ours to mend.
        return [self.python, "-W", "ignore::DeprecationWarning", ODOO_BIN, *arguments]

    def run(self, arguments, variables, log, what):
        """Run Odoo to its end with its output in the file `log`."""
        run(self.command(*arguments), log, what, env=variables, cwd=log.parent)

    def shell(self, database, code, variables):
        """Run Python code in an Odoo shell; return what it printed.

        :raise Failure: when the code raised
        """
        arguments = ["shell", "-d", database, "--no-http", "--log-level=warn"]
        done = subprocess.run(
            list(map(str, self.command(*arguments))),
            input=code,
            capture_output=True,
            text=True,
            env=variables,
            cwd="/",
            check=False,
        )
        if done.returncode:
            print(done.stderr)
            raise Failure(f"code in an Odoo shell on {database} failed: the traceback is above")
        return done.stdout
