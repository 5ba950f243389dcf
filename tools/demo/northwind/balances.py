# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Balance links and reminders, made and used as staff and customers do."""

from . import documents, story
from .content.balances import BALANCES, REMINDER_DAYS, REMINDERS
from .content.customers import CUSTOMERS
from .visitors import visit


def balance_events(demo, base_url):
    """:return: list of (UTC datetime, function) for everything that happens with balances"""
    events = []
    for days, hour, customer, what, options in BALANCES:
        morning = story.get_morning({"customer": customer})
        account = Account(demo, base_url, customer, options)
        events.append((demo.moment(days, morning + hour + 0.35), getattr(account, what)))
    for days in REMINDER_DAYS:
        moment = demo.moment(days, story.AMERICAN_HOURS + 5)
        events.append((moment, demo.env["paylink.reminder"]._cron_send_reminders))
    return events


def load_reminder_rules(demo):
    for name in REMINDERS:
        demo.env.ref(f"paylink_invoice.paylink_reminder_rule_{name}").active = True


class Account:
    """One entry of the story of a customer's balance."""

    def __init__(self, demo, base_url, customer, options):
        self.demo = demo
        self.base_url = base_url
        self.customer = customer
        self.options = options

    @property
    def partner(self):
        company = CUSTOMERS[self.customer]["company"]
        author = documents.author_key({"customer": self.customer})
        partner = self.demo.get("customer", self.customer)
        return partner.with_env(self.demo.as_user(author, company))

    @property
    def link(self):
        return self.partner.paylink_balance_link_id

    def generate(self):
        self.partner.action_paylink_generate()
        self.link.action_copy_url()
        self.demo.commit()

    def send(self):
        action = self.partner.action_paylink_send_balance()
        composer = self.partner.env[action["res_model"]].with_context(**action["context"])
        composer.create({}).action_send_mail()
        self.demo.commit()

    def view(self):
        self._visit(lambda visitor: visitor.view())

    def agree(self):
        self._visit(lambda visitor: visitor.agree())

    def advance(self):
        payment = self.partner.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner.id,
                "amount": self.options["amount"],
                "currency_id": self.partner.env.company.currency_id.id,
                "memo": "Acompte",
            }
        )
        payment.action_post()

    def _visit(self, deed):
        visit(self.demo, self.base_url, self.link, self.options.get("device", "iphone"), deed)
