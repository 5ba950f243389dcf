# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What users do with a link: copy it, look at it, end it, replace it; and who may."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

# A generation is one byte of the token; the link gets a new reference before it would overflow.
MAX_GENERATION = 255


class PaylinkLinkActions(models.Model):
    _inherit = "paylink.link"

    # === ACTION METHODS === #

    def action_copy_url(self):
        """Return the live URL for the clipboard and log who took it.

        :return: ``{'url': str}``
        :raise AccessError: if the user may not send links
        :raise UserError: if the link is over
        """
        self.ensure_one()
        self._check_can_send()
        if self.state != "active":
            raise UserError(self._explain_end())
        self._log_event("copied")
        if not self.sent_date:
            self.sudo().sent_date = fields.Datetime.now()
        return {"url": self._get_url()}

    def action_preview(self):
        """Open what the recipient will see; a preview is never a view."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self._get_preview_path(), "target": "new"}

    def action_revoke(self):
        """Stop the links at once. Other recipients' links live on.

        :raise AccessError: if a link was sent by somebody else and the user is no manager
        """
        self._check_can_manage()
        active = self.filtered(lambda link: not link.revoked_date)
        # In sudo mode because links are changed by their actions only, after the check above.
        active.sudo().revoked_date = fields.Datetime.now()
        active._log_event("revoked")
        return True

    def action_regenerate(self):
        """Replace the URLs: the old ones stop at once, the new ones start a new life.

        :raise AccessError: if a link was sent by somebody else and the user is no manager
        """
        self._check_can_manage()
        for link_sudo in self.sudo():  # Changed by its actions only, after the check above.
            company = link_sudo.company_id
            life = company._paylink_complete_life(
                {"kind": link_sudo.kind, "hours_after_view": link_sudo.hours_after_view}
            )
            link_sudo.write(
                {
                    **link_sudo._prepare_next_generation_values(),
                    "revoked_date": False,
                    "regenerated_date": fields.Datetime.now(),
                    "expiration_date": life.get("expiration_date"),
                }
            )
        self._log_event("regenerated")
        return True

    def _explain_end(self):
        """Return the sentence for whoever wants to hand out a link that is over."""
        return self.env._("This link is over. Replace it, or send a new one.")

    def _prepare_next_generation_values(self):
        """Return the values that make every URL minted so far stop working."""
        self.ensure_one()
        if self.generation < MAX_GENERATION:
            return {"generation": self.generation + 1}
        return {"public_ref": self._default_public_ref(), "generation": 0}

    def _check_can_send(self):
        """Raise an `AccessError` unless the user may send links of these invoices."""
        self.check_access("read")
        # The link opens the invoice, so nobody gets hold of it who may not read that themselves.
        self.move_id.check_access("read")
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")):
            raise AccessError(self.env._("Only people who may send invoice links can do this."))

    def _check_can_manage(self):
        """Raise an `AccessError` unless the user may end or replace these links."""
        self._check_can_send()
        if self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_manager"):
            return
        if any(link.user_id != self.env.user for link in self):
            raise AccessError(
                self.env._("Ask a manager of invoice links: this link was sent by somebody else.")
            )
