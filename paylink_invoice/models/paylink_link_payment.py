# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying the document of a link: what is due, Odoo's payment form, receipts."""

from urllib.parse import quote

from odoo import models
from odoo.tools import format_time

from .. import tokens

# Where a payment ends. Transactions store it, so it holds no token: the session tells which one.
PAYMENT_LANDING_PATH = "/paylink/landing"


class PaylinkLinkPayment(models.Model):
    _inherit = "paylink.link"

    def _get_payable_amount(self, due=None):
        """Return what settles the document today, the early-payment discount taken off.

        :param dict due: what Odoo's ``_get_invoice_next_payment_values`` has returned, if known
        """
        self.ensure_one()
        due = due or self.move_id._get_invoice_next_payment_values()
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
        page, link, _move = self.env["paylink.page"]._switch_to(self)
        currency = quote_sudo.currency_id if quote_sudo else link._get_currency()
        title = (
            page.env._("Pay your balance")
            if link.kind == "balance"
            else page.env._("Pay %(document)s", document=page._get_document_label(link))
        )
        providers_sudo, methods_sudo = link._get_form_options(quote_sudo)
        amount = quote_sudo.total_amount if quote_sudo else self._get_payable_amount()
        formatted_amount = currency.format(amount)
        route = self._get_transaction_path(quote_sudo)
        return {
            **page._prepare_layout_values(self.company_id, title),
            "title": title,
            "formatted_amount": formatted_amount,
            "pay_label": page.env._("Pay %(amount)s", amount=page._isolate(formatted_amount)),
            "price_rows": page._prepare_quote_price(quote_sudo)["rows"] if quote_sudo else [],
            "page_path": link._get_page_path(),
            "back_label": page._get_back_label(link),
            "is_test": set(providers_sudo.mapped("state")) == {"test"},
            "amount": amount,
            "currency": currency,
            "partner_id": link._get_payer().id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": self.env["payment.token"],
            # Whoever wants to may save a card; which ones are saved is never shown here.
            "show_tokenize_input_mapping": {
                provider.id: provider.allow_tokenization
                and not provider._is_tokenization_required()
                for provider in providers_sudo
            },
            "reference_prefix": link._get_document_name(),
            "transaction_route": route,
            "landing_route": PAYMENT_LANDING_PATH,
            "access_token": self._sign_shown_amount(amount),
        }

    def _get_transaction_path(self, quote_sudo=None):
        """Return where the payment form starts the payment of a quote, or of all that is due."""
        path = self._get_path("transaction")
        return f"{path}?quote={quote_sudo.reference}" if quote_sudo else path

    def _get_page_path(self):
        """Return the live path of the page that shows what is paid."""
        return self._get_path()

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

    def _format_time(self, moment):
        """Return the time of day of a UTC datetime, for the customer."""
        _page, link, _move = self.env["paylink.page"]._switch_to(self)
        timezone = link.env.context["tz"]
        time = format_time(link.env, moment, tz=timezone, time_format="short")
        return f"{time} UTC" if timezone == "UTC" else time

    def _get_receipts(self):
        """Return the payments of the document to show receipts for, newest first, in sudo mode."""
        self.ensure_one()
        return (
            self._get_transactions()
            .filtered(lambda tx: tx.state in ("done", "pending", "authorized") and tx.amount > 0)
            .sorted("id", reverse=True)
        )

    def _get_receipt(self, reference):
        """Return the payment of the document with this reference, in sudo mode, or none."""
        self.ensure_one()
        return self._get_transactions().filtered(lambda tx: tx.reference == reference)

    def _get_transactions(self):
        """Return the payments that the link shows: all of its document, in sudo mode."""
        self.ensure_one()
        return self.sudo().move_id.transaction_ids  # Visitors cannot read transactions.

    def _is_more_to_pay(self, currency):
        """Tell whether the customer can go on and pay, after a payment in some currency."""
        return not self._get_denial("pay")

    def _get_document_name(self):
        """Return the number of the document."""
        self.ensure_one()
        return self.move_id.name

    def _get_receipt_path(self, tx, suffix=""):
        """Return the live path of the receipt of a payment; ``.pdf`` for the PDF."""
        return self._get_path(f"receipt/{quote(tx.reference)}{suffix}")
