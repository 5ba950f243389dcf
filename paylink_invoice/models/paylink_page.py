# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a customer's page shows: its values as a whole, its frame and its language.

Presentation only. What is allowed is asked of `paylink.link._get_denial`, what is owed of
`account.move`; the page decides nothing but the wording. The files `paylink_page_*.py` extend
the model, one for each part of the page:

- ``reading``: what is read of which record, in few queries
- ``status``: what the document is, its state and when it is due
- ``payment``: paying online, in parts or by transfer, and what was paid
- ``price``: what the customer chooses, and what it comes to
- ``parties``: who bills whom, dates and references
- ``lines``, ``totals``: what it is for and what it comes to
- ``notes``: terms, comments and files
- ``access``: how long the link works, and the pages in place of the document
- ``formats``: dates, periods and sizes, from left to right and from right to left
"""

import base64
import re
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from odoo import api, models, tools

from ..assets import get_asset_url
from ..logo import make_inline_image
from ..theme import theme_colors

# The states in which we ask for money.
DUE_CODES = ("due", "due_today", "overdue")


class PaylinkPage(models.AbstractModel):
    """Values of the public pages.

    Every value is a string ready to be shown, a list or dict of such strings, or ``None``: a
    template formats nothing, reads no record and so can show nothing by mistake.  All methods take
    the language, company and rights from the link's environment.
    """

    _name = "paylink.page"
    _description = "Invoice Link Page"

    # === THE PAGE OF A DOCUMENT === #

    @api.model
    def _prepare_values(self, link, is_preview=False):
        """Return the values of ``paylink_invoice.paylink_link_page``.

        :param link: one `paylink.link` in sudo mode, in the recipient's language; for a preview it
            may exist in memory only
        :param bool is_preview: whether staff look at it: then no path leads anywhere
        :return: dict; ``lang`` is the code of the page's language
        """
        page, link, move = self._switch_to(link)
        page._prefetch(link, move)
        paths = page._prepare_paths(link, is_preview)
        summary = page._prepare_document_summary(link, move)
        choices = page._prepare_choices(link, is_preview)
        is_open = move.state != "draft"
        return {
            **page._prepare_layout_values(link.company_id, summary["document_label"]),
            "link": link,
            "is_preview": is_preview,
            "paths": paths,
            "summary": summary,
            "beacon": page._prepare_beacon(link, paths),
            "payment": page._prepare_payment(link, summary, choices, is_preview),
            "choices": choices,
            "bank": page._prepare_bank(move) if summary["status_code"] in DUE_CODES else None,
            "parties": page._prepare_parties(move),
            "facts": page._prepare_facts(move),
            "related_documents": page._prepare_related_documents(link),
            "sections": page._prepare_sections(move) if is_open else [],
            "totals": page._prepare_totals(move) if is_open else [],
            "instalments": page._prepare_instalments(move) if is_open else [],
            "receipts": page._prepare_receipts(link, paths),
            "notes": page._prepare_notes(link) if is_open else [],
            "comments": page._prepare_comments(link),
            "files": page._prepare_files(link, paths),
            "has_pdf": is_preview or link._get_denial("pdf") is None,
            "has_question": is_preview or link._get_denial("comment") is None,
            "life": page._prepare_life(link),
            "asked": False,
            "script_texts": page._prepare_script_texts(),
        }

    @api.model
    def _prepare_script_texts(self):
        """Return what page.js says: Odoo translates no `data-*` attributes, where it reads them."""
        return {
            "copied": self.env._("Copied"),
            "characters_left": self.env._("characters left"),
            "changed": self.env._(
                "The amount has changed since you opened this page. Please check the new total."
            ),
        }

    def _switch_to(self, link):
        """Return this model, the link and its document in the reader's language and time zone."""
        link = link.with_context(tz=link._get_timezone())
        return link.env[self._name], link, link.move_id

    @api.model
    def _prepare_paths(self, link, is_preview):
        """Return the live paths of the page by name; none for a preview, which must hold no URL."""
        if is_preview:
            return {}
        base = link._get_path()
        names = ("pay", "quote", "pdf", "comment", "seen", "qr.svg")
        return {"page": base, **{name: f"{base}/{name}" for name in names}}

    @api.model
    def _prepare_beacon(self, link, paths):
        """Return where page.js reports a person's visit, and its proof; ``None`` for a preview."""
        if not paths:
            return None
        return {"path": paths["seen"], "nonce": link._issue_page_nonce()}

    @api.model
    def _prepare_related_documents(self, link):
        """Return the documents that the customer can open from here, such as the order.

        Meant to be extended by glue addons. An override may only add documents that this link's
        holder may see without a login, and no URL at all to a preview's link (one without an id).

        :param link: one `paylink.link` in sudo mode
        :return: list of ``{'label': str, 'url': str or None}``
        """
        return []

    # === LAYOUT === #

    @api.model
    def _prepare_layout_values(self, company=None, title=None):
        """Return what ``paylink_invoice.paylink_layout`` needs, for any page of ours.

        :param company: the `res.company` that speaks, in sudo mode; none: a page of nobody
        :param str title: the page's title, to which the company's name is added
        :return: ``lang``, ``html_lang``, ``direction``, ``page_title``, ``assets``, ``theme`` (CSS
            text) and ``seller`` (see :meth:`_prepare_seller`)
        """
        lang = tools.get_lang(self.env)
        seller = company and self._prepare_seller(company)
        return {
            "lang": lang.code,
            "html_lang": lang.code.replace("@latin", "-Latn").replace("_", "-"),
            "direction": lang.direction,
            "page_title": " · ".join(part for part in (title, seller and seller["name"]) if part),
            "assets": {"css": get_asset_url("page.css"), "js": get_asset_url("page.js")},
            "theme": self._prepare_theme(company) if company else "",
            "seller": seller,
        }

    @api.model
    def _prepare_theme(self, company):
        """Return the company's colours as the CSS custom properties that page.css uses."""
        colors = theme_colors(company.primary_color)
        return Markup(
            ":root{{--o-brand:{brand};--o-on-brand:{on_brand};--o-link:{link}}}"
            "@media screen and (prefers-color-scheme:dark){{:root{{--o-brand:{dark_brand};"
            "--o-on-brand:{dark_on_brand};--o-link:{dark_brand}}}}}"
        ).format(**colors)

    @api.model
    def _prepare_seller(self, company):
        """Return ``name``, ``initial``, ``logo`` (or None), ``phone``, ``email`` and ``website``,
        the last three as ``{'text', 'href'}`` or None."""
        name = company.name or ""
        return {
            "name": name,
            "initial": next((letter for letter in name if letter.isalnum()), "·").upper(),
            "logo": self._get_logo(company),
            **self._prepare_contact(company.phone, company.email, company.website),
        }

    @api.model
    def _prepare_contact(self, phone, email, website):
        digits = re.sub(r"[^+\d]", "", phone or "")
        address = tools.email_normalize(email or "", strict=False)
        url = urlsplit(website or "") if "[" not in (website or "") else urlsplit("")
        is_web = url.scheme in ("http", "https") and url.netloc
        return {
            "phone": phone and {"text": phone, "href": digits and f"tel:{digits}"},
            "email": address and {"text": address, "href": f"mailto:{quote(address, safe='@+')}"},
            "website": is_web and {"text": url.netloc.removeprefix("www."), "href": website},
        }

    @api.model
    @tools.ormcache("company.id", "company.partner_id.write_date")
    def _get_logo(self, company):
        """Return the logo as an inline image, see :func:`make_inline_image`; None without one.

        Made once for each logo: it is the picture of the company's contact.
        """
        if company.uses_default_logo or not company.logo:
            return None
        return make_inline_image(base64.b64decode(company.logo))

    # === LANGUAGE === #

    @api.model
    def _negotiate_lang(self, langs):
        """Return the installed language that fits a browser's wishes best.

        :param langs: iterable of language tags, dearest first, such as ``fr-CH``; anything
        :return: code of an installed language
        """
        installed = {code.lower(): code for code, _name in self.env["res.lang"].get_installed()}
        for wish in list(langs)[:20]:
            parts = str(wish).lower().replace("-", "_").split("_")
            if code := installed.get("_".join(parts)):
                return code
            for lowered, code in installed.items():
                if lowered.split("_")[0].split("@")[0] == parts[0]:
                    return code
        return installed.get("en_us") or next(iter(installed.values()), "en_US")
