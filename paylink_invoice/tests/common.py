# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests share: a seller with a biller, a customer with contacts, real mail."""

import email
import logging
import re
import socket
from contextlib import contextmanager
from unittest.mock import patch

from aiosmtpd.controller import Controller

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.base.models.ir_mail_server import IrMail_Server

# The catcher is no subject of these tests.
logging.getLogger("mail.log").setLevel(logging.WARNING)

LIVE_URL = re.compile(r"/paylink/([0-9A-Za-z]{35})(?![0-9A-Za-z])")


def slow(test):
    """Have one test of a quick class left out by ``./paylink test --fast``."""
    test.is_slow = True
    return test


class MailCatcher:
    """An SMTP server on loopback that keeps what it is given, as parsed messages."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append((envelope.rcpt_tos, message))
        return "250 OK"

    def get_html(self, address):
        """Return the HTML part of the newest message to an address."""
        for recipients, message in reversed(self.messages):
            if address in recipients:
                return message.get_body(("html",)).get_content()
        raise AssertionError(f"no message to {address}")


class PdfCase(HttpCase):
    """Has real PDFs printed: wkhtmltopdf asks this server for the style sheets meanwhile.

    Name it before the class that makes the company: its layout is in one of the sheets.
    """

    PATIENCE = 120  # seconds; a busy machine is no failure
    test_cursor_lock_timeout = PATIENCE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Else each PDF has them compiled anew, which is rolled back with the test.
        for bundle in ("web.report_assets_common", "web.report_assets_pdf"):
            cls.env["ir.qweb"]._get_asset_bundle(bundle, js=False, autoprefix=True).css()

    def url_open(self, url, *args, timeout=PATIENCE, **kwargs):
        return super().url_open(url, *args, timeout=timeout, **kwargs)


class PaylinkCommon(AccountPaymentCommon):
    """A company that bills, people who may and may not send, and a customer with two contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", True
        )
        cls.company = cls.company_data["company"]
        cls.company.write({"name": "Northwind Heating", "email": "office@northwind.example.com"})
        groups = "account.group_account_invoice"
        cls.biller = new_test_user(
            cls.env,
            login="paylink_biller",
            groups=groups,
            name="Marta Rossi",
            email="marta@northwind.example.com",
            company_id=cls.company.id,
        )
        cls.employee = new_test_user(
            cls.env, login="paylink_employee", groups="base.group_user", company_id=cls.company.id
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Azure Interior",
                "is_company": True,
                "email": "info@azure.example.com",
                "property_account_receivable_id": cls.company_data["default_account_receivable"].id,
            }
        )
        cls.alice, cls.bob = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": cls.customer.id,
                    "email": address,
                    "type": "contact",
                }
                for name, address in (
                    ("Alice Moreau", "alice@azure.example.com"),
                    ("Bob Tanaka", "bob@azure.example.com"),
                )
            ]
        )
        cls.posted_invoice = cls._create_invoice()

    @classmethod
    def _create_invoice(cls, post=True, **values):
        """Return a customer invoice with one line of 100.00 without tax."""
        return cls._create_invoices([values], post)

    @classmethod
    def _create_invoices(cls, values_list, post=True):
        """Return invoices as :meth:`_create_invoice` does; many at once take a third of the time."""
        line = {
            "name": "Annual maintenance",
            "quantity": 1,
            "price_unit": 100.0,
            "tax_ids": [Command.clear()],
        }
        common = {
            "move_type": "out_invoice",
            "partner_id": cls.alice.id,
            "invoice_date": fields.Date.today(),
            "invoice_user_id": cls.biller.id,
            "narration": "Thank you for your business.",
            "invoice_line_ids": [Command.create(line)],
        }
        invoices = cls.env["account.move"].create([{**common, **values} for values in values_list])
        if post:
            invoices.action_post()
        return invoices

    @classmethod
    def _create_link(cls, move=None, partner=None, **values):
        """Return an active link that was sent just now, without sending anything, in sudo mode."""
        link = (
            cls.env["paylink.link"]
            .sudo()
            .create(
                {
                    "move_id": (move or cls.posted_invoice).id,
                    "partner_id": (partner or cls.alice).id,
                    "channel": "email",
                    "user_id": cls.biller.id,
                    **values,
                }
            )
        )
        link._mark_sent()
        return link

    def _open_dialog(self, moves=None, user=None, **values):
        """Return the dialog "Invoice Link" as a user opens it on some invoices."""
        moves = moves or self.posted_invoice
        return (
            moves.env["paylink.send"]
            .with_user(user or self.biller)
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"channel": "email", **values})
        )

    def _send(self, moves=None, user=None, **values):
        """Send links and return them."""
        moves = moves or self.posted_invoice
        before = moves.sudo().paylink_link_ids
        self._open_dialog(moves, user, **values).action_send()
        return moves.sudo().paylink_link_ids - before

    @contextmanager
    def _undone(self):
        """Undo in the end what is done inside."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)

    @contextmanager
    def catch_mail(self):
        """Let mails leave through a real SMTP server on this machine."""
        catcher = MailCatcher()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        controller = Controller(catcher, hostname="127.0.0.1", port=port)
        controller.start()
        server = (
            self.env["ir.mail_server"]
            .sudo()
            .create(
                {
                    "name": "Catcher",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": port,
                    "smtp_encryption": "none",
                    "sequence": 0,
                }
            )
        )
        try:
            with patch.object(IrMail_Server, "_disable_send", lambda _self: False):
                yield catcher
                self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send()
        finally:
            controller.stop()
            server.unlink()

    def _get_live_tokens(self, text):
        """Return the tokens of live links in a text."""
        return LIVE_URL.findall(text or "")
