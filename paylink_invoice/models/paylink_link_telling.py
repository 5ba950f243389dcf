# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What staff are told about a link: a line in the chatter, and at once on the screen.

Who follows the invoice hears of it, by the subtypes that they left switched on.
"""

import logging

import psycopg2

from odoo import fields, models
from odoo.exceptions import ConcurrencyError

_logger = logging.getLogger(__name__)

# What is told -> text in the chatter, subtype
TOLD = {
    "viewed": ("paylink_invoice.chatter_viewed", "paylink_invoice.mt_paylink_viewed"),
    "paid": ("paylink_invoice.chatter_paid", "paylink_invoice.mt_paylink_paid"),
    "failed": ("paylink_invoice.chatter_failed", "paylink_invoice.mt_paylink_failed"),
    "renewal_requested": (
        "paylink_invoice.chatter_renewal",
        "paylink_invoice.mt_paylink_renewal",
    ),
    "bounced": ("paylink_invoice.chatter_bounced", "paylink_invoice.mt_paylink_bounced"),
}
SUBTYPES = (*(subtype for _text, subtype in TOLD.values()), "paylink_invoice.mt_paylink_question")
# These end the whole transaction; Odoo begins it anew.
DATABASE_ERRORS = (psycopg2.OperationalError, ConcurrencyError)


class PaylinkLinkTelling(models.Model):
    _inherit = "paylink.link"

    def _is_told_today(self, event_type):
        """Tell whether staff were told today (UTC) that this happened: it is in the history."""
        self.ensure_one()
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        events_sudo = self.env["paylink.event"].sudo()  # Visitors cannot read the history.
        return bool(
            events_sudo.search_count(
                [
                    ("link_id", "=", self.id),
                    ("event_type", "=", event_type),
                    ("event_date", ">=", today),
                ],
                limit=1,
            )
        )

    def _tell(self, event_type, **values):
        """Tell staff what happened to the link, in sudo mode; a failure stops nothing else.

        :param str event_type: a key of ``TOLD``
        :param values: what the text shows further
        """
        self.ensure_one()
        if not self.move_id:
            return
        template, subtype = TOLD[event_type]
        try:
            with self.env.cr.savepoint():
                self.move_id._paylink_tell(self, template, subtype, values)
        except DATABASE_ERRORS:
            raise
        except Exception:
            _logger.exception("Nobody could be told about link %s", self.id)

    def _subscribe_responsible(self):
        """Have those who answer for the invoices, and the senders, hear of what happens to links.

        Only as the first link of an invoice is sent, so that who does not want it is left alone.
        """
        moves = self.move_id
        earlier = [("move_id", "in", moves.ids), ("id", "not in", self.ids)]
        groups = self._read_group([*earlier, ("sent_date", "!=", False)], ["move_id"])
        known_ids = {move.id for (move,) in groups}
        moves_of = {}
        for link_sudo in self.filtered(lambda link: link.move_id.id not in known_ids):
            for user in link_sudo.user_id | link_sudo.move_id.invoice_user_id:
                if user.active and user._is_internal() and not user._is_superuser():
                    moves_of.setdefault(user.partner_id, set()).add(link_sudo.move_id.id)
        subtype_ids = [self.env["ir.model.data"]._xmlid_to_res_id(name) for name in SUBTYPES]
        for partner, move_ids in moves_of.items():
            self.env["mail.followers"]._insert_followers(
                *("account.move", list(move_ids), partner.ids),
                subtypes={partner.id: [id_ for id_ in subtype_ids if id_]},
            )
