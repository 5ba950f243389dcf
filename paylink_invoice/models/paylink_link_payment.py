# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying the document of a link: amount, options, lock, receipts."""

from datetime import timedelta
from urllib.parse import quote

from odoo import fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_time

from .. import tokens, visitors
from .payment_transaction import PaymentRefused

# Where a payment ends. Transactions store it, so it holds no token: the session tells which one.
PAYMENT_LANDING_PATH = "/paylink/landing"
# How long a payment waits for another one of the same document that is just being started.
PAYMENT_LOCK_TIMEOUT = "10s"
# How many declined payments are too many: who tries stolen cards needs many, a customer a few.
# A network may be an office, or the customers of one provider of mobile Internet.
LINK_DECLINE_LIMITS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
NETWORK_DECLINE_LIMITS = ((timedelta(hours=1), 30), (timedelta(days=1), 100))


class PaylinkLinkPayment(models.Model):
    _inherit = "paylink.link"

    def _get_payable_amount(self):
        """Return what settles the document today, the early-payment discount taken off."""
        self.ensure_one()
        due = self.move_id._get_invoice_next_payment_values()
        if due.get("installment_state") == "epd":
            # Exactly what Odoo's payment compares with to grant the discount.
            return due["amount_due"]
        return self.move_id.amount_residual

    def _prepare_payment_form_values(self):
        """Return what Odoo's template `payment.form` needs; no saved card is ever among it."""
        self.ensure_one()
        page, link, move = self.env["paylink.page"]._switch_to(self)
        title = page.env._("Pay %(document)s", document=page._get_document_label(link))
        providers_sudo, methods_sudo = self.move_id._paylink_get_payment_options()
        amount = self._get_payable_amount()
        formatted_amount = move.currency_id.format(amount)
        return {
            **page._prepare_layout_values(self.company_id, title),
            "title": title,
            "formatted_amount": formatted_amount,
            "pay_label": page.env._("Pay %(amount)s", amount=page._isolate(formatted_amount)),
            "page_path": self._get_path(),
            "is_test": set(providers_sudo.mapped("state")) == {"test"},
            "amount": amount,
            "currency": move.currency_id,
            "partner_id": move.partner_id.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": self.env["payment.token"],
            "show_tokenize_input_mapping": dict.fromkeys(providers_sudo.ids, False),
            "reference_prefix": move.name,
            "transaction_route": self._get_path("transaction"),
            "landing_route": PAYMENT_LANDING_PATH,
            "access_token": self._sign_shown_amount(amount),
        }

    def _sign_shown_amount(self, amount):
        """Return a proof of the amount that a payment form shows: ``amount.signature``."""
        keyring, database_uuid = self._get_signing_material()
        shown = f"{amount:.6f}".replace(".", "_")
        return f"{shown}.{tokens.sign(keyring, 'amount', database_uuid, self.public_ref, shown)}"

    def _is_other_amount_shown(self, proof, amount):
        """Tell whether the form proves to have shown another amount than is due now.

        Whatever is no proof is ignored: what is charged never depends on the browser.
        """
        shown, dot, signature = proof.partition(".") if isinstance(proof, str) else ("", "", "")
        keyring, database_uuid = self._get_signing_material()
        is_proof = dot and tokens.verify(
            keyring, "amount", signature, database_uuid, self.public_ref, shown
        )
        return bool(is_proof) and shown != f"{amount:.6f}".replace(".", "_")

    def _start_payment(self, provider_id, payment_method_id, flow, ip_address, proof=None):
        """Return the one open payment of the document, new or under way, in sudo mode.

        Amount, currency, customer and references are decided here, after the lock. To be called
        before anything else is written: it fails with an error of PostgreSQL that asks to roll
        back and begin anew when somebody else has just started a payment.

        :param int provider_id: what the customer chose, as is ``payment_method_id``
        :param str flow: ``redirect`` or ``direct``, what the provider's script announces
        :param ip_address: of the visitor
        :param proof: what :meth:`_sign_shown_amount` returned for the form, if anything
        :raise PaymentRefused: with the reason and the sentence for the customer
        """
        self.ensure_one()
        self._lock_document()
        denial = self._get_denial("pay")
        if denial:
            raise PaymentRefused(denial, self._get_payment_refusal(denial))
        network = visitors.network_of(ip_address)
        self._check_declines(network)
        values = self._prepare_payment_values(provider_id, payment_method_id, flow)
        values["paylink_network"] = network
        if self._is_other_amount_shown(proof, values["amount"]):
            raise PaymentRefused("changed", self._get_payment_refusal("changed"))
        return self.env["payment.transaction"]._paylink_open_attempt(self, values)

    def _check_declines(self, network):
        """Refuse a payment after too many that were declined, of this link or of this network.

        :param str network: see :func:`visitors.network_of`
        :raise PaymentRefused: with the time after which to try again
        """
        self.ensure_one()
        txs_sudo = self.env["payment.transaction"].sudo()  # Visitors cannot read transactions.
        seconds = max(
            txs_sudo._paylink_get_decline_delay(
                Domain("paylink_link_id", "=", self.id), LINK_DECLINE_LIMITS
            ),
            txs_sudo._paylink_get_decline_delay(
                Domain("paylink_network", "=", network), NETWORK_DECLINE_LIMITS
            ),
        )
        if seconds:
            page, link, _move = self.env["paylink.page"]._switch_to(self)
            message = self.env._(
                "Too many payments were declined. Try again after %(time)s, "
                "or ask %(seller)s how else to pay.",
                time=page._format_moment(fields.Datetime.now() + timedelta(seconds=seconds)),
                seller=page._isolate(link.company_id.name),
            )
            raise PaymentRefused("too_many_declines", message, retry_after=seconds)

    def _lock_document(self):
        """Wait until no other payment of the document is being started.

        Whoever starts one, and whoever reports money, writes to the row, so that those who have
        waited fail here and begin anew: see `payment.transaction._paylink_touch_invoices`.
        """
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", PAYMENT_LOCK_TIMEOUT))
        # Not FOR UPDATE: rows that refer to the invoice may be inserted meanwhile.
        self.env.cr.execute(
            SQL("SELECT 1 FROM account_move WHERE id = %s FOR NO KEY UPDATE", self.move_id.id),
            log_exceptions=False,  # That it fails after the wait is how it works, see above.
        )
        self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")

    def _prepare_payment_values(self, provider_id, payment_method_id, flow):
        """Return the values of the transaction that pays the document in full.

        :raise PaymentRefused: if the choice is none of what the form offers
        """
        self.ensure_one()
        providers_sudo, methods_sudo = self.move_id._paylink_get_payment_options()
        provider_sudo = providers_sudo.filtered(lambda provider: provider.id == provider_id)
        method_sudo = methods_sudo.filtered(lambda method: method.id == payment_method_id)
        if not (provider_sudo and provider_sudo in method_sudo.provider_ids):
            raise PaymentRefused("invalid_option", self._get_payment_refusal("invalid_option"))
        move = self.move_id
        invoice_ids = [Command.set(move.ids)]
        return {
            "provider_id": provider_sudo.id,
            "payment_method_id": method_sudo.id,
            "operation": f"online_{flow}",
            "reference": self.env["payment.transaction"]._compute_reference(
                provider_sudo.code, invoice_ids=invoice_ids
            ),
            "amount": self._get_payable_amount(),
            "currency_id": move.currency_id.id,
            "partner_id": move.partner_id.id,
            "invoice_ids": invoice_ids,
            "landing_route": PAYMENT_LANDING_PATH,
            "paylink_link_id": self.id,
        }

    def _get_payment_refusal(self, code):
        """Return the sentence that tells the customer why a payment does not start.

        :param str code: see :class:`PaymentRefused`
        """
        self.ensure_one()
        if code == "in_progress":
            return self._describe_payment_in_progress()
        page, link, _move = self.env["paylink.page"]._switch_to(self)
        sentences = {
            "changed": self.env._(
                "The amount has changed since you opened this page: it is now %(amount)s. "
                "Reload the page to pay it.",
                amount=page._phrase_money(self._get_payable_amount(), self.move_id.currency_id),
            ),
            "invalid_option": self.env._(
                "This way to pay is not offered any more. Reload the page and choose another one."
            ),
            "provider_failed": self.env._(
                "The payment could not be started; nothing was charged. "
                "Try again, or choose another way to pay."
            ),
        }
        return sentences.get(code) or " ".join(
            part if part.endswith((".", "!")) else f"{part}."
            for part in page._get_denial_words(link, code)
        )

    def _describe_payment_in_progress(self):
        """Return the sentence about a payment whose outcome is open."""
        self.ensure_one()
        page, link, move = self.env["paylink.page"]._switch_to(self)
        pending = move._paylink_get_pending_transactions()[:1]
        if not pending:
            return self.env._("Somebody is paying this very moment. Try again in a minute.")
        return self.env._(
            "A payment of %(amount)s was made on %(date)s and is not confirmed yet. "
            "Please wait for it, so that nothing is paid twice.",
            amount=page._phrase_money(pending.amount, pending.currency_id),
            date=page._format_moment(pending.last_state_change),
        )

    def _format_time(self, moment):
        """Return the time of day of a UTC datetime, for the customer."""
        _page, link, _move = self.env["paylink.page"]._switch_to(self)
        timezone = link.env.context["tz"]
        time = format_time(link.env, moment, tz=timezone, time_format="short")
        return f"{time} UTC" if timezone == "UTC" else time

    def _get_receipts(self):
        """Return the payments of the document to show receipts for, newest first, in sudo mode."""
        self.ensure_one()
        # In sudo mode because visitors cannot read transactions; the link opens all of its document.
        return (
            self.sudo()
            .move_id.transaction_ids.filtered(
                lambda tx: tx.state in ("done", "pending", "authorized") and tx.amount > 0
            )
            .sorted("id", reverse=True)
        )

    def _get_receipt(self, reference):
        """Return the payment of the document with this reference, in sudo mode, or none."""
        self.ensure_one()
        return self.sudo().move_id.transaction_ids.filtered(lambda tx: tx.reference == reference)

    def _get_receipt_path(self, tx, suffix=""):
        """Return the live path of the receipt of a payment; ``.pdf`` for the PDF."""
        return self._get_path(f"receipt/{quote(tx.reference)}{suffix}")
