# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Numbers and money as Odoo writes them, for hundreds of them on one page."""

import ast
import functools

from odoo.tools import float_compare, float_round

from odoo.addons.base.models.res_lang import intersperse

NO_BREAK_SPACE = "\u00a0"
NO_BREAK = "\ufeff"


@functools.lru_cache(maxsize=256)
def get_number_format(*args):
    """Return the :class:`NumberFormat` of these values, made once."""
    return NumberFormat(*args)


class NumberFormat:
    """The results of ``res.lang.format`` and ``res.currency.format``, to the letter.

    Odoo's methods look up the language and the currency for every number, which is most of their
    time. Here it is done once, when the format is made.
    """

    def __init__(self, grouping, separator, point, symbol, position, rounding, decimals):
        """Take the values of a `res.lang` and a `res.currency`.

        :param str grouping: sizes of the groups of digits, such as ``[3,0]``
        :param str separator: what stands between them
        :param str point: what stands before the decimals
        :param str position: of the symbol: ``before`` or ``after``
        :param float rounding: the smallest amount
        :param int decimals: of an amount
        """
        self.counts = ast.literal_eval(grouping)
        self.separator = separator or ""
        self.point = point
        self.rounding = rounding
        self.decimals = decimals
        is_before = position == "before"
        self.before = f"{symbol or ''}{NO_BREAK_SPACE}" if is_before else ""
        self.after = "" if is_before else f"{NO_BREAK_SPACE}{symbol or ''}"

    def number(self, value, decimals):
        """Return a number with so many decimals."""
        whole, dot, fraction = f"{value:.{decimals}f}".partition(".")
        grouped, _count = intersperse(whole, self.counts, self.separator)
        return f"{grouped}{self.point}{fraction}" if dot else grouped

    def short_number(self, value, decimals):
        """Return a number with at most so many decimals, without zeros at its end."""
        shown = f"{value:.{decimals}f}".partition(".")[2].rstrip("0")
        return self.number(value, len(shown))

    def money(self, amount):
        """Return an amount with the symbol of the currency, rounded to it."""
        rounded = float_round(amount + 0.0, precision_rounding=self.rounding)
        return self._add_symbol(self.number(rounded, self.decimals))

    def price(self, price, decimals):
        """Return the price of one unit with all its decimals: it may have more than the currency."""
        rounded = float_round(price, precision_rounding=self.rounding)
        if float_compare(rounded, price, precision_digits=decimals) == 0:
            return self.money(price)
        return self._add_symbol(self.short_number(price, decimals))

    def _add_symbol(self, number):
        number = number.replace(" ", NO_BREAK_SPACE).replace("-", f"-{NO_BREAK}")
        return f"{self.before}{number}{self.after}"
