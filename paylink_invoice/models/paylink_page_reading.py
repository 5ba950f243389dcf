# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: what it reads, in few queries of few columns.

Odoo reads all columns of a record at the first look at one of them: 68 of an invoice, 90 of a
company. Here is what the page needs. A field that is missing in a list is read all the same, by one
more query; the tests count them.
"""

from odoo import api, models, tools

READ_FIELDS = {
    "paylink.link": (
        *("kind", "public_ref", "generation", "move_id", "partner_id", "company_id", "user_id"),
        *("expiration_date", "revoked_date", "hours_after_view", "first_view_date"),
        *("allow_payment", "show_narration"),
    ),
    "account.move": (
        *("name", "move_type", "state", "payment_state", "ref", "payment_reference", "narration"),
        *("invoice_date", "invoice_date_due", "delivery_date", "invoice_origin", "company_id"),
        *("partner_id", "commercial_partner_id", "partner_shipping_id", "partner_bank_id"),
        *("currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual"),
        *("invoice_cash_rounding_id", "invoice_payment_term_id", "fiscal_position_id"),
    ),
    "account.move.line": (
        *("move_id", "display_type", "sequence", "name", "quantity", "product_uom_id"),
        *("price_unit", "discount", "price_subtotal", "price_total", "currency_id"),
        *("collapse_composition", "collapse_prices", "date", "date_maturity", "reconciled"),
        *("amount_currency", "amount_residual", "amount_residual_currency"),
        *("discount_date", "discount_balance", "discount_amount_currency"),
    ),
    "account.tax": ("amount_type", "tax_group_id", "invoice_legal_notes"),
    "account.tax.group": ("name", "preceding_subtotal"),
    "account.fiscal.position": ("note",),
    "account.payment.term": ("note", "early_discount"),
    "ir.attachment": ("name", "file_size"),
    "mail.message": ("author_id", "body", "date", "email_from"),
    "payment.method": ("name", "code", "support_tokenization"),
    "payment.provider": (
        *("name", "code", "company_id", "allow_tokenization", "maximum_amount"),
        *("paylink_fee_percent", "paylink_fee_fixed", "paylink_fee_max"),
        *("paylink_fee_country_ids", "paylink_fee_method_ids"),
    ),
    "res.bank": ("name", "bic"),
    "res.company": (
        *("name", "partner_id", "email", "phone", "primary_color", "uses_default_logo"),
        *("currency_id", "account_price_include", "display_invoice_tax_company_currency"),
        *("paylink_is_part_allowed", "paylink_minimum_amount", "paylink_minimum_percent"),
        *("paylink_is_tip_enabled", "paylink_tip_percentages"),
    ),
    "res.country": ("name", "code", "address_format", "phone_code"),
    "res.country.state": ("name", "code"),
    "res.currency": (
        *("name", "symbol", "position", "rounding", "decimal_places"),
        *("currency_unit_label", "currency_subunit_label"),
    ),
    "res.partner": (
        *("name", "lang", "tz", "vat", "phone", "email", "website", "write_date", "parent_id"),
        *("commercial_partner_id", "is_company", "company_name", "commercial_company_name"),
        *("active", "ref"),
    ),
    "res.partner.bank": ("acc_number", "acc_holder_name", "bank_id", "partner_id"),
}


class PaylinkPageReading(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _get_read_fields(self, model_name):
        """Return the fields that the page reads of a model: stored ones, each a column.

        Meant to be extended by glue addons that show more of it.
        """
        names = READ_FIELDS[model_name]
        if model_name != "res.partner":
            return names
        # Localizations add to the address.
        return (*names, *self.env["res.partner"]._formatting_address_fields())

    @api.model
    def _fetch(self, records):
        """Read what the page needs of some records, unless it is known already."""
        if not isinstance(records, self.env.registry["paylink.kept.mixin"]):
            records.fetch(self._get_read_fields(records._name))
            return
        for record in records:
            kept = self._get_kept_values(record._name, record.id, self.env.lang)
            for name, value in kept.items():
                # What is known already, or waits to be written, stays.
                record._fields[name]._insert_cache(record, [value])

    @api.model
    @tools.ormcache("model_name", "record_id", "lang")
    def _get_kept_values(self, model_name, record_id, lang):
        """Return what the page needs of one record, by field, as Odoo's cache of records holds it."""
        # In sudo mode because visitors cannot read the fields of providers.
        record = self.env[model_name].sudo().with_context(lang=lang).browse(record_id)
        names = self._get_read_fields(model_name)
        return {
            name: record._fields[name].convert_to_cache(record[name], record, validate=False)
            for name in names
        }

    @api.model
    def _prefetch_document(self, link):
        """Read the link's document, its seller and its people: what nearly every route needs."""
        self._fetch(link.move_id)
        self._fetch(link.company_id)
        self._fetch(link.move_id.currency_id)
        self._fetch(self._get_partners(link))

    @api.model
    def _get_partners(self, link):
        """Return the contacts of the seller, the recipient and the document."""
        move = link.move_id
        partners = link.partner_id | move.partner_id | move.partner_shipping_id
        return partners | move.commercial_partner_id | link.company_id.partner_id

    @api.model
    def _prefetch(self, link, move):
        """Read the rest of what the page shows."""
        self._prefetch_lines(move)
        self._fetch(link.comment_ids)
        self._fetch(link.comment_ids.author_id)
        self._fetch(link.attachment_ids)
        self._fetch(move.partner_bank_id)
        self._fetch(move.partner_bank_id.bank_id)
        self._fetch(move.currency_id | link.company_id.currency_id)
        self._fetch(move.fiscal_position_id)
        self._fetch(move.invoice_payment_term_id)
        partners = self._get_partners(link)
        self._fetch(partners.country_id)
        self._fetch(partners.state_id)

    @api.model
    def _read_lines(self, move):
        """Read the lines of the document, by one query instead of one for each One2many field."""
        if not move:
            return
        fields = self._get_read_fields("account.move.line")
        lines = self.env["account.move.line"].search_fetch([("move_id", "=", move.id)], fields)
        shown = lines.filtered_domain(move._fields["invoice_line_ids"].get_comodel_domain(move))
        move._update_cache({"line_ids": lines, "invoice_line_ids": shown}, validate=False)

    @api.model
    def _prefetch_lines(self, move):
        """Read the lines of the document and what they refer to."""
        self._read_lines(move)
        lines = move.line_ids
        # For all lines at once: Odoo's method assigns the parents of all lines of the move, and
        # what is assigned to a line that is not being computed right now is a slow `write`.
        lines._fields["parent_id"].compute_value(lines)
        self._fetch(lines.tax_ids)
        self._fetch(lines.tax_ids.tax_group_id)
