# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink odoo …`: Odoo on a development database, kept from one time to the next."""

import subprocess

from tools.harness import system
from tools.harness.layout import addons, cache
from tools.harness.locks import try_lock
from tools.harness.say import Failure
from tools.harness.stage import Stage

DATABASE = "paylink_dev"


def run(arguments, command=()):
    """Run Odoo with these arguments on the database paylink_dev, made the first time."""
    system.prepare()
    folder = cache() / "dev"
    folder.mkdir(exist_ok=True)
    lock = try_lock(folder / "lock")
    if not lock:
        raise Failure("the development database is in use: end that ./paylink odoo or shell first")
    with Stage(folder) as stage:
        if not stage.exists(DATABASE):
            stage.copy(stage.template, DATABASE)
            stage.install(DATABASE, addons())
        words = stage.odoo.command(*command, "-d", DATABASE, *arguments)
        guarded = ["setpriv", "--pdeathsig", "TERM", *map(str, words)]
        try:
            return subprocess.run(guarded, env=stage.variables, check=False).returncode
        except KeyboardInterrupt:
            return 130
