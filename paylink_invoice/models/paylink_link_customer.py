# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link: one for each customer and company, until it is replaced or revoked."""

import psycopg2
from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.fields import Domain
from odoo.tools import mute_logger

from ..theme import theme_colors

# What stands before the URL in a mail signature; mail programs know no style sheets.
SIGNATURE = Markup(
    '<p dir="{direction}" style="margin:0;font-family:Arial,Helvetica,sans-serif;font-size:13px">'
    '{text} <a href="{url}">{url}</a></p>'
)


# What staff are told of a balance link -> text in the chatter of the customer, subtype
TOLD_OF_BALANCE = {
    "viewed": (
        "paylink_invoice.chatter_balance_viewed",
        "paylink_invoice.mt_paylink_balance_viewed",
    ),
    "paid": ("paylink_invoice.chatter_balance_paid", "paylink_invoice.mt_paylink_balance_paid"),
    "failed": (
        "paylink_invoice.chatter_balance_failed",
        "paylink_invoice.mt_paylink_balance_failed",
    ),
    "bounced": (
        "paylink_invoice.chatter_balance_bounced",
        "paylink_invoice.mt_paylink_balance_bounced",
    ),
}
SUBTYPES = (
    *(subtype for _text, subtype in TOLD_OF_BALANCE.values()),
    "paylink_invoice.mt_paylink_balance_question",
)


class PaylinkLinkCustomer(models.Model):
    _inherit = "paylink.link"

    is_customer_active = fields.Boolean(
        string="Customer Is Not Archived", related="partner_id.active"
    )

    # Whoever looks for the link of a customer finds it by this index, too.
    _balance_uniq = models.UniqueIndex(
        "(partner_id, company_id) WHERE kind = 'balance' AND revoked_date IS NULL",
        "This customer has a balance link already. Use or replace that one.",
    )

    def _get_chatter_record(self):
        """Return what the link leads to, whose chatter tells of it: an invoice or a customer."""
        self.ensure_one()
        return self.partner_id if self.kind == "balance" else self.move_id

    # === FINDING AND MAKING === #

    def _get_balance_domain(self, company):
        """Return the domain of the balance links of a company that were not revoked."""
        return (
            Domain("kind", "=", "balance")
            & Domain("company_id", "=", company.id)
            & Domain("revoked_date", "=", False)
        )

    def _generate_balance_links(self, customers, company):
        """Make the balance links that are missing.

        :param customers: commercial partners; who may do this was checked before
        :return: the new links, in sudo mode
        :raise ConcurrencyError: if somebody else makes one at the same moment: whoever calls a
            button begins anew by Odoo's own way, and finds it
        """
        links_sudo = self.sudo()  # Links are made by their actions only.
        domain = self._get_balance_domain(company) & Domain("partner_id", "in", customers.ids)
        missing = customers - links_sudo.search_fetch(domain, ["partner_id"]).partner_id
        values = {"kind": "balance", "company_id": company.id, "user_id": self.env.user.id}
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                created_sudo = links_sudo.create(
                    [{**values, "partner_id": customer.id} for customer in missing]
                )
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError("a balance link was made at the same moment") from error
        created_sudo._subscribe_to_balance()
        return created_sudo

    def _subscribe_to_balance(self):
        """Have those who answer for the customers hear of what happens to these links."""
        ids_of = {}
        for link in self:
            user = link.partner_id._paylink_get_responsible(link)
            if user.active and user._is_internal() and not user._is_superuser():
                ids_of.setdefault(user.partner_id, []).append(link.partner_id.id)
        subtype_ids = [self.env["ir.model.data"]._xmlid_to_res_id(name) for name in SUBTYPES]
        for partner, customer_ids in ids_of.items():
            self.env["mail.followers"]._insert_followers(
                *("res.partner", customer_ids, partner.ids),
                subtypes={partner.id: [id_ for id_ in subtype_ids if id_]},
            )

    # === RIGHTS === #

    def _check_can_send(self):
        # EXTENDS 'paylink_invoice': a balance link opens all invoices of the customer.
        result = super()._check_can_send()
        balance_links = self.filtered(lambda link: link.kind == "balance")
        for company, links in balance_links.grouped("company_id").items():
            links.partner_id._paylink_check_balance_access(company)
        return result

    def _is_to_be_sent_by(self, user):
        """Tell whether somebody may hand out this balance link, to write it into their mail."""
        self.ensure_one()
        if user._is_superuser():
            return True
        link = self.with_user(user).with_context(allowed_company_ids=user._get_company_ids())
        try:
            link._check_can_send()
        except AccessError:
            return False
        return True

    # === ACTION METHODS === #

    def action_regenerate(self):
        # EXTENDS 'paylink_invoice': after revoking, a customer may have a newer link.
        balance_links = self.filtered(lambda link: link.kind == "balance")
        if any(balance_links.mapped("revoked_date")):
            raise UserError(self._explain_end())
        result = super().action_regenerate()
        # Nobody has got the new URL yet. In sudo mode because `super` has checked who may do this.
        balance_links.sudo().sent_date = False
        return result

    def _explain_end(self):
        # EXTENDS 'paylink_invoice'
        if any(link.kind == "balance" for link in self):
            return self.env._(
                "This balance link was revoked. Generate a new one on the customer's form."
            )
        return super()._explain_end()

    def action_copy_signature(self):
        """Return a line for a mail signature with the live URL, and log who took it.

        The URL is this customer's secret: the line is for mails to them and to nobody else.

        :return: ``{'url': str, 'html': str, 'text': str}``, in the customer's language
        :raise AccessError: if the user may not send this link
        """
        url = self.action_copy_url()["url"]
        link = self.with_context(lang=self._get_lang())
        text = link.env._("See and pay your balance:")
        direction = link.env["res.lang"]._get_data(code=link.env.lang).direction
        html = SIGNATURE.format(direction=direction or "ltr", text=text, url=url)
        return {"url": url, "html": str(html), "text": f"{text} {url}"}

    def action_send_balance(self):
        """Open Odoo's mail composer for the balance link; each recipient gets a mail of their own.

        :raise AccessError: if the user may not send this link
        :raise UserError: if it is over
        """
        self.ensure_one()
        self._check_can_send()
        self._check_balance_is_active()
        recipient = self._get_default_balance_recipient()
        template = self._get_balance_template()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Balance Link"),
            "res_model": "mail.compose.message",
            "views": [(self.env.ref("paylink_invoice.mail_compose_message_view_form").id, "form")],
            "target": "new",
            "context": {
                "paylink_balance_link_id": self.id,
                "paylink_customer_id": self.partner_id.id,
                "paylink_recipient_name": self._get_recipient_name(recipient),
                "paylink_company_name": self.company_id.name,
                "default_composition_mode": "comment",
                "default_model": "res.partner",
                "default_res_ids": self.partner_id.ids,
                "default_template_id": template.id,
                "default_partner_ids": recipient.ids,
                "default_email_layout_xmlid": "paylink_invoice.mail_layout_paylink",
            },
        }

    # === MAIL === #

    def _check_balance_is_active(self):
        if self.kind != "balance" or self.state != "active":
            raise UserError(self._explain_end())

    def _get_default_balance_recipient(self):
        """Return who the link is mailed to unless the sender chooses otherwise; see there."""
        return self.partner_id._paylink_get_balance_recipient("email", self.company_id)

    def _get_recipient_name(self, partner):
        return partner.name or partner.parent_id.name

    def _get_balance_template(self):
        """Return the `mail.template` with the words of the mail."""
        return self.env.ref("paylink_invoice.mail_template_paylink_balance")

    def _get_lang_of(self, partner):
        """Return the language in which to write to a contact of the customer."""
        installed = dict(self.env["res.lang"].get_installed())
        return partner.lang if partner.lang in installed else self._get_lang()

    def _render_balance_text(self, fname, partner, lang):
        """Return the template's subject or text for one recipient.

        :param str fname: ``subject`` or ``body_html``
        """
        self.ensure_one()
        # In sudo mode because senders need no right to edit templates to use this one.
        template_sudo = self._get_balance_template().sudo()
        return template_sudo.with_context(
            lang=lang,
            paylink_recipient_name=self._get_recipient_name(partner),
            paylink_company_name=self.company_id.name,
        )._render_field(fname, self.partner_id.ids)[self.partner_id.id]

    def _post_balance_mail(self, partner, subject=None, text=None, is_queued=False, **kwargs):
        """Post the mail with the link for one recipient into the customer's chatter.

        What is stored holds the placeholder; `mail.mail` writes the live URL while it leaves.

        :param partner: a contact of the customer
        :param str subject: what the sender wrote, or nothing for the template's
        :param str text: likewise, HTML
        :param bool is_queued: whether Odoo's queue sends it, as it does for many
        :param kwargs: further values of ``message_post``
        :return: the `mail.message`
        """
        self.ensure_one()
        lang = self._get_lang_of(partner)
        # In sudo mode because whoever may send links need not have the right to edit contacts.
        customer_sudo = self.partner_id.sudo().with_company(self.company_id)
        customer_sudo = customer_sudo.with_context(lang=lang, mail_notify_force_send=not is_queued)
        message_sudo = customer_sudo.message_post(
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            subject=subject or self._render_balance_text("subject", partner, lang),
            body=self._render_balance_message(
                text or self._render_balance_text("body_html", partner, lang), lang
            ),
            partner_ids=partner.ids,
            email_layout_xmlid="paylink_invoice.mail_layout_paylink",
            force_email_company=self.company_id,
            force_email_lang=lang,
            # Followers were not chosen as recipients; they see the message in the chatter.
            notify_skip_followers=True,
            **kwargs,
        )
        self._mark_balance_sent("email", partner, message_sudo)
        return message_sudo.with_env(self.env)

    def _render_balance_message(self, text, lang):
        """Return the body: the sender's text, and the button with the link's placeholder."""
        link = self.with_context(lang=lang)
        return link.env["ir.qweb"]._render(
            "paylink_invoice.mail_message_paylink_balance",
            {
                "link": link,
                # The message is sanitized as it is posted.
                "text": Markup(text),
                "colors": theme_colors(link.company_id.primary_color),
                "url": f"{link.company_id._paylink_get_base_url()}{link._get_preview_path()}",
            },
        )

    def _get_balance_recipient_problems(self, partners):
        """Return sentences that say why the link cannot be mailed to these contacts."""
        self.ensure_one()
        return self.partner_id._paylink_get_recipient_problems(partners)

    # === ENDING === #

    def _end_balance_links(self, explain):
        """Revoke balance links whose customer is none any more, and tell their chatter why.

        :param explain: function of a link, in sudo mode, that returns the sentence for the chatter
        """
        links_sudo = self.sudo()  # Whoever merges or moves contacts may not manage links.
        links_sudo.revoked_date = fields.Datetime.now()
        self._log_event("revoked")
        for link_sudo in links_sudo:
            link_sudo.partner_id._message_log(body=explain(link_sudo))

    def _explain_became_contact(self, company_partner):
        """Return the sentence that says why the link of a contact of a company has ended.

        :param company_partner: the `res.partner` who is the customer now
        """
        return self.env._(
            "The balance link of %(customer)s with %(company)s has ended: they are a contact of "
            "%(parent)s now, who have a balance of their own. Send them the balance link of "
            "%(parent)s.",
            customer=self.partner_id.name,
            company=self.company_id.name,
            parent=company_partner.name,
        )

    def _explain_merged(self, kept):
        """Return the sentence that says why this link has ended, and which one goes on."""
        return self.env._(
            "Contacts were merged, and a customer has one balance link: with %(company)s that of "
            "%(kept)s (%(kept_id)s) goes on, that of %(ended)s (%(ended_id)s) has ended.",
            company=self.company_id.name,
            kept=kept.partner_id.name,
            kept_id=kept.partner_id.id,
            ended=self.partner_id.name,
            ended_id=self.partner_id.id,
        )
