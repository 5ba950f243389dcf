# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who agreed to payment reminders by text, to what words, when; and who does not any more."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# What the customer agrees to; a new wording gets a new version, old rows keep theirs.
CONSENT_VERSION = "2026-11"


class ConsentBook:
    """The consents to some numbers in one company, read at once.

    :param consents: `paylink.consent`, oldest first
    """

    def __init__(self, consents):
        self._last_of_number = {}
        self._last_of_partner = {}
        for consent in consents:
            # That a contact's number changed says nothing about who has the number now.
            if consent.action != "voided":
                self._last_of_number[consent.number] = consent.action
            self._last_of_partner[consent.partner_id.id, consent.number] = consent

    def is_withdrawn(self, number):
        """Tell whether whoever has the number wants no text messages any more."""
        return self._last_of_number.get(number) == "withdrawn"

    def is_granted(self, partner, number):
        """Tell whether a contact agreed to reminders to that very number, and still does."""
        last = self._last_of_partner.get((partner.id, number))
        is_granted = bool(last) and last.action == "granted"
        return is_granted and not self.is_withdrawn(number)

    def is_last(self, consent):
        """Tell whether nothing newer is known about the same contact and number."""
        return self._last_of_partner.get((consent.partner_id.id, consent.number)) == consent


class PaylinkConsent(models.Model):
    """One agreement to text messages, or its end.  Never changed, never deleted, whoever asks."""

    _name = "paylink.consent"
    _description = "Consent to Text Messages"
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    action = fields.Selection(
        selection=[
            ("granted", "Given"),
            ("withdrawn", "Withdrawn"),
            ("voided", "Void: Number Changed"),
        ],
        required=True,
        readonly=True,
    )
    source = fields.Selection(
        string="Given By",
        selection=[
            ("page", "Page of an Invoice Link"),
            ("reply", "Reply to a Text Message"),
            ("staff", "Member of Staff"),
            ("system", "Change of the Contact"),
        ],
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        string="Contact", comodel_name="res.partner", ondelete="set null", index=True, readonly=True
    )
    partner_name = fields.Char(string="Name at That Time", readonly=True)
    link_id = fields.Many2one(
        string="Invoice Link",
        comodel_name="paylink.link",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, ondelete="restrict", readonly=True
    )
    number = fields.Char(
        help="The phone number in international format (E.164).", required=True, readonly=True
    )
    text = fields.Text(
        string="Words",
        help="What the person read beside the box, or answered.",
        readonly=True,
    )
    text_version = fields.Char(string="Version of the Words", readonly=True)
    lang = fields.Char(string="Language", readonly=True)
    is_box_preticked = fields.Boolean(
        string="Box Was Ticked Beforehand",
        help="Never: the person ticked the box.",
        default=False,
        readonly=True,
    )
    consent_date = fields.Datetime(
        string="Date", required=True, default=fields.Datetime.now, readonly=True
    )
    ip_address = fields.Char(string="IP Address", readonly=True)
    user_agent = fields.Char(readonly=True)
    user_id = fields.Many2one(
        string="By", comodel_name="res.users", ondelete="set null", readonly=True
    )
    is_current = fields.Boolean(
        string="In Force",
        help="Whether the contact gets reminders by text because of this row.",
        compute="_compute_is_current",
        compute_sudo=True,
    )

    _number_idx = models.Index("(number, company_id, id)")

    # === COMPUTE METHODS === #

    def _compute_is_current(self):
        for company, consents in self.grouped("company_id").items():
            book = self._get_book(consents.mapped("number"), company)
            for consent in consents:
                partner, number = consent.partner_id, consent.number
                consent.is_current = (
                    bool(partner)
                    and consent.action == "granted"
                    and book.is_last(consent)
                    and book.is_granted(partner, number)
                    and partner._paylink_get_number(company) == number
                )

    # === CRUD METHODS === #

    def write(self, vals):  # pylint: disable=method-required-super
        # Nobody writes: neither staff nor code in sudo mode.
        raise UserError(self.env._("Consents cannot be changed: they are a proof."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Consents cannot be deleted: they are a proof."))

    # === READING === #

    @api.model
    def _get_book(self, numbers, company):
        """Return who agreed to what at some numbers, by one query.

        :param list numbers: in E.164
        :param company: the `res.company` that sends
        :rtype: ConsentBook
        """
        if not numbers:
            return ConsentBook(())
        # In sudo mode because the cron and visitors' pages decide by it, too.
        return ConsentBook(
            self.sudo().search_fetch(
                [("number", "in", list(numbers)), ("company_id", "=", company.id)],
                ["number", "action", "partner_id"],
                order="id",
            )
        )

    # === WRITING === #

    @api.model
    def _grant(self, link_sudo, number, text, visitor):
        """Write down that the recipient of a link ticked the box.

        :param link_sudo: the `paylink.link` whose page it was, in the language of the page
        :param str number: E.164; the number on file whose end the page showed
        :param str text: the words beside the box
        :param dict visitor: ``ip_address`` and ``user_agent``
        """
        values = {"text": text, "text_version": CONSENT_VERSION, "lang": link_sudo.env.lang}
        return self._append(link_sudo, link_sudo.partner_id, "granted", number, **values, **visitor)

    @api.model
    def _withdraw_on_page(self, link_sudo, number, visitor):
        """Write down that the recipient of a link wants no more texts, and stop what is queued."""
        values = {"lang": link_sudo.env.lang, "text_version": CONSENT_VERSION}
        self._append(link_sudo, link_sudo.partner_id, "withdrawn", number, **values, **visitor)
        self._stop_queued([number], link_sudo.company_id)

    def _append(self, link_sudo, partner, action, number, **values):
        link_sudo._log_event(
            "consented" if action == "granted" else "withdrawn",
            partner_id=partner.id,
            **{name: values[name] for name in ("ip_address", "user_agent") if name in values},
        )
        return self.sudo().create(
            {
                "action": action,
                "source": "page",
                "number": number,
                "partner_id": partner.id,
                "partner_name": partner.display_name,
                "link_id": link_sudo.id,
                "company_id": link_sudo.company_id.id,
                **values,
            }
        )

    @api.model
    def _withdraw_by_reply(self, number, company, text):
        """End all texts to a number because whoever has it answered STOP.

        :param str number: E.164
        :param company: the `res.company` that was answered
        :param str text: the answer
        """
        self.env["phone.blacklist"].sudo()._add(
            [number], message=self.env._("Answered “%(text)s” to a text message.", text=text)
        )
        self._withdraw_number(number, company, source="reply", text=text)

    def _withdraw_number(self, number, company, **values):
        """Append the end of all consents to a number, and stop what is queued.

        A number that nobody has consented with gets a row as well: no means no.
        """
        consents = self.sudo().search(
            [("number", "=", number), ("company_id", "=", company.id)], order="id"
        )
        last = {consent.partner_id: consent for consent in consents}
        if not last:
            last = {self.env["res.partner"]: self.browse()}
        for partner, consent in last.items():
            if consent.action == "withdrawn":
                continue
            self.sudo().create(
                {
                    "action": "withdrawn",
                    "number": number,
                    "partner_id": partner.id,
                    "partner_name": partner.display_name or False,
                    "link_id": consent.link_id.id,
                    "company_id": company.id,
                    **values,
                }
            )
            if consent.link_id:
                consent.link_id._log_event("withdrawn", partner_id=partner.id)
        self._stop_queued([number], company)

    @api.model
    def _void_for_changed_numbers(self, partners):
        """End the consents of contacts whose number is another one now."""
        granted = self.search([("partner_id", "in", partners.ids)], order="id")
        last = {(row.partner_id, row.company_id, row.number): row for row in granted}
        for (partner, company, number), row in last.items():
            if row.action == "granted" and partner._paylink_get_number(company) != number:
                self.create(
                    {
                        "action": "voided",
                        "source": "system",
                        "number": number,
                        "partner_id": partner.id,
                        "partner_name": partner.display_name,
                        "link_id": row.link_id.id,
                        "company_id": company.id,
                        "user_id": self.env.uid,
                    }
                )

    @api.model
    def _stop_queued(self, numbers, company):
        """Take the texts to these numbers that wait out of the queue."""
        texts = (
            self.env["sms.sms"]
            .sudo()
            .search(
                [
                    ("number", "in", numbers),
                    ("state", "=", "outgoing"),
                    ("paylink_link_id.company_id", "=", company.id),
                ]
            )
        )
        texts._paylink_stop_unwanted()

    # === ACTION METHODS === #

    def action_withdraw(self):
        """Write down that the customer has told the team to send no more texts.

        :raise AccessError: if the user may not send links
        """
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")):
            raise AccessError(self.env._("Only people who may send invoice links can do this."))
        for consent in self:
            self._withdraw_number(
                consent.number, consent.company_id, source="staff", user_id=self.env.uid
            )
        return True
