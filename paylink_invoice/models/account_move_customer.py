# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An invoice that is corrected to be somebody else's is none of the former customer's business."""

from odoo import fields, models


class AccountMoveCustomer(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        # EXTENDS 'account'
        if "partner_id" not in vals:
            return super().write(vals)
        customers = {move: move.commercial_partner_id for move in self}
        result = super().write(vals)
        self.filtered(
            lambda move: move.commercial_partner_id != customers[move]
        )._paylink_end_links_of_others()
        return result

    def _paylink_end_links_of_others(self):
        """Revoke the links whose recipients are no contacts of the customer, and say so."""
        # In sudo mode because whoever corrects an invoice may not see its links, or not manage them.
        links_sudo = self.sudo().paylink_link_ids.filtered(
            lambda link: (
                not link.revoked_date
                and link.partner_id.commercial_partner_id != link.move_id.commercial_partner_id
            )
        )
        if not links_sudo:
            return
        links_sudo.revoked_date = fields.Datetime.now()
        links_sudo._log_event("revoked")
        for move_sudo, ended_sudo in links_sudo.grouped("move_id").items():
            move_sudo._message_log(
                body=self.env._(
                    "The invoice has another customer now: the links that were sent to %(names)s "
                    "have ended. Send the new customer a link once it is confirmed.",
                    names=", ".join(ended_sudo.partner_id.mapped("display_name")),
                )
            )
