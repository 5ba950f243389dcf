# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The headers of every answer below ``/paylink/``, whatever its status."""

import re

from werkzeug.exceptions import MethodNotAllowed, ServiceUnavailable
from werkzeug.routing import PathConverter

from odoo import models
from odoo.exceptions import ConcurrencyError
from odoo.http import request
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

PREFIX = "/paylink/"
# What Odoo raises when it has tried a request often enough, and others were faster each time.
TOO_BUSY = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
RETRY_SECONDS = 5

# What never varies: nobody caches, indexes, sniffs or frames a page that a secret opens.
SECURITY_HEADERS = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# `form-action https:` because a payment is a form that is answered by a redirect to the provider.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self' https:; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class AnythingConverter(PathConverter):
    """Any path at all; werkzeug's own stops at a line break."""

    regex = "(?s:[^/].*?)"


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        # EXTENDS 'base'
        return {**super()._get_converters(), "paylink_anything": AnythingConverter}

    @classmethod
    def _match(cls, path):
        # EXTENDS 'base': werkzeug would answer doubled slashes by a redirect to the path as it was
        # sent, which is no header if it holds a line break. Here they count as one.
        if path.startswith(PREFIX):
            path = re.sub(r"/{2,}", "/", path)
        return super()._match(path)

    @classmethod
    def _pre_dispatch(cls, rule, args):  # pylint: disable=missing-return
        # EXTENDS 'base': Odoo lets OPTIONS through to every route, and the route would act on it.
        super()._pre_dispatch(rule, args)
        is_ours = request.httprequest.path.startswith(PREFIX)
        if is_ours and request.httprequest.method == "OPTIONS" and rule.methods:
            raise MethodNotAllowed(sorted(rule.methods - {"OPTIONS"}))

    @classmethod
    def _dispatch(cls, endpoint):
        # EXTENDS 'base': parameters become arguments of the route, which is a method and has a `self`.
        # Also of addons beside this one, such as `/paylink_twilio/`.
        if request.httprequest.path.startswith(PREFIX.rstrip("/")):
            request.params.pop("self", None)
        return super()._dispatch(endpoint)

    @classmethod
    def _post_dispatch(cls, response):  # pylint: disable=missing-return
        # EXTENDS 'base'
        super()._post_dispatch(response)
        cls._paylink_secure(response)

    @classmethod
    def _handle_error(cls, exception):
        # EXTENDS 'base': errors before or beside the dispatch get the same headers; whoever came at a
        # busy moment is told to come again.
        is_ours = request.httprequest.path.startswith(PREFIX)
        if is_ours and isinstance(exception, TOO_BUSY):
            response = ServiceUnavailable(retry_after=RETRY_SECONDS)
        else:
            response = super()._handle_error(exception)
        if not is_ours:
            return response
        if hasattr(response, "get_response"):
            response = response.get_response(request.httprequest.environ)
        cls._paylink_secure(response)
        return response

    @classmethod
    def _paylink_secure(cls, response):
        """Set the headers of the capability URL on an answer below ``/paylink/``."""
        if not request.httprequest.path.startswith(PREFIX):
            return
        for name, value in SECURITY_HEADERS.items():
            response.headers.remove(name)  # Added at the end: the order tells nothing either.
            response.headers[name] = value
        response.headers.setdefault(
            "Content-Security-Policy", CONTENT_SECURITY_POLICY.format(style="")
        )

    @classmethod
    def _paylink_allow_style(cls, response, nonce):
        """Let the one inline style of a page through: the seller's colours."""
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(
            style=f" 'nonce-{nonce}'"
        )
