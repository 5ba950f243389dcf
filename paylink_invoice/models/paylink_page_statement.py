# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The account statement: what the page of a balance shows, in all currencies, to keep as a file."""

from odoo import api, fields, models

# How many open items and credits of each currency a statement lists; sums are of all of them.
MAX_LISTED = 500


class PaylinkPageStatement(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_statement_values(self, link):
        """Return the values of ``paylink_invoice.report_balance_statement_document``.

        :param link: one `paylink.link` of kind ``balance`` in sudo mode, in the customer's language;
            it may exist in memory only
        :return: ``date_text``, ``currencies`` (see :meth:`_prepare_statement_currency`),
            ``charges`` and ``payments``
        """
        page, link, _move = self._switch_to(link)
        link = link._choose_currency(None)
        page = page.with_env(link.env)
        today = page._format_date(fields.Date.context_today(page))
        return {
            "date_text": page.env._("As of %(date)s", date=page._isolate(today)),
            "currencies": [
                page._prepare_statement_currency(link, balance) for balance in link._get_balances()
            ],
            "charges": page._prepare_charges(link),
            "payments": page._prepare_recent_payments(link),
        }

    @api.model
    def _prepare_statement_currency(self, link, balance):
        """Return what is open in one currency: ``name``, ``items``, ``credits``, ``more_text``,
        ``details`` and ``totals`` (list of ``{'label', 'amount', 'is_total'}``)."""
        lines = link._get_open_lines(balance.currency, limit=MAX_LISTED)
        return {
            "name": balance.currency.name,
            "items": self._prepare_open_items(link, lines),
            "credits": self._prepare_credits(link, balance, limit=MAX_LISTED),
            "more_text": self._get_more_text(balance.count - len(lines)),
            "details": self._get_under_way_details(link, balance),
            "totals": self._prepare_statement_totals(balance),
        }

    @api.model
    def _prepare_statement_totals(self, balance):
        """Return how the balance comes about; what is overdue is a part of what is open."""
        _tone, text, label = self._get_balance_words(balance)
        net = self._format_money(float(abs(balance.net)), balance.currency)
        rows = [
            (self.env._("Open"), self._format_money(float(balance.owed), balance.currency)),
            (
                self.env._("Of which overdue"),
                self._format_money(float(balance.overdue), balance.currency)
                if balance.overdue
                else None,
            ),
            (
                self.env._("Your credit"),
                self._format_less(float(balance.credit), balance.currency)
                if balance.credit
                else None,
            ),
        ]
        return [
            *(
                {"label": name, "amount": amount, "is_total": False}
                for name, amount in rows
                if amount
            ),
            {"label": text if balance.net < 0 else label, "amount": net, "is_total": True},
        ]
