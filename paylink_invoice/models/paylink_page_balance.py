# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a balance link: what is owed or due to the customer, of what, and how to pay it."""

from odoo import api, models

from .paylink_link_quote import Wish
from .payment_transaction import PaymentRefused

# How many credits a page lists; sums are of all of them.
MAX_CREDITS = 50


class PaylinkPageBalance(models.AbstractModel):
    _inherit = "paylink.page"

    # === THE PAGE === #

    @api.model
    def _prepare_balance_values(self, link, is_preview=False, document_id=None):
        """Return the values of ``paylink_invoice.paylink_balance_page``.

        :param link: one `paylink.link` of kind ``balance`` in sudo mode, in the customer's language
            and, where several are owed, in the chosen currency
        :param bool is_preview: whether staff look at it: then no path leads anywhere
        :param document_id: the id of an open document that is ticked to be paid, anything
        """
        page, link, _move = self._switch_to(link)
        link = link._choose_currency(None)
        page, balance = page.with_env(link.env), link._get_balance()
        paths = page._prepare_paths(link, is_preview)
        denial = page._get_payment_denial(link, is_preview)
        choices = page._prepare_balance_choices(link, is_preview, document_id)
        lines = link._get_shown_lines(document_id)
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
            "blocked": page._prepare_blocked_choices(link) if denial == "no_provider" else None,
            "currency_code": balance.currency.name,
            "open_items": page._prepare_open_items(link, lines, choices, paths, document_id),
            "more_text": page._get_more_text(balance.count - len(lines)),
            "credits": page._prepare_credits(link, balance, paths),
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
        return [
            *(self._get_owed_details(balance) if balance.net > 0 else ()),
            *(self._get_credit_details(link, balance) if balance.net <= 0 else ()),
            *self._get_under_way_details(link, balance),
        ]

    @api.model
    def _get_owed_details(self, balance):
        details = []
        if balance.overdue > balance.credit:
            overdue = self._phrase_money(float(balance.overdue - balance.credit), balance.currency)
            details.append(self.env._("%(amount)s of it is overdue.", amount=overdue))
        if balance.credit:
            credit = self._phrase_money(float(balance.credit), balance.currency)
            text = self.env._("Your credit of %(amount)s is taken off already.", amount=credit)
            details.append(text)
        return details

    @api.model
    def _get_credit_details(self, link, balance):
        seller = self._isolate(link.company_id.name)
        details = []
        if balance.owed:
            text = self.env._("Your credit covers all that is open. You need not do anything.")
            details.append(text)
        elif not balance.net:
            details.append(self.env._("Everything is paid. You need not do anything."))
        if balance.net < 0:
            details.append(
                self.env._(
                    "%(seller)s takes it off your next invoice. Ask there if you would rather have "
                    "it paid out.",
                    seller=seller,
                )
            )
        return details

    @api.model
    def _get_under_way_details(self, link, balance):
        amount = link._get_statement().get_amount_under_way(balance.currency)
        if not amount:
            return []
        return [
            self.env._(
                "A payment of %(amount)s is on its way. It can take some days to arrive.",
                amount=self._phrase_money(amount, balance.currency),
            )
        ]

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
        """Return the offer to pay, see :meth:`_prepare_payment`; ``blocked_text`` says why nothing
        can be paid yet although it is shown how."""
        seller = self._isolate(link.company_id.name)
        return {
            "denial": denial,
            "amount": choices["price"]["total"] if choices else "",
            "label": choices["price"]["label"] if choices else "",
            "hint": "" if choices else self._get_balance_hint(link, denial),
            "blocked_text": self.env._(
                "Online payment is not set up yet, so this cannot be completed. "
                "Please ask %(seller)s how to pay.",
                seller=seller,
            ),
        }

    @api.model
    def _get_balance_hint(self, link, denial):
        """Return why nothing of what is owed can be paid now; empty where that is plain to see."""
        seller = self._isolate(link.company_id.name)
        if link._get_balance().net <= 0:
            return ""
        if denial == "paid":
            return self.env._(
                "There is nothing to pay now: your credit covers all that is neither on hold nor "
                "being paid already."
            )
        if denial == "in_progress":
            return self.env._("You need not pay again.")
        if denial == "not_payable":
            return self.env._(
                "%(seller)s has put it on hold, so there is nothing to pay now. Ask there if you "
                "expected something else.",
                seller=seller,
            )
        return ""

    @api.model
    def _get_balance_life(self, link):
        """Return how long the link works, and for whom."""
        return self.env._(
            "It works until %(seller)s replaces it. Anyone who has it can see and pay this balance.",
            seller=self._isolate(link.company_id.name),
        )

    # === WHAT CAN BE CHOSEN === #

    @api.model
    def _prepare_balance_choices(self, link, is_preview, document_id=None):
        """Return what can be chosen, see :meth:`_prepare_choices`, with a document ticked if asked."""
        choices = self._prepare_choices(link, is_preview)
        if not document_id or not choices:
            return choices
        if all(row["value"] != "chosen" for row in choices["amounts"]):
            return choices  # There is but one document.
        try:
            base = link._find_chosen_amount(Wish("chosen", documents=(document_id,)))
        except PaymentRefused:
            return choices
        price = self._prepare_default_price(link, base, self._get_default_option(link))
        return {
            **choices,
            "default_amount": "chosen",
            "tips": self._prepare_tip_choices(link, base),
            # Without a base: that is what "everything" comes to.
            "price": {**price, "base": ""},
        }

    @api.model
    def _prepare_blocked_choices(self, link):
        """Return what could be chosen if the seller took payments online."""
        amounts = link._get_amount_choices()
        choices = [
            choice
            for choice in self._prepare_amount_choices(link, amounts)
            if choice["value"] != "chosen"  # There is nothing to tick.
        ]
        return {
            "amounts": choices,
            "default_amount": choices[0]["value"],
            "part_hint": link._get_part_range(amounts),
            "tips": self._prepare_tip_choices(link, amounts["full"]),
            "label": self.env._(
                "Pay %(amount)s",
                amount=self._format_money(float(amounts["full"]), link._get_currency()),
            )
            if amounts["full"]
            else self.env._("Continue"),
        }

    # === OPEN DOCUMENTS === #

    @api.model
    def _prepare_open_items(self, link, lines, choices=None, paths=None, document_id=None):
        """Return what is open, oldest due first: list of ``{'name', 'date_text', 'is_overdue',
        'state_text', 'amount', 'path', 'value', 'is_ticked'}``; a ``value`` can be chosen to pay."""
        can_choose = choices and any(row["value"] == "chosen" for row in choices["amounts"])
        payable = link._filter_payable(lines).move_id if can_choose else lines.move_id.browse()
        is_preselected = can_choose and choices["default_amount"] == "chosen"
        under_way = link._get_statement().under_way
        items, seen = [], set()
        for line in lines:
            move = line.move_id
            is_first = move.id not in seen
            seen.add(move.id)
            due_date = line.date_maturity or line.date
            state_text = self._get_open_item_state(move, under_way)
            items.append(
                {
                    "name": self._get_item_name(line),
                    "date_text": self._get_due_text(due_date),
                    # Nobody is pressed for what is on hold or being paid.
                    "is_overdue": not state_text and self._get_due_code(due_date) == "overdue",
                    "state_text": state_text,
                    "amount": self._format_money(line.amount_residual_currency, line.currency_id),
                    "path": self._get_item_path(line, paths),
                    "value": move.id if is_first and move in payable else None,
                    "is_ticked": is_preselected and move.id == document_id,
                }
            )
        return items

    @api.model
    def _get_item_name(self, line):
        """Return what an open item is: the number of an invoice, or the words of an entry."""
        move = line.move_id
        if move.is_sale_document(include_receipts=True):
            return move.name
        if move.origin_payment_id or line.statement_line_id:
            is_back = line.amount_residual_currency > 0
            return self.env._("Paid back to you") if is_back else self.env._("Payment")
        return line.name or move.ref or move.name

    @api.model
    def _get_item_path(self, line, paths):
        is_document = line.move_id.is_sale_document(include_receipts=True)
        return f"{paths['page']}/invoice/{line.move_id.id}" if paths and is_document else None

    @api.model
    def _prepare_credits(self, link, balance, paths=None, limit=MAX_CREDITS):
        """Return what the customer is owed, oldest first: list of ``{'name', 'date', 'amount',
        'path'}``."""
        if not balance.credit:
            return []
        lines = link._get_credit_lines(balance.currency, limit=limit)
        return [
            {
                "name": self._get_item_name(line),
                "date": self._format_date(line.date),
                "amount": self._format_less(-line.amount_residual_currency, line.currency_id),
                "path": self._get_item_path(line, paths),
            }
            for line in lines
        ]

    @api.model
    def _format_less(self, amount, currency):
        """Return an amount that is taken off, with a real minus sign, never apart from it."""
        return f"\u2212\u2060{self._format_money(amount, currency)}"

    @api.model
    def _get_open_item_state(self, move, under_way):
        if move in under_way or move.payment_state == "in_payment":
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
        if amounts["full"] and link._get_balance().has_several:
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

    # === BANK TRANSFER === #

    @api.model
    def _prepare_balance_bank(self, link, balance, lines):
        """Return the account to transfer to, of the oldest open invoice; see :meth:`_prepare_bank`.

        What is on hold or being paid is not asked for.
        """
        amount = balance.payable - balance.usable_credit
        if amount <= 0:
            return None
        moves = lines.move_id
        is_single = len(moves) == 1
        return self._describe_account(
            moves.filtered("partner_bank_id")[:1].partner_bank_id,
            self._format_money(float(amount), balance.currency),
            (moves.payment_reference or moves.name) if is_single else link.partner_id.ref,
        )
