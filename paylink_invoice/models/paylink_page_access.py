# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: how long it works, and the pages in place of the document.

These tell why something is not possible, offer a new link, or show nothing to whoever tries tokens.
"""

from odoo import api, models, tools


class PaylinkPageAccess(models.AbstractModel):
    _inherit = "paylink.page"

    # === HOW LONG IT WORKS === #

    @api.model
    def _prepare_life(self, link):
        """Return how long the link works, as a sentence."""
        hours = link.hours_after_view if not link.first_view_date else 0
        values = {"hours": hours, "date": self._format_moment(link.expiration_date)}
        if link.expiration_date and hours:
            return self.env._(
                "It works until %(date)s, or %(hours)s hours after it is first opened.", **values
            )
        if link.expiration_date:
            return self.env._("It works until %(date)s.", **values)
        if hours:
            return self.env._("It works for %(hours)s hours after it is first opened.", **values)
        return self.env._("It works until it is replaced.")

    # === WHY NOT === #

    @api.model
    def _prepare_denial_values(self, link, denial):
        """Return the values of ``paylink_invoice.paylink_denial_page``.

        :param link: one `paylink.link` in sudo mode
        :param str denial: a reason of `paylink.link._get_denial`
        :return: the layout's values, ``denial``, ``heading``, ``text``, ``document_label``,
            ``renew_path`` (for ``expired``) and ``back_path`` (where the page still opens)
        """
        page, link, _move = self._switch_to(link)
        heading, text = page._get_denial_words(link, denial)
        is_over = denial in ("expired", "revoked")
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "denial": denial,
            "heading": heading,
            "text": text,
            "document_label": page._get_document_label(link),
            "renew_path": link._get_path("renew") if denial == "expired" else None,
            "back_path": None if is_over else link._get_page_path(),
            "back_label": page._get_back_label(link),
        }

    @api.model
    def _get_back_label(self, link):
        """Return what the way back to the link's page is called."""
        if link.kind == "balance":
            return self.env._("Back to your balance")
        return self.env._("Back to the document")

    @api.model
    def _get_denial_words(self, link, denial):
        """Return a heading and a sentence for a reason why something is not possible."""
        seller = self._isolate(link.company_id.name)
        if denial == "expired":
            date = self._format_moment(link.expiration_date)
            text = self.env._("It stopped working on %(date)s.", date=date)
            return self.env._("This link has ended"), text
        if denial == "revoked":
            text = self.env._(
                "%(seller)s ended it on %(date)s. Please ask there for a new one.",
                seller=seller,
                date=self._format_moment(link.revoked_date),
            )
            return self.env._("This link was withdrawn"), text
        if denial == "unavailable":
            text = self.env._(
                "%(seller)s is correcting this document. Please come back later.", seller=seller
            )
            return self.env._("Not available right now"), text
        return self._get_payment_denial_words(link, denial)

    @api.model
    def _get_payment_denial_words(self, link, denial):
        if denial == "paid":
            text = self.env._("There is nothing left to pay. Thank you!")
            return self.env._("Already paid"), text
        if denial == "in_progress":
            text = self.env._("You need not pay again. It can take some days to arrive.")
            return self.env._("A payment is on its way"), text
        if denial in ("no_provider", "not_offered"):
            return self.env._("No online payment"), self._get_no_provider_text(link)
        text = self.env._("This document cannot be paid at the moment.")
        return self.env._("Nothing to pay here"), text

    # === A NEW LINK === #

    @api.model
    def _prepare_renewal_values(self, link):
        """Return the values of ``paylink_invoice.paylink_renewal_page``.

        :param link: one `paylink.link` in sudo mode, in any state
        :return: the layout's values, ``heading``, ``document_label``, ``renew_path``
        """
        page, link, _move = self._switch_to(link)
        heading = page.env._("Get a new link")
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "document_label": page._get_document_label(link),
            "renew_path": link._get_path("renew"),
        }

    # === NOTHING === #

    @api.model
    @tools.ormcache("lang", cache="templates")
    def _render_not_found(self, lang):
        """Return the one page for everything that opens nothing, rendered once per language.

        It names nobody: whoever tries tokens learns nothing.

        :param str lang: an installed language's code
        """
        page = self.sudo().with_context(lang=lang)  # The template is ours and shows no record.
        values = page._prepare_layout_values(title=page.env._("Page not found"))
        return page.env["ir.qweb"]._render("paylink_invoice.paylink_not_found_page", values)
