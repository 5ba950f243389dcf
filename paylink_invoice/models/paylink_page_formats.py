# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: dates, periods and sizes in the reader's words and direction."""

from datetime import timedelta

import babel.dates

from odoo import api, fields, models, tools
from odoo.tools import babel_locale_parse, format_date, format_time

from ..number_format import get_number_format


class PaylinkPageFormats(models.AbstractModel):
    _inherit = "paylink.page"

    # === NUMBERS AND MONEY === #

    @api.model
    def _get_number_format(self, currency):
        """Return the :class:`NumberFormat` of the reader's language, for many numbers."""
        lang = tools.get_lang(self.env)
        return get_number_format(
            *(lang.grouping, lang.thousands_sep, lang.decimal_point),
            *(currency.symbol, currency.position, currency.rounding, currency.decimal_places),
        )

    @api.model
    def _format_money(self, amount, currency):
        """Return what ``currency.format`` does."""
        return self._get_number_format(currency).money(amount)

    # === DATES AND SIZES === #

    @api.model
    def _format_date(self, date):
        """Return a date that nobody can misread, e.g. "Nov 27, 2026"."""
        return format_date(self.env, date, date_format="medium") if date else ""

    @api.model
    def _format_days(self, days, direction=False):
        """Return e.g. "9 days" or "in 9 days", with the plural forms of the language."""
        return babel.dates.format_timedelta(
            timedelta(days=days),
            granularity="day",
            threshold=10**6,  # days, never months
            add_direction=direction,
            locale=babel_locale_parse(self.env.lang),
        )

    @api.model
    def _format_moment(self, moment):
        """Return a UTC datetime in the reader's time zone: the day, near its end the hour too."""
        if not moment:
            return ""
        date = self._format_date(fields.Datetime.context_timestamp(self, moment))
        if abs(moment - fields.Datetime.now()) > timedelta(days=2):
            return date
        timezone = self.env.context.get("tz") or "UTC"
        time = format_time(self.env, moment, tz=timezone, time_format="short")
        return self.env._(
            "%(date)s, %(time)s (%(timezone)s)",
            date=date,
            time=time,
            timezone=self._isolate(timezone),
        )

    @api.model
    def _format_size(self, size):
        """Return e.g. "58 kB"."""
        if not size:
            return ""
        return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{max(1, round(size / 1000))} kB"

    @api.model
    def _phrase_money(self, amount, currency):
        """Return an amount of money that can stand inside of a sentence."""
        return self._isolate(self._format_money(amount, currency))

    @api.model
    def _isolate(self, text):
        """Return a name or number that keeps its own direction within a text from right to left.

        Templates say it with ``<bdi>``. Inside of a string Unicode's invisible marks do, FSI and PDI;
        from left to right nothing is added.
        """
        is_rtl = tools.get_lang(self.env).direction == "rtl"
        return f"\u2068{text}\u2069" if is_rtl else text
