# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A filled demo database, and all that serves it: Odoo with workers, mail catcher, one port."""

import json
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import python_env
from .layout import ROOT, addons, digest, digest_files, manifest
from .process import free_port, is_free, start, stop
from .say import Failure, say, step
from .server import OdooServer
from .sms_gateway import TextCatcher
from .stage import PREGENERATE

# Twilio's glue is left out: it wants an account there.
MODULES = ("paylink_invoice", "paylink_invoice_sale", "paylink_invoice_stripe", "payment_demo")
LOADER = ROOT / "tools" / "demo" / "load.py"
FRONT = Path(__file__).with_name("front.py")


class MailCatcher:
    """MailDev: takes every message, delivers none, shows all on a web page of this machine.

    :param folder: where messages are kept, to be seen again the next time
    """

    def __init__(self, folder, web_port):
        self.folder = folder
        self.smtp_port = free_port()
        self.web_port = web_port
        self.url = f"http://127.0.0.1:{web_port}"

    def __enter__(self):
        maildev = python_env.node_modules("mail") / "maildev" / "bin" / "maildev"
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [python_env.node_program(), maildev, "--silent"]
        command += ["--ip", "127.0.0.1", "--smtp", self.smtp_port, "--web", self.web_port]
        command += ["--mail-directory", self.folder]
        self.log = self.folder.with_suffix(".log").open("ab")
        self.process = start(command, stdout=self.log, stderr=self.log, cwd=self.folder)
        for _attempt in range(200):
            if not is_free(self.smtp_port) and not is_free(self.web_port):
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        stop(self.process)
        raise Failure(f"the mail catcher does not start: see {self.log.name}")

    def __exit__(self, *_):
        stop(self.process)
        self.log.close()


class Demo:
    """The demo on a stage.

    :param stage: a running `Stage`
    :param database: name of the database
    """

    def __init__(self, stage, database="paylink_demo"):
        self.stage = stage
        self.database = database
        self.state_file = stage.folder / "demo.json"
        self.state = {}
        if self.state_file.exists() and stage.exists(database):
            self.state = json.loads(self.state_file.read_text())

    def content_key(self):
        """Return a key that changes when a new demo would have another content."""
        files = [path for path in LOADER.parent.rglob("*") if path.is_file()]
        files = [path for path in files if path.suffix != ".pyc"]
        return digest(digest_files(files), *(manifest(name)["version"] for name in addons()))

    @staticmethod
    def code_key():
        """Return a key that changes with the addons' code and data, tests aside."""
        files = (path for name in addons() for path in (ROOT / name).rglob("*") if path.is_file())
        skipped = {"tests", "__pycache__", "readme"}
        return digest_files([path for path in files if not skipped & set(path.parts)])

    def forget(self):
        """Remove the database, for a new beginning."""
        self.stage.drop(self.database)
        self.state_file.unlink(missing_ok=True)
        self.state = {}

    @contextmanager
    def serving(self, port, mail_port):
        """Serve the demo, made first if need be; the base URL is `self.url`."""
        self.url = f"http://127.0.0.1:{port}"
        with ExitStack() as exits:
            mails = self.stage.folder / "mails"
            self.mail = exits.enter_context(MailCatcher(mails, mail_port))
            self.texts = exits.enter_context(TextCatcher(self.mail.smtp_port))
            if not self.state:
                self._make(port)
            elif self.state["code"] != self.code_key():
                self.stage.install(self.database, (), update=("paylink_invoice",))
                self._save(code=self.code_key())
            self._set_addresses()
            exits.enter_context(self._odoo(port, crons=1))
            yield self

    def ready_link(self):
        """Return the customer's link that the loader sent, on the port in use now."""
        link = self.state.get("link")
        return link and link.replace(self.state["url"], self.url, 1)

    def shown_lines(self):
        """Return what the loader has to say, its addresses on the port in use now."""
        return [line.replace(self.state["url"], self.url) for line in self.state["show"]]

    def _make(self, port):
        self.stage.copy(self.stage.template, self.database)
        self.stage.install(self.database, MODULES)
        variables = self.stage.variables
        self.stage.odoo.shell(self.database, PREGENERATE, variables)
        self._set_addresses()
        lines = []
        if LOADER.exists():
            # PDFs fetch their style sheets from the server, so it has to run meanwhile; its crons
            # would write to the rows that the loader writes to.
            with step("load the demo content"), self._odoo(port, crons=0) as server:
                added = {
                    "PAYLINK_DEMO_DIR": str(LOADER.parent),
                    "PAYLINK_DEMO_URL": self.url,
                }
                code = f"__file__ = {str(LOADER)!r}\n{LOADER.read_text()}"
                printed = self.stage.odoo.shell(self.database, code, server.variables | added)
                lines = printed.splitlines()
        links = [
            line.removeprefix("READY-LINK ") for line in lines if line.startswith("READY-LINK ")
        ]
        shown = [line.removeprefix("SHOW ") for line in lines if line.startswith("SHOW ")]
        self._save(
            url=self.url,
            code=self.code_key(),
            content=self.content_key(),
            link=links[-1] if links else None,
            show=shown,
        )

    def _save(self, **values):
        self.state |= values
        self.state_file.write_text(json.dumps(self.state, indent=1))

    def _set_addresses(self):
        """Tell the database where it is served now, and where texts go."""
        addresses = {"web.base.url": self.url, "sms.endpoint": self.texts.url}
        values = {**addresses, "web.base.url.freeze": "True"}
        rows = ", ".join(f"('{key}', '{value}')" for key, value in values.items())
        self.stage.sql(
            f"INSERT INTO ir_config_parameter (key, value) VALUES {rows}"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            self.database,
        )

    @contextmanager
    def _odoo(self, port, crons):
        server = OdooServer(
            self.database,
            self.stage.folder,
            python=self.stage.odoo.python,
            variables=self.stage.variables,
            crons=crons,
            smtp_port=self.mail.smtp_port,
        )
        with server:
            front = start([sys.executable, FRONT, port, server.port, server.gevent_port])
            try:
                self._wait_for_front(front)
                yield server
            finally:
                stop(front)

    def _wait_for_front(self, front):
        for _attempt in range(100):
            try:
                with urllib.request.urlopen(f"{self.url}/web/health", timeout=10):
                    return
            except OSError:
                if front.poll() is not None:
                    break
                time.sleep(0.05)
        raise Failure(f"cannot listen on {self.url}: choose another one with --port")


def choose_port(wanted, default):
    """Return the port to use: the wanted one or none, the default one or a free one.

    :raise Failure: when the wanted one is taken
    """
    if wanted and not is_free(wanted):
        raise Failure(f"port {wanted} is in use: choose another one with --port")
    if wanted or is_free(default):
        return wanted or default
    port = free_port()
    say(f"port {default} is in use: taking {port}")
    return port
