# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: what the document is, its state and when it is due."""

from odoo import api, fields, models

from .paylink_page import DUE_CODES


class PaylinkPageStatus(models.AbstractModel):
    _inherit = "paylink.page"

    # === SUMMARY === #

    @api.model
    def _prepare_summary(self, link):
        """Return what a document is, in a few words: for the head of the page, mails, receipts.

        :param link: one `paylink.link` in sudo mode, in the recipient's language
        :return: dict of strings: ``document_label`` ("Invoice INV/2026/00042"), ``document_name``,
            ``seller``, ``customer``, ``recipient`` (person and company), ``issue_date``,
            ``due_date``, ``total``, ``amount_due`` (empty where nothing is due), ``amount`` (the
            one to show large), ``amount_in_words``, ``status_code`` (see :meth:`_get_status_code`),
            ``status_tone`` ('due', 'warn', 'ok' or 'calm'), ``status_text`` and ``status_details``
            (list of sentences)
        """
        page, link, move = self._switch_to(link)
        return page._prepare_document_summary(link, move)

    @api.model
    def _prepare_document_summary(self, link, move):
        """Return :meth:`_prepare_summary`, for who has switched to the reader already."""
        format_money = self._get_number_format(move.currency_id).money
        amount = self._get_amount(move)
        return {
            "document_label": self._get_document_label(link),
            "document_name": move.name or "",
            "seller": link.company_id.name,
            "customer": move.commercial_partner_id.name or "",
            "recipient": self._get_full_name(link.partner_id),
            "issue_date": self._format_date(move.invoice_date),
            "due_date": self._format_date(move.invoice_date_due),
            "total": format_money(move.amount_total),
            "amount_due": format_money(amount) if self._is_due(move) else "",
            "amount": format_money(amount),
            "amount_in_words": move.currency_id.amount_to_text(amount),
            **self._prepare_status(move),
        }

    @api.model
    def _prepare_headline(self, link):
        """Return the least of a summary, for messages.

        :param link: one `paylink.link` in sudo mode, in the recipient's language
        :return: ``document_label``, ``amount`` and ``status_text`` of :meth:`_prepare_summary`
        """
        page, link, move = self._switch_to(link)
        return {
            "document_label": page._get_document_label(link),
            "amount": move.currency_id.format(page._get_amount(move)),
            "status_text": page._get_status_text(move, page._get_status_code(move)),
        }

    @api.model
    def _get_amount(self, move):
        """Return what is due, or else what the document came to."""
        return move.amount_residual if self._is_due(move) else move.amount_total

    @api.model
    def _get_document_label(self, link):
        """Return e.g. "Invoice INV/2026/00042", in the customer's language."""
        move = link.move_id
        if not move:
            return self.env._("Your balance")
        name = move.name if move.name != "/" else ""
        return " ".join(part for part in (move.type_name, name) if part)

    # === STATUS === #

    @api.model
    def _is_due(self, move):
        """Tell whether the customer owes money on the document now."""
        return (
            move.state == "posted"
            and move.move_type != "out_refund"
            and move.payment_state not in move._paylink_get_settled_states()
            and not move.currency_id.is_zero(move.amount_residual)
        )

    @api.model
    def _get_status_code(self, move):
        """Return the state of a document as its customer would name it.

        :return: ``correcting``, ``cancelled``, ``credit_note``, ``credited``, ``paid``,
            ``nothing_due``, ``pending``, ``blocked``, ``overdue``, ``due_today`` or ``due``
        """
        if move.state != "posted":
            return "cancelled" if move.state == "cancel" else "correcting"
        if move.move_type == "out_refund":
            return "credit_note"
        if not self._is_due(move):
            if move.payment_state == "reversed":
                return "credited"
            return "paid" if move.amount_total else "nothing_due"
        if move.payment_state == "blocked":
            return "blocked"
        if move._paylink_get_pending_transactions():
            return "pending"
        return self._get_due_code(self._get_next_due_date(move))

    @api.model
    def _get_due_code(self, due_date):
        today = fields.Date.context_today(self)
        if not due_date or due_date > today:
            return "due"
        return "due_today" if due_date == today else "overdue"

    @api.model
    def _get_next_due_date(self, move):
        """Return when the next open part of a document is due."""
        open_lines = self._get_term_lines(move).filtered(lambda line: not line.reconciled)
        dates = [line.date_maturity for line in open_lines if line.date_maturity]
        return min(dates, default=move.invoice_date_due)

    @api.model
    def _get_term_lines(self, move):
        return move.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            lambda line: (line.date_maturity or fields.Date.today(), line.id)
        )

    @api.model
    def _prepare_status(self, move):
        """Return the status: ``status_code``, ``status_tone``, ``status_text``, ``status_details``."""
        code = self._get_status_code(move)
        tones = {"paid": "ok", "credited": "ok", "overdue": "warn", "blocked": "warn", "due": "due"}
        tones.update({"due_today": "warn", "pending": "due", "nothing_due": "ok"})
        return {
            "status_code": code,
            "status_tone": tones.get(code, "calm"),
            "status_text": self._get_status_text(move, code),
            "status_details": self._get_status_details(move, code),
        }

    @api.model
    def _get_status_text(self, move, code):
        texts = {
            "correcting": self.env._("Being corrected"),
            "cancelled": self.env._("Cancelled"),
            "credit_note": self.env._("Credit in your favor"),
            "credited": self.env._("Credited, nothing to pay"),
            "paid": self.env._("Paid, thank you"),
            "nothing_due": self.env._("Nothing to pay"),
            "pending": self.env._("Your payment is on its way"),
            "blocked": self.env._("On hold"),
        }
        return texts.get(code) or self._get_due_text(self._get_next_due_date(move))

    @api.model
    def _get_due_text(self, due_date):
        """Return e.g. "Due in 6 days · November 27, 2026"."""
        if not due_date:
            return self.env._("Due now")
        days = (due_date - fields.Date.context_today(self)).days
        if days == 0:
            text = self.env._("Due today")
        elif days == 1:
            text = self.env._("Due tomorrow")
        elif days == -1:
            text = self.env._("Overdue since yesterday")
        elif days > 0:
            text = self.env._("Due %(in_days)s", in_days=self._format_days(days, direction=True))
        else:
            text = self.env._("Overdue by %(days)s", days=self._format_days(-days))
        return f"{text} · {self._format_date(due_date)}"

    @api.model
    def _get_status_details(self, move, code):
        """Return sentences that the status needs to be understood."""
        seller = self._isolate(move.company_id.name)
        details = {
            "correcting": self.env._("%(seller)s is correcting this document.", seller=seller),
            "cancelled": self.env._("This document was cancelled. There is nothing to pay."),
            "pending": self.env._("You need not do anything. It can take some days to arrive."),
            "blocked": self.env._("%(seller)s has put this invoice on hold.", seller=seller),
            "credit_note": self._get_credit_detail(move),
        }
        if code in details:
            return [details[code]]
        if code not in DUE_CODES or move.payment_state != "partial":
            return []
        paid = self._phrase_money(move.amount_total - move.amount_residual, move.currency_id)
        total = self._phrase_money(move.amount_total, move.currency_id)
        return [self.env._("%(paid)s of %(total)s is already paid.", paid=paid, total=total)]

    @api.model
    def _get_credit_detail(self, move):
        if move.currency_id.is_zero(move.amount_residual):
            return self.env._("It has been used in full. There is nothing to do.")
        left = self._phrase_money(move.amount_residual, move.currency_id)
        return self.env._("%(amount)s of it is still yours to use.", amount=left)
