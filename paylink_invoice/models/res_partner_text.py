# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""To which number a contact gets text messages, and who must not get any."""

from odoo import api, models
from odoo.tools import SQL


class ResPartnerText(models.Model):
    _inherit = "res.partner"

    def _paylink_get_number(self, company):
        """Return the number of this contact for text messages in E.164, or ``False``.

        :param company: the `res.company` that sends: a number without a prefix is of the country of
            the contact, or else of its customer, or else of that company
        """
        self.ensure_one()
        fnames = [fname for fname in self._phone_get_number_fields() if self[fname]]
        if not fnames:
            return False
        country = self.country_id or self.commercial_partner_id.country_id or company.country_id
        numbers = (self._phone_format(fname=fname, country=country) for fname in fnames)
        return next(filter(None, numbers), False)

    def _paylink_get_text_denials(self, company, needs_consent=False):
        """Tell which of these contacts must not get a text message of a company, and why.

        :param company: the `res.company` that sends
        :param bool needs_consent: whether the text is a reminder, which only those get who asked
            for it; what a member of staff sends by hand about an invoice is a service
        :return: dict of contacts and reasons: ``archived``, ``no_number``, ``bad_number``,
            ``blocked`` (on Odoo's phone blacklist), ``withdrawn`` or ``no_consent``
        """
        numbers = {partner: partner._paylink_get_number(company) for partner in self}
        known = list(filter(None, numbers.values()))
        blocked = self._paylink_get_blocked_numbers(known)
        consents = self.env["paylink.consent"]._get_book(known, company)
        denials = {}
        for partner, number in numbers.items():
            if not partner.active:
                denials[partner] = "archived"
            elif not number:
                has_any = any(partner[name] for name in partner._phone_get_number_fields())
                denials[partner] = "bad_number" if has_any else "no_number"
            elif number in blocked:
                denials[partner] = "blocked"
            elif consents.is_withdrawn(number):
                denials[partner] = "withdrawn"
            elif needs_consent and not consents.is_granted(partner, number):
                denials[partner] = "no_consent"
        return denials

    @api.model
    def _paylink_get_blocked_numbers(self, numbers):
        """Return those of some numbers in E.164 that are on Odoo's phone blacklist, as a set."""
        blacklist = self.env["phone.blacklist"]
        blacklist.flush_model(["number", "active"])
        # Not by the ORM, which would read the user and their country to format what is formatted.
        rows = self.env.execute_query(
            SQL(
                "SELECT number FROM phone_blacklist WHERE active AND number = ANY(%s)",
                list(numbers),
            )
        )
        return {number for (number,) in rows}

    @api.model
    def _paylink_explain_text_denial(self, reason, name):
        """Return a reason of :meth:`_paylink_get_text_denials` as a sentence for staff.

        :param str name: whom it is about
        """
        values = {"partner": name}
        sentences = {
            "archived": self.env._("%(partner)s is archived. Choose another contact.", **values),
            "no_number": self.env._(
                "%(partner)s has no phone number. Enter a mobile number first.", **values
            ),
            "bad_number": self.env._(
                "The phone number of %(partner)s is not valid. Enter it with the country's prefix, "
                "e.g. +32 470 12 34 56.",
                **values,
            ),
            "blocked": self.env._(
                "The phone number of %(partner)s is on the blacklist. Send an e-mail instead.",
                **values,
            ),
            "withdrawn": self.env._(
                "%(partner)s does not want text messages any more. Send an e-mail instead.",
                **values,
            ),
            "no_consent": self.env._(
                "%(partner)s has not asked for reminders by text. "
                "Customers do so on the page of an invoice link.",
                **values,
            ),
        }
        return sentences[reason]

    # === CONSENT === #

    def write(self, vals):
        # EXTENDS 'base': a consent is for one number. With another one it is void.
        result = super().write(vals)
        if {"phone", "mobile", "country_id"} & vals.keys():
            # In sudo mode because consents are written by nobody else.
            self.env["paylink.consent"].sudo()._void_for_changed_numbers(self)
        return result
