# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a balance link: what is owed or due to the customer, of what, and how to pay it."""

from odoo import api, models
from odoo.fields import Domain

# How many open items, charges and payments a page lists; sums are of all of them.
MAX_OPEN = 50
MAX_CHARGES = 20
MAX_PAYMENTS = 10


class PaylinkPageBalance(models.AbstractModel):
    _inherit = "paylink.page"

    # === THE PAGE === #

    @api.model
    def _prepare_balance_values(self, link, is_preview=False):
        """Return the values of ``paylink_invoice.paylink_balance_page``.

        :param link: one `paylink.link` of kind ``balance`` in sudo mode, in the customer's language
            and, where several are owed, in the chosen currency
        :param bool is_preview: whether staff look at it: then no path leads anywhere
        """
        page, link, _move = self._switch_to(link)
        link = link._choose_currency(None)
        page, balance = page.with_env(link.env), link._get_balance()
        paths = page._prepare_paths(link, is_preview)
        denial = page._get_payment_denial(link, is_preview)
        choices = page._prepare_choices(link, is_preview)
        lines = link._get_open_lines(balance.currency, limit=MAX_OPEN)
        title = page.env._("Your balance")
        return {
            **page._prepare_layout_values(link.company_id, title),
            "title": title,
            "is_preview": is_preview,
            "paths": paths,
            "beacon": page._prepare_beacon(link, paths),
            "summary": page._prepare_balance_summary(link, balance),
            "others": page._prepare_other_balances(link._get_balances(), balance, paths),
            "payment": page._prepare_balance_payment(link, denial, choices),
            "choices": choices,
            "currency_code": balance.currency.name,
            "open_items": page._prepare_open_items(link, lines, choices, paths),
            "more_text": page._get_more_text(balance.count - len(lines)),
            "charges": page._prepare_charges(link),
            "payments": page._prepare_recent_payments(link),
            "receipts": page._prepare_receipts(link, paths),
            "bank": page._prepare_balance_bank(link, balance, lines),
            "reminders": page._prepare_reminders(link, "due" if balance.net > 0 else "paid"),
            "is_reminder_change": False,
            "has_question": is_preview or link._get_denial("comment") is None,
            "asked": False,
            "life": page._get_balance_life(link),
            "script_texts": page._prepare_script_texts(),
        }

    @api.model
    def _prepare_balance_summary(self, link, balance):
        """Return the face of the balance: ``status_tone``, ``status_text``, ``amount``,
        ``amount_in_words``, ``label``, ``status_details``, ``recipient``."""
        format_money = self._get_number_format(balance.currency).money
        net = balance.net
        tone, text, label = self._get_balance_words(balance)
        return {
            "recipient": self._get_full_name(link.partner_id),
            "status_tone": tone,
            "status_text": text,
            "label": label,
            "amount": format_money(float(abs(net))),
            "amount_in_words": balance.currency.amount_to_text(float(abs(net))) if net else "",
            "status_details": self._get_balance_details(link, balance),
        }

    @api.model
    def _get_balance_words(self, balance):
        """Return the tone, the state and what the large amount is."""
        if balance.net < 0:
            return "ok", self.env._("Credit in your favor"), self.env._("Your credit")
        if not balance.net:
            return "ok", self.env._("Nothing to pay, thank you"), self.env._("You owe")
        if balance.overdue > balance.credit:
            return "warn", self.env._("Overdue"), self.env._("You owe")
        return "due", self.env._("Open"), self.env._("You owe")

    @api.model
    def _get_balance_details(self, link, balance):
        """Return sentences that the amount needs to be understood."""
        overdue, credit = (
            self._phrase_money(float(amount), balance.currency)
            for amount in (max(balance.overdue - balance.credit, 0), balance.credit)
        )
        details = []
        if not balance.net:
            details.append(self.env._("Everything is paid. You need not do anything."))
        if balance.net > 0 and balance.overdue > balance.credit:
            details.append(self.env._("%(amount)s of it is overdue.", amount=overdue))
        if balance.net > 0 and balance.credit:
            details.append(
                self.env._("Your credit of %(amount)s is taken off already.", amount=credit)
            )
        if balance.net < 0:
            seller = self._isolate(link.company_id.name)
            details.append(
                self.env._(
                    "%(seller)s takes it off your next invoice. Ask there if you would rather have "
                    "it paid out.",
                    seller=seller,
                )
            )
        pending = link._get_pending_transactions().filtered(
            lambda tx: tx.currency_id == balance.currency
        )
        if pending:
            amount = self._phrase_money(sum(pending.mapped("amount")), balance.currency)
            details.append(
                self.env._(
                    "A payment of %(amount)s is on its way. It can take some days to arrive.",
                    amount=amount,
                )
            )
        return details

    @api.model
    def _prepare_other_balances(self, balances, balance, paths):
        """Return what is open in further currencies: list of ``{'text', 'path'}``."""
        others = []
        for other in balances:
            if other.currency == balance.currency:
                continue
            amount = self._phrase_money(float(abs(other.net)), other.currency)
            text = (
                self.env._("You also owe %(amount)s", amount=amount)
                if other.net > 0
                else self.env._("You also have a credit of %(amount)s", amount=amount)
            )
            path = f"{paths['page']}?currency={other.currency.name}" if paths else None
            others.append({"text": text, "path": path})
        return others

    @api.model
    def _prepare_balance_payment(self, link, denial, choices):
        """Return the offer to pay, see :meth:`_prepare_payment`; ``blocked_label`` is what cannot be
        paid yet because the seller takes no payments online."""
        is_blocked = denial == "no_provider"
        seller = self._isolate(link.company_id.name)
        balance = link._get_balance()
        amount = self._get_number_format(balance.currency).money(float(balance.net))
        return {
            "denial": denial,
            "amount": choices["price"]["total"] if choices else "",
            "label": choices["price"]["label"] if choices else "",
            "hint": "",
            "blocked_text": self.env._(
                "Online payment is not set up yet, so this cannot be completed. "
                "Please ask %(seller)s how to pay.",
                seller=seller,
            ),
            "blocked_label": self.env._("Pay %(amount)s", amount=amount) if is_blocked else "",
        }

    @api.model
    def _get_balance_life(self, link):
        """Return how long the link works, and for whom."""
        return self.env._(
            "It works until %(seller)s replaces it. Anyone who has it can see and pay this balance.",
            seller=self._isolate(link.company_id.name),
        )

    # === OPEN DOCUMENTS === #

    @api.model
    def _prepare_open_items(self, link, lines, choices, paths):
        """Return what is open, oldest due first: list of ``{'name', 'date_text', 'is_overdue',
        'state_text', 'amount', 'path', 'value'}``; a ``value`` can be chosen to pay."""
        can_choose = choices and any(row["value"] == "chosen" for row in choices["amounts"])
        payable = link._filter_payable(lines).move_id if can_choose else lines.move_id.browse()
        under_way = link._get_statement().under_way
        items, seen = [], set()
        for line in lines:
            move = line.move_id
            is_first = move.id not in seen
            seen.add(move.id)
            due_date = line.date_maturity or line.date
            is_document = move.is_sale_document(include_receipts=True)
            items.append(
                {
                    "name": move.name if is_document else line.name or move.ref or move.name,
                    "date_text": self._get_due_text(due_date),
                    "is_overdue": self._get_due_code(due_date) == "overdue",
                    "state_text": self._get_open_item_state(move, under_way),
                    "amount": self._format_money(line.amount_residual_currency, line.currency_id),
                    "path": paths and is_document and f"{paths['page']}/invoice/{move.id}",
                    "value": move.id if is_first and move in payable else None,
                }
            )
        return items

    @api.model
    def _get_open_item_state(self, move, under_way):
        if move in under_way:
            return self.env._("Your payment is on its way")
        return self.env._("On hold") if move.payment_state == "blocked" else ""

    @api.model
    def _get_more_text(self, count):
        if count <= 0:
            return ""
        return self.env._("%(count)s more are open; the sums are of all of them.", count=count)

    @api.model
    def _prepare_amount_choices(self, link, amounts):
        # EXTENDS
        if link.kind != "balance":
            return super()._prepare_amount_choices(link, amounts)
        format_money = self._get_number_format(link._get_currency()).money
        choices = []
        if amounts["full"]:
            full = format_money(float(amounts["full"]))
            choices.append({"value": "full", "label": self.env._("Everything"), "amount": full})
        if amounts["next"]:
            choices.append(
                {
                    "value": "next",
                    "label": self.env._("What is overdue"),
                    "amount": format_money(float(amounts["next"])),
                }
            )
        if link._get_balance().payable_documents > 1:
            choices.append({"value": "chosen", "label": self.env._("What I tick in the list")})
        if amounts["minimum"] is not None or link.company_id.paylink_is_advance_allowed:
            label = self.env._("Another amount") if choices else self.env._("Pay ahead")
            choices.append({"value": "other", "label": label})
        return choices

    @api.model
    def _prepare_default_price(self, link, base, option):
        # EXTENDS: who owes nothing has to say first how much to pay ahead.
        if base:
            return super()._prepare_default_price(link, base, option)
        label = self.env._("Continue")
        return {"rows": [], "base": "", "total": "", "label": label, "fee_text": ""}

    # === HISTORY === #

    @api.model
    def _prepare_charges(self, link):
        """Return the newest lines of invoices and credit notes: list of ``{'date', 'name', 'text',
        'amount'}``."""
        moves = self.env["account.move"].sudo()  # Visitors have no rights.
        moves = moves.search_fetch(
            link._get_document_domain(),
            ["name", "invoice_date", "move_type", "currency_id"],
            order="invoice_date desc, id desc",
            limit=MAX_CHARGES,
        )
        lines = moves.env["account.move.line"].search_fetch(
            [("move_id", "in", moves.ids), ("display_type", "=", "product")],
            ["move_id", "name", "price_total", "currency_id", "sequence"],
        )
        of_move = lines.grouped("move_id")
        lines = [
            line
            for move in moves
            for line in of_move.get(move, lines.browse()).sorted(
                lambda line: (line.sequence, line.id)
            )
        ]
        return [
            {
                "date": self._format_date(line.move_id.invoice_date),
                "document": line.move_id.name,
                "text": (line.name or "").split("\n")[0],
                "amount": self._format_charge(line),
            }
            for line in lines[:MAX_CHARGES]
        ]

    @api.model
    def _format_charge(self, line):
        """Return what a line has cost with its taxes; a credit note gives it back."""
        amount = self._format_money(abs(line.price_total), line.currency_id)
        is_back = (line.move_id.move_type == "out_refund") != (line.price_total < 0)
        return f"\u2212\u2060{amount}" if is_back else amount

    @api.model
    def _prepare_recent_payments(self, link):
        """Return the newest payments of the customer: list of ``{'date', 'text', 'amount'}``."""
        payments = self.env["account.payment"].sudo()  # Visitors have no rights.
        payments = payments.search_fetch(
            Domain("partner_id.commercial_partner_id", "=", link._get_customer().id)
            & Domain("company_id", "=", link.company_id.id)
            & Domain("partner_type", "=", "customer")
            & Domain("state", "in", ("in_process", "paid")),
            ["date", "amount", "currency_id", "payment_type"],
            order="date desc, id desc",
            limit=MAX_PAYMENTS,
        )
        return [
            {
                "date": self._format_date(payment.date),
                "text": self.env._("Paid")
                if payment.payment_type == "inbound"
                else self.env._("Paid back to you"),
                "amount": self._format_money(payment.amount, payment.currency_id),
            }
            for payment in payments
        ]

    @api.model
    def _prepare_balance_bank(self, link, balance, lines):
        """Return the account to transfer to, of the oldest open invoice; see :meth:`_prepare_bank`."""
        move = lines.move_id.filtered("partner_bank_id")[:1]
        if balance.net <= 0:
            return None
        amount = self._format_money(float(balance.net), balance.currency)
        return self._describe_account(move.partner_bank_id, amount)

    # === ONE DOCUMENT OF IT === #

    @api.model
    def _prepare_balance_document_values(self, link, move):
        """Return the values of the page of one document of the customer, without a way to pay it.

        :param link: one `paylink.link` of kind ``balance`` in sudo mode
        :param move: what :meth:`paylink.link._get_document` returned
        """
        document_link = move._paylink_new_link()
        document_link.update({"partner_id": link.partner_id.id})
        values = self._prepare_values(document_link.with_env(link.env), is_preview=True)
        base = link._get_path()
        return {
            **values,
            "is_preview": False,
            "choices": None,
            "payment": {**values["payment"], "denial": None, "hint": "", "offers": []},
            "has_question": False,
            "paths": {"pdf": f"{base}/invoice/{move.id}/pdf", "back": base},
            "life": self._prepare_life(link),
            "receipts": [],
        }
