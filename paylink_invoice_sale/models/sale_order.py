# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which invoices of an order are sent, and how one is made where there is none."""

from odoo import api, models
from odoo.exceptions import LockError, UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === ACTION METHODS === #

    def action_paylink_send(self):
        """Open the dialog that sends the invoices of one or many orders.

        :raise UserError: if none of the orders can be sent
        """
        problems = [problem for order in self if (problem := order._paylink_get_send_denial())]
        if problems and len(problems) == len(self):
            raise UserError("\n".join(problems))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoice Link"),
            "res_model": "paylink.sale.send",
            "view_mode": "form",
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids},
        }

    # === AVAILABILITY === #

    def _paylink_get_send_denial(self):
        """Tell why no invoice of this order can be sent.

        :return: ``None`` when one can, else a sentence for the user that names what to do
        """
        self.ensure_one()
        if self.state in ("draft", "sent"):
            return self.env._(
                "%(name)s is a quotation. Confirm it first, then send its invoice.", name=self.name
            )
        if self.state != "sale":
            return self.env._("%(name)s is cancelled.", name=self.name)
        if self._paylink_get_invoices():
            return None
        if not self._paylink_get_drafts() and self.invoice_status != "to invoice":
            return self.env._(
                "%(name)s has nothing to invoice yet: its products are invoiced when they are "
                "delivered.",
                name=self.name,
            )
        if not self._paylink_may_invoice():
            return self.env._(
                "%(name)s has no posted invoice. Ask somebody with billing rights to post it.",
                name=self.name,
            )
        return None

    @api.model
    def _paylink_may_invoice_all(self):
        """Tell whether the user has billing rights."""
        return self.env.su or self.env.user.has_group("account.group_account_invoice")

    def _paylink_may_invoice(self):
        """Tell whether the user may create and post the invoice of this order."""
        self.ensure_one()
        if self._paylink_may_invoice_all():
            return True
        company_sudo = self.company_id.sudo()  # Everybody follows the policy of the company.
        return company_sudo.paylink_is_sale_invoicing_allowed and self.has_access("write")

    # === INVOICES === #

    def _paylink_get_invoices(self):
        """Return the posted invoices to send: those with something due, else the newest."""
        self.ensure_one()
        posted = self.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        ).sorted("id")
        settled_states = posted._paylink_get_settled_states()
        due = posted.filtered(lambda move: move.payment_state not in settled_states)
        if not due and (self.invoice_status == "to invoice" or self._paylink_get_drafts()):
            return due
        return due or posted[-1:]

    def _paylink_get_drafts(self):
        """Return the invoices of this order that wait for being posted."""
        self.ensure_one()
        return self.invoice_ids.filtered(
            lambda move: move.state == "draft" and move.move_type == "out_invoice"
        )

    def _paylink_make_invoices(self):
        """Create and post what is to be invoiced of this order.

        The caller has asked the user to confirm it.

        :return: the posted `account.move` records
        :raise UserError: naming what stands against it
        """
        self.ensure_one()
        if denial := self._paylink_get_send_denial():
            raise UserError(denial)
        self._paylink_lock_invoicing()
        drafts = self._paylink_get_drafts()
        if not drafts:
            drafts = self.with_context(raise_if_nothing_to_invoice=False)._create_invoices(
                final=True
            )
        if not drafts:
            raise UserError(self._nothing_to_invoice_error_message())
        # In sudo mode because salespeople post nothing else: `_paylink_may_invoice` has decided.
        drafts.sudo()._post(soft=False)
        return drafts.with_env(self.env)

    def _paylink_lock_invoicing(self):
        """Keep a second click, or a colleague, from invoicing the same order twice."""
        try:
            self.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._("Somebody else is changing this order. Try again in a moment.")
            ) from error

    def _paylink_get_open_amount(self):
        """Return what an invoice of this order comes to now, in the order's currency."""
        self.ensure_one()
        lines = self._get_invoiceable_lines(final=True).filtered(
            lambda line: not line.display_type and line.product_uom_qty
        )
        return sum(line.price_total * line.qty_to_invoice / line.product_uom_qty for line in lines)

    def _paylink_open(self):
        """Have the pages of these orders, in sudo mode, open by a token of their own."""
        for order in self:
            order._portal_ensure_token()
