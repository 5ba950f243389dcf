# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What happened to a link: the append-only history that states and reports derive from."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize, email_normalize_all

from .. import visitors

_logger = logging.getLogger(__name__)

# One person's visits within this time are one view.
VIEW_INTERVAL = timedelta(minutes=30)
# A link holder can add no more rows than this, however many beacons arrive.
MAX_EVENTS_PER_HOUR = 60
# How often one address gets a new link by asking for it.
RENEWAL_LIMITS = ((timedelta(minutes=15), 1), (timedelta(days=1), 3))
# Nothing longer is an address (RFC 5321, section 4.5.3.1.3), and Python's parser is no match for it.
MAX_EMAIL_LENGTH = 254
# Requests older than this are not answered any more, e.g. after a long stop of the server.
RENEWAL_PATIENCE = timedelta(days=1)


class PaylinkEvent(models.Model):
    """One thing that happened to a link.  Never changed, never deleted, whoever asks."""

    _name = "paylink.event"
    _description = "Invoice Link Event"
    _order = "event_date desc, id desc"
    _rec_name = "event_type"
    _log_access = False

    link_id = fields.Many2one(
        comodel_name="paylink.link", required=True, ondelete="cascade", readonly=True
    )
    move_id = fields.Many2one(
        related="link_id.move_id", store=True, index="btree_not_null", readonly=True
    )
    company_id = fields.Many2one(related="link_id.company_id", store=True, readonly=True)
    partner_id = fields.Many2one(
        string="Contact",
        help="Whom the event is about, e.g. who is to get the requested new link.",
        comodel_name="res.partner",
        ondelete="set null",
        readonly=True,
    )
    event_type = fields.Selection(
        selection=[
            ("sent", "Sent"),
            ("opened", "Opened"),
            ("viewed", "Viewed"),
            ("downloaded", "Downloaded"),
            ("commented", "Commented"),
            ("fee_accepted", "Fee Accepted"),
            ("paid", "Paid"),
            ("failed", "Payment Failed"),
            ("bounced", "Not Delivered"),
            ("printed", "Printed"),
            ("renewal_requested", "New Link Requested"),
            ("copied", "Copied"),
            ("regenerated", "Replaced"),
            ("revoked", "Revoked"),
            ("consented", "Consent Given"),
            ("withdrawn", "Consent Withdrawn"),
        ],
        required=True,
        readonly=True,
    )
    event_date = fields.Datetime(
        string="Date", required=True, default=fields.Datetime.now, readonly=True
    )
    ip_address = fields.Char(string="IP Address", readonly=True)
    user_agent = fields.Char(readonly=True)
    user_id = fields.Many2one(
        string="By",
        help="The member of staff who did it; empty for a visitor.",
        comodel_name="res.users",
        ondelete="set null",
        readonly=True,
    )
    message_id = fields.Many2one(
        help="The message that a balance link was sent with; the contact is its recipient.",
        comodel_name="mail.message",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    quote_id = fields.Many2one(
        string="Accepted Quote",
        help="The price whose fee the customer has accepted.",
        comodel_name="paylink.quote",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    nonce = fields.Char(
        help="The page that reported the event; no page reports the same event twice.",
        readonly=True,
        groups="base.group_no_one",
    )

    _link_type_date_idx = models.Index("(link_id, event_type, event_date)")
    # Of the contacts who ask for new links, and of nobody: whoever is unknown costs no more.
    _partner_type_date_idx = models.Index("(partner_id, event_type, event_date)")
    _nonce_uniq = models.UniqueIndex("(nonce, event_type) WHERE nonce IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if (
                "user_id" not in vals
                and self.env.user._is_internal()
                and not self.env.user._is_superuser()
            ):
                vals["user_id"] = self.env.user.id
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        # Nobody writes: neither staff nor code in sudo mode.
        raise UserError(self.env._("The history of invoice links cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The history of invoice links cannot be deleted."))

    # === VISITS === #

    @api.model
    def _register_visit(self, link_sudo, event_type, nonce, visitor):
        """Record what the page of a link reports about its reader, if it is new and genuine.

        :param link_sudo: the `paylink.link` that was opened
        :param event_type: what the page says happened; only ``viewed`` and ``downloaded`` count
        :param nonce: the proof that our page reports it, see `paylink.link._issue_page_nonce`
        :param dict visitor: ``ip_address`` and ``user_agent``
        """
        if event_type not in ("viewed", "downloaded") or not link_sudo._is_page_nonce(nonce):
            return
        try:
            with self.env.cr.savepoint():
                if event_type == "downloaded":
                    self._log_once(link_sudo, "downloaded", nonce, visitor)
                self._register_view(link_sudo, visitor, nonce)
        except psycopg2.errors.UniqueViolation:
            _logger.info("A page reported the same event twice; link %s", link_sudo.id)

    def _log_once(self, link_sudo, event_type, nonce, visitor):
        """Append an event unless this very page has reported it, or the link is flooded."""
        recent = [
            ("link_id", "=", link_sudo.id),
            ("event_date", ">", fields.Datetime.now() - timedelta(hours=1)),
        ]
        is_known = nonce and self.sudo().search_count(
            [("nonce", "=", nonce), ("event_type", "=", event_type)], limit=1
        )
        if (
            is_known
            or self.sudo().search_count(recent, limit=MAX_EVENTS_PER_HOUR) >= MAX_EVENTS_PER_HOUR
        ):
            return self.browse()
        return link_sudo._log_event(event_type, nonce=nonce, **visitor)

    @api.model
    def _register_view(self, link_sudo, visitor, nonce=None):
        """Count a view, once for each visitor and half hour, and tell the chatter once a day.

        :param nonce: the page that saw a person, or ``None`` for a deed that only a person does
        """
        if visitors.is_machine(visitor["user_agent"], {}):
            return
        # Not `lock_for_update`, which gives up where another visit is just being counted.
        self.env.cr.execute(
            SQL("SELECT 1 FROM paylink_link WHERE id = %s FOR NO KEY UPDATE", link_sudo.id)
        )
        same_visitor = [
            ("link_id", "=", link_sudo.id),
            ("event_type", "=", "viewed"),
            ("event_date", ">", fields.Datetime.now() - VIEW_INTERVAL),
            ("ip_address", "=", visitor["ip_address"]),
            ("user_agent", "=", visitor["user_agent"]),
        ]
        if self.sudo().search_count(same_visitor, limit=1):
            return
        is_told = link_sudo._is_told_today("viewed")
        if not self._log_once(link_sudo, "viewed", nonce, visitor):
            return
        if not link_sudo.sent_date:  # Printed: it has reached somebody, as it turns out.
            link_sudo.sent_date = fields.Datetime.now()
        if not is_told:
            link_sudo._tell("viewed")

    # === RENEWAL === #

    @api.model
    def _request_renewal(self, link_sudo, email, visitor):
        """Note that somebody asks for a new link; the cron answers by mail.

        What happens here takes the same way for known, unknown and malformed addresses.

        :param link_sudo: the `paylink.link` whose page was asked
        :param email: what was typed; anything
        """
        is_sized = isinstance(email, str) and len(email) <= MAX_EMAIL_LENGTH
        normalized = email_normalize(email) if is_sized else False
        candidates = link_sudo._get_renewal_contacts()
        contact = partner = candidates.filtered(
            # Mails go to each address of a contact, so each of them is on file.
            lambda contact: normalized and normalized in email_normalize_all(contact.email)
        )[:1]
        is_recent = not self._is_renewal_allowed(partner)
        if is_recent:
            partner = partner.browse()
        is_told = link_sudo._is_told_today("renewal_requested")
        recent = [
            ("link_id", "=", link_sudo.id),
            ("event_type", "=", "renewal_requested"),
            ("event_date", ">", fields.Datetime.now() - timedelta(hours=1)),
        ]
        if self.sudo().search_count(recent, limit=MAX_EVENTS_PER_HOUR) < MAX_EVENTS_PER_HOUR:
            link_sudo._log_event("renewal_requested", partner_id=partner.id, **visitor)
            self.env.ref("paylink_invoice.ir_cron_paylink_renewal").sudo()._trigger()
            if not is_told:
                link_sudo._tell(
                    "renewal_requested", contact=contact, address=normalized, is_recent=is_recent
                )

    def _is_renewal_allowed(self, partner):
        """Tell whether this contact has not asked too often already."""
        now = fields.Datetime.now()
        return all(
            self.sudo().search_count(
                [
                    ("partner_id", "=", partner.id),
                    ("event_type", "=", "renewal_requested"),
                    ("event_date", ">", now - period),
                ]
            )
            < limit
            for period, limit in RENEWAL_LIMITS
        )

    @api.model
    def _cron_send_renewals(self):
        """Mail a new link to every contact who asked for one and has not been answered."""
        # Crons leave mails to the queue, which may be an hour; whoever asked is waiting.
        requests = self.with_context(mail_notify_force_send=True).search(
            [
                ("event_type", "=", "renewal_requested"),
                ("partner_id", "!=", False),
                ("event_date", ">", fields.Datetime.now() - RENEWAL_PATIENCE),
            ],
            order="id",
        )
        answered = self.env["paylink.link"].search([("renewal_event_id", "in", requests.ids)])
        to_answer = requests - answered.renewal_event_id
        for index, event in enumerate(to_answer, start=1):
            try:
                with self.env.cr.savepoint():
                    event.link_id._send_renewal(event)
            except UserError as error:
                _logger.warning("Request %s for a new link stays unanswered: %s", event.id, error)
            self.env["ir.cron"]._commit_progress(1, remaining=len(to_answer) - index)
