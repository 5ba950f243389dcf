# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A real Odoo server: processes, ports and all. Used by the demo, tests and benchmarks."""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from .layout import ODOO_BIN
from .process import free_port, start, stop
from .say import Failure


class OdooServer:
    """Odoo serving one database with worker processes, inside of a `with`.

    :param database: its name
    :param folder: where the log goes
    :param python: the Python to run it with
    :param variables: the environment; by default our own, as tests and benchmarks get it
    :param workers: HTTP worker processes; 0 is Odoo's threaded server
    :param crons: cron workers
    :param smtp_port: port of a mail server on this machine
    :param options: more command line options of Odoo
    """

    def __init__(
        self,
        database,
        folder,
        *,
        python=sys.executable,
        variables=None,
        workers=2,
        crons=1,
        smtp_port=None,
        options=(),
    ):
        self.database = database
        self.log = Path(folder) / f"{database}.log"
        self.python = python
        self.variables = dict(os.environ if variables is None else variables)
        self.workers = workers
        self.crons = crons
        self.options = list(options)
        if smtp_port:
            # In the environment, so that an Odoo shell started with it mails there too.
            self.variables |= {"ODOO_SMTP_SERVER": "127.0.0.1", "ODOO_SMTP_PORT": str(smtp_port)}
        self.port = free_port()
        self.gevent_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        with self.log.open("ab") as log:
            self.process = start(
                self._command(), stdout=log, stderr=log, env=self.variables, cwd=self.log.parent
            )
        try:
            self._wait()
        except BaseException:
            stop(self.process)
            raise
        return self

    def __exit__(self, *_):
        stop(self.process)

    def _command(self):
        settings = {
            "-d": self.database,
            "--db-filter": f"^{self.database}$",
            "--http-port": self.port,
            "--gevent-port": self.gevent_port,
            "--workers": self.workers,
            "--max-cron-threads": self.crons,
        }
        words = [str(word) for pair in settings.items() for word in pair]
        warnings = ["-W", "ignore::DeprecationWarning"]
        command = [self.python, *warnings, ODOO_BIN, *words, "--no-database-list"]
        return [*command, *self.options]

    def _wait(self, patience=120):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/web/health", timeout=10):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        print("\n".join(self.log.read_text(errors="replace").splitlines()[-25:]), file=sys.stderr)
        raise Failure(f"Odoo does not answer on {self.url}: see {self.log}")
