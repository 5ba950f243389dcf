# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's own pages of an invoice: they list no saved card to somebody who is not logged in.

That such a card is not charged either is decided by `payment.transaction`, for every route.
"""

from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount


class PaylinkPortal(PortalAccount):
    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        # EXTENDS 'account_payment': the page of an invoice in the portal
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        if values.get("tokens_sudo") and hides_saved_cards(invoice):
            values["tokens_sudo"] = request.env["payment.token"]
        return values

    def _get_extra_payment_form_values(self, invoice_id=None, access_token=None, **kwargs):
        # EXTENDS 'account_payment': Odoo's payment link, `/payment/pay`
        values = super()._get_extra_payment_form_values(
            invoice_id=invoice_id, access_token=access_token, **kwargs
        )
        # In sudo mode because visitors cannot read invoices; `super` has checked their access.
        move_sudo = (
            request.env["account.move"].sudo().browse(self._cast_as_int(invoice_id)).exists()
        )
        if move_sudo and hides_saved_cards(move_sudo):
            values["tokens_sudo"] = request.env["payment.token"]
        return values


def hides_saved_cards(moves_sudo):
    """Tell whether the visitor sees no saved cards of the customer of these documents.

    Odoo takes those of the customer for somebody who is not logged in, and a user's own otherwise.
    """
    return request.env.user._is_public() and bool(moves_sudo._paylink_get_under_link())
