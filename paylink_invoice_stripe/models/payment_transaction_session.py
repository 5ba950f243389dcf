# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page at Stripe on which a payment is made: opened for one attempt, closed when it is over."""

import logging
from datetime import UTC, timedelta

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

from odoo.addons.paylink_invoice.models.payment_transaction import PaymentRefused

from ..stripe_api import CODE, StripeBusy, StripeFailure
from .payment_method import METHOD_CREDIT, METHOD_DEBIT
from .payment_transaction_sync import WITH_CHARGE

_logger = logging.getLogger(__name__)

# Stripe wants half an hour at least. An attempt is taken up again for a quarter of an hour, so that
# the page it was opened with has always that long.
PAGE_LIFE = timedelta(minutes=50)
# How long a page stays open that nobody else needs closed: who is typing a card may finish.
PAGE_PATIENCE = timedelta(minutes=30)
CLOSING_PAUSE = timedelta(seconds=30)

# The languages of Stripe's page; in any other one it follows the browser.
LOCALES = [
    "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR",
    "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
]  # fmt: skip

# Stripe takes a hundred line items; tip and fee have their own.
MAX_DOCUMENTS = 50


class PaymentTransactionSession(models.Model):
    _inherit = "payment.transaction"

    # === OPENING === #

    def _paylink_prepare_hosted_page(self):
        # EXTENDS 'paylink_invoice' for Stripe
        if self.provider_code != CODE or self.paylink_stripe_session_ref:
            return super()._paylink_prepare_hosted_page()
        return self._paylink_stripe_prepare_session()

    def _paylink_open_hosted_page(self, page_values=None):
        # OVERRIDE 'paylink_invoice' for Stripe
        self.ensure_one()
        if self.provider_code != CODE:
            return super()._paylink_open_hosted_page(page_values)
        try:
            return self._paylink_stripe_open_page(page_values)
        except (StripeFailure, UserError) as error:
            # What may have been opened there nobody has the address of.
            _logger.warning("Stripe could not open a page for %s: %s", self.reference, error)
            self._paylink_give_up(self.env._("Stripe could not open its page: %s", error))
        except StripeBusy:
            _logger.info("Payment %s is being looked at elsewhere", self.reference)
            self._paylink_stripe_refuse("in_progress")
        return self._paylink_stripe_refuse("provider_failed")

    def _get_specific_rendering_values(self, processing_values):
        # EXTENDS 'payment': Odoo's own forms lead to the same page.
        if self.provider_code != CODE:
            return super()._get_specific_rendering_values(processing_values)
        try:
            return {"api_url": self._paylink_stripe_open_page()}
        except (StripeFailure, StripeBusy, PaymentRefused) as error:
            raise ValidationError(
                self.env._("The payment could not be started; nothing was charged. Try again.")
            ) from error

    def _paylink_stripe_open_page(self, page_values=None):
        """Return the address of the page at Stripe; asked again, it is the same page.

        Every other page on which the same documents could be paid is closed before.

        :param page_values: see :meth:`_paylink_stripe_prepare_session`
        :raise StripeFailure: if Stripe refuses or does not answer
        :raise PaymentRefused: if it turns out that the documents have been paid meanwhile
        """
        self.ensure_one()
        others = (self.invoice_ids.transaction_ids - self)._paylink_stripe_get_open()
        # Who taps twice waits here, and is led to the page that the first tap opens.
        (self | others)._paylink_stripe_lock(is_patient=True)
        others._paylink_stripe_close_for(self)
        session = self._paylink_stripe_get_session(page_values)
        if session["status"] != "open":
            self._paylink_stripe_sync()
            self._paylink_stripe_refuse_paid()
        return session["url"]

    def _paylink_stripe_get_session(self, page_values=None):
        """Return the Checkout Session, a new one where there is none yet.

        :param page_values: see :meth:`_paylink_stripe_prepare_session`
        """
        if self.paylink_stripe_session_ref:
            return self._paylink_stripe_call(
                "checkout.sessions.retrieve", self.paylink_stripe_session_ref
            )
        session = self._paylink_stripe_create_session(
            page_values or self._paylink_stripe_prepare_session()
        )
        self.write(
            {
                "paylink_stripe_session_ref": session["id"],
                "paylink_stripe_session_state": session["status"],
                "paylink_stripe_check_date": fields.Datetime.now(),
            }
        )
        return session

    def _paylink_stripe_create_session(self, page_values):
        # The same attempt has the same key and the same values, however often it is begun.
        key = f"{self.provider_id._paylink_stripe_get_database()}-session-{self.id}"
        try:
            return self._paylink_stripe_call(
                "checkout.sessions.create", page_values, {"idempotency_key": key}
            )
        except StripeFailure as failure:
            is_email = failure.code == "email_invalid" or failure.param == "customer_email"
            if not is_email or "customer_email" not in page_values:
                raise
        # Stripe takes fewer addresses than Odoo; on its page customers can enter another one.
        others = {name: value for name, value in page_values.items() if name != "customer_email"}
        options = {"idempotency_key": f"{key}-without-email"}
        return self._paylink_stripe_call("checkout.sessions.create", others, options)

    def _paylink_stripe_refuse_paid(self):
        """Tell the customer that the documents are paid already, or that a payment is under way."""
        link_sudo = self._paylink_stripe_get_link()
        self._paylink_stripe_refuse(link_sudo and link_sudo._get_denial("pay") or "provider_failed")

    def _paylink_stripe_get_link(self):
        """Return the link that has started the payment: of a balance, in the currency that is paid."""
        return self.paylink_link_id and self.paylink_link_id._choose_currency(self.currency_id.name)

    def _paylink_stripe_refuse(self, code):
        """Tell the customer why the payment does not go on, also where no link has started it.

        :param str code: see :meth:`paylink.link._get_payment_refusal`
        """
        link_sudo = self._paylink_stripe_get_link()
        if not link_sudo:
            raise ValidationError(
                self.env._("This invoice has been paid, or is being paid. Reload the page.")
            )
        raise PaymentRefused(code, link_sudo._get_payment_refusal(code))

    # === CLOSING === #

    def _paylink_stripe_close_for(self, tx):
        """Close the pages of other attempts to pay the documents of an attempt.

        :param tx: the attempt that is to be the only one
        :raise PaymentRefused: if one of them has been paid just now; then ``tx`` is given up
        :raise StripeFailure: if nobody knows whether one is closed: no second one is opened then
        """
        for other in self:
            other._paylink_stripe_close()
        if self.filtered(lambda other: other.state in ("pending", "authorized", "done")):
            tx._paylink_replace()
            tx._paylink_stripe_refuse_paid()

    def _paylink_stripe_close(self, is_patient=False):
        """Close the page at Stripe; a payment that was made before stays, and is applied.

        :param bool is_patient: see :meth:`_paylink_stripe_lock`
        """
        self.ensure_one()
        self._paylink_stripe_lock(is_patient)
        try:
            session = self._paylink_stripe_call(
                "checkout.sessions.expire", self.paylink_stripe_session_ref, WITH_CHARGE
            )
        except StripeFailure as failure:
            if failure.is_lost:
                raise
            # It is not open any more; what became of it is told by the next request.
            self._paylink_stripe_sync()
        else:
            intent = session.get("payment_intent")
            self._paylink_stripe_apply(self._paylink_stripe_prepare_data(session, intent))
            self._paylink_stripe_plan_check()

    def _paylink_give_up(self, reason):  # pylint: disable=missing-return
        # EXTENDS 'paylink_invoice': nobody shall pay on a page that is not waited for any more. Not at
        # once, because who pays in another way at Stripe has it closed by that.
        super()._paylink_give_up(reason)
        self._paylink_stripe_check_soon(CLOSING_PAUSE)

    def _paylink_stripe_is_page_wanted(self):
        """Tell whether the customer may still pay on the page that is open at Stripe."""
        self.ensure_one()
        is_recent = self.create_date + PAGE_PATIENCE > fields.Datetime.now()
        if self.state != "draft" or not is_recent:
            return False
        if not self.paylink_link_id:
            return True
        lines = self.paylink_quote_id.line_ids
        link = self._paylink_stripe_get_link()
        return not link._get_denial("pay") and all(
            line.document_version == link._get_version(line.move_id) for line in lines
        )

    # === VALUES === #

    def _paylink_stripe_prepare_session(self):
        """Return the values of the Checkout Session; the same ones at every call."""
        self.ensure_one()
        self._paylink_stripe_fetch_names()
        lang = (self.paylink_link_id and self.paylink_link_id._get_lang()) or self.partner_lang
        tx = self.with_context(lang=lang or self.env.lang)
        expiry = (self.create_date + PAGE_LIFE).replace(tzinfo=UTC)
        metadata = self._paylink_stripe_get_metadata()
        return {
            "mode": "payment",
            "client_reference_id": self._paylink_stripe_get_reference(),
            "line_items": tx._paylink_stripe_prepare_lines(),
            "metadata": metadata,
            "payment_intent_data": {
                "description": tx._paylink_stripe_describe(),
                "metadata": metadata,
                **({"setup_future_usage": "off_session"} if self.tokenize else {}),
            },
            "success_url": self._paylink_stripe_get_return_url(),
            "cancel_url": self._paylink_stripe_get_return_url("?back=1"),
            "expires_at": int(expiry.timestamp()),
            # The buyer pays what the invoice says, in its currency.
            "adaptive_pricing": {"enabled": False},
            "submit_type": "pay",
            "locale": self._paylink_stripe_get_locale(lang),
            **self._paylink_stripe_prepare_customer(),
            **tx._paylink_stripe_prepare_restriction(),
        }

    def _paylink_stripe_fetch_names(self):
        """Read what the page tells, and not all that Odoo knows of invoices and customers."""
        page = self.env["paylink.page"]
        page._fetch(self.paylink_link_id)
        page._fetch(self.invoice_ids)
        page._fetch(self.company_id)
        page._fetch(self.paylink_link_id.partner_id)

    def _paylink_stripe_prepare_lines(self):
        """Return the line items: each document, the tip, the fee."""
        price = self._paylink_get_price()
        documents = [
            (" ".join(part for part in (line.move_id.type_name, line.move_id.name) if part), amount)
            for line in self.paylink_quote_id.line_ids
            if (amount := self.currency_id._paylink_to_decimal(line.amount))
        ]
        is_all = sum(amount for _name, amount in documents) == price.base
        if not is_all or len(documents) > MAX_DOCUMENTS:
            documents = [(self._paylink_get_document_names() or self.reference, price.base)]
        parts = (
            *documents,
            (self.env._("Tip"), price.tip),
            (self.env._("Processing fee"), price.fee),
        )
        return [self._paylink_stripe_prepare_line(name, amount) for name, amount in parts if amount]

    def _paylink_stripe_prepare_line(self, name, amount):
        return {
            "quantity": 1,
            "price_data": {
                "currency": self.currency_id.name.lower(),
                "unit_amount": self.provider_id._paylink_stripe_to_minor(amount, self.currency_id),
                "product_data": {"name": name[:250]},
            },
        }

    def _paylink_stripe_describe(self):
        """Return what is paid to whom, e.g. "Invoice INV/2026/00042, Northwind Heating"."""
        what = self._paylink_get_document_names() or self.reference
        return f"{what}, {self._paylink_get_company().name}"[:500]

    def _paylink_stripe_prepare_customer(self):
        """Return who pays, as far as that helps them; never somebody whom Stripe knows already."""
        email = email_normalize(self.paylink_link_id.partner_id.email or self.partner_email)
        # Stripe refuses other letters than those of ASCII, and the whole page with them.
        values = {"customer_email": email} if email and email.isascii() else {}
        return {**values, "customer_creation": "always"} if self.tokenize else values

    def _paylink_stripe_prepare_restriction(self):
        """Return which cards the page takes, so that the fee is paid on credit cards only."""
        methods = self.env["payment.method"]
        if self.payment_method_id == methods._paylink_stripe_get(METHOD_CREDIT):
            blocked = ["debit", "prepaid"]
            text = self.env._(
                "Credit cards only. To pay by debit card or from your bank account, without a fee, "
                "go back and choose that."
            )
        elif self.payment_method_id == methods._paylink_stripe_get(METHOD_DEBIT):
            blocked = ["credit"]
            text = self.env._("To pay by credit card, go back and choose that.")
        else:
            return {}
        values = {
            "payment_method_options": {
                "card": {"restrictions": {"funding_types_blocked": blocked}}
            },
            "custom_text": {"submit": {"message": text}},
        }
        if "debit" in blocked:
            values["allowed_payment_method_types"] = ["card"]
        return values

    def _paylink_stripe_get_locale(self, lang):
        """Return the language of Stripe's page for one of Odoo's, e.g. ``fr-CA`` for ``fr_CA``."""
        name = (lang or "").partition("@")[0].replace("_", "-")
        candidates = (name, name.partition("-")[0])
        return next((locale for locale in candidates if locale in LOCALES), "auto")
