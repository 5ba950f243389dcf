# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A new link for the holder of one that is over: to whom, and what it shares."""

from odoo import Command, models
from odoo.exceptions import UserError


class PaylinkLinkRenewal(models.Model):
    _inherit = "paylink.link"

    def _get_renewal_contacts(self):
        """Return the contacts on file that a new link may be mailed to."""
        self.ensure_one()
        siblings = self.search([("move_id", "=", self.move_id.id)]) if self.move_id else self
        contacts = self.partner_id | siblings.partner_id | self.move_id.partner_id
        return (contacts | self.partner_id.commercial_partner_id).filtered("active")

    def _request_renewal(self, email, visitor):
        """Note that somebody asks for a new link, see `paylink.event._request_renewal`."""
        self.ensure_one()
        self.env["paylink.event"]._request_renewal(self, email, visitor)

    def _send_renewal(self, event):
        """Mail a new link that shares what this one shared.

        :param event: the `paylink.event` of the request, whose contact gets the mail
        :raise UserError: if the document cannot be sent any more
        """
        self.ensure_one()
        if denial := self.move_id._paylink_get_send_denial():
            raise UserError(denial)
        link = self.create(self._prepare_renewal_values(event))
        self.env["account.move.send"].with_user(self.user_id)._generate_and_send_invoices(
            self.move_id,
            author_user_id=self.user_id.id,
            author_partner_id=self.user_id.partner_id.id,
            paylink={"link_ids": {str(self.move_id.id): link.ids}},
        )

    def _prepare_renewal_values(self, event):
        return {
            "kind": self.kind,
            "move_id": self.move_id.id,
            "company_id": self.company_id.id,
            "partner_id": event.partner_id.id,
            "channel": "email",
            "user_id": self.user_id.id,
            "show_narration": self.show_narration,
            "comment_ids": [Command.set(self.comment_ids.ids)],
            "attachment_ids": [Command.set(self.attachment_ids.ids)],
            "allow_payment": self.allow_payment,
            "renewal_event_id": event.id,
        }
