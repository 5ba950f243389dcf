# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sends links by the product's own dialog and lets their recipients come."""

from . import documents, story
from .content.links import STORY
from .visitors import visit


def link_events(demo, base_url):
    """:return: list of (UTC datetime, function) for every link and every visit"""
    events = []
    for number, (days, hour, invoice, what, recipient, options) in enumerate(STORY):
        morning = story.get_morning(documents.INVOICE_DATA[invoice])
        happen = Happening(demo, base_url, invoice, recipient, options)
        events.append(
            (demo.moment(days, morning + hour + 0.7 + number * 17 % 41 / 60), getattr(happen, what))
        )
    return events


class Happening:
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
        by = self.options.get("by") or documents.author_key(documents.INVOICE_DATA[self.invoice])
        company = documents.company_key(documents.INVOICE_DATA[self.invoice])
        env = self.demo.as_user(by, company)
        recipient = get_recipient(self.demo, self.invoice, self.recipient)
        channel = self.options["channel"]
        dialog = (
            env["paylink.send"]
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create({"partner_ids": [(6, 0, recipient.ids)]})
        )
        if channel == "sms":
            dialog.channel = channel
        if channel == "copy":
            dialog.action_copy()
        else:
            dialog.action_send()
        self.demo.commit()
        if channel == "sms":
            self.demo.env["sms.sms"]._paylink_cron_texts()

    def view(self):
        self._visit(lambda visitor: visitor.view(self.options.get("download", False)))

    def ask(self):
        self._visit(lambda visitor: visitor.ask(self.options["text"]))

    def pay(self):
        wish = {name: self.options[name] for name in ("amount", "tip") if name in self.options}
        self._visit(lambda visitor: visitor.pay(**wish))
        # Odoo's own job books what the customer's browser did not wait for.
        self.demo.env["payment.transaction"]._cron_post_process()

    def refund(self):
        payments = self.move.transaction_ids.filtered(lambda tx: tx.state == "done")
        payments[:1]._refund(self.options["amount"])
        self.demo.commit()

    def renew(self):
        partner = get_recipient(self.demo, self.invoice, self.recipient)
        self._visit(lambda visitor: visitor.renew(partner.email))
        self.demo.env["paylink.event"]._cron_send_renewals()

    def revoke(self):
        data = documents.INVOICE_DATA[self.invoice]
        env = self.demo.as_user(documents.author_key(data), documents.company_key(data))
        get_link(self.demo, self.invoice, self.recipient).with_env(env).action_revoke()

    def _visit(self, deed):
        link = get_link(self.demo, self.invoice, self.recipient)
        visit(self.demo, self.base_url, link, self.options.get("device", "iphone"), deed)


def get_recipient(demo, invoice, recipient):
    return demo.get_person(documents.INVOICE_DATA[invoice]["customer"], recipient)


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
