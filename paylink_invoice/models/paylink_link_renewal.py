# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A new link for the holder of one that is over: to whom, and what it shares."""

from datetime import timedelta

from odoo import Command, fields, models
from odoo.exceptions import UserError

# Two clicks within this time are one wish.
RENEWAL_PAUSE = timedelta(minutes=1)


class PaylinkLinkRenewal(models.Model):
    _inherit = "paylink.link"

    def _get_renewal_contacts(self):
        """Return the contacts on file that a new link may be mailed to."""
        self.ensure_one()
        siblings = self.search([("move_id", "=", self.move_id.id)]) if self.move_id else self
        contacts = self.partner_id | siblings.partner_id | self.move_id.partner_id
        contacts |= self.partner_id.commercial_partner_id
        return (contacts - siblings._get_withdrawn_contacts()).filtered("active")

    def _get_withdrawn_contacts(self):
        """Return those whose newest link was revoked by staff: they get no other by asking."""
        newest = {link.partner_id: link for link in self.sorted("id")}
        links = self.browse(link.id for link in newest.values())
        return links.filtered("revoked_date").partner_id

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
        if event.partner_id not in self._get_renewal_contacts() or self.revoked_date:
            raise UserError(self.env._("The link was revoked meanwhile."))
        if denial := self.move_id._paylink_get_send_denial():
            raise UserError(denial)
        link = self.create(
            {
                **self._prepare_renewal_values(),
                "partner_id": event.partner_id.id,
                "user_id": self.user_id.id,
                "renewal_event_id": event.id,
            }
        )
        link._send_as(self.user_id)

    def _send_as(self, user):
        """Mail these new links, in sudo mode, in the name of a user."""
        for moves in self.move_id.grouped("company_id").values():
            links = self.filtered(lambda link, moves=moves: link.move_id in moves)
            link_ids = {str(move.id): own.ids for move, own in links.grouped("move_id").items()}
            self.env["account.move.send"].with_user(user)._generate_and_send_invoices(
                moves.with_user(user),
                allow_raising=len(self.move_id) == 1,
                author_user_id=user.id,
                author_partner_id=user.partner_id.id,
                paylink={"link_ids": link_ids},
            )

    def _prepare_renewal_values(self):
        """Return the values of a new link that shares what this one shared."""
        self.ensure_one()
        return {
            "kind": self.kind,
            "move_id": self.move_id.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "channel": "email",
            "user_id": self.env.user.id,
            "show_narration": self.show_narration,
            "comment_ids": [Command.set(self.comment_ids.ids)],
            "attachment_ids": [Command.set(self.attachment_ids.ids)],
            "allow_payment": self.allow_payment,
        }

    # === BY STAFF === #

    def action_renew(self):
        """Mail each recipient a new link; what it shares is what the old one shared.

        :return: the action that says to whom they were sent
        :raise AccessError: if the user may not send links
        :raise UserError: naming what to mend, if no link can be sent
        """
        self._check_can_send()
        newest = {(link.move_id, link.partner_id): link for link in self.sorted("id")}
        links = self.browse(link.id for link in newest.values())
        good, problems = links._split_renewable()
        if not good:
            raise UserError("\n".join(problems))
        # Made in sudo mode because links are made by sending only, after the check above.
        new_sudo = self.sudo().create([link._prepare_renewal_values() for link in good])
        new_sudo._send_as(self.env.user)
        names = ", ".join(new_sudo.partner_id.mapped("display_name"))
        lines = [self.env._("New link sent to %(names)s.", names=names), *problems]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if problems else "success",
                "sticky": bool(problems),
                "message": "\n".join(lines),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _split_renewable(self):
        """Tell the links whose recipients can be mailed a new one from the others.

        :return: ``(links, problems)``: the links, and sentences for the user
        """
        good, problems = self.browse(), []
        self._check_not_just_renewed()
        for link in self:
            denial = (
                link.move_id._paylink_get_send_denial()
                if link.move_id
                else self.env._("A balance link never ends; replace it on the customer.")
            )
            found = (
                [denial]
                if denial
                else link.move_id._paylink_get_recipient_problems(link.partner_id)
            )
            problems += found
            if not found:
                good |= link
        return good, problems

    def _check_not_just_renewed(self):
        """Refuse a second click: these recipients were sent a link a moment ago."""
        links_sudo = self.sudo()  # Locked to make others wait, nothing is read of it.
        links_sudo.lock_for_update(allow_referencing=True)
        just_sent = self.search_count(
            [
                ("move_id", "in", self.move_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("create_date", ">", fields.Datetime.now() - RENEWAL_PAUSE),
                ("id", "not in", self.ids),
            ],
            limit=1,
        )
        if just_sent:
            raise UserError(
                self.env._("A new link was sent a moment ago. Wait a minute to send another.")
            )
