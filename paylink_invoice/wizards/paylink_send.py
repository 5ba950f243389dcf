# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dialog "Invoice Link": whom, what, how long; it collects choices and calls the models."""

from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ..models.res_company import MAX_HOURS_AFTER_VIEW, MAX_VALIDITY_DAYS

# More invoices than this are sent in the background, by Odoo's own job for sending invoices.
MAX_SYNCHRONOUS = 20


class PaylinkSend(models.TransientModel):
    """Choices of a sender for the links of one or many invoices."""

    _name = "paylink.send"
    _inherit = ["paylink.dialog.mixin"]
    _description = "Invoice Link"

    move_ids = fields.Many2many(
        string="Invoices",
        comodel_name="account.move",
        required=True,
        readonly=True,
        default=lambda self: self._default_move_ids(),
    )
    move_count = fields.Integer(compute="_compute_move_count")
    company_id = fields.Many2one(comodel_name="res.company", compute="_compute_company_id")
    commercial_partner_id = fields.Many2one(
        string="Customer", comodel_name="res.partner", compute="_compute_move_count"
    )
    channel = fields.Selection(
        selection=[("email", "Email")], string="Send By", required=True, default="email"
    )
    partner_ids = fields.Many2many(
        string="Recipients",
        comodel_name="res.partner",
        compute="_compute_partner_ids",
        store=True,
        readonly=False,
    )
    show_narration = fields.Boolean(string="Terms and Conditions", default=True)
    show_comments = fields.Boolean(
        string="Comments",
        default=True,
        help="Whether the page shows any of the comments that are switched on below.",
    )
    comment_line_ids = fields.One2many(
        string="Comments of the Invoice",
        comodel_name="paylink.send.comment",
        inverse_name="wizard_id",
        compute="_compute_comment_line_ids",
        store=True,
        readonly=False,
    )
    available_attachment_ids = fields.Many2many(
        comodel_name="ir.attachment", compute="_compute_available_attachment_ids"
    )
    attachment_ids = fields.Many2many(
        string="Files",
        help="Files of the invoice that the page offers for download, beside the PDF.",
        comodel_name="ir.attachment",
        domain="[('id', 'in', available_attachment_ids)]",
    )
    allow_payment = fields.Boolean(string="Online Payment", default=True)
    subject = fields.Char(compute="_compute_subject", store=True, readonly=False)
    body = fields.Html(
        string="Message", compute="_compute_body", store=True, readonly=False, sanitize_style=True
    )
    # What the dialog proposed last: whatever differs from it was written by the sender.
    proposed_subject = fields.Char(compute="_compute_subject", store=True, readonly=False)
    proposed_body = fields.Html(
        compute="_compute_body", store=True, readonly=False, sanitize_style=True
    )
    validity_days = fields.Integer(
        string="Days After Sending",
        help="Days the links work after they were sent. 0: they do not end by themselves.",
        compute="_compute_life",
        store=True,
        readonly=False,
    )
    expiration_date = fields.Datetime(
        string="Link Works Until",
        help="Empty: the link does not end by itself.",
        compute="_compute_expiration_date",
        store=True,
        readonly=False,
    )
    hours_after_view = fields.Integer(
        string="Hours After First View",
        help="Hours the link lives on after a person first opened it. 0: opening changes nothing.",
        compute="_compute_life",
        store=True,
        readonly=False,
    )
    life_text = fields.Char(string="Life in Words", compute="_compute_life_text")
    problem_text = fields.Text(
        string="What Is Left Out",
        help="Who gets nothing, and why; the others are sent.",
        compute="_compute_problem_text",
    )

    # === DEFAULTS === #

    @api.model
    def _default_move_ids(self):
        context = self.env.context
        if context.get("active_model") != "account.move":
            return []
        return [Command.set(context.get("active_ids") or [context.get("active_id")])]

    # === COMPUTE METHODS === #

    @api.depends("move_ids")
    def _compute_move_count(self):
        for wizard in self:
            wizard.move_count = len(wizard.move_ids)
            customers = wizard.move_ids.commercial_partner_id
            wizard.commercial_partner_id = customers if len(customers) == 1 else False

    @api.depends("move_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.move_ids.company_id[:1]

    @api.depends("move_ids", "channel")
    def _compute_partner_ids(self):
        for wizard in self:
            wizard.partner_ids = wizard.move_ids._paylink_get_default_recipients(wizard.channel)

    @api.depends("move_ids", "move_count")
    def _compute_comment_line_ids(self):
        for wizard in self:
            # A switch for each comment of each invoice helps nobody any more when they are many.
            moves = (
                wizard.move_ids
                if wizard.move_count <= MAX_SYNCHRONOUS
                else wizard.move_ids.browse()
            )
            comments = moves._paylink_get_comments()
            wizard.comment_line_ids = [Command.clear()] + [
                Command.create(
                    {
                        "message_id": comment.id,
                        "is_internal": comment._paylink_is_internal(),
                        # What the customer could not have seen before stays with the team
                        # unless somebody decides otherwise.
                        "is_shown": not comment._paylink_is_internal(),
                    }
                )
                for comment in comments
            ]

    @api.depends("move_ids")
    def _compute_available_attachment_ids(self):
        for wizard in self:
            wizard.available_attachment_ids = wizard.move_ids._paylink_get_shareable_attachments()

    @api.depends("move_ids", "partner_ids")
    def _compute_subject(self):
        for wizard in self:
            wizard._propose_text("subject", wizard._get_default_text("subject"))

    @api.depends("move_ids", "partner_ids")
    def _compute_body(self):
        for wizard in self:
            wizard._propose_text("body", wizard._get_default_text("body_html"))

    @api.depends("company_id")
    def _compute_life(self):
        for wizard in self:
            company_sudo = wizard.company_id.sudo()  # Whoever may send gets the company's policy.
            wizard.validity_days = company_sudo.paylink_validity_days
            wizard.hours_after_view = company_sudo.paylink_hours_after_view

    @api.depends("validity_days")
    def _compute_expiration_date(self):
        for wizard in self:
            days = min(max(wizard.validity_days, 0), MAX_VALIDITY_DAYS)
            now = fields.Datetime.now()
            wizard.expiration_date = now + timedelta(days=days) if days else False

    @api.depends("expiration_date", "hours_after_view")
    @api.depends_context("lang", "tz")
    def _compute_life_text(self):
        for wizard in self:
            link = self.env["paylink.link"].new(
                {
                    "expiration_date": wizard.expiration_date,
                    "hours_after_view": max(0, wizard.hours_after_view),
                }
            )
            wizard.life_text = self.env["paylink.page"]._prepare_life(link)

    @api.depends("move_ids", "partner_ids", "channel")
    def _compute_problem_text(self):
        for wizard in self:
            _recipients, problems = wizard._split_recipients()
            wizard.problem_text = wizard._join_problems(problems)

    def _propose_text(self, fname, proposal):
        """Fill in a text for the first recipient, unless the sender has written another one."""
        self.ensure_one()
        proposed_fname = f"proposed_{fname}"
        if is_html_empty(self[fname]) or self[fname] == self[proposed_fname]:
            self[fname] = proposal
        self[proposed_fname] = proposal

    def _get_default_text(self, fname):
        """Return the default subject or text as the first recipient gets it.

        Several invoices have as many texts; then it is empty, and what is typed goes to all.
        """
        self.ensure_one()
        if len(self.move_ids) != 1:
            return False
        move = self.move_ids._origin
        return move._paylink_render_message(fname, self.partner_ids[:1] or move.partner_id)

    def _get_own_text(self, fname, default_fname):
        """Return what the sender wrote, or ``False`` if it is still the default.

        The default is rendered anew for each recipient, in their language.
        """
        text = self[fname]
        if is_html_empty(text):
            return False
        is_for_one = len(self.move_ids) == 1 and len(self.partner_ids) == 1
        # What the dialog shows is what its only recipient gets: no need to render it once more.
        return text if is_for_one or text != self._get_default_text(default_fname) else False

    # === ACTION METHODS === #

    def action_preview(self):
        """Open the page as the recipient will see it; nothing is sent, and it is no view."""
        self.ensure_one()
        self._check_sendable()
        return {
            "type": "ir.actions.act_url",
            "url": f"/paylink/preview/send/{self.id}",
            "target": "new",
        }

    def action_send(self):
        """Send every recipient a link of their own.

        :return: the action that closes the dialog and says what was sent
        :raise UserError: naming what to mend, before anything has left
        """
        self.ensure_one()
        self._check_unsent()
        recipients, problems = self._check_sendable()
        if len(recipients) > MAX_SYNCHRONOUS:
            recipients, problems = self._leave_out_waiting(recipients, problems)
        links_sudo = self._create_links(recipients)
        self.is_sent = True
        if len(recipients) > MAX_SYNCHRONOUS:
            self._send_in_background(links_sudo)
            message = self.env._(
                "%(count)s invoices are being sent in the background. "
                "The list shows those that are still to go.",
                count=len(recipients),
            )
        else:
            self._send_now(links_sudo)
            message = self._describe_sent(links_sudo)
            problems += self._describe_failed(links_sudo)
        return self._notify(message, problems)

    def _describe_sent(self, links_sudo):
        """Return the sentence that says who was sent something."""
        sent_sudo = links_sudo.filtered("sent_date")
        if not sent_sudo:
            return ""
        names = ", ".join(sent_sudo.partner_id.mapped("display_name"))
        # "Harborlight Brewing Co." ends the sentence by itself.
        return self.env._("Sent to %(names)s.", names=names.removesuffix("."))

    def _describe_failed(self, links_sudo):
        """Return sentences about invoices that could not be sent; the reason is in their chatter."""
        return [
            self.env._("%(name)s could not be sent: its history says why.", name=move.display_name)
            for move in links_sudo.filtered(lambda link: not link.sent_date).move_id
        ]

    def action_copy(self):
        """Make the recipient's link and put it into the clipboard instead of sending it.

        :return: the client action that copies the live URL
        :raise UserError: naming what to mend
        """
        self.ensure_one()
        recipients, _problems = self._check_sendable(needs_email=False)
        if len(self.move_ids) > 1 or len(self.partner_ids) > 1:
            raise UserError(self.env._("Choose one recipient: each gets a link of their own."))
        link_sudo = self._create_links(recipients)
        link_sudo.channel = "copy"
        url = link_sudo.with_env(self.env).action_copy_url()["url"]
        return {"type": "ir.actions.client", "tag": "paylink_copy_url", "params": {"url": url}}

    # === BUSINESS METHODS === #

    def _check_sendable(self, needs_email=True):
        """Return who can be sent a link, and who cannot, see :meth:`_split_recipients`.

        :param bool needs_email: whether the recipients are reached by e-mail
        :raise UserError: naming every obstacle if nothing can be sent to anybody
        """
        if not self.move_ids:
            raise UserError(self.env._("Choose at least one invoice."))
        self.move_ids.check_access("read")
        self._check_life()
        recipients, problems = self._split_recipients(needs_email=needs_email)
        if not recipients:
            raise UserError("\n".join(problems))
        return recipients, problems

    def _check_life(self):
        """Raise a `UserError` where the life of the links is none, or over, see `res.company`."""
        is_life = (
            0 <= self.validity_days <= MAX_VALIDITY_DAYS
            and 0 <= self.hours_after_view <= MAX_HOURS_AFTER_VIEW
        )
        if not is_life:
            raise UserError(
                self.env._(
                    "The life of a link cannot be negative, and is ten years at most; "
                    "0 switches a limit off."
                )
            )
        if self.expiration_date and self.expiration_date <= fields.Datetime.now():
            raise UserError(self.env._("The links would have ended already. Choose a later day."))

    def _split_recipients(self, needs_email=True):
        """Tell those who can be sent a link from those who cannot, so that these stop nobody else.

        :param bool needs_email: whether the recipients are reached by e-mail
        :return: ``(recipients, problems)``: a dict of contacts for each invoice, see
            :meth:`_get_recipients`, and a list of sentences for the user
        """
        self.ensure_one()
        recipients, problems = {}, []
        for move, partners in self._get_recipients().items():
            if denial := move._paylink_get_send_denial():
                problems.append(denial)
                continue
            found = {
                partner: move._paylink_get_recipient_problems(partner, needs_email=needs_email)
                for partner in partners
            }
            if not partners:
                problems += move._paylink_get_recipient_problems(partners, needs_email=needs_email)
            problems += [problem for sentences in found.values() for problem in sentences]
            if good_ids := [partner.id for partner, sentences in found.items() if not sentences]:
                recipients[move] = partners.browse(good_ids)
        return recipients, problems

    def _leave_out_waiting(self, recipients, problems):
        """Leave out the invoices that wait for Odoo's job, which knows but one sending of each.

        :param dict recipients: see :meth:`_split_recipients`, as are ``problems`` and the result
        :raise UserError: if nothing is left, or the job is switched off
        """
        if not self.env.ref("account.ir_cron_account_move_send").sudo().active:
            raise UserError(
                self.env._(
                    "So many invoices are sent in the background, and that is switched off. "
                    "Ask an administrator to activate the scheduled action “Send invoices "
                    "automatically”, or send up to %(count)s at a time.",
                    count=MAX_SYNCHRONOUS,
                )
            )
        waiting = [move for move in recipients if move.sending_data]
        problems = [*problems, *(move._paylink_explain_waiting() for move in waiting)]
        left = {move: partners for move, partners in recipients.items() if move not in waiting}
        if not left:
            raise UserError(self._join_problems(problems))
        return left, problems

    def _get_recipients(self):
        """Return who gets a link of which invoice, as a dict of contacts for each invoice.

        Among several invoices each goes to its own contact, unless the sender chose otherwise for
        its customer.
        """
        # While the dialog is filled in, it holds copies, whose customers are not those of invoices.
        moves, partners = self.move_ids._origin, self.partner_ids._origin
        if len(moves) == 1:
            return {moves: partners}
        defaults = {move: move._paylink_get_default_recipient(self.channel) for move in moves}
        if partners == self.env["res.partner"].union(*defaults.values()):
            return defaults
        chosen = partners.grouped("commercial_partner_id")
        return {
            move: chosen.get(move.commercial_partner_id) or default
            for move, default in defaults.items()
        }

    def _create_links(self, recipients):
        """Create one link for each invoice and recipient, in sudo mode.

        :param dict recipients: contacts for each invoice, see `_split_recipients`
        """
        # Links are made by sending only; who may send was checked by the dialog's ACL.
        links_sudo = self.env["paylink.link"].sudo()
        return links_sudo.create(self._prepare_link_values(recipients))

    def _prepare_link_values(self, recipients):
        """Return the values of the links.

        :param dict recipients: contacts for each invoice, see `_get_recipients`
        :return: list of dicts, one for each invoice and contact
        """
        comment_ids = self._get_ids_by_move(self._get_shared_comments())
        attachment_ids = self._get_ids_by_move(self._get_shared_attachments())
        choices = {
            "channel": self.channel,
            "user_id": self.env.user.id,
            "show_narration": self.show_narration,
            "allow_payment": self.allow_payment,
            **self._prepare_life_values(),
        }
        return [
            {
                **choices,
                "move_id": move.id,
                "partner_id": partner.id,
                "company_id": move.company_id.id,
                "comment_ids": [Command.set(comment_ids.get(move.id, []))],
                "attachment_ids": [Command.set(attachment_ids.get(move.id, []))],
            }
            for move, partners in recipients.items()
            for partner in partners
        ]

    def _prepare_life_values(self):
        """Return the life that the sender chose; nothing where each company's policy decides."""
        company_sudo = self.company_id.sudo()
        is_policy = (
            self.validity_days == company_sudo.paylink_validity_days
            and self.hours_after_view == company_sudo.paylink_hours_after_view
        )
        if is_policy and len(self.move_ids.company_id) > 1:
            return {}
        return {
            "expiration_date": self.expiration_date,
            "hours_after_view": self.hours_after_view,
        }

    def _get_ids_by_move(self, records):
        """Return the ids of messages or files, in a list for each id of an invoice."""
        return {move_id: found.ids for move_id, found in records.grouped("res_id").items()}

    def _get_shared_attachments(self):
        """Return the files that the pages offer.

        Only what belongs to these invoices and may be read by the sender, whatever was written
        into the dialog's fields.
        """
        if not self.attachment_ids:
            return self.attachment_ids
        return self.attachment_ids & self.move_ids._paylink_get_shareable_attachments()

    def _get_shared_comments(self):
        """Return the comments that the pages show, likewise only of these invoices."""
        shown = self.comment_line_ids.filtered("is_shown").message_id
        is_many = self.move_count > MAX_SYNCHRONOUS
        if not self.show_comments or not (shown or is_many):
            return shown.browse()
        comments = self.move_ids._paylink_get_comments()
        if is_many:
            return comments.filtered(lambda comment: not comment._paylink_is_internal())
        return comments & shown

    def _prepare_sending_settings(self, links_sudo):
        """Return the custom settings for `account.move.send`, in JSON types."""
        return {
            "subject": self._get_own_text("subject", "subject") or None,
            "body": self._get_own_text("body", "body_html") or None,
            "link_ids": {
                str(move.id): links.ids for move, links in links_sudo.grouped("move_id").items()
            },
        }

    def _send_now(self, links_sudo):
        settings = self._prepare_sending_settings(links_sudo)
        moves = links_sudo.move_id.with_env(self.env)
        # Odoo prints all that it is given in the name of the first one's company.
        for company_moves in moves.grouped("company_id").values():
            self.env["account.move.send"]._generate_and_send_invoices(
                company_moves, allow_raising=len(self.move_ids) == 1, paylink=settings
            )

    def _send_in_background(self, links_sudo):
        settings = self._prepare_sending_settings(links_sudo)
        # Without Odoo's look at all lines of each invoice: this changes no amount.
        # In sudo mode because not everybody who may send an invoice may edit it.
        moves_sudo = links_sudo.move_id.sudo()
        for move in moves_sudo.with_context(skip_invoice_sync=True):
            link_ids = {str(move.id): settings["link_ids"][str(move.id)]}
            move.sending_data = {
                "author_user_id": self.env.user.id,
                "author_partner_id": self.env.user.partner_id.id,
                "paylink": {**settings, "link_ids": link_ids},
            }
        self.env.ref("account.ir_cron_account_move_send")._trigger()

    def _new_link(self):
        """Return the link that would be sent first, in memory only, for a preview, in sudo mode."""
        self.ensure_one()
        sendable, _problems = self._split_recipients()
        move, partners = next(iter((sendable or self._get_recipients()).items()))
        (values,) = self._prepare_link_values({move: partners[:1] or move.partner_id})
        return self.env["paylink.link"].sudo().new(values)
