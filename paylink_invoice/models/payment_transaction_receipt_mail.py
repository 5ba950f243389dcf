# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The receipt by mail: once the money is confirmed, once, to whoever paid through a link."""

import logging
from urllib.parse import quote

import psycopg2

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import ConcurrencyError

from ..theme import theme_colors

_logger = logging.getLogger(__name__)

# These end the whole transaction; Odoo begins it anew.
DATABASE_ERRORS = (psycopg2.OperationalError, ConcurrencyError)


class PaymentTransactionReceiptMail(models.Model):
    _inherit = "payment.transaction"

    paylink_receipt_message_id = fields.Many2one(
        string="Receipt Message",
        help="The message that took the receipt to the customer.",
        comodel_name="mail.message",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        readonly=True,
    )

    def _post_process(self):  # pylint: disable=missing-return
        # EXTENDS 'account_payment'
        super()._post_process()
        for tx in self.filtered(lambda tx: tx._paylink_is_receipt_owed()):
            tx._paylink_send_receipt()

    def _paylink_is_receipt_owed(self):
        """Tell whether the customer is to get a receipt by mail and has not got it yet."""
        self.ensure_one()
        return bool(
            self._paylink_has_receipt()
            and self.paylink_link_id.partner_id.email
            and not self.paylink_receipt_message_id
        )

    def _paylink_send_receipt(self):
        """Mail the receipt to the recipient of the link; a failure never stops the booking.

        What the mail server refuses shows on the message in the chatter of the invoice.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self.paylink_receipt_message_id = self._paylink_post_receipt()
        except DATABASE_ERRORS:
            raise
        except Exception:
            _logger.exception("The receipt of payment %s could not be mailed", self.reference)

    def _paylink_post_receipt(self):
        """Post the receipt into the chatter of the invoice, or of the customer whose balance was paid,
        addressed to the customer alone.

        :return: the `mail.message`
        """
        self.ensure_one()
        # In sudo mode because it may be the customer's own visit that books the payment.
        link_sudo = self.paylink_link_id.sudo()
        lang = link_sudo._get_lang()
        # As the system: the visitor has no user, and the message needs no rights of theirs.
        record = (
            link_sudo._get_chatter_record()
            .with_user(SUPERUSER_ID)
            .with_context(
                lang=lang,
                mail_notify_force_send=True,  # The queue may take an hour.
                email_notification_allow_footer=True,
            )
        )
        tx = self.with_env(record.env)
        template = tx._paylink_get_receipt_template()
        email_from = template._render_field("email_from", tx.ids)[tx.id]
        author_id, email_from = record._message_compute_author(email_from=email_from)
        return record.message_post(
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
            author_id=author_id,
            email_from=email_from,
            subject=template._render_field("subject", tx.ids)[tx.id],
            body=tx._paylink_render_receipt_message(template),
            attachments=tx._paylink_get_receipt_attachments(),
            partner_ids=link_sudo.partner_id.ids,
            email_layout_xmlid="paylink_invoice.mail_layout_paylink",
            email_add_signature=False,
            force_email_lang=lang,
            model_description=tx._paylink_get_document_names(),
            mail_auto_delete=template.auto_delete,
            mail_server_id=template.mail_server_id.id,
            # Followers did not pay; they see the message in the chatter.
            notify_skip_followers=True,
        )

    def _paylink_get_receipt_template(self):
        """Return the `mail.template` with the words of the mail, for this payment's reader."""
        partner = self.paylink_link_id.partner_id
        return self.env.ref("paylink_invoice.mail_template_paylink_receipt").with_context(
            paylink_recipient_name=partner.name or partner.parent_id.name
        )

    def _paylink_render_receipt_message(self, template):
        """Return the body: the template's words, the amounts, and the button to the receipt.

        The button holds the placeholder of the link, which opens nothing: see `mail.mail`.
        """
        link = self.paylink_link_id.with_env(self.env)
        reference = quote(self.reference, safe="")
        base_url = link.company_id._paylink_get_base_url()
        price_rows = self._paylink_prepare_price_rows()
        amount = {
            "label": self.env._("Amount"),
            "amount": self.currency_id.format(self._paylink_get_received()),
            "kind": "total",
        }
        return self.env["ir.qweb"]._render(
            "paylink_invoice.mail_message_paylink_receipt",
            {
                "text": template._render_field("body_html", self.ids)[self.id],
                "documents": self._paylink_get_document_names(),
                "rows": price_rows or [amount],
                "facts": [
                    {"label": self.env._("Method"), "value": self._paylink_get_method_name()},
                    {"label": self.env._("Reference"), "value": self.reference},
                ],
                "colors": theme_colors(link.company_id.primary_color),
                # What has ended opens no receipt; the file is attached all the same.
                "url": f"{base_url}{link._get_preview_path()}?receipt={reference}"
                if link.state == "active"
                else None,
            },
        )

    def _paylink_get_receipt_attachments(self):
        """Return the receipt as a file, ``[(name, bytes)]``; none where it cannot be rendered."""
        try:
            with self.env.cr.savepoint():
                return [self._paylink_render_receipt(self.paylink_link_id.with_env(self.env))]
        except DATABASE_ERRORS:
            raise
        except Exception:
            _logger.exception("The receipt of payment %s could not be printed", self.reference)
            return []
