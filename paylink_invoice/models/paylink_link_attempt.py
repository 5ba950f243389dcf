# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Attempts to pay the document of a link: begun by a quote, handed to a provider, one at a time."""

from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command, Domain

from .. import visitors
from .paylink_link_payment import PAYMENT_LANDING_PATH
from .paylink_link_quote import QUOTE_WINDOW, Wish
from .paylink_quote import VALIDITY
from .payment_transaction import PaymentRefused

# How many declined payments are too many: who tries stolen cards needs many, a customer a few.
# A network may be an office, or the customers of one provider of mobile Internet.
LINK_DECLINE_LIMITS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
NETWORK_DECLINE_LIMITS = ((timedelta(hours=1), 30), (timedelta(days=1), 100))


class PaylinkLinkAttempt(models.Model):
    _inherit = "paylink.link"

    # Both ways to begin decide everything after the lock, and have to be called before anything
    # else is written: they fail with an error of PostgreSQL that asks to roll back and begin anew
    # when somebody else has just started a payment.

    # === BEGINNING === #

    def _reserve_payment(
        self,
        visitor,
        quote_reference=None,
        wish=None,
        is_accepted=False,
        is_taken_over=False,
        is_card_saved=False,
    ):
        """Keep the document for the customer who has confirmed a price and goes on to pay it.

        :param dict visitor: ``ip_address`` and ``user_agent``
        :param quote_reference: the quote that was confirmed
        :param wish: the :class:`Wish` to price, where no quote was confirmed
        :param bool is_accepted: whether the customer has ticked the fee of that quote
        :param bool is_taken_over: whether unfinished attempts of others are given up
        :param bool is_card_saved: whether the customer asked to save the card, which matters where
            the provider's own page takes it; Odoo's form asks for itself
        :return: the `paylink.quote` and the open `payment.transaction`, in sudo mode; without the
            latter where a wish comes to a fee that has to be accepted first
        :raise PaymentRefused: with the reason and the sentence for the customer
        """
        self.ensure_one()
        link = self._choose_currency_of(quote_reference, wish)
        link._begin_payment(visitor["ip_address"])
        if wish is None:
            quote_sudo = link._get_quote(quote_reference)
            if quote_sudo and is_accepted:
                quote_sudo._accept_fee(visitor)
            link._check_quote(quote_sudo)
        else:
            quote_sudo = link._quote(wish)
            if not quote_sudo._is_accepted():
                return quote_sudo, None
        if is_taken_over:
            link._give_up_attempts()
        values = link._prepare_payment_values(quote_sudo, "redirect", visitor["ip_address"])
        if quote_sudo.provider_id._paylink_get_flow() == "redirect":
            values["tokenize"] = link._is_card_saved(quote_sudo, is_card_saved)
        else:
            values["paylink_is_reserved"] = True
        return quote_sudo, link._open_attempt(quote_sudo, values)

    def _start_payment(
        self,
        option_id,
        flow,
        quote_reference=None,
        ip_address=None,
        proof=None,
        is_card_saved=False,
        currency=None,
    ):
        """Return the one open payment of the document, for its provider, in sudo mode.

        Amount, currency, customer and references are decided here.

        :param str option_id: the way to pay that the form has chosen, see :meth:`_get_options`
        :param str flow: ``redirect`` or ``direct``, what the provider's script announces
        :param quote_reference: the quote to pay; none: the one that was confirmed just now, or else
            everything that is due, without a fee
        :param ip_address: of the visitor
        :param proof: what :meth:`_sign_shown_amount` returned for the form, if anything
        :param bool is_card_saved: whether the customer asked to save the card, see
            :meth:`_is_card_saved`
        :param currency: of a balance without a quote, the ISO code of the currency that was shown
        :raise PaymentRefused: with the reason and the sentence for the customer
        """
        self.ensure_one()
        wish = Wish(option=option_id, currency=currency)
        link = self._choose_currency_of(quote_reference, wish if quote_reference is None else None)
        link._begin_payment(ip_address)
        if quote_reference is not None:
            quote_sudo = link._get_quote(quote_reference)
            link._check_quote(quote_sudo, option_id)
        else:
            quote_sudo = link._get_reserved_quote(option_id, proof) or link._quote_free(wish)
            if link._is_other_amount_shown(proof, quote_sudo.total_amount):
                link._refuse("changed")
        values = link._prepare_payment_values(quote_sudo, flow, ip_address)
        values["tokenize"] = link._is_card_saved(quote_sudo, is_card_saved)
        return link._open_attempt(quote_sudo, values)

    def _read_anew(self):
        """Return the link without what was read of its document in a transaction that is over."""
        return self

    def _choose_currency_of(self, quote_reference, wish=None):
        """Return the link to go on with for a quote or a wish, see :meth:`_choose_currency`."""
        if wish is not None:
            return self._choose_currency(wish.currency)
        return self._choose_currency(self._get_quote(quote_reference).currency_id.name)

    def _open_attempt(self, quote_sudo, values):
        """Return the one open payment with these values; a refusal tells which quote it is about."""
        self._check_offer(quote_sudo)
        try:
            return self.env["payment.transaction"]._paylink_open_attempt(self, values)
        except PaymentRefused as refusal:
            refusal.quote = quote_sudo
            raise

    def _check_offer(self, quote_sudo):
        """Raise `PaymentRefused` unless Odoo offers the way to pay for this very amount now."""
        # In sudo mode because visitors cannot read the fields of providers.
        is_taken = quote_sudo.provider_id.sudo()._paylink_takes(
            quote_sudo.total_amount, quote_sudo.currency_id
        )
        if is_taken:
            return
        providers_sudo, methods_sudo = (
            self.env["payment.provider"]
            .sudo()
            ._paylink_find_options(
                self.company_id,
                self._get_payer(),
                quote_sudo.currency_id,
                quote_sudo.total_amount,
            )
        )
        is_offered = (
            quote_sudo.provider_id in providers_sudo
            and quote_sudo.payment_method_id in methods_sudo
        )
        if not is_offered:
            self._refuse("invalid_option", quote_sudo)

    def _begin_payment(self, ip_address):
        """Take the lock of the document, and check that it can be paid by this visitor now."""
        self._get_payable_moves()._paylink_lock()
        if denial := self._get_denial("pay"):
            self._refuse(denial)
        self._check_declines(visitors.network_of(ip_address))

    def _quote_free(self, wish):
        """Return the quote of everything that is due, for a way to pay that costs no fee."""
        if self._find_option(wish.option)["fee_rule"]:
            self._refuse("fee_not_accepted")
        return self._quote(wish)

    def _get_reserved_quote(self, option_id, proof):
        """Return the quote that was confirmed just now with this way to pay, unless the form has
        shown another amount, in sudo mode, or none."""
        # In sudo mode because visitors cannot read transactions.
        running_sudo = self.sudo().transaction_ids._paylink_get_running_attempts()
        return running_sudo.paylink_quote_id.filtered(
            lambda quote: (
                quote._get_option_id() == option_id
                and quote.currency_id == self._get_currency()
                and not self._is_changed_since(quote)
                and not self._is_other_amount_shown(proof, quote.total_amount)
            )
        )[:1]

    def _get_rival_attempts(self, values):
        """Return own unfinished attempts that a new one replaces though it pays other documents.

        :param dict values: of the new one, see :meth:`_prepare_payment_values`
        :return: `payment.transaction` records in sudo mode
        """
        return self.env["payment.transaction"].sudo()

    def _give_up_attempts(self):
        """Give up every unfinished attempt to pay the document, so that the customer can pay here.

        What their provider reports later is still booked.
        """
        self.ensure_one()
        # In sudo mode because visitors cannot read transactions.
        drafts_sudo = (
            self.sudo()
            ._get_payable_moves()
            .transaction_ids.filtered(lambda tx: tx.state == "draft" and tx.paylink_link_id != self)
        )
        drafts_sudo._paylink_replace()

    # === CHECKS === #

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
            self._refuse("invalid_request")
        if option_id not in (None, quote_sudo._get_option_id()):
            self._refuse("invalid_option", quote_sudo)
        if quote_sudo._is_over():
            message = self.env._(
                "This price was good for %(minutes)s minutes. Check it again, then pay.",
                minutes=VALIDITY // timedelta(minutes=1),
            )
            raise PaymentRefused("changed", message, quote=quote_sudo)
        if quote_sudo._is_paid_ahead():
            message = self.env._("You have paid this already. To pay more, enter the amount again.")
            raise PaymentRefused("paid", message, quote=quote_sudo)
        if self._is_changed_since(quote_sudo):
            self._refuse("changed", quote_sudo)
        if not quote_sudo._is_accepted():
            self._refuse("fee_not_accepted", quote_sudo)

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

    # === VALUES === #

    def _prepare_payment_values(self, quote_sudo, flow, ip_address=None):
        """Return the values of the transaction that pays a quote."""
        self.ensure_one()
        moves = quote_sudo.line_ids.move_id
        return {
            "provider_id": quote_sudo.provider_id.id,
            "payment_method_id": quote_sudo.payment_method_id.id,
            "operation": f"online_{flow}",
            "reference": self._compute_payment_reference(quote_sudo.provider_id.code, moves),
            "amount": quote_sudo.total_amount,
            "currency_id": quote_sudo.currency_id.id,
            "partner_id": self._get_payer().id,
            "invoice_ids": [Command.set(moves.ids)],
            "landing_route": PAYMENT_LANDING_PATH,
            "paylink_link_id": self.id,
            "paylink_network": visitors.network_of(ip_address),
            "paylink_quote_id": quote_sudo.id,
            "paylink_fee_amount": quote_sudo.fee_amount,
            "paylink_tip_amount": quote_sudo.tip_amount,
        }

    def _compute_payment_reference(self, provider_code, moves):
        """Return the unique reference of a payment of these documents."""
        return self.env["payment.transaction"]._compute_reference(
            provider_code, invoice_ids=[Command.set(moves.ids)]
        )

    # === WORDS === #

    def _refuse(self, code, quote_sudo=None):
        """Raise `PaymentRefused` with the sentence that belongs to a code.

        :param quote_sudo: the `paylink.quote` that was to be paid, if any
        """
        raise PaymentRefused(code, self._get_payment_refusal(code), quote=quote_sudo)

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
                amount=page._phrase_money(self._get_payable_amount(), self._get_currency()),
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
        return sentences.get(code) or " ".join(
            part if part.endswith((".", "!")) else f"{part}."
            for part in page._get_denial_words(link, code)
        )

    def _describe_payment_in_progress(self):
        """Return the sentence about a payment whose outcome is open."""
        self.ensure_one()
        page, link, _move = self.env["paylink.page"]._switch_to(self)
        pending = link._get_pending_transactions()[:1]
        if not pending:
            return self.env._("Somebody is paying this very moment. Try again in a minute.")
        return self.env._(
            "A payment of %(amount)s was made on %(date)s and is not confirmed yet. "
            "Please wait for it, so that nothing is paid twice.",
            amount=page._phrase_money(pending.amount, pending.currency_id),
            date=page._format_moment(pending.last_state_change),
        )
