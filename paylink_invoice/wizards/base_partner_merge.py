# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Customers who are merged end with one balance link for each company."""

from datetime import datetime
from functools import partial

from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # EXTENDS 'base', which gives all links to the contact that stays, by SQL.
        self._paylink_end_surplus_balance_links(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _paylink_end_surplus_balance_links(self, src_partners, dst_partner):
        """Revoke all but one balance link of each company, before they would meet.

        The one that the customer has used last stays, or else the one of the contact that stays.
        """
        # In sudo mode because whoever merges contacts may not see links, or not of each company.
        links_sudo = (
            self.env["paylink.link"]
            .sudo()
            .search(
                [
                    ("kind", "=", "balance"),
                    ("revoked_date", "=", False),
                    ("partner_id", "in", (src_partners | dst_partner).ids),
                ]
            )
        )
        if dst_partner.commercial_partner_id != dst_partner:
            # A contact of a company: its invoices are the company's.
            customer = dst_partner.commercial_partner_id
            links_sudo._end_balance_links(lambda link: link._explain_became_contact(customer))
            return
        for links in links_sudo.grouped("company_id").values():
            kept = max(links, key=lambda link: self._paylink_rank_balance_link(link, dst_partner))
            (links - kept)._end_balance_links(partial(type(links)._explain_merged, kept=kept))

    def _paylink_rank_balance_link(self, link, dst_partner):
        """Return what decides which link stays, the greatest one."""
        return (
            link.last_view_date or datetime.min,
            link.partner_id == dst_partner,
            link.sent_date or datetime.min,
            link.id,
        )
