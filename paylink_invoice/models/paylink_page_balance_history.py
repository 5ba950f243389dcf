# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a balance link: what was billed and paid lately, and each document of the customer."""

from odoo import api, models

MAX_CHARGES = 20
MAX_PAYMENTS = 10


class PaylinkPageBalanceHistory(models.AbstractModel):
    _inherit = "paylink.page"

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
        return self._format_less(abs(line.price_total), line.currency_id) if is_back else amount

    @api.model
    def _prepare_recent_payments(self, link):
        """Return the newest payments of the customer: list of ``{'date', 'text', 'amount'}``."""
        rows = [
            (payment.date, payment.payment_type == "inbound", payment.amount, payment.currency_id)
            for payment in link._find_recent_payments(MAX_PAYMENTS)
        ]
        rows += [
            (transfer.date, amount > 0, abs(amount), currency)
            for transfer, amount, currency in link._find_recent_transfers(MAX_PAYMENTS)
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [
            {
                "date": self._format_date(date),
                "text": self.env._("Paid") if is_paid else self.env._("Paid back to you"),
                "amount": self._format_money(amount, currency),
            }
            for date, is_paid, amount, currency in rows[:MAX_PAYMENTS]
        ]

    # === ONE DOCUMENT OF IT === #

    @api.model
    def _prepare_balance_document_values(self, link, move):
        """Return the values of the page of one document of the customer, which is paid on the page
        of the balance.

        :param link: one `paylink.link` of kind ``balance`` in sudo mode
        :param move: what :meth:`paylink.link._get_document` returned
        """
        document_link = move._paylink_new_link()
        document_link.update({"partner_id": link.partner_id.id})
        values = self._prepare_values(document_link.with_env(link.env), is_preview=True)
        page, link, _move = self._switch_to(link._choose_currency(move.currency_id.name))
        base = link._get_path()
        return {
            **values,
            "is_preview": False,
            "choices": None,
            "payment": {**values["payment"], "denial": None, "hint": "", "offers": []},
            "pay_path": page._get_document_pay_path(link, move),
            "has_question": False,
            "paths": {"pdf": f"{base}/invoice/{move.id}/pdf", "back": link._get_page_path()},
            "beacon": page._prepare_beacon(link, {"seen": f"{base}/seen"}),
            "life": page._get_balance_life(link),
            "receipts": [],
        }

    @api.model
    def _get_document_pay_path(self, link, move):
        """Return where a document is ticked to be paid; ``None`` where it cannot be paid now."""
        can_pay = (
            link._get_currency() == move.currency_id
            and not link._get_denial("pay")
            and link._filter_payable(link._get_open_lines(move.currency_id, document_id=move.id))
        )
        if not can_pay:
            return None
        return (
            f"{link._get_path()}?currency={move.currency_id.name}&document={move.id}#o_paylink_pay"
        )
