# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink clean`: gives back what the other commands took."""

import shutil

from tools.harness import postgres
from tools.harness.layout import cache
from tools.harness.locks import try_lock
from tools.harness.odoo import Odoo
from tools.harness.process import output_of
from tools.harness.say import Failure, say

# What the commands make in the cache; a cache folder that the user shares with more stays.
OURS = (
    "apt", "apt-install.log", "demo", "dev", "lock.log", "locks", "npm*", "odoo-*", "odoo-runner.log",
    "platform*.log", "pytest", "runs", "template-*", "venv-*", "wheels.log",
)  # fmt: skip


def run(_arguments):
    """Remove the cache, and on a server of the user's the databases named paylink_*."""
    folder = cache()
    busy = [path.parent.name for path in folder.glob("*/lock") if not try_lock(path)]
    busy += [path.parent.name for path in folder.glob("runs/*/lock") if not try_lock(path)]
    if busy:
        raise Failure(f"in use by another ./paylink: {', '.join(busy)}; stop that first")
    if postgres.is_theirs():
        _drop_databases()
    for pattern in OURS:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
    say(f"removed what was in {folder}")


def _drop_databases():
    binaries = Odoo().binaries
    query = r"SELECT datname FROM pg_database WHERE datname ~ '^paylink_(demo$|dev$|test_)'"
    listed = output_of([binaries / "psql", "-XqAt", "-d", "postgres", "-c", query])
    for database in listed.split():
        output_of([binaries / "dropdb", "--force", database])
        say(f"dropped {database}")
