# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Databases: a template that is built once, and stages where a run has copies of it.

A *template* is an Odoo database with the addons of others that ours depend on, assets included;
building one takes half a minute, copying it a fraction of a second. A *stage* is a folder with a
PostgreSQL cluster of its own, begun as a copy of the template's, and the files of its databases:
parallel runs share nothing that one of them could spoil. Where the user names a server in
`PGHOST` the databases are made there, with names that begin with `paylink_`.
"""

import os
import shutil
from contextlib import ExitStack

from . import postgres, reaper
from .layout import addons, cache, digest, foreign_dependencies
from .locks import locked, try_lock
from .odoo import Odoo
from .process import output_of
from .say import say, step

CORE = ("account_payment", "sms")
# A provider whose payments Odoo can book: tests and benchmarks pay with it.
TO_PAY_WITH = ("payment_demo",)
# Else the first browser test waits for the bundles, and fails on its own time limit.
PREGENERATE = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()\n"


class Stage:
    """A PostgreSQL with the template in it, running inside of a `with`.

    :param folder: where cluster, files and logs are kept
    :param modules: addons of the template
    """

    def __init__(self, folder, modules=CORE):
        self.folder = folder
        self.modules = sorted({*CORE, *modules})
        self.exits = ExitStack()

    def __enter__(self):
        postgres.check_cache()
        self.odoo = Odoo()
        self.key = digest(self.odoo.key, postgres.where(), *self.modules)
        self.template = f"paylink_test_template_{self.key}"
        self.golden = cache() / f"template-{self.key}"
        self.data = self.folder / "data"
        self.variables = self.odoo.variables(self.data)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._ensure_template()
            self._forget_if_outdated()
            if not postgres.is_theirs():
                if not (self.folder / "pg").exists():
                    self._copy_cluster()
                self._start_cluster(self.folder / "pg")
        except BaseException:
            self.exits.close()
            raise
        return self

    def __exit__(self, *_):
        self.exits.close()

    # Databases

    def sql(self, statement, database="postgres"):
        """Return the unaligned answer of a statement, one row per line."""
        command = [self.odoo.binaries / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
        return output_of([*command, "-d", database, "-c", statement], env=self.variables).strip()

    def exists(self, database):
        """Tell whether there is such a database."""
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def copy(self, source, target):
        """Make the database `target` and its files from those of `source`."""
        origin = self.golden / "data" if source == self.template else self.data
        self.drop(target)
        postgres.copy_database(source, target, self.odoo.binaries, self.variables)
        files = origin / "filestore" / source
        (self.data / "filestore").mkdir(parents=True, exist_ok=True)
        if files.exists():
            # Links are enough: Odoo names files by their content and never changes one.
            output_of(["cp", "-al", files, self.data / "filestore" / target])

    def drop(self, database):
        """Remove a database with its files, and whoever is connected to it."""
        dropdb = [self.odoo.binaries / "dropdb", "--if-exists", "--force", database]
        output_of(dropdb, env=self.variables)
        shutil.rmtree(self.data / "filestore" / database, ignore_errors=True)

    def install(self, database, modules, update=()):
        """Install addons in a database, and no other ones but what they depend on."""
        arguments = ["-d", database, "--stop-after-init", "--no-http", "--log-level=warn"]
        if modules:
            arguments += ["-i", ",".join(modules), "--skip-auto-install"]
        if update:
            arguments += ["-u", ",".join(update)]
        names = ", ".join([*modules, *update])
        with step(f"install {names}"):
            self.odoo.run(
                arguments, self.variables, self.folder / "install.log", f"installing {names}"
            )

    # The template

    def _ensure_template(self):
        if self._has_template():
            return
        with locked(self.golden.name):
            if not self._has_template():
                self._build_template()

    def _has_template(self):
        if not (self.golden / ".ok").exists():
            return False
        return not postgres.is_theirs() or self.exists(self.template)

    def _build_template(self):
        unfinished = self.golden.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.golden, ignore_errors=True)
        unfinished.mkdir()
        builder = Builder(self, unfinished)
        with step(f"build the template database: {', '.join(self.modules)}"), builder:
            builder.build()
        (unfinished / ".ok").touch()
        unfinished.rename(self.golden)

    def _forget_if_outdated(self):
        """Start over where the folder is from another Odoo, Python or PostgreSQL."""
        file = self.folder / "key"
        if file.exists() and file.read_text() != self.key:
            say(f"{self.folder.name}: made with another Odoo or PostgreSQL, starting over")
            self.forget()
        file.write_text(self.key)

    def forget(self):
        """Remove the folder's cluster and files, for a new beginning."""
        for name in ("pg", "data"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _copy_cluster(self):
        unfinished = self.folder / "pg.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        postgres.copy_cluster(self.golden / "pg", unfinished)
        unfinished.rename(self.folder / "pg")

    def _start_cluster(self, folder):
        cluster = self.exits.enter_context(postgres.Cluster(self.odoo.binaries, folder))
        self.variables.update(cluster.variables)


class Builder(Stage):
    """The stage on which a template is built, in a folder that is renamed afterwards."""

    def __init__(self, stage, folder):
        super().__init__(folder, stage.modules)
        self.odoo = stage.odoo
        self.template = stage.template
        self.data = folder / "data"
        self.variables = self.odoo.variables(self.data)

    def __enter__(self):
        if not postgres.is_theirs():
            self._start_cluster(self.folder / "pg")
        return self

    def build(self):
        """Make the template database and close it to connections."""
        self.drop(self.template)
        output_of([self.odoo.binaries / "createdb", self.template], env=self.variables)
        self.install(self.template, self.modules)
        self.odoo.shell(self.template, PREGENERATE, self.variables)
        if not postgres.is_theirs():
            # Without: a copy of the cluster carries 100 MB of old log along.
            self.sql("CHECKPOINT")


class Run(Stage):
    """A stage for one run of tests, gone afterwards; inside, `seed` is ready to be copied.

    :param install: addons that the seed database has
    """

    def __init__(self, install=(), modules=None):
        ours = (*foreign_dependencies(), *TO_PAY_WITH)
        super().__init__(None, ours if modules is None else modules)
        self.to_install = install

    def __enter__(self):
        self._take_folder()
        super().__enter__()
        self.seed = f"{self.name}_seed"
        self.copy(self.template, self.seed)
        if self.to_install:
            self.install(self.seed, self.to_install)
        self.variables |= {"PAYLINK_STAGE": str(self.folder), "PAYLINK_SEED": self.seed}
        return self

    def __exit__(self, *_):
        if postgres.is_theirs():
            self._drop_all(self.name)
        super().__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()

    def _take_folder(self):
        runs = cache() / "runs"
        with locked("runs"):
            runs.mkdir(exist_ok=True)
            dead = [folder for folder in runs.iterdir() if self._is_dead(folder)]
            self.folder = runs / os.environ[reaper.MARK]
            self.folder.mkdir()
            self.lock = try_lock(self.folder / "lock")
        self.name = f"paylink_test_{self.folder.name}"
        self.dead = dead

    @staticmethod
    def _is_dead(folder):
        lock = try_lock(folder / "lock")
        if lock:
            lock.close()
        return bool(lock)

    def _ensure_template(self):
        for folder in self.dead:
            if postgres.is_theirs():
                self._drop_all(f"paylink_test_{folder.name}")
            shutil.rmtree(folder, ignore_errors=True)
        super()._ensure_template()

    def _drop_all(self, prefix):
        pattern = prefix.replace("_", r"\_") + "%"
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{pattern}'"
        for database in self.sql(query).splitlines():
            self.drop(database)


def run_with_all_addons():
    """Return a run whose seed has every addon of this project."""
    return Run(install=addons())
