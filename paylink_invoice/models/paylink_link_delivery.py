# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether the e-mail with a link arrived, and how long the link works, in words for staff."""

from odoo import api, fields, models
from odoo.fields import Domain

FAILED = ("exception", "bounce")


class PaylinkLinkDelivery(models.Model):
    _inherit = "paylink.link"

    is_undelivered = fields.Boolean(
        string="Not Delivered",
        help="The message with this link did not reach its recipient.",
        compute="_compute_delivery_failure",
        search="_search_is_undelivered",
        compute_sudo=True,
    )
    delivery_failure = fields.Char(
        string="Why It Was Not Delivered", compute="_compute_delivery_failure", compute_sudo=True
    )
    life_text = fields.Char(
        string="Works", help="How long the link works, in words.", compute="_compute_life_text"
    )

    @api.depends("message_id", "partner_id")
    @api.depends_context("lang")
    def _compute_delivery_failure(self):
        failed = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", self.message_id.ids),
                ("notification_status", "in", FAILED),
            ]
        )
        reasons = {
            (notification.mail_message_id, notification.res_partner_id): notification
            for notification in failed
        }
        for link in self:
            notification = reasons.get((link.message_id, link.partner_id))
            link.is_undelivered = bool(notification)
            link.delivery_failure = notification and notification.format_failure_reason()

    @api.model
    def _search_is_undelivered(self, operator, value):
        if operator != "in":
            return NotImplemented
        # `any!` because notifications are read by those only whom they are for.
        failed = Domain("notification_ids.notification_status", "in", FAILED)
        found = Domain("message_id", "any!", failed)
        return Domain.OR(found if wanted else ~found for wanted in value)

    @api.depends("state", "expiration_date", "hours_after_view", "first_view_date")
    @api.depends_context("lang", "tz")
    def _compute_life_text(self):
        page = self.env["paylink.page"]
        for link in self:
            if link.state == "active":
                link.life_text = page._prepare_life(link)
            elif link.state == "revoked":
                date = page._format_moment(link.revoked_date)
                link.life_text = self.env._("It was withdrawn on %(date)s.", date=date)
            else:
                date = page._format_moment(link.expiration_date)
                link.life_text = self.env._("It ended on %(date)s.", date=date)

    def _process_failure(self, is_server_down=False):
        """Note that the messages of these links, in sudo mode, did not reach their recipients.

        :param bool is_server_down: whether nothing leaves at all: Odoo tells the sender once, and
            keeps the mails
        """
        for link_sudo in self:
            is_told = is_server_down or link_sudo._is_told_today("bounced")
            link_sudo._log_event("bounced")
            if not is_told:
                link_sudo._tell("bounced")
