# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The link: one customer's key to one document, its life, its URL and its gate."""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .. import tokens


class PaylinkLink(models.Model):
    """A secure link: who may see which document, sent by which channel, until when.

    The URL is computed from ``public_ref`` and ``generation`` with a key that is kept outside the
    table (see :mod:`..tokens`); no field holds it.  All dates are UTC.
    """

    _name = "paylink.link"
    _description = "Invoice Link"
    _order = "id desc"
    _rec_names_search = ["move_id.name", "partner_id.name"]

    kind = fields.Selection(
        selection=[("invoice", "Invoice"), ("balance", "Balance")],
        required=True,
        default="invoice",
        readonly=True,
    )
    move_id = fields.Many2one(
        string="Invoice",
        comodel_name="account.move",
        ondelete="cascade",
        index="btree_not_null",
        readonly=True,
    )
    partner_id = fields.Many2one(
        string="Recipient",
        comodel_name="res.partner",
        required=True,
        ondelete="restrict",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, ondelete="cascade", index=True, readonly=True
    )
    channel = fields.Selection(
        selection=[
            ("email", "Email"),
            ("sms", "Text Message"),
            ("copy", "Copied"),
            ("pdf", "Printed"),
            ("reminder", "Reminder"),
        ],
        required=True,
        default="copy",
        readonly=True,
    )
    user_id = fields.Many2one(
        string="Sent By",
        comodel_name="res.users",
        default=lambda self: self.env.user,
        readonly=True,
    )
    public_ref = fields.Char(
        string="Reference",
        help="What the URL names. It is no secret: the URL also carries a signature.",
        required=True,
        copy=False,
        readonly=True,
        default=lambda self: self._default_public_ref(),
    )
    generation = fields.Integer(
        help="Counts the replacements of the URL; only the newest one opens.",
        required=True,
        default=0,
        copy=False,
        readonly=True,
    )

    # Life
    sent_date = fields.Datetime(string="Sent On", copy=False, readonly=True, index="btree_not_null")
    hours_after_view = fields.Integer(
        string="Hours After First View",
        help="Hours the link lives on after a person first opened it; 0 means no such limit.",
        readonly=True,
    )
    expiration_date = fields.Datetime(
        string="Expires On",
        help="When the link stops working. Empty: it does not expire by itself.",
        compute="_compute_expiration_date",
        store=True,
        readonly=False,
        copy=False,
        index="btree_not_null",
    )
    regenerated_date = fields.Datetime(
        string="Replaced On",
        help="When the URL was last replaced; earlier views do not count for the new one's life.",
        copy=False,
        readonly=True,
    )
    revoked_date = fields.Datetime(string="Revoked On", copy=False, readonly=True)
    state = fields.Selection(
        selection=[("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
        search="_search_state",
    )

    # What the sender chose to share
    show_narration = fields.Boolean(string="Terms and Conditions", default=True, readonly=True)
    comment_ids = fields.Many2many(
        string="Comments", comodel_name="mail.message", copy=False, readonly=True
    )
    attachment_ids = fields.Many2many(
        string="Shared Files", comodel_name="ir.attachment", copy=False, readonly=True
    )
    allow_payment = fields.Boolean(string="Online Payment", default=True, readonly=True)

    # History
    message_id = fields.Many2one(
        help="The message the link was sent with.",
        comodel_name="mail.message",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        readonly=True,
    )
    event_ids = fields.One2many(
        string="History", comodel_name="paylink.event", inverse_name="link_id", readonly=True
    )
    renewal_event_id = fields.Many2one(
        string="Requested By",
        help="The request of the customer that this link answers.",
        comodel_name="paylink.event",
        copy=False,
        readonly=True,
    )
    transaction_ids = fields.One2many(
        string="Payments",
        comodel_name="payment.transaction",
        inverse_name="paylink_link_id",
        readonly=True,
    )
    view_count = fields.Integer(string="Views", compute="_compute_views", store=True)
    first_view_date = fields.Datetime(
        string="First Viewed On", compute="_compute_views", store=True
    )
    last_view_date = fields.Datetime(
        string="Last Viewed On", compute="_compute_views", store=True, index="btree_not_null"
    )

    _public_ref_uniq = models.UniqueIndex("(public_ref)")
    _renewal_event_uniq = models.UniqueIndex(
        "(renewal_event_id) WHERE renewal_event_id IS NOT NULL"
    )
    _document_check = models.Constraint(
        "CHECK ((kind = 'invoice') = (move_id IS NOT NULL))",
        "An invoice link belongs to an invoice, a balance link to none.",
    )

    # === DEFAULTS === #

    @api.model
    def _default_public_ref(self):
        """Return 64 random bits as 16 hexadecimal digits (PostgreSQL has no unsigned bigint)."""
        return secrets.token_hex(8)

    # === COMPUTE METHODS === #

    @api.depends("move_id.name", "partner_id.name")
    def _compute_display_name(self):
        for link in self:
            document = link.move_id.name or self.env._("Balance")
            link.display_name = (
                f"{document} → {link.partner_id.name or link.partner_id.display_name}"
            )

    @api.depends("event_ids.event_type")
    def _compute_views(self):
        views = self.env["paylink.event"]._read_group(
            [("link_id", "in", self.ids), ("event_type", "in", self._get_view_event_types())],
            ["link_id"],
            ["__count", "event_date:min", "event_date:max"],
        )
        views_per_link = {link.id: values for link, *values in views}
        for link in self:
            count, first, last = views_per_link.get(link.id, (0, False, False))
            link.view_count = count
            link.first_view_date = first
            link.last_view_date = last

    @api.depends("first_view_date", "last_view_date", "hours_after_view", "regenerated_date")
    def _compute_expiration_date(self):
        """Start the clock of a link that ends some hours after its first human view."""
        for link in self:
            first_view_date = link.hours_after_view and link._get_first_view_of_url()
            if not first_view_date:
                link.expiration_date = link.expiration_date
                continue
            deadline = first_view_date + timedelta(hours=link.hours_after_view)
            link.expiration_date = min(link.expiration_date or deadline, deadline)

    def _get_first_view_of_url(self):
        """Return when a person first opened the link's present URL (UTC), or ``False``."""
        self.ensure_one()
        if not self.regenerated_date or not self.first_view_date:
            return self.first_view_date
        views = [
            ("link_id", "=", self.id),
            ("event_type", "in", self._get_view_event_types()),
            ("event_date", ">=", self.regenerated_date),
        ]
        return self.env["paylink.event"].search(views, order="event_date", limit=1).event_date

    @api.depends("expiration_date", "revoked_date")
    def _compute_state(self):
        now = fields.Datetime.now()
        for link in self:
            if link.revoked_date:
                link.state = "revoked"
            elif link.expiration_date and link.expiration_date <= now:
                link.state = "expired"
            else:
                link.state = "active"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        unrevoked = Domain("revoked_date", "=", False)
        expired = Domain("expiration_date", "!=", False) & Domain("expiration_date", "<=", now)
        domains = {
            "revoked": Domain("revoked_date", "!=", False),
            "expired": unrevoked & expired,
            "active": unrevoked
            & (Domain("expiration_date", "=", False) | Domain("expiration_date", ">", now)),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            company = self.env["res.company"].browse(
                vals.get("company_id")
                or self.env["account.move"].browse(vals.get("move_id")).company_id.id
            )
            vals.update(company._paylink_complete_life(vals), company_id=company.id)
        return super().create(vals_list)

    # === LIFE === #

    @api.model
    def _get_view_event_types(self):
        """Return the types of event that only a person causes and that count as a view."""
        return ["viewed"]

    def _log_event(self, event_type, **values):
        """Append one event to the history of each link.

        :param str event_type: a value of ``paylink.event.event_type``
        :param dict values: further values of the event, such as ``ip_address``
        :return: the created `paylink.event` records, in sudo mode
        """
        # In sudo mode because nobody has the right to write the history by hand.
        return (
            self.env["paylink.event"]
            .sudo()
            .create([{"link_id": link.id, "event_type": event_type, **values} for link in self])
        )

    def _mark_sent(self):
        """Start the life of links that have just been handed over."""
        self._subscribe_responsible()
        self.write({"sent_date": fields.Datetime.now()})
        self._log_event("sent")

    # === URL === #

    def _get_token(self):
        """Return the secret of the link's URL: 35 letters and digits, computed, never stored.

        Whoever calls it answers for where the result goes: never into a log or a field.
        """
        self.ensure_one()
        keyring, database_uuid = self._get_signing_material()
        return tokens.mint(
            keyring, self.kind, int(self.public_ref, 16), self.generation, database_uuid
        )

    @api.model
    def _get_signing_material(self):
        """Return the keyring and the database's identity that every token is bound to."""
        # In sudo mode because visitors cannot read the system parameters.
        parameters = self.env["ir.config_parameter"].sudo()
        return (
            self.env["res.company"]._paylink_get_keyring(),
            parameters.get_param("database.uuid"),
        )

    def _get_path(self, suffix=""):
        """Return the live path of the link, e.g. ``/paylink/<token>/pdf`` for ``pdf``."""
        prefix = "/paylink/balance/" if self.kind == "balance" else "/paylink/"
        return f"{prefix}{self._get_token()}" + (f"/{suffix}" if suffix else "")

    def _get_url(self, suffix=""):
        """Return the live URL on the company's own address, never on the request's host."""
        self.ensure_one()
        return f"{self.company_id._paylink_get_base_url()}{self._get_path(suffix)}"

    def _get_preview_path(self):
        """Return the placeholder that stored texts carry: it opens the staff preview."""
        self.ensure_one()
        return f"/paylink/preview/{self.id}"

    @api.model
    def _resolve(self, kind, token):
        """Return the link that a token opens, whatever its state, in sudo mode.

        The signature is checked before any query, so a forged token costs arithmetic only.

        :param str kind: ``invoice`` or ``balance``, the purpose of the route
        :param token: what the URL holds; anything
        :return: one `paylink.link` or none
        """
        links_sudo = self.sudo()  # The signature is the authority, whoever the visitor is.
        keyring, database_uuid = self._get_signing_material()
        try:
            claims = tokens.parse(keyring, kind, token, database_uuid)
        except tokens.InvalidToken:
            return links_sudo.browse()
        return links_sudo.search_fetch(
            [
                ("public_ref", "=", f"{claims.public_ref:016x}"),
                ("generation", "=", claims.generation),
                ("kind", "=", kind),
            ],
            self.env["paylink.page"]._get_read_fields(self._name),
            limit=1,
        )

    # === GATE === #

    def _get_denial(self, action="view"):
        """Tell why the holder of the link may not do something now.

        The only place that decides: page, button, error text and HTTP status derive from it.

        :param str action: ``view``, ``pdf``, ``pay``, ``comment`` or ``renew``
        :return: ``None`` when allowed, else one of ``revoked``, ``expired`` (the link is over),
            ``unavailable`` (the document is being corrected), or for ``pay`` a reason of
            :meth:`account.move._paylink_get_payment_denial`
        """
        self.ensure_one()
        if action == "renew":
            return "revoked" if self.state == "revoked" else None
        if self.state != "active":
            return self.state
        if action == "pdf" and self.kind == "invoice" and self.move_id.state != "posted":
            return "unavailable"
        if action == "pay":
            if not self.allow_payment:
                return "not_offered"
            return self._get_payment_denial()
        return None

    def _get_payment_denial(self):
        """Tell why what the link is about cannot be paid online now, see
        :meth:`account.move._paylink_get_payment_denial`."""
        self.ensure_one()
        return self.move_id._paylink_get_payment_denial()
