# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sends invoices in Odoo's own way and by link, in turns, and takes both apart."""

import gc
import os
import resource
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo import sql_db

from odoo.addons.base.models.ir_actions_report import IrActionsReport
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.paylink_invoice.wizards import paylink_send

from . import content


def measure(env, batches, singles):
    """Send invoices of three lines, each to a customer of its own.

    :param list batches: how many invoices each batch has
    :param int singles: how many invoices are sent alone, from the dialogs
    :return: list of dicts in the order of the pairs, see `Measured.values`
    """
    sender = env(user=env.ref("base.user_admin"), su=False)
    found = []
    with patch.object(paylink_send, "MAX_SYNCHRONOUS", 10**6):
        for index, count in enumerate([1, *batches]):  # the first one fills the caches
            ways = [("odoo", _send_odoo), ("ours", _send_ours)]
            for name, send in ways if index % 2 == 0 else reversed(ways):
                found.append(_measure_one(sender, name, send, count))
        for index in range(singles + 1):
            ways = [("odoo dialog", _send_odoo_dialog), ("ours dialog", _send_ours)]
            for name, send in ways if index % 2 == 0 else reversed(ways):
                measured = _measure_one(sender, name, send, 1)
                found += [measured] if index else []
    return found[2:]


def _send_odoo(moves):
    moves.env["account.move.send"]._generate_and_send_invoices(
        moves, sending_methods={"email"}, allow_raising=False
    )


def _send_odoo_dialog(moves):
    wizard = (
        moves.env["account.move.send.wizard"]
        .with_context(active_model="account.move", active_ids=moves.ids)
        .create({"sending_methods": ["email"]})
    )
    wizard.action_send_and_print()


def _send_ours(moves):
    dialog = (
        moves.env["paylink.send"]
        .with_context(active_model="account.move", active_ids=moves.ids)
        .create({"channel": "email"})
    )
    dialog.action_send()


def _measure_one(env, name, send, count):
    customers = env["res.partner"].union(
        *(content.create_customer(env, f"Customer {time.monotonic_ns()}") for _n in range(count))
    )
    moves = content.create_invoices(env, customers, content.LINES)
    env.cr.commit()
    env.invalidate_all()
    # Else the garbage collector looks through everything loaded so far, in one way or the other.
    gc.collect()
    gc.freeze()
    with Measured(env, name, count) as measured:
        send(moves)
        env.cr.commit()  # mails leave after it
    env.invalidate_all()
    return measured.values


class Measured:
    """Takes what happens inside of a `with` apart: PDF and SMTP are Odoo's, the rest is looked at.

    `values` has, in seconds: `wall`, `cpu` (with PostgreSQL and wkhtmltopdf); `rest_wall` and
    `rest_cpu` without what the PDF program and the mail server took; and `queries`.
    """

    def __init__(self, env, name, count):
        self.env = env
        self.values = {"way": name, "count": count, "pdf": 0.0, "smtp": 0.0}
        self.away_cpu = 0.0

    def __enter__(self):
        self.exits = ExitStack()
        self.exits.enter_context(self._timed("pdf", IrActionsReport, "_run_wkhtmltopdf"))
        self.exits.enter_context(self._timed("smtp", IrMail_Server, "send_email"))
        self.exits.enter_context(self._timed("smtp", IrMail_Server, "_connect__"))
        self.pids = self._database_pids()
        self.children = self._children()
        self.database = self._database()
        self.queries = sql_db.sql_counter
        self.own = time.process_time()
        self.started = time.perf_counter()
        return self

    def __exit__(self, *_details):
        values = self.values
        values["wall"] = time.perf_counter() - self.started
        own = time.process_time() - self.own
        values["queries"] = sql_db.sql_counter - self.queries
        database = self._database() - self.database
        values["cpu"] = own + database + self._children() - self.children
        values["rest_cpu"] = own + database - self.away_cpu
        values["rest_wall"] = values["wall"] - values["pdf"] - values["smtp"]
        self.exits.close()

    @contextmanager
    def _timed(self, key, owner, name):
        original = getattr(owner, name)

        def timed(*arguments, **keywords):
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return original(*arguments, **keywords)
            finally:
                self.values[key] += time.perf_counter() - wall
                self.away_cpu += time.process_time() - cpu

        # An api.model decoration is an attribute of the function.
        timed.__dict__.update(original.__dict__)
        with patch.object(owner, name, timed):
            yield

    def _database_pids(self):
        self.env.cr.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s", [f"odoo-{os.getpid()}"]
        )
        return [pid for (pid,) in self.env.cr.fetchall()]

    def _database(self):
        total = 0
        for pid in self.pids:
            file = Path(f"/proc/{pid}/schedstat")
            total += int(file.read_text().split()[0]) if file.exists() else 0
        return total / 1e9

    @staticmethod
    def _children():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
