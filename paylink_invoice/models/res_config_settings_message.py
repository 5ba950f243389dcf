# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings of the message: what a customer gets, while somebody is typing."""

from odoo import api, fields, models
from odoo.tools import is_html_empty

from ..theme import theme_colors
from .paylink_page_price import EXAMPLE_AMOUNT


class ResConfigSettingsMessage(models.TransientModel):
    _inherit = "res.config.settings"

    paylink_include_by_default = fields.Boolean(
        related="company_id.paylink_include_by_default", readonly=False
    )
    paylink_message_preview = fields.Html(
        string="Example of the Message",
        compute="_compute_paylink_message_preview",
        sanitize=False,  # Rendered by us, around a message that is sanitized.
    )

    @api.depends("company_id", "paylink_message", "paylink_validity_days")
    @api.depends_context("lang", "uid")
    def _compute_paylink_message_preview(self):
        for settings in self:
            settings.paylink_message_preview = settings._paylink_render_example()

    def _paylink_render_example(self):
        """Return the message as it would leave now, for the newest invoice or a made-up one."""
        self.ensure_one()
        company = self.company_id
        move = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            order="id desc",
            limit=1,
        )
        link = self.env["paylink.link"].new(
            {
                "kind": "invoice",
                "move_id": move.id,
                "partner_id": (move.partner_id or self.env.user.partner_id).id,
                "company_id": company.id,
                "expiration_date": self._paylink_get_typed_end(),
            }
        )
        return self.env["ir.qweb"]._render(
            "paylink_invoice.mail_message_paylink",
            {
                "link": link,
                "text": self._paylink_get_typed_message(move, link.partner_id),
                "colors": theme_colors(company.primary_color),
                "url": None,  # The button of an example leads nowhere.
                "summary": self._paylink_prepare_example_headline(link),
            },
        )

    def _paylink_get_typed_message(self, move, partner):
        """Return the text above the button with what is typed, in the user's language."""
        message = self.paylink_message
        if is_html_empty(message):
            parent = self.company_id.parent_id
            message = parent._paylink_get_message(self.env.lang) if parent else False
        if not move:
            return message or ""
        values = {"paylink_recipient_name": partner.name, "paylink_message": message}
        # In sudo mode because not everybody who sees the settings may edit templates.
        template = move._paylink_get_mail_template().sudo().with_context(**values)
        return template._render_field("body_html", move.ids)[move.id]

    def _paylink_prepare_example_headline(self, link):
        page = self.env["paylink.page"]
        if link.move_id:
            move = link.move_id._origin
            return {
                "document_label": page._get_document_label(link),
                "amount": move.currency_id.format(page._get_amount(move)),
                "status_text": page._get_status_text(move, page._get_status_code(move)),
            }
        return {
            "document_label": self.env._("Invoice"),
            "amount": self.company_id.currency_id.format(EXAMPLE_AMOUNT),
            "status_text": page._get_due_text(fields.Date.add(fields.Date.today(), days=14)),
        }

    def action_paylink_translate_message(self):
        """Open the message of the company, where it can be translated."""
        return self.company_id.action_paylink_translate_message()
