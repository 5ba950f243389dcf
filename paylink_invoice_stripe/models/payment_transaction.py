# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments at Stripe: what is kept of them, and how they are found again."""

import hashlib
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.paylink_invoice import tokens

from ..stripe_api import CODE, StripeBusy

RETURN_PATH = "/paylink/stripe/return"
# How long Stripe is asked about what a payment has cost.
COST_PATIENCE = timedelta(days=7)
# An undecided payment is asked about again after this share of the time it took so far.
CHECK_SHARE = 4
LONGEST_PAUSE = timedelta(hours=12)
# How long a customer waits for somebody else who asks Stripe about the same payment.
LOCK_PATIENCE = "20s"
# Letters that Stripe takes of a reference; also such that an idempotency key has room for it.
MAX_REFERENCE = 200
# How often in a row Stripe may not answer the cron before that stops for this time.
MAX_LOST = 3


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    paylink_stripe_session_ref = fields.Char(
        string="Checkout Session",
        help="The page of Stripe on which the customer pays.",
        index="btree_not_null",
        copy=False,
        readonly=True,
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    paylink_stripe_session_state = fields.Selection(
        string="Page at Stripe",
        selection=[("open", "Open"), ("complete", "Completed"), ("expired", "Closed")],
        copy=False,
        readonly=True,
    )
    paylink_stripe_key = fields.Char(
        string="Idempotency Key",
        help="By which Stripe knows a request again, so that it is carried out once.",
        copy=False,
        readonly=True,
        groups="base.group_system",
    )
    paylink_stripe_check_date = fields.Datetime(
        string="Ask Stripe Again On",
        help="When Stripe is asked next what became of this payment; empty if that is known.",
        index="btree_not_null",
        copy=False,
        readonly=True,
    )
    paylink_stripe_funding = fields.Selection(
        string="Kind of Card",
        selection=[
            ("credit", "Credit Card"),
            ("debit", "Debit Card"),
            ("prepaid", "Prepaid Card"),
            ("unknown", "Unknown"),
        ],
        copy=False,
        readonly=True,
    )
    paylink_stripe_instrument = fields.Char(
        string="Paid With",
        help="The kind of card or account, and its last four digits.",
        copy=False,
        readonly=True,
    )
    paylink_stripe_receipt_url = fields.Char(
        string="Receipt at Stripe",
        copy=False,
        readonly=True,
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    # === FINDING === #

    @api.model
    def _paylink_stripe_find(self, provider, hint):
        """Return the payment of a provider that an object of Stripe is about, or none.

        :param dict hint: what a message holds; whoever applies it asks Stripe first
        """
        mine = [("provider_id", "=", provider.id), ("operation", "!=", "refund")]
        # Other databases may use the account, and have the same references.
        is_ours = provider._paylink_stripe_is_of_this_database(hint)
        intent_ref = hint.get("id") if hint.get("object") == "payment_intent" else None
        for name, value in (
            ("paylink_stripe_session_ref", hint.get("id")),
            ("provider_reference", intent_ref or hint.get("payment_intent")),
            ("reference", is_ours and hint["metadata"].get("odoo_reference")),
        ):
            if isinstance(value, str) and value and "\x00" not in value:
                if tx := self.search([*mine, (name, "=", value)], limit=1):
                    return tx
                if name == "reference" and len(value) == MAX_REFERENCE:
                    return self._paylink_stripe_find_shortened(mine, value)
        return self.browse()

    @api.model
    def _paylink_stripe_find_shortened(self, domain, value):
        beginning, _minus, _digest = value.rpartition("-")
        return self.search([*domain, ("reference", "=like", f"{beginning}%")]).filtered(
            lambda tx: tx._paylink_stripe_get_reference() == value
        )[:1]

    def _paylink_stripe_filter(self):
        """Return those of the payments that are made at Stripe through this addon."""
        return self.filtered(lambda tx: tx.provider_code == CODE)

    def _paylink_stripe_call(self, path, *args):
        """Return what Stripe answers, as a dict; see `payment.provider._paylink_stripe_call`."""
        return self.provider_id._paylink_stripe_call(path, *args)

    def _paylink_stripe_get_metadata(self):
        """Return by what an object at Stripe is known to belong to this payment."""
        return {
            "odoo_database": self.provider_id._paylink_stripe_get_database(),
            "odoo_reference": self._paylink_stripe_get_reference(),
        }

    def _paylink_stripe_get_reference(self):
        """Return the reference as Stripe knows it, which takes so many letters: Odoo's own pages pay
        all overdue invoices at once, and name each of them in it."""
        self.ensure_one()
        if len(self.reference) <= MAX_REFERENCE:
            return self.reference
        digest = hashlib.sha256(self.reference.encode()).hexdigest()[:16]
        return f"{self.reference[: MAX_REFERENCE - len(digest) - 1]}-{digest}"

    def _paylink_stripe_get_minor(self):
        """Return the amount in Stripe's smallest unit, positive for refunds too."""
        return self.provider_id._paylink_stripe_to_minor(abs(self.amount), self.currency_id)

    # === LOCK === #

    def _paylink_stripe_lock(self, is_patient=False):
        """Keep others from applying news about these payments until the transaction ends.

        :param bool is_patient: wait for somebody who does so already. If they change anything,
            PostgreSQL asks to roll back and begin anew, as Odoo's requests do by themselves
        :raise StripeBusy: if somebody does so already, and does not end in time
        """
        self.flush_recordset()
        locked = self._paylink_stripe_lock_rows()
        if locked != len(self) and is_patient:
            locked = self._paylink_stripe_lock_in_time()
        if locked != len(self):
            raise StripeBusy(", ".join(self.mapped("reference")))

    def _paylink_stripe_lock_in_time(self):
        """Lock the rows, even if others ask Stripe about them; return how many could be locked."""
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_PATIENCE))
                locked = self._paylink_stripe_lock_rows(is_waiting=True)
                self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")
        except psycopg2.errors.LockNotAvailable:
            return 0
        return locked

    def _paylink_stripe_lock_rows(self, is_waiting=False):
        """Lock the rows, in one order for all; return how many could be locked.

        Where somebody has changed one since this transaction began, PostgreSQL asks to begin anew;
        so what was read before stays true. Not by `try_lock_for_update`, which takes that for an error
        worth a line in the log.
        """
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM payment_transaction WHERE id IN %s ORDER BY id FOR NO KEY UPDATE %s",
                tuple(self.ids),
                SQL() if is_waiting else SQL("SKIP LOCKED"),
            ),
            log_exceptions=False,
        )
        return self.env.cr.rowcount

    # === CHECKS === #

    def _paylink_stripe_check_soon(self, pause=timedelta(0)):
        """Have Stripe asked about these payments, or their pages there closed, within seconds.

        :param timedelta pause: to wait before
        """
        if self._paylink_stripe_get_open():
            # Payments with an open page are asked about whenever the cron runs.
            cron_sudo = self.env.ref("paylink_invoice_stripe.ir_cron_paylink_stripe").sudo()
            cron_sudo._trigger(at=fields.Datetime.now() + pause)

    def _paylink_stripe_get_open(self):
        """Return those of the payments whose page at Stripe is open, as far as is known."""
        return self._paylink_stripe_filter().filtered(
            lambda tx: tx.paylink_stripe_session_state == "open"
        )

    def _paylink_stripe_plan_check(self):
        """Note when to ask Stripe again."""
        now = fields.Datetime.now()
        for tx in self:
            pause = min((now - tx.create_date) / CHECK_SHARE, LONGEST_PAUSE)
            if tx.paylink_stripe_session_state == "open" or tx._paylink_stripe_owes_fee():
                tx.paylink_stripe_check_date = now
            elif tx.state == "pending" or tx._paylink_stripe_lacks_cost():
                tx.paylink_stripe_check_date = now + pause
            else:
                tx.paylink_stripe_check_date = False

    @api.model
    def _cron_paylink_stripe(self):
        """Ask Stripe about every payment whose end is not known, and close pages nobody needs."""
        due = self.search(
            [
                ("provider_code", "=", CODE),
                ("paylink_stripe_check_date", "<=", fields.Datetime.now()),
            ],
            order="paylink_stripe_check_date",
        )
        lost = 0
        for index, tx in enumerate(due, start=1):
            lost = 0 if tx._paylink_stripe_attend() else lost + 1
            seconds = self.env["ir.cron"]._commit_progress(1, remaining=len(due) - index)
            if not seconds or lost == MAX_LOST:
                # Who was not asked about now is first the next time.
                break

    # === FORM === #

    def action_paylink_stripe_sync(self):
        """Ask Stripe what became of the payment, and apply it."""
        self.ensure_one()
        self.check_access("read")
        self.sudo()._paylink_stripe_sync_or_tell()  # Only what Stripe says is written.
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === WORDS === #

    def _paylink_get_method_name(self):
        # EXTENDS 'paylink_invoice'
        return self.paylink_stripe_instrument or super()._paylink_get_method_name()

    def _paylink_is_ours(self):
        # EXTENDS 'paylink_invoice': what comes late is booked, whichever page it was paid on.
        return super()._paylink_is_ours() or self.provider_code == CODE

    def _paylink_schedule_post_processing(self):  # pylint: disable=missing-return
        # EXTENDS 'paylink_invoice': no page of Odoo waits for the payment and books it, so the cron
        # does it at once.
        super()._paylink_schedule_post_processing()
        if self._paylink_stripe_filter():
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()

    # === WAY BACK === #

    def _paylink_stripe_get_return_url(self, suffix=""):
        """Return where Stripe sends the customer back to.

        It opens no link, because Stripe keeps it: it tells what became of this one payment.
        """
        keyring, database_uuid = self.env["paylink.link"]._get_signing_material()
        proof = tokens.sign(keyring, "stripe return", database_uuid, str(self.id))
        base_url = self._paylink_get_company()._paylink_get_base_url()
        return f"{base_url}{RETURN_PATH}/{self.id}/{proof}{suffix}"

    @api.model
    def _paylink_stripe_resolve_return(self, tx_id, proof):
        """Return the payment that a customer comes back from, in sudo mode, or none."""
        keyring, database_uuid = self.env["paylink.link"]._get_signing_material()
        is_genuine = tokens.verify(keyring, "stripe return", proof, database_uuid, str(tx_id))
        # In sudo mode because visitors cannot read transactions; the signature is the authority.
        tx_sudo = self.sudo().browse(tx_id if is_genuine else []).exists()
        return tx_sudo._paylink_stripe_filter()
