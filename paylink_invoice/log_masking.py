# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""No log of this server holds a live link: tokens are masked before a record is written."""

import logging

from . import tokens


class TokenMask(logging.Filter):
    """Replace every token in a log record by its first letters."""

    def filter(self, record):
        """Mask the record in place and let it pass."""
        try:
            message = record.getMessage()
        except Exception:
            return True
        masked = tokens.mask(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            # Formatters print a text that is there already instead of formatting it anew.
            text = logging.Formatter().formatException(record.exc_info)
            masked = tokens.mask(text)
            if masked != text:
                record.exc_text = masked
        return True


def install():
    """Put the mask on every handler of the root logger and on the loggers that name requests.

    Odoo sets its handlers up before it loads addons. Calling it again changes nothing.
    """
    root = logging.getLogger()
    for place in (*root.handlers, logging.getLogger("werkzeug"), logging.getLogger("odoo.http")):
        if not any(isinstance(present, TokenMask) for present in place.filters):
            place.addFilter(TokenMask())
