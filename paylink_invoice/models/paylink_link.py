# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The link: one customer's key to one document, and its life."""

import secrets
from datetime import timedelta
from urllib.parse import quote

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_time

from .. import pdf_stamp, tokens
from .payment_transaction import PaymentRefused

# A generation is one byte of the token; the link gets a new reference before it would overflow.
MAX_GENERATION = 255
# A page that was opened longer ago reports no views; whoever comes back loads it anew.
PAGE_NONCE_SECONDS = 12 * 3600
MAX_QUESTION_LENGTH = 4000
MAX_QUESTIONS = 5
QUESTION_PERIOD = timedelta(minutes=10)
# Where a payment ends. Transactions store it, so it holds no token: the session tells which one.
PAYMENT_LANDING_PATH = "/paylink/landing"
# How long a payment waits for another one of the same document that is just being started.
PAYMENT_LOCK_TIMEOUT = "10s"


class PaylinkLink(models.Model):
    """A secure link: who may see which document, sent by which channel, until when.

    The URL is computed from ``public_ref`` and ``generation`` with a key that is kept outside the
    table (see :mod:`..tokens`); no field holds it.  All dates are UTC.
    """

    _name = "paylink.link"
    _description = "Invoice Link"
    _order = "id desc"

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
    revoked_date = fields.Datetime(string="Revoked On", copy=False, readonly=True)
    state = fields.Selection(
        selection=[("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
        search="_search_state",
    )

    # What the sender chose to share
    show_narration = fields.Boolean(string="Terms and Notes", default=True, readonly=True)
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
    _renewal_event_uniq = models.UniqueIndex("(renewal_event_id) WHERE renewal_event_id IS NOT NULL")
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
            link.display_name = f"{document} → {link.partner_id.name or link.partner_id.display_name}"

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

    @api.depends("first_view_date", "hours_after_view")
    def _compute_expiration_date(self):
        """Start the clock of a link that ends some hours after its first human view."""
        for link in self:
            if not (link.first_view_date and link.hours_after_view):
                link.expiration_date = link.expiration_date
                continue
            deadline = link.first_view_date + timedelta(hours=link.hours_after_view)
            link.expiration_date = min(link.expiration_date or deadline, deadline)

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

    def _mark_sent(self, message=None):
        """Start the life of links whose message has just been handed over.

        :param message: the `mail.message` that carries the link, if any
        """
        self.write({"sent_date": fields.Datetime.now(), "message_id": message and message.id})
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
        return links_sudo.search(
            [
                ("public_ref", "=", f"{claims.public_ref:016x}"),
                ("generation", "=", claims.generation),
                ("kind", "=", kind),
            ],
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
        if action == "pdf" and self.move_id.state != "posted":
            return "unavailable"
        if action == "pay":
            if not self.allow_payment:
                return "not_offered"
            return self.move_id._paylink_get_payment_denial()
        return None

    # === ACTION METHODS === #

    def action_copy_url(self):
        """Return the live URL for the clipboard and log who took it.

        :return: ``{'url': str}``
        :raise AccessError: if the user may not send links
        :raise UserError: if the link is over
        """
        self.ensure_one()
        self._check_can_send()
        if self.state != "active":
            raise UserError(self.env._("This link is over. Replace it, or send a new one."))
        self._log_event("copied")
        if not self.sent_date:
            self.sudo().sent_date = fields.Datetime.now()
        return {"url": self._get_url()}

    def action_preview(self):
        """Open what the recipient will see; a preview is never a view."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self._get_preview_path(), "target": "new"}

    def action_revoke(self):
        """Stop the links at once. Other recipients' links live on.

        :raise AccessError: if a link was sent by somebody else and the user is no manager
        """
        self._check_can_manage()
        active = self.filtered(lambda link: not link.revoked_date)
        # In sudo mode because links are changed by their actions only, after the check above.
        active.sudo().revoked_date = fields.Datetime.now()
        active._log_event("revoked")

    def action_regenerate(self):
        """Replace the URLs: the old ones stop at once, the new ones start a new life.

        :raise AccessError: if a link was sent by somebody else and the user is no manager
        """
        self._check_can_manage()
        for link_sudo in self.sudo():  # Changed by its actions only, after the check above.
            company = link_sudo.company_id
            life = company._paylink_complete_life({"hours_after_view": link_sudo.hours_after_view})
            link_sudo.write(
                {
                    **link_sudo._prepare_next_generation_values(),
                    "revoked_date": False,
                    "expiration_date": life.get("expiration_date"),
                }
            )
        self._log_event("regenerated")

    def _prepare_next_generation_values(self):
        """Return the values that make every URL minted so far stop working."""
        self.ensure_one()
        if self.generation < MAX_GENERATION:
            return {"generation": self.generation + 1}
        return {"public_ref": self._default_public_ref(), "generation": 0}

    def _check_can_send(self):
        """Raise an `AccessError` unless the user may send links of these companies."""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")):
            raise AccessError(self.env._("Only people who may send invoice links can do this."))

    def _check_can_manage(self):
        """Raise an `AccessError` unless the user may end or replace these links."""
        self._check_can_send()
        if self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_manager"):
            return
        if any(link.user_id != self.env.user for link in self):
            raise AccessError(
                self.env._("Ask a manager of invoice links: this link was sent by somebody else.")
            )

    # === VISITS === #

    def _issue_page_nonce(self):
        """Return a short-lived proof that a page of this link was served: ``time.random.mac``."""
        self.ensure_one()
        issued = f"{int(fields.Datetime.now().timestamp()):x}"
        unique = secrets.token_hex(8)
        return f"{issued}.{unique}.{self._sign_page(issued, unique)}"

    def _is_page_nonce(self, nonce):
        """Tell whether ``nonce`` comes from a page of this link that is not too old."""
        self.ensure_one()
        parts = nonce.split(".") if isinstance(nonce, str) and len(nonce) <= 100 else []
        if len(parts) != 3:
            return False
        issued, unique, signature = parts
        keyring, database_uuid = self._get_signing_material()
        if not tokens.verify(
            keyring, "page", signature, *self._get_page_parts(issued, unique, database_uuid)
        ):
            return False
        age = fields.Datetime.now().timestamp() - int(issued, 16)
        return 0 <= age <= PAGE_NONCE_SECONDS

    def _sign_page(self, issued, unique):
        keyring, database_uuid = self._get_signing_material()
        return tokens.sign(keyring, "page", *self._get_page_parts(issued, unique, database_uuid))

    def _get_page_parts(self, issued, unique, database_uuid):
        """Return what the signature of a page covers."""
        return database_uuid, self.public_ref, str(self.generation), issued, unique

    def _register_visit(self, event_type, nonce, visitor):
        """Record what the page of this link reports, see `paylink.event._register_visit`."""
        self.ensure_one()
        self.env["paylink.event"]._register_visit(self, event_type, nonce, visitor)

    # === QUESTIONS === #

    @api.model
    def _is_valid_question(self, text):
        """Tell whether ``text`` can be put into the chatter: plain, not empty, not too long."""
        return (
            isinstance(text, str)
            and 0 < len(text.strip()) <= MAX_QUESTION_LENGTH
            and "\x00" not in text
        )

    def _get_question_delay(self):
        """Return the seconds to wait before the next question, 0 when it may be asked now."""
        self.ensure_one()
        since = fields.Datetime.now() - QUESTION_PERIOD
        asked = self.event_ids.search(
            [
                ("link_id", "=", self.id),
                ("event_type", "=", "commented"),
                ("event_date", ">", since),
            ],
            limit=MAX_QUESTIONS,
        )
        if len(asked) < MAX_QUESTIONS:
            return 0
        return max(1, (asked[-1].event_date - since).total_seconds())

    def _post_question(self, text, visitor):
        """Put a visitor's question into the chatter and count its author as a view."""
        self.ensure_one()
        self._log_event("commented", **visitor)
        self.env["paylink.event"]._register_view(self, visitor)
        self.move_id._paylink_post_question(self, text.strip())

    # === RENEWAL === #

    def _get_renewal_contacts(self):
        """Return the contacts on file that a new link may be mailed to."""
        self.ensure_one()
        siblings = self.search([("move_id", "=", self.move_id.id)]) if self.move_id else self
        contacts = self.partner_id | siblings.partner_id | self.move_id.partner_id
        return (contacts | self.partner_id.commercial_partner_id).filtered("active")

    def _request_renewal(self, email, visitor):
        """Note that somebody asks for a new link, see `paylink.event._request_renewal`."""
        self.ensure_one()
        self.env["paylink.event"]._request_renewal(self, email, visitor)

    def _send_renewal(self, event):
        """Mail a new link that shares what this one shared.

        :param event: the `paylink.event` of the request, whose contact gets the mail
        :raise UserError: if the document cannot be sent any more
        """
        self.ensure_one()
        if denial := self.move_id._paylink_get_send_denial():
            raise UserError(denial)
        link = self.create(self._prepare_renewal_values(event))
        self.env["account.move.send"].with_user(self.user_id)._generate_and_send_invoices(
            self.move_id,
            author_user_id=self.user_id.id,
            author_partner_id=self.user_id.partner_id.id,
            paylink={"link_ids": {str(self.move_id.id): link.ids}},
        )

    def _prepare_renewal_values(self, event):
        return {
            "kind": self.kind,
            "move_id": self.move_id.id,
            "company_id": self.company_id.id,
            "partner_id": event.partner_id.id,
            "channel": "email",
            "user_id": self.user_id.id,
            "show_narration": self.show_narration,
            "comment_ids": [Command.set(self.comment_ids.ids)],
            "attachment_ids": [Command.set(self.attachment_ids.ids)],
            "allow_payment": self.allow_payment,
            "renewal_event_id": event.id,
        }

    # === MESSAGE === #

    def _get_lang(self):
        """Return the language of the recipient, or else of the customer or the database."""
        self.ensure_one()
        installed = dict(self.env["res.lang"].get_installed())
        candidates = (self.partner_id.lang, self.move_id.partner_id.lang, self.env.lang)
        return next((lang for lang in candidates if lang in installed), "en_US")

    def _prepare_message(self, subject=None, text=None):
        """Return what the recipient is told, with the placeholder in the place of the URL.

        :param str subject: what the sender wrote, or nothing for the default in the recipient's
            language
        :param Markup text: likewise
        :return: ``(subject, body)``
        """
        self.ensure_one()
        link = self.with_context(lang=self._get_lang())
        subject = subject or link.move_id._paylink_render_message("subject", link.partner_id)
        text = text or link.move_id._paylink_render_message("body_html", link.partner_id)
        body = link.env["ir.qweb"]._render(
            "paylink_invoice.mail_message_paylink",
            {
                "link": link,
                "text": text,
                "url": f"{link.company_id._paylink_get_base_url()}{link._get_preview_path()}",
                "summary": link.env["paylink.page"]._prepare_summary(link),
            },
        )
        return subject, body

    def _stamp_attachments(self, attachments):
        """Write the live URL into the PDFs that are about to leave.

        :param list attachments: ``(name, bytes, mimetype)`` each
        :return: the same list with the pay button and the QR code of PDFs made live
        """
        self.ensure_one()
        return [
            (name, self._stamp_pdf(raw) if mimetype == "application/pdf" else raw, mimetype)
            for name, raw, mimetype in attachments
        ]

    def _stamp_pdf(self, pdf):
        """Return a copy of the invoice's PDF whose button and QR code lead to this link."""
        self.ensure_one()
        placeholder = self.move_id._paylink_get_placeholder_url()
        return pdf_stamp.stamp(pdf, placeholder, self._get_url())

    # === FILES === #

    def _get_pdf(self):
        """Return the legal PDF with its button and QR code leading to this link.

        Nothing is written: where no legal PDF has been made yet, one is rendered on the fly.

        :return: ``(filename, bytes)``
        """
        self.ensure_one()
        move = self.move_id
        report = self.env["account.move.send"]._get_default_pdf_report_id(move)
        pdf = move.invoice_pdf_report_id.raw
        if not pdf:
            pdf, _format = self.env["ir.actions.report"]._render(report.report_name, move.ids)
        return move._get_invoice_report_filename(report=report), self._stamp_pdf(pdf)

    def _get_qr_svg(self):
        """Return the QR code of the live URL as an SVG image."""
        return pdf_stamp.qr_svg(self._get_url())

    # === PAYMENT === #

    def _get_payable_amount(self):
        """Return what settles the document today, the early-payment discount taken off."""
        self.ensure_one()
        due = self.move_id._get_invoice_next_payment_values()
        if due.get("installment_state") == "epd":
            # Exactly what Odoo's payment compares with to grant the discount.
            return due["amount_due"]
        return self.move_id.amount_residual

    def _get_payment_options(self):
        """Return what the document can be paid with: ``(providers, methods)``, in sudo mode."""
        self.ensure_one()
        providers_sudo = self.move_id._paylink_get_providers()
        methods_sudo = (
            self.env["payment.method"]
            .sudo()  # Visitors cannot read the fields of providers.
            ._get_compatible_payment_methods(
                providers_sudo.ids, self.move_id.partner_id.id, currency_id=self.move_id.currency_id.id
            )
        )
        return providers_sudo, methods_sudo

    def _prepare_payment_form_values(self):
        """Return what Odoo's template `payment.form` needs; no saved card is ever among it."""
        self.ensure_one()
        page, link, move = self.env["paylink.page"]._switch_to(self)
        label = page._get_document_label(link)
        providers_sudo, methods_sudo = self._get_payment_options()
        amount = self._get_payable_amount()
        return {
            **page._prepare_layout_values(self.company_id, page.env._("Pay %(document)s", document=label)),
            "document_label": label,
            "formatted_amount": move.currency_id.format(amount),
            "page_path": self._get_path(),
            "is_test": set(providers_sudo.mapped("state")) == {"test"},
            "amount": amount,
            "currency": move.currency_id,
            "partner_id": move.partner_id.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": self.env["payment.token"],
            "show_tokenize_input_mapping": dict.fromkeys(providers_sudo.ids, False),
            "reference_prefix": move.name,
            "transaction_route": self._get_path("transaction"),
            "landing_route": PAYMENT_LANDING_PATH,
            "access_token": self._sign_shown_amount(amount),
        }

    def _sign_shown_amount(self, amount):
        """Return a proof of the amount that a payment form shows: ``amount.signature``."""
        keyring, database_uuid = self._get_signing_material()
        shown = f"{amount:.6f}".replace(".", "_")
        return f"{shown}.{tokens.sign(keyring, 'amount', database_uuid, self.public_ref, shown)}"

    def _is_other_amount_shown(self, proof, amount):
        """Tell whether the form proves to have shown another amount than is due now.

        Whatever is no proof is ignored: what is charged never depends on the browser.
        """
        shown, dot, signature = proof.partition(".") if isinstance(proof, str) else ("", "", "")
        keyring, database_uuid = self._get_signing_material()
        is_proof = dot and tokens.verify(
            keyring, "amount", signature, database_uuid, self.public_ref, shown
        )
        return bool(is_proof) and shown != f"{amount:.6f}".replace(".", "_")

    def _start_payment(self, provider_id, payment_method_id, flow, proof=None):
        """Return the one open payment of the document, new or under way, in sudo mode.

        Amount, currency, customer and references are decided here, after the lock. To be called
        before anything else is written: it fails with an error of PostgreSQL that asks to roll
        back and begin anew when somebody else has just started a payment.

        :param int provider_id: what the customer chose, as is ``payment_method_id``
        :param str flow: ``redirect`` or ``direct``, what the provider's script announces
        :param proof: what :meth:`_sign_shown_amount` returned for the form, if anything
        :raise PaymentRefused: with the reason and the sentence for the customer
        """
        self.ensure_one()
        self._lock_document()
        denial = self._get_denial("pay")
        if not denial and self._is_money_unbooked():
            denial = "in_progress"
        if denial:
            raise PaymentRefused(denial, self._get_payment_refusal(denial))
        values = self._prepare_payment_values(provider_id, payment_method_id, flow)
        if self._is_other_amount_shown(proof, values["amount"]):
            raise PaymentRefused("changed", self._get_payment_refusal("changed"))
        return self.env["payment.transaction"]._paylink_open_attempt(self, values)

    def _lock_document(self):
        """Wait until no other payment of the document is being started.

        Whoever starts one, and whoever reports money, writes to the row, so that those who have
        waited fail here and begin anew: see `payment.transaction._paylink_touch_invoices`.
        """
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", PAYMENT_LOCK_TIMEOUT))
        # Not FOR UPDATE: rows that refer to the invoice may be inserted meanwhile.
        self.env.cr.execute(
            SQL("SELECT 1 FROM account_move WHERE id = %s FOR NO KEY UPDATE", self.move_id.id),
            log_exceptions=False,  # That it fails after the wait is how it works, see above.
        )
        self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")

    def _is_money_unbooked(self):
        """Tell whether money has arrived that the document's residual does not know of yet."""
        return any(
            tx.state == "done" and not tx.is_post_processed for tx in self.move_id.transaction_ids
        )

    def _prepare_payment_values(self, provider_id, payment_method_id, flow):
        """Return the values of the transaction that pays the document in full.

        :raise PaymentRefused: if the choice is none of what the form offers
        """
        self.ensure_one()
        providers_sudo, methods_sudo = self._get_payment_options()
        provider_sudo = providers_sudo.filtered(lambda provider: provider.id == provider_id)
        method_sudo = methods_sudo.filtered(lambda method: method.id == payment_method_id)
        if not (provider_sudo and provider_sudo in method_sudo.provider_ids):
            raise PaymentRefused("invalid_option", self._get_payment_refusal("invalid_option"))
        move = self.move_id
        invoice_ids = [Command.set(move.ids)]
        return {
            "provider_id": provider_sudo.id,
            "payment_method_id": method_sudo.id,
            "operation": f"online_{flow}",
            "reference": self.env["payment.transaction"]._compute_reference(
                provider_sudo.code, invoice_ids=invoice_ids
            ),
            "amount": self._get_payable_amount(),
            "currency_id": move.currency_id.id,
            "partner_id": move.partner_id.id,
            "invoice_ids": invoice_ids,
            "landing_route": PAYMENT_LANDING_PATH,
            "paylink_link_id": self.id,
        }

    def _get_payment_refusal(self, code):
        """Return the sentence that tells the customer why a payment does not start.

        :param str code: see :class:`PaymentRefused`
        """
        self.ensure_one()
        if code == "in_progress":
            return self._describe_payment_in_progress()
        sentences = {
            "changed": self.env._(
                "The amount has changed since you opened this page: it is now %(amount)s. "
                "Reload the page to pay it.",
                amount=self.move_id.currency_id.format(self._get_payable_amount()),
            ),
            "invalid_option": self.env._(
                "This way to pay is not offered any more. Reload the page and choose another one."
            ),
            "provider_failed": self.env._(
                "The payment could not be started; nothing was charged. "
                "Try again, or choose another way to pay."
            ),
        }
        page, link, _move = self.env["paylink.page"]._switch_to(self)
        return sentences.get(code) or " ".join(
            part if part.endswith((".", "!")) else f"{part}."
            for part in page._get_denial_words(link, code)
        )

    def _describe_payment_in_progress(self):
        """Return the sentence about a payment whose outcome is open."""
        self.ensure_one()
        page, link, move = self.env["paylink.page"]._switch_to(self)
        pending = move._paylink_get_pending_transactions()[:1]
        if not pending:
            return self.env._("Somebody is paying this very moment. Try again in a minute.")
        return self.env._(
            "A payment of %(amount)s was made on %(date)s and is not confirmed yet. "
            "Please wait for it, so that nothing is paid twice.",
            amount=pending.currency_id.format(pending.amount),
            date=page._format_moment(pending.last_state_change),
        )

    def _format_time(self, moment):
        """Return the time of day of a UTC datetime, for the customer."""
        _page, link, _move = self.env["paylink.page"]._switch_to(self)
        timezone = link.env.context["tz"]
        time = format_time(link.env, moment, tz=timezone, time_format="short")
        return f"{time} UTC" if timezone == "UTC" else time

    def _get_receipts(self):
        """Return the payments of the document to show receipts for, newest first, in sudo mode."""
        self.ensure_one()
        # In sudo mode because visitors cannot read transactions; the link opens all of its document.
        return self.sudo().move_id.transaction_ids.filtered(
            lambda tx: tx.state in ("done", "pending", "authorized") and tx.amount > 0
        ).sorted("id", reverse=True)

    def _get_receipt(self, reference):
        """Return the payment of the document with this reference, in sudo mode, or none."""
        self.ensure_one()
        return self.sudo().move_id.transaction_ids.filtered(
            lambda tx: tx.reference == reference
        )

    def _get_receipt_path(self, tx, suffix=""):
        """Return the live path of the receipt of a payment; ``.pdf`` for the PDF."""
        return self._get_path(f"receipt/{quote(tx.reference)}{suffix}")
