# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dialog "Invoice Link" for text messages: numbers, words, and how long they are."""

from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..models.paylink_link_text import MAX_PARTS


class PaylinkSendText(models.TransientModel):
    _inherit = "paylink.send"

    channel = fields.Selection(
        selection_add=[("sms", "Text Message")], ondelete={"sms": "set default"}
    )
    # An archived contact is named, not left out without a word.
    partner_ids = fields.Many2many(context={"active_test": False})
    sms_body = fields.Text(
        string="Text Message",
        help="{link} stands for the link of the recipient. Among several invoices {name}, "
        "{company}, {document}, {amount} and {due} stand for what each of them says.",
        compute="_compute_sms_body",
        store=True,
        readonly=False,
    )
    proposed_sms_body = fields.Text(compute="_compute_sms_body", store=True, readonly=False)
    sms_size = fields.Char(
        string="Length",
        help="Of the text with a link of real length.",
        compute="_compute_sms_size",
    )
    sms_numbers = fields.Char(string="To", compute="_compute_sms_numbers")

    # === COMPUTE METHODS === #

    @api.depends("move_ids", "partner_ids", "channel")
    def _compute_sms_body(self):
        for wizard in self:
            wizard._propose_text(
                "sms_body",
                wizard.channel == "sms"
                and (wizard._get_own_text_of_mail() or wizard._get_default_sms_body()),
            )

    @api.depends("sms_body", "move_ids", "partner_ids")
    @api.depends_context("lang")
    def _compute_sms_size(self):
        for wizard in self:
            wizard.sms_size = wizard._describe_size(wizard._measure_longest_text())

    @api.depends("move_ids", "partner_ids", "channel")
    def _compute_sms_numbers(self):
        for wizard in self:
            company = wizard.company_id
            numbers = {
                partner: partner._paylink_get_number(company)
                for partner in wizard.partner_ids._origin
                if wizard.channel == "sms" and company
            }
            wizard.sms_numbers = ", ".join(
                f"{partner.name or partner.display_name} {number}"
                for partner, number in numbers.items()
                if number
            )

    # === WORDS === #

    def _get_own_text_of_mail(self):
        """Return what was written into the e-mail's text, for whoever fills in nothing but that."""
        if len(self.move_ids) != 1:
            return html2plaintext(self.body or "").strip()
        text, default = (
            html2plaintext(html or "").strip()
            for html in (self.body, self._get_default_text("body_html"))
        )
        return text if text != default else False

    def _get_default_sms_body(self):
        """Return the text as the first recipient gets it; empty for several invoices."""
        if len(self.move_ids) != 1:
            return False
        return self._new_text_link()._fill_text(None, "{link}")

    def _new_text_link(self):
        """Return a link to the first recipient that exists in memory only, in sudo mode."""
        move = self.move_ids._origin[:1]
        partner = self.partner_ids._origin[:1] or move.partner_id
        values = {"move_id": move.id, "partner_id": partner.id, "company_id": move.company_id.id}
        return self.env["paylink.link"].sudo().new(values)

    def _get_own_sms_body(self):
        """Return what the sender wrote, or ``False`` if it is still the default, which each
        recipient gets in their language."""
        text = (self.sms_body or "").strip()
        is_for_one = len(self.move_ids) == 1 and len(self.partner_ids) == 1
        return text if text and (is_for_one or text != self._get_default_sms_body()) else False

    def _measure_longest_text(self):
        """Return the size of the text to the first recipient, ``None`` if there is none."""
        if self.channel != "sms" or not self.move_ids:
            return None
        link = self._new_text_link()
        text = link._fill_text((self.sms_body or "").strip(), "{link}")
        return link._measure_text(text, self.company_id)

    @api.model
    def _describe_size(self, size):
        """Return e.g. "142 of 160 characters, 1 part"; why it is so short where it is."""
        if not size:
            return False
        values = {"units": size.units, "room": size.room, "parts": size.parts}
        if size.parts == 1:
            text = self.env._("%(units)s of %(room)s characters: 1 text message", **values)
        else:
            text = self.env._("%(units)s of %(room)s characters: %(parts)s text messages", **values)
        if size.is_unicode:
            text += " " + self.env._("(special letters or symbols make it shorter)")
        return text

    # === BUSINESS METHODS === #

    def _split_recipients(self, needs_email=True):
        # EXTENDS to check numbers where texts are sent; a link that is copied needs none.
        is_text = self.channel == "sms" and needs_email
        recipients, problems = super()._split_recipients(needs_email=needs_email and not is_text)
        if not is_text or not recipients:
            return recipients, problems
        size = self._measure_longest_text()
        if size and size.parts > MAX_PARTS:
            sentence = self.env._(
                "The text is too long. Shorten it to %(parts)s text messages.", parts=MAX_PARTS
            )
            return {}, [*problems, sentence]
        moves = self.env["account.move"].union(*recipients)
        found = moves._paylink_get_text_problems(recipients)
        sendable = {
            move: partners.filtered(lambda partner, move=move: (move, partner) not in found)
            for move, partners in recipients.items()
        }
        return (
            {move: partners for move, partners in sendable.items() if partners},
            [*problems, *found.values()],
        )

    def _prepare_link_values(self, recipients):
        # EXTENDS to write down the number: no other one gets the link.
        values = super()._prepare_link_values(recipients)
        if self.channel != "sms":
            return values
        numbers = {}
        for move, partners in recipients.items():
            for partner in partners:
                numbers[move.id, partner.id] = partner._paylink_get_number(move.company_id)
        return [
            {**link, "sms_number": numbers[link["move_id"], link["partner_id"]]} for link in values
        ]

    def _prepare_sending_settings(self, links_sudo):
        # EXTENDS for the channel and its text.
        settings = super()._prepare_sending_settings(links_sudo)
        if self.channel != "sms":
            return settings
        return {
            "channel": "sms",
            "text": self._get_own_sms_body() or None,
            "link_ids": settings["link_ids"],
        }
