# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sends links by the product's own dialog and lets their recipients come."""

import contextlib
from unittest.mock import patch

from odoo.addons.sms.tools.sms_api import SmsApi

from . import documents, story
from .content.invoices import INVOICES
from .content.links import BALANCES, STORY
from .visitors import Visitor

INVOICE_DATA = {data["key"]: data for data in INVOICES}


def configure(demo):
    """Set the policies that make the pages worth a look."""
    home = demo.get("company", "us")
    home.write({"paylink_is_tip_enabled": True, "paylink_tip_percentages": "0,18,20,25"})
    # A fee on cards where the law lets a seller ask for it; in France it does not.
    demo.get("provider", "us").write(
        {"paylink_fee_percent": 2.9, "paylink_fee_fixed": 0.30, "paylink_fee_max": 60.0}
    )


@contextlib.contextmanager
def text_messages():
    """Take text messages as sent: the demo has no account with a carrier."""

    def send(_api, messages, delivery_reports_url=False):
        return [
            {"state": "success", "uuid": number["uuid"], "credit": 0}
            for message in messages
            for number in message["numbers"]
        ]

    with patch.object(SmsApi, "_send_sms_batch", send):
        yield


def link_events(demo, base_url):
    """:return: list of (UTC datetime, function) for every link and every visit"""
    events = []
    for number, (days, hour, invoice, what, recipient, options) in enumerate(STORY):
        is_french = documents.author_key(INVOICE_DATA[invoice]) == "elodie"
        morning = story.FRENCH_HOURS if is_french else story.AMERICAN_HOURS
        happen = _Happening(demo, base_url, invoice, recipient, options)
        events.append(
            (demo.moment(days, morning + hour + 0.7 + number * 17 % 41 / 60), getattr(happen, what))
        )
    return events


class _Happening:
    """One entry of the story."""

    def __init__(self, demo, base_url, invoice, recipient, options):
        self.demo = demo
        self.base_url = base_url
        self.invoice = invoice
        self.recipient = recipient
        self.options = options

    @property
    def move(self):
        return self.demo.get("invoice", self.invoice)

    def send(self):
        by = self.options.get("by") or documents.author_key(INVOICE_DATA[self.invoice])
        company = documents.company_key(INVOICE_DATA[self.invoice])
        env = self.demo.as_user(by, company)
        dialog = (
            env["paylink.send"]
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create(
                {
                    "channel": self.options["channel"],
                    "partner_ids": [
                        (6, 0, get_recipient(self.demo, self.invoice, self.recipient).ids)
                    ],
                }
            )
        )
        dialog.action_send()
        self.demo.commit()

    def view(self):
        self._visit(lambda visitor: visitor.view(self.options.get("download", False)))

    def ask(self):
        self._visit(lambda visitor: visitor.ask(self.options["text"]))

    def pay(self):
        self._visit(
            lambda visitor: visitor.pay(self.options["amount"], self.options.get("tip", "0"))
        )
        # Odoo's own job books what the customer's browser did not wait for.
        self.demo.env["payment.transaction"]._cron_post_process()

    def renew(self):
        partner = get_recipient(self.demo, self.invoice, self.recipient)
        self._visit(lambda visitor: visitor.renew(partner.email))
        self.demo.env["paylink.event"]._cron_send_renewals()

    def revoke(self):
        data = INVOICE_DATA[self.invoice]
        env = self.demo.as_user(documents.author_key(data), documents.company_key(data))
        get_link(self.demo, self.invoice, self.recipient).with_env(env).action_revoke()

    def _visit(self, deed):
        link = get_link(self.demo, self.invoice, self.recipient)
        self.demo.commit()
        deed(
            Visitor(
                self.base_url,
                link._get_url(),
                link.partner_id.name,
                self.options.get("device", "iphone"),
            )
        )
        self.demo.commit()
        self.demo.env.invalidate_all()


def get_recipient(demo, invoice, recipient):
    customer = INVOICE_DATA[invoice]["customer"]
    return (
        demo.get("contact", f"{customer}_{recipient}")
        if recipient
        else demo.get("customer", customer)
    )


def get_link(demo, invoice, recipient):
    """Return the newest link of that invoice for that person."""
    return demo.env["paylink.link"].search(
        [
            ("move_id", "=", demo.get("invoice", invoice).id),
            ("partner_id", "=", get_recipient(demo, invoice, recipient).id),
        ],
        order="id desc",
        limit=1,
    )


def load_balances(demo):
    for key in BALANCES:
        demo.get("customer", key).with_company(demo.get("company", "us")).action_paylink_generate()
