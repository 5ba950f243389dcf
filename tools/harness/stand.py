# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What tests and benchmarks use to get servers: a stand of servers on the run's stage.

`./paylink test` and `./paylink bench` start Python with an environment that describes the
stage they prepared; here that description is read back.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import xmlrpc.client
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from . import postgres
from .layout import ODOO_BIN
from .mail import Mailbox
from .process import stop
from .server import OdooServer
from .shell import Shell


class Stand:
    """A running Odoo with workers, its database and its mailbox.

    `url`, `gevent_port` and `log` are the server's, `mailbox` a `mail.Mailbox`.
    """

    def __init__(self, server, mailbox):
        self.server = server
        self.mailbox = mailbox
        self.database = server.database
        self.url = server.url
        self.gevent_port = server.gevent_port
        self.log = server.log
        self._uids = {}
        self._shell = Shell(self.database, server.variables, server.log.with_suffix(".shell.log"))

    def call(self, model, method, *arguments, login="admin", password="admin", **keywords):
        """Call a public method over XML-RPC, as somebody else's program would."""
        uid = self._get_uid(login, password)
        models = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", allow_none=True)
        return models.execute_kw(
            self.database, uid, password, model, method, list(arguments), keywords
        )

    def _get_uid(self, login, password):
        # To check a password takes half a second; a worker remembers those that it has checked.
        if login not in self._uids:
            common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common")
            self._uids[login] = common.authenticate(self.database, login, password, {})
        return self._uids[login]

    def wake_crons(self):
        """Have the cron workers look for due jobs now; else they do so once in a minute."""
        with closing(psycopg2.connect(dbname="postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.database])

    def shell(self, code):
        """Run code in the stand's Odoo shell; return what it passed to `answer(value)`, as JSON.

        The code runs in a transaction of its own; it commits at the end.
        """
        return self._shell.run(code)

    def close(self):
        """End what the stand has begun."""
        self._shell.stop()

    def connect(self):
        """Return a new psycopg2 connection to the database."""
        return psycopg2.connect(dbname=self.database)


def shell(database, code):
    """Run code in an Odoo shell of its own; return what it passed to `answer(value)`.

    :raise RuntimeError: with the traceback, when the code raised
    """
    mark = "PAYLINK-ANSWER "
    lines = (
        "import json as _json",
        f"def answer(value): print({mark!r} + _json.dumps(value, default=str), flush=True)",
        code,
        "env.cr.commit()",
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", ODOO_BIN, "shell", "-d", database, "--no-http"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    answers = [line for line in done.stdout.splitlines() if line.startswith(mark)]
    return json.loads(answers[-1].removeprefix(mark)) if answers else None


def copy_seed(database):
    """Copy the run's seed database, files included, to a new database."""
    drop(database)
    seed = os.environ["PAYLINK_SEED"]
    postgres.copy_database(seed, database)
    files = Path(os.environ["ODOO_DATA_DIR"]) / "filestore"
    if (files / seed).exists():
        subprocess.run(["cp", "-al", files / seed, files / database], check=True)


def drop(database):
    """Remove a database and its files."""
    subprocess.run(["dropdb", "--if-exists", "--force", database], check=True, capture_output=True)
    shutil.rmtree(Path(os.environ["ODOO_DATA_DIR"]) / "filestore" / database, ignore_errors=True)


@contextmanager
def stand(name="stand", workers=2, crons=1, options=(), variables=None):
    """Serve a fresh copy of the seed database; return a `Stand`.

    :param name: distinguishes the databases of several stands of one run
    :param workers: HTTP worker processes; 0 is Odoo's threaded server
    :param crons: cron workers
    :param options: more of Odoo's command line options
    :param variables: environment variables to add
    """
    database = f"{os.environ['PAYLINK_SEED'].removesuffix('_seed')}_{name}"
    copy_seed(database)
    with Mailbox() as mailbox:
        server = OdooServer(
            database,
            os.environ["PAYLINK_STAGE"],
            workers=workers,
            crons=crons,
            smtp_port=mailbox.port,
            options=options,
            variables=dict(os.environ, **(variables or {})),
        )
        _set_base_url(server)
        with server, closing(Stand(server, mailbox)) as running:
            yield running
            # Its database goes with it, and to end in order takes seconds of a processor.
            stop(server.process, signal.SIGKILL)
    drop(database)


def _set_base_url(server):
    """Write the server's address where links and PDFs take it from."""
    statement = """
        INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
    """
    with closing(psycopg2.connect(dbname=server.database)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement, ("web.base.url", server.url))
        cursor.execute(statement, ("web.base.url.freeze", "True"))
