# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one gate of every public route: token -> link -> allowed or not, with one answer for each."""

import json
import re
import secrets

from werkzeug.exceptions import abort

from odoo import http
from odoo.http import request

from .. import visitors

# Why something is refused -> HTTP status.  The reasons are those of `paylink.link._get_denial`.
STATUS_OF_DENIAL = {"expired": 410, "revoked": 410}
STATUS_NOT_NOW = 409
# What scripts are told; people read the difference.
CODE_OF_DENIAL = {
    "no_provider": "not_payable",
    "not_offered": "not_payable",
    "unavailable": "not_payable",
}

# A question or a beacon is small; whatever is larger is not read at all.
MAX_BODY_BYTES = 64 * 1024

# Routes that exist for POST only; the catch-all tells their wrong verbs from unknown paths.
POST_ONLY = re.compile(r"(balance/)?[^/]+/(seen|quote|transaction|comment|consent)/?")
# Those that also show something.
GET_AND_POST = re.compile(r"(balance/)?[^/]+/(pay|renew)/?")


# The routes of balance links are those of invoice links, below this path.
BALANCE_PREFIX = "/paylink/balance/"


def both_kinds(suffix=""):
    """Return the paths of a route that invoice links and balance links have.

    :param str suffix: what follows the token, e.g. ``/quote``
    """
    return [f"/paylink/<string:token>{suffix}", f"{BALANCE_PREFIX}<string:token>{suffix}"]


def act_as_public():
    """Go on as the public user, also for somebody who is logged in.

    The URL is the only authority: who has a login pays as the customer of the link, sees no
    provider that is not published, and no tools of the staff.
    """
    if request.session.uid:  # Who has no login is the public user already.
        request.update_env(user=request.env.ref("base.public_user").id)


class PaylinkGate(http.Controller):
    """Base of the public controllers, and the answer to every unknown path below ``/paylink/``."""

    # Public routes keep no session and need no cross-site token: the URL is the only authority.
    _public_route = {
        "type": "http",
        "auth": "public",
        "csrf": False,
        "save_session": False,
        "sitemap": False,
    }

    @http.route(["/paylink", "/paylink/<paylink_anything:rest>"], readonly=True, **_public_route)
    def paylink_unknown(self, rest="", **_kwargs):
        """Answer whatever no other route answers: 405 for a wrong verb, else the one 404."""
        rest = str(rest)  # Below `/paylink` itself it is a parameter, which may be a file.
        verbs = ("POST",) if POST_ONLY.fullmatch(rest) else ("GET", "HEAD")
        if GET_AND_POST.fullmatch(rest):
            verbs += ("POST",)
        if request.httprequest.method not in verbs:
            allowed = {"Allow": ", ".join(verbs)}
            return self._respond_json({"code": "method_not_allowed"}, 405, allowed)
        return self._respond_not_found()

    # === THE GATE === #

    def _open_link(self, token, action="view", is_page=None):
        """Return the link of a token if its holder may do ``action`` now; else answer and stop.

        :param str token: what the URL holds; anything
        :param str action: see :meth:`paylink.link._get_denial`
        :param is_page: whether a refusal is a page for people or a code for scripts; by default
            what the request's own type tells
        :return: one `paylink.link` in sudo mode, in the recipient's language and company
        """
        link_sudo = self._resolve_link(token)
        if action == "pay":
            # What is owed is read once, here.
            link_sudo = link_sudo._choose_currency(self._get_asked_currency(link_sudo))
        if denial := link_sudo._get_denial(action):
            self._stop(self._respond_denial(link_sudo, denial, is_page))
        return link_sudo

    def _get_asked_currency(self, link_sudo):
        """Return the currency that a balance is to be paid in: an ISO code, anything, or ``None``.

        It is the one of the quote where one is named.
        """
        if link_sudo.kind != "balance":
            return None
        asked = {**(self._parse_json() or {}), **request.params}
        if asked.get("quote"):
            return link_sudo._get_quote(asked["quote"]).currency_id.name
        return asked.get("currency")

    def _resolve_link(self, token):
        """Return the link of a token whatever its state, or answer with the one 404 and stop.

        A token opens the routes of its own kind only.
        """
        link_sudo = request.env["paylink.link"]._resolve(self._get_kind(), token)
        if not link_sudo:
            self._stop(self._respond_not_found())
        request.env["paylink.page"]._prefetch_document(link_sudo)
        return link_sudo.with_context(
            lang=link_sudo._get_lang(),
            # The day of an early-payment discount ends where the customer is.
            tz=link_sudo._get_timezone(),
            allowed_company_ids=link_sudo.company_id.ids,
        )

    def _get_kind(self):
        """Return the kind of links that the route of the request is for."""
        # Doubled slashes count as one, see `ir.http._match`.
        path = re.sub(r"/{2,}", "/", request.httprequest.path)
        return "balance" if path.startswith(BALANCE_PREFIX) else "invoice"

    def _check_origin(self, is_form=False):
        """Refuse a request that another site's page made.

        :param bool is_form: whether a plain form may have sent it. Our pages send no referrer, so
            browsers give such a form the origin ``null``.
        """
        headers = request.httprequest.headers
        if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            self._stop(self._respond_json({"code": "foreign_origin"}, 403))
        origin = headers.get("Origin")
        if not origin or (is_form and origin == "null"):
            return
        if origin.partition("://")[2] != request.httprequest.host:
            self._stop(self._respond_json({"code": "foreign_origin"}, 403))

    def _read_json(self):
        """Return the JSON object of the request's body, or answer 400 and stop."""
        data = self._parse_json()
        if data is not None:
            return data
        return self._stop(self._respond_json({"code": "invalid_request"}, 400))

    def _parse_json(self):
        """Return the JSON object of the request's body, ``None`` where it holds none."""
        http_request = request.httprequest
        is_json = http_request.mimetype == "application/json"
        if not is_json or (http_request.content_length or 0) > MAX_BODY_BYTES:
            return None
        try:
            data = json.loads(http_request.get_data())
            # Halves of a letter, such as "\ud800", are no text that could be stored or looked for.
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return None
        return data if isinstance(data, dict) else None

    def _stop(self, response):
        """End the request with an answer, which by this way misses `ir.http._post_dispatch`."""
        request.env["ir.http"]._paylink_secure(response)
        abort(response)

    # === ANSWERS === #

    def _respond_page(self, template, values, env=None, status=200, headers=None):
        """Render a light page; the headers of :mod:`..models.ir_http` come on top.

        :param str template: XML id of the QWeb template
        :param env: the environment of the link, in its reader's language; by default the visitor's
            own, in the best language for their browser
        """
        env = env or request.env(context={**request.env.context, "lang": self._get_browser_lang()})
        style_nonce = secrets.token_urlsafe(12)
        html = (
            env["ir.qweb"]
            .sudo()  # The template is ours, and the visitor reads what the gate let through.
            # Our templates show the given values only, so they need no user, company or request.
            ._render(template, {"style_nonce": style_nonce, **values}, minimal_qcontext=True)
        )
        response = request.make_response(html, headers=headers, status=status)
        request.env["ir.http"]._paylink_allow_style(response, style_nonce)
        return response

    def _respond_json(self, data, status=200, headers=None):
        return request.make_json_response(data, headers=headers, status=status)

    def _respond_not_found(self):
        """Return the one answer to everything forged, malformed, unknown or of the wrong kind."""
        html = request.env["paylink.page"]._render_not_found(self._get_browser_lang())
        return request.make_response(html, status=404)

    def _wants_page(self):
        """Tell whether a browser asks for a page to show, not a script for data."""
        return "text/html" in request.httprequest.headers.get("Accept", "")

    def _respond_denial(self, link_sudo, denial, is_page=None):
        """Return the answer that belongs to a reason: a page for people, a code for scripts.

        :param is_page: see :meth:`_open_link`
        """
        status = STATUS_OF_DENIAL.get(denial, STATUS_NOT_NOW)
        if is_page is None:
            is_page = request.httprequest.mimetype != "application/json"
        if not is_page:
            return self._respond_json({"code": CODE_OF_DENIAL.get(denial, denial)}, status)
        values = request.env["paylink.page"]._prepare_denial_values(link_sudo, denial)
        return self._respond_page(
            "paylink_invoice.paylink_denial_page", values, link_sudo.env, status
        )

    def _respond_too_many(self, seconds):
        """Return 429 with the time after which to try again."""
        return self._respond_json(
            {"code": "too_many_requests"}, 429, {"Retry-After": str(int(seconds))}
        )

    def _get_browser_lang(self):
        """Return the installed language that the browser asks for, or else the first one."""
        return request.env["paylink.page"]._negotiate_lang(
            request.httprequest.accept_languages.values()
        )

    def _get_visitor(self):
        """Return who is asking, as far as anybody can tell, for `paylink.event`."""
        agent = request.httprequest.user_agent.string or ""
        return {
            "ip_address": request.httprequest.remote_addr,
            "user_agent": visitors.storable_agent(agent),
        }
