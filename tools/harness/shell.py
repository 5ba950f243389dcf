# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""An Odoo shell that stays: loading Odoo takes four seconds of a processor, its use hardly any."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import closing
from threading import Lock

from .layout import ODOO_BIN
from .process import start, stop

# Runs in the shell. Each piece of code gets a transaction of its own and sees what the servers have
# changed since the last one; it tells them nothing of what they keep, as an Odoo shell ever does.
# Where it collides with a server it is run again, as Odoo does with a request.
LOOP = """
import json, random, socket, time, traceback
from odoo.api import Environment
from odoo.modules.registry import Registry
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

def run(code):
    for tries in range(1, MAX_TRIES_ON_CONCURRENCY_FAILURE):
        try:
            return run_once(code)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            time.sleep(random.uniform(0, tries))
    return run_once(code)

def run_once(code):
    answers = []
    with Registry(env.cr.dbname).check_signaling().cursor() as cr:
        exec(code, {"env": Environment(cr, env.uid, env.context), "answer": answers.append})
    return answers[-1] if answers else None

env.cr.rollback()
channel = socket.socket(fileno=CHANNEL).makefile("rw")
for line in channel:
    try:
        answer, error = run(json.loads(line)), None
    except Exception:
        answer, error = None, traceback.format_exc()
    print(json.dumps([answer, error], default=str), file=channel, flush=True)
"""


class Shell:
    """One Odoo shell on a database, begun when it is first used.

    It ends with the thread that was the first, as all children do: see `process.start`.

    :param database: its name
    :param variables: the environment it runs with
    :param log: the file for what Odoo prints
    """

    def __init__(self, database, variables, log):
        self.database, self.variables, self.log = database, variables, log
        self.lock = Lock()
        self.process = None

    def run(self, code):
        """Run code in a transaction of its own, committed at its end; return its last answer.

        :raise RuntimeError: with the traceback, when the code raised
        """
        with self.lock:
            if not self.process:
                self._start()
            print(json.dumps(code), file=self.channel, flush=True)
            line = self.channel.readline()
        if not line:
            raise RuntimeError(f"the Odoo shell is gone: see {self.log}")
        answer, error = json.loads(line)
        if error:
            raise RuntimeError(error)
        return answer

    def stop(self):
        """End the shell, if it was begun."""
        if self.process:
            self.channel.close()
            stop(self.process, signal.SIGKILL)

    def _start(self):
        ours, theirs = socket.socketpair()
        python = [sys.executable, "-W", "ignore", ODOO_BIN]
        command = [*python, "shell", "-d", self.database, "--no-http"]
        with closing(ours), closing(theirs), self.log.open("ab") as log:
            self.process = start(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self.variables,
                cwd="/",
                pass_fds=[theirs.fileno()],
            )
            with self.process.stdin as program:
                program.write(LOOP.replace("CHANNEL", str(theirs.fileno())).encode())
            self.channel = ours.makefile("rw")
