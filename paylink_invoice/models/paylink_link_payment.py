# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying the document of a link: form, lock, attempts, receipts."""

from urllib.parse import quote

from odoo import models
from odoo.fields import Command
from odoo.tools import format_time

from .. import tokens
from .paylink_link_quote import QUOTE_WINDOW, Wish
from .payment_transaction import PaymentRefused

# Where a payment ends. Transactions store it, so it holds no token: the session tells which one.
PAYMENT_LANDING_PATH = "/paylink/landing"


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

    def _prepare_payment_form_values(self, quote_sudo=None):
        """Return what Odoo's template `payment.form` needs; no saved card is ever among it.

        :param quote_sudo: the `paylink.quote` to pay; none: everything that is due, in whatever
            way costs no fee
        """
        self.ensure_one()
        page, link, move = self.env["paylink.page"]._switch_to(self)
        title = page.env._("Pay %(document)s", document=page._get_document_label(link))
        providers_sudo, methods_sudo = link._get_form_options(quote_sudo)
        amount = quote_sudo.total_amount if quote_sudo else self._get_payable_amount()
        formatted_amount = move.currency_id.format(amount)
        route = self._get_path("transaction")
        return {
            **page._prepare_layout_values(self.company_id, title),
            "title": title,
            "formatted_amount": formatted_amount,
            "pay_label": page.env._("Pay %(amount)s", amount=formatted_amount),
            "price_rows": page._prepare_quote_price(quote_sudo)["rows"] if quote_sudo else [],
            "page_path": self._get_path(),
            "is_test": set(providers_sudo.mapped("state")) == {"test"},
            "amount": amount,
            "currency": move.currency_id,
            "partner_id": move.partner_id.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": self.env["payment.token"],
            # Whoever wants to may save a card; which ones are saved is never shown here.
            "show_tokenize_input_mapping": {
                provider.id: provider.allow_tokenization
                and not provider._is_tokenization_required()
                for provider in providers_sudo
            },
            "reference_prefix": move.name,
            "transaction_route": f"{route}?quote={quote_sudo.reference}" if quote_sudo else route,
            "landing_route": PAYMENT_LANDING_PATH,
            "access_token": self._sign_shown_amount(amount),
        }

    def _get_form_options(self, quote_sudo=None):
        """Return what the payment form offers: ``(providers, methods)``, in sudo mode."""
        self.ensure_one()
        if quote_sudo:
            return quote_sudo.provider_id, quote_sudo.payment_method_id
        free = [option for option in self._get_options() if not option["fee_rule"]]
        pairs = [(option["provider"], option["method"]) for option in free]
        providers_sudo = self.env["payment.provider"].sudo().union(*(pair[0] for pair in pairs))
        methods_sudo = self.env["payment.method"].sudo().union(*(pair[1] for pair in pairs))
        # Odoo's form pays a method through the first of the providers that has it.
        return providers_sudo, methods_sudo.filtered(
            lambda method: ((method.provider_ids & providers_sudo)[:1], method) in pairs
        )

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

    # === STARTING A PAYMENT === #

    def _start_payment(
        self, option_id, flow, quote_reference=None, proof=None, is_card_saved=False
    ):
        """Return the one open payment of the document, new or under way, in sudo mode.

        Amount, currency, customer and references are decided here, after the lock. To be called
        before anything else is written: it fails with an error of PostgreSQL that asks to roll
        back and begin anew when somebody else has just started a payment.

        :param str option_id: the way to pay that the form has chosen, see :meth:`_get_options`
        :param str flow: ``redirect`` or ``direct``, what the provider's script announces
        :param quote_reference: the quote to pay; none: everything that is due, without a fee
        :param proof: what :meth:`_sign_shown_amount` returned for the form, if anything
        :param bool is_card_saved: whether the customer asked to save the card, see
            :meth:`_is_card_saved`
        :raise PaymentRefused: with the reason and the sentence for the customer
        """
        self.ensure_one()
        self._lock_documents(self.move_id)
        if denial := self._get_denial("pay"):
            raise PaymentRefused(denial, self._get_payment_refusal(denial))
        if quote_reference is None:
            quote_sudo = self._quote(Wish(option=option_id))
            if self._is_other_amount_shown(proof, quote_sudo.base_amount):
                raise PaymentRefused("changed", self._get_payment_refusal("changed"))
        else:
            quote_sudo = self._get_quote(quote_reference)
        self._check_quote(quote_sudo, option_id)
        values = self._prepare_payment_values(quote_sudo, flow)
        values["tokenize"] = self._is_card_saved(quote_sudo, is_card_saved)
        return self.env["payment.transaction"]._paylink_open_attempt(self, values)

    def _is_card_saved(self, quote_sudo, is_wanted):
        """Tell whether the card is saved for later: where it is possible and wanted, or necessary."""
        provider_sudo = quote_sudo.provider_id
        can_save = (
            provider_sudo.allow_tokenization and quote_sudo.payment_method_id.support_tokenization
        )
        return can_save and (is_wanted or provider_sudo._is_tokenization_required())

    def _check_quote(self, quote_sudo, option_id=None):
        """Raise `PaymentRefused` unless a quote can be paid now.

        :param quote_sudo: what :meth:`_get_quote` returned
        :param option_id: the way to pay that was chosen, where that is known
        """
        self.ensure_one()
        if not quote_sudo:
            code = "invalid_request"
        elif option_id not in (None, quote_sudo._get_option_id()):
            code = "invalid_option"
        elif self._is_changed_since(quote_sudo):
            code = "changed"
        elif not quote_sudo._is_accepted():
            code = "fee_not_accepted"
        else:
            return
        raise PaymentRefused(code, self._get_payment_refusal(code))

    def _check_attempts(self):
        """Raise `PaymentRefused` while somebody else, with another link, has begun to pay.

        Only a hint before the customer goes on: :meth:`_start_payment` decides under a lock.
        """
        self.ensure_one()
        # In sudo mode because visitors cannot read transactions.
        if others := self.sudo().move_id.transaction_ids._paylink_get_running_attempts(self)[:1]:
            raise PaymentRefused("in_progress", others._paylink_describe_attempt(self))

    def _take_over_attempts(self):
        """Give up every unfinished attempt to pay the document, so that the customer can pay here.

        What their provider reports later is still booked. To be called like :meth:`_start_payment`.
        """
        self.ensure_one()
        self._lock_documents(self.move_id)
        # In sudo mode because visitors cannot read transactions.
        drafts_sudo = self.sudo().move_id.transaction_ids.filtered(lambda tx: tx.state == "draft")
        drafts_sudo._paylink_give_up(self.env._("The customer started to pay anew instead."))

    def _lock_documents(self, moves):
        """Wait until no other payment of the documents is being started, through whatever door."""
        moves._paylink_lock()

    def _prepare_payment_values(self, quote_sudo, flow):
        """Return the values of the transaction that pays a quote."""
        self.ensure_one()
        move = self.move_id
        invoice_ids = [Command.set(quote_sudo.line_ids.move_id.ids)]
        return {
            "provider_id": quote_sudo.provider_id.id,
            "payment_method_id": quote_sudo.payment_method_id.id,
            "operation": f"online_{flow}",
            "reference": self.env["payment.transaction"]._compute_reference(
                quote_sudo.provider_id.code, invoice_ids=invoice_ids
            ),
            "amount": quote_sudo.total_amount,
            "currency_id": quote_sudo.currency_id.id,
            "partner_id": move.partner_id.id,
            "invoice_ids": invoice_ids,
            "landing_route": PAYMENT_LANDING_PATH,
            "paylink_link_id": self.id,
            "paylink_quote_id": quote_sudo.id,
            "paylink_fee_amount": quote_sudo.fee_amount,
            "paylink_tip_amount": quote_sudo.tip_amount,
        }

    def _get_payment_refusal(self, code):
        """Return the sentence that tells the customer why a payment does not start.

        :param str code: see :class:`PaymentRefused`
        """
        self.ensure_one()
        if code == "in_progress":
            return self._describe_payment_in_progress()
        sentences = {
            "changed": self.env._(
                "The amount has changed since you opened this page: it is now %(amount)s. "
                "Reload the page to pay it.",
                amount=self.move_id.currency_id.format(self._get_payable_amount()),
            ),
            "invalid_option": self.env._(
                "This way to pay is not offered any more. Reload the page and choose another one."
            ),
            "invalid_tip": self.env._("This tip is not offered. Choose one of the others."),
            "invalid_request": self.env._("This page is out of date. Reload it and try again."),
            "fee_not_accepted": self.env._(
                "Tick the box to agree to the processing fee, or choose a way to pay without one."
            ),
            "too_many_requests": self.env._(
                "Too many prices were asked for. Try again in %(minutes)s minutes.",
                minutes=int(QUOTE_WINDOW.total_seconds() // 60),
            ),
            "provider_failed": self.env._(
                "The payment could not be started; nothing was charged. "
                "Try again, or choose another way to pay."
            ),
        }
        page, link, _move = self.env["paylink.page"]._switch_to(self)
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
            amount=pending.currency_id.format(pending.amount),
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
