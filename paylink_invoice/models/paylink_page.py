# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a customer's page shows: sums, dates and sentences in the customer's words.

Presentation only. What is allowed is asked of `paylink.link._get_denial`, what is owed of
`account.move`; this file decides nothing but the wording.
"""

import base64
import colorsys
import functools
import hashlib
import io
import posixpath
import re
from datetime import timedelta
from urllib.parse import quote, urlsplit

import babel.dates
from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from odoo import api, fields, models, tools
from odoo.tools import babel_locale_parse, file_open, format_date, format_time

# === COLOURS === #

DEFAULT_BRAND = "#1d4f73"
WHITE, INK = "#ffffff", "#0b1014"
# The darkest surface of the light page and the lightest one of the dark page, as in page.css:
# what is readable there is readable on all of them.
LIGHT_SURFACE, DARK_SURFACE = "#f4f6f7", "#1a2126"
MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
MAX_DARK_SATURATION = 0.6  # vivid colours glare on a dark page


def contrast(one, other):
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    :param str one: ``#rrggbb``
    :param str other: likewise
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def theme_colors(brand):
    """Return readable colours for a page in the seller's colour, light and dark.

    A button keeps the brand's own colour on the light page, with white text where that is readable
    and dark text elsewhere; links are darkened, and everything on the dark page lightened, until
    the contrast is enough.

    :param brand: ``#rgb`` or ``#rrggbb``; anything else gives the neutral default
    :return: ``{'brand', 'on_brand', 'link', 'dark_brand', 'dark_on_brand'}``, all ``#rrggbb``
    """
    brand = _normalize_color(brand) or DEFAULT_BRAND
    if max(contrast(brand, WHITE), contrast(brand, INK)) < MIN_CONTRAST:
        brand = _shift_lightness(brand, -1, WHITE)
    dark_brand = _shift_lightness(brand, 1, DARK_SURFACE, MAX_DARK_SATURATION)
    return {
        "brand": brand,
        "on_brand": WHITE if contrast(brand, WHITE) >= MIN_CONTRAST else INK,
        "link": _shift_lightness(brand, -1, LIGHT_SURFACE),
        "dark_brand": dark_brand,
        "dark_on_brand": INK if contrast(dark_brand, INK) >= MIN_CONTRAST else WHITE,
    }


def _shift_lightness(color, direction, surface, max_saturation=1):
    """Make a colour lighter (1) or darker (-1), as little as makes it readable on a surface."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(c / 255 for c in _channels(color)))
    saturation = min(saturation, max_saturation)
    while contrast(color, surface) < MIN_CONTRAST and 0 <= lightness <= 1:
        lightness += direction * 0.02
        channels = colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation)
        color = "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
    return color


def _normalize_color(color):
    if not isinstance(color, str):
        return None
    if match := re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", color.strip().lower()):
        return "#" + "".join(digit * 2 for digit in match.groups())
    match = re.fullmatch(r"#[0-9a-f]{6}", color.strip().lower())
    return match and match.group()


def _channels(color):
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(color):
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# === RICH TEXT === #

# fmt: off
KEPT_TAGS = frozenset((
    "a", "b", "blockquote", "br", "code", "dd", "div", "dl", "dt", "em", "hr", "i", "li", "ol",
    "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
))
# Gone with all they hold; every other tag goes alone and leaves its text.
DROPPED_TREES = frozenset((
    "applet", "audio", "base", "button", "canvas", "embed", "form", "frame", "frameset", "head",
    "iframe", "image", "img", "input", "link", "map", "math", "meta", "noscript", "object",
    "picture", "script", "select", "source", "style", "svg", "template", "textarea", "title",
    "track", "video",
))
# fmt: on
LINK_SCHEMES = ("http", "https", "mailto", "tel")


def clean_html(html):
    """Return what a person wrote, without anything that runs, loads, tracks or restyles.

    Odoo sanitised the text when it was stored; this takes out what is harmless in the back end but
    not here: images (also tracking pixels), styles, classes, headings out of order, links into
    the back end.

    :param html: sanitised HTML, or nothing
    :return: `Markup`, empty where no text is left
    """
    if not html:
        return Markup()
    try:
        root = lxml_html.fragment_fromstring(str(html), create_parent="div")
    except etree.ParserError:
        return Markup()
    for element in list(root.iterdescendants()):
        _clean_element(element)
    if not root.text_content().strip():
        return Markup()
    return Markup(lxml_html.tostring(root, encoding="unicode"))


def _clean_element(element):
    tag = element.tag
    if not isinstance(tag, str) or tag in DROPPED_TREES:
        element.drop_tree()
        return
    href = element.get("href", "").strip() if tag == "a" else ""
    spans = {name: element.get(name, "") for name in ("colspan", "rowspan")}
    element.attrib.clear()
    if re.fullmatch(r"h[1-6]", tag):
        element.tag = "p"
        element.set("class", "o_paylink_rich_title")
    elif tag == "a" and _is_outward_link(href):
        element.set("href", href)
        element.set("rel", "noopener noreferrer nofollow")
    elif tag == "a" or tag not in KEPT_TAGS:
        element.drop_tag()
    for name, value in spans.items():
        if tag in ("td", "th") and re.fullmatch(r"[1-9]\d?", value):
            element.set(name, value)


def _is_outward_link(href):
    try:
        url = urlsplit(href)
    except ValueError:
        return False
    return url.scheme in LINK_SCHEMES and bool(url.netloc or url.path)


# === FILES OF THE PAGE === #

STATIC_PATH = "paylink_invoice/static/src/page/"
LOGO_BOX = (360, 96)  # twice the size that page.css gives it
MAX_SVG_LOGO_BYTES = 24_000


@functools.cache
def get_asset_url(name):
    """Return the URL of a file of the page; it changes with the content.

    :param str name: path from the folder of page.css
    """
    path = posixpath.normpath(STATIC_PATH + name)
    with file_open(path, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:12]
    return f"/{path}?v={version}"


def make_inline_image(raw):
    """Return a logo small enough to travel inside the page.

    A request of its own to Odoo's logo route would set a session cookie, which these pages do not.

    :param bytes raw: an image file
    :return: ``{'src': data URL, 'width', 'height'}`` in CSS pixels, or ``None`` where it is no
        image that browsers show; an SVG has no width and height
    """
    if b"<svg" in raw[:1000].lower():
        if len(raw) > MAX_SVG_LOGO_BYTES:
            return None
        data = base64.b64encode(raw).decode()
        return {"src": f"data:image/svg+xml;base64,{data}", "width": None, "height": None}
    try:
        image = Image.open(io.BytesIO(raw)).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    image.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    width, height = image.size
    stream = io.BytesIO()
    # 256 colours are enough for a logo and a third of the size.
    image.quantize(256, method=Image.Quantize.FASTOCTREE).save(stream, "PNG", optimize=True)
    # As large as the box however small the file is, so that all logos look alike.
    scale = min(LOGO_BOX[0] / width, LOGO_BOX[1] / height) / 2
    return {
        "src": f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }


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
        summary = page._prepare_summary(link)
        is_open = move.state != "draft"
        return {
            **page._prepare_layout_values(link.company_id, summary["document_label"]),
            "link": link,
            "is_preview": is_preview,
            "paths": paths,
            "summary": summary,
            "beacon": page._prepare_beacon(link, paths),
            "payment": page._prepare_payment(link, summary, is_preview),
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
        }

    def _switch_to(self, link):
        """Return this model, the link and its document in the reader's language and time zone."""
        company_partner = link.company_id.partner_id
        company_partner.fetch(self._get_partner_fields())
        timezone = link.partner_id.tz or company_partner.tz or "UTC"
        link = link.with_context(tz=timezone)
        return link.env[self._name], link, link.move_id

    @api.model
    def _prefetch(self, link, move):
        """Read in a few lean queries what would else be read record by record, with all columns."""
        lines = move.line_ids
        # For all lines at once: Odoo's method assigns the parents of all lines of the move, and
        # what is assigned to a line that is not being computed right now is a slow `write`.
        lines._fields["parent_id"].compute_value(lines)
        lines.fetch(["tax_ids"])
        link.comment_ids.fetch(["author_id", "body", "date", "email_from"])
        link.attachment_ids.fetch(["name", "file_size"])
        self._get_partners(link, move).fetch(self._get_partner_fields())
        move.partner_bank_id.fetch(["acc_number", "acc_holder_name", "bank_id", "partner_id"])
        move.partner_bank_id.bank_id.fetch(["name", "bic"])

    @api.model
    def _get_partners(self, link, move):
        """Return all whom the page names."""
        company_partner = link.company_id.partner_id
        partners = link.partner_id | move.partner_id | move.partner_shipping_id | company_partner
        return partners | move.commercial_partner_id | link.comment_ids.author_id

    @api.model
    def _get_partner_fields(self):
        """Return what the page reads of a contact."""
        names = ["name", "vat", "tz", "phone", "email", "website", "write_date"]
        names += ["parent_id", "is_company", "company_name", "commercial_company_name"]
        names += ["country_id", "state_id", "commercial_partner_id"]
        return [*names, *self.env["res.partner"]._formatting_address_fields()]

    @api.model
    def _prepare_paths(self, link, is_preview):
        """Return the live paths of the page by name; none for a preview, which must hold no URL."""
        if is_preview:
            return {}
        base = link._get_path()
        names = ("pay", "pdf", "comment", "seen", "qr.svg")
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

    # === SUMMARY AND STATUS === #

    @api.model
    def _prepare_summary(self, link):
        """Return what a document is, in a few words: for the head of the page, mails, receipts.

        :param link: one `paylink.link` in sudo mode, in the recipient's language
        :return: dict of strings: ``document_label`` ("Invoice INV/2026/00042"), ``document_name``,
            ``seller``, ``customer``, ``recipient`` (person and company), ``issue_date``,
            ``due_date``, ``total``, ``amount_due`` (empty where nothing is due), ``amount`` (the
            one to show large), ``amount_in_words``, ``status_code`` (see :meth:`_get_status_code`),
            ``status_tone`` ('due', 'warn', 'ok' or 'calm'), ``status_text`` and ``status_details``
            (list of sentences)
        """
        page, link, move = self._switch_to(link)
        format_money = move.currency_id.format
        is_due = page._is_due(move)
        amount = move.amount_residual if is_due else move.amount_total
        return {
            "document_label": page._get_document_label(link),
            "document_name": move.name or "",
            "seller": link.company_id.name,
            "customer": move.commercial_partner_id.name or "",
            "recipient": page._get_full_name(link.partner_id),
            "issue_date": page._format_date(move.invoice_date),
            "due_date": page._format_date(move.invoice_date_due),
            "total": format_money(move.amount_total),
            "amount_due": format_money(move.amount_residual) if is_due else "",
            "amount": format_money(amount),
            "amount_in_words": move.currency_id.amount_to_text(amount),
            **page._prepare_status(move),
        }

    @api.model
    def _get_document_label(self, link):
        """Return e.g. "Invoice INV/2026/00042", in the customer's language."""
        move = link.move_id
        if not move:
            return self.env._("Your balance")
        name = move.name if move.name != "/" else ""
        return " ".join(part for part in (move.type_name, name) if part)

    @api.model
    def _is_due(self, move):
        """Tell whether the customer owes money on the document now."""
        return (
            move.state == "posted"
            and move.move_type != "out_refund"
            and move.payment_state not in move._paylink_get_settled_states()
            and not move.currency_id.is_zero(move.amount_residual)
        )

    @api.model
    def _get_status_code(self, move):
        """Return the state of a document as its customer would name it.

        :return: ``correcting``, ``cancelled``, ``credit_note``, ``credited``, ``paid``,
            ``nothing_due``, ``pending``, ``blocked``, ``overdue``, ``due_today`` or ``due``
        """
        if move.state != "posted":
            return "cancelled" if move.state == "cancel" else "correcting"
        if move.move_type == "out_refund":
            return "credit_note"
        if not self._is_due(move):
            if move.payment_state == "reversed":
                return "credited"
            return "paid" if move.amount_total else "nothing_due"
        if move.payment_state == "blocked":
            return "blocked"
        if move._paylink_get_pending_transactions():
            return "pending"
        return self._get_due_code(self._get_next_due_date(move))

    @api.model
    def _get_due_code(self, due_date):
        today = fields.Date.context_today(self)
        if not due_date or due_date > today:
            return "due"
        return "due_today" if due_date == today else "overdue"

    @api.model
    def _get_next_due_date(self, move):
        """Return when the next open part of a document is due."""
        open_lines = self._get_term_lines(move).filtered(lambda line: not line.reconciled)
        dates = [line.date_maturity for line in open_lines if line.date_maturity]
        return min(dates, default=move.invoice_date_due)

    @api.model
    def _get_term_lines(self, move):
        return move.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            lambda line: (line.date_maturity or fields.Date.today(), line.id)
        )

    @api.model
    def _prepare_status(self, move):
        """Return the status: ``status_code``, ``status_tone``, ``status_text``, ``status_details``."""
        code = self._get_status_code(move)
        tones = {"paid": "ok", "credited": "ok", "overdue": "warn", "blocked": "warn", "due": "due"}
        tones.update({"due_today": "warn", "pending": "due", "nothing_due": "ok"})
        return {
            "status_code": code,
            "status_tone": tones.get(code, "calm"),
            "status_text": self._get_status_text(move, code),
            "status_details": self._get_status_details(move, code),
        }

    @api.model
    def _get_status_text(self, move, code):
        texts = {
            "correcting": self.env._("Being corrected"),
            "cancelled": self.env._("Cancelled"),
            "credit_note": self.env._("Credit in your favor"),
            "credited": self.env._("Credited, nothing to pay"),
            "paid": self.env._("Paid, thank you"),
            "nothing_due": self.env._("Nothing to pay"),
            "pending": self.env._("Your payment is on its way"),
            "blocked": self.env._("On hold"),
        }
        return texts.get(code) or self._get_due_text(self._get_next_due_date(move))

    @api.model
    def _get_due_text(self, due_date):
        """Return e.g. "Due in 6 days · November 27, 2026"."""
        if not due_date:
            return self.env._("Due now")
        days = (due_date - fields.Date.context_today(self)).days
        if days == 0:
            text = self.env._("Due today")
        elif days == 1:
            text = self.env._("Due tomorrow")
        elif days == -1:
            text = self.env._("Overdue since yesterday")
        elif days > 0:
            text = self.env._("Due %(in_days)s", in_days=self._format_days(days, direction=True))
        else:
            text = self.env._("Overdue by %(days)s", days=self._format_days(-days))
        return f"{text} · {self._format_date(due_date)}"

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
    def _format_date(self, date):
        """Return a date that nobody can misread, e.g. "Nov 27, 2026"."""
        return format_date(self.env, date, date_format="medium") if date else ""

    @api.model
    def _get_status_details(self, move, code):
        """Return sentences that the status needs to be understood."""
        seller = move.company_id.name
        details = {
            "correcting": self.env._("%(seller)s is correcting this document.", seller=seller),
            "cancelled": self.env._("This document was cancelled. There is nothing to pay."),
            "pending": self.env._("You need not do anything. It can take some days to arrive."),
            "blocked": self.env._("%(seller)s has put this invoice on hold.", seller=seller),
            "credit_note": self._get_credit_detail(move),
        }
        if code in details:
            return [details[code]]
        if code not in DUE_CODES or move.payment_state != "partial":
            return []
        paid = move.currency_id.format(move.amount_total - move.amount_residual)
        total = move.currency_id.format(move.amount_total)
        return [self.env._("%(paid)s of %(total)s is already paid.", paid=paid, total=total)]

    @api.model
    def _get_credit_detail(self, move):
        if move.currency_id.is_zero(move.amount_residual):
            return self.env._("It has been used in full. There is nothing to do.")
        left = move.currency_id.format(move.amount_residual)
        return self.env._("%(amount)s of it is still yours to use.", amount=left)

    # === PAYING === #

    @api.model
    def _prepare_payment(self, link, summary, is_preview):
        """Return the offer to pay: ``denial`` (a reason or None), ``label``, ``offers``, ``hint``."""
        denial = link._get_denial("pay")
        if is_preview and denial in ("expired", "revoked"):
            # Staff look at the document; that the link is over is told elsewhere.
            denial = link.move_id._paylink_get_payment_denial()
        hints = {
            "no_provider": self._get_no_provider_text(link),
            "not_offered": self._get_no_provider_text(link),
        }
        return {
            "denial": denial,
            "label": self.env._("Pay %(amount)s", amount=summary["amount_due"]),
            "offers": self._prepare_offers(link.move_id) if summary["amount_due"] else [],
            "hint": hints.get(denial, "") if summary["amount_due"] else "",
        }

    @api.model
    def _get_no_provider_text(self, link):
        if link.move_id.partner_bank_id:
            return self.env._("Please pay by bank transfer, with the reference below.")
        return self.env._("Please ask %(seller)s how to pay.", seller=link.company_id.name)

    @api.model
    def _prepare_offers(self, move):
        """Return what else than the whole sum can be paid: the next part, or less if paid early.

        :return: list of ``{'amount', 'text'}``
        """
        values = move._get_invoice_next_payment_values()
        format_money = move.currency_id.format
        if values.get("installment_state") == "epd":
            saved = format_money(values["epd_discount_amount_currency"])
            date = self._format_date(fields.Date.to_date(values["discount_date"]))
            text = self.env._("if you pay by %(date)s: you save %(saved)s", date=date, saved=saved)
            return [{"amount": format_money(values["amount_due"]), "text": text}]
        is_part = move.currency_id.compare_amounts(
            values.get("next_amount_to_pay", 0), move.amount_residual
        )
        if values.get("installment_state") in ("next", "overdue") and is_part:
            due_date = values["next_due_date"]
            if values["installment_state"] == "overdue":
                text = self.env._(
                    "of it is overdue since %(date)s", date=self._format_date(due_date)
                )
            else:
                text = self.env._("of it is due by %(date)s", date=self._format_date(due_date))
            return [{"amount": format_money(values["next_amount_to_pay"]), "text": text}]
        return []

    @api.model
    def _prepare_bank(self, move):
        """Return the account to transfer to, or None where none is known.

        :return: list of ``{'label', 'value', 'is_code'}``; codes are worth a copy button
        """
        account = move.partner_bank_id
        if not account:
            return None
        holder = account.acc_holder_name or account.partner_id.name
        rows = (
            (self.env._("Account holder"), holder, False),
            (self.env._("Bank"), account.bank_id.name, False),
            (self.env._("Account number"), account.acc_number, True),
            (self.env._("BIC"), account.bank_id.bic, True),
            (self.env._("Payment reference"), move.payment_reference or move.name, True),
            (self.env._("Amount"), move.currency_id.format(move.amount_residual), False),
        )
        return [
            {"label": label, "value": value, "is_code": is_code}
            for label, value, is_code in rows
            if value
        ]

    # === THE DOCUMENT === #

    @api.model
    def _prepare_parties(self, move):
        """Return who bills whom: list of ``{'label', 'name', 'lines'}``."""
        parties = [
            (self.env._("From"), move.company_id.partner_id, move.company_id.vat),
            (self.env._("To"), move.partner_id, move.partner_id.vat),
        ]
        if move.partner_shipping_id not in (move.partner_id, self.env["res.partner"]):
            parties.append((self.env._("Delivered to"), move.partner_shipping_id, ""))
        ids = [partner.id for _label, partner, _vat in parties]
        return [
            {
                "label": label,
                "name": self._get_full_name(partner),
                "lines": self._get_address_lines(partner.with_prefetch(ids), vat),
            }
            for label, partner, vat in parties
        ]

    @api.model
    def _get_full_name(self, partner):
        """Return the person and the company, or one of them."""
        names = (partner.name, partner.commercial_partner_id.name)
        return ", ".join(dict.fromkeys(name for name in names if name))

    @api.model
    def _get_address_lines(self, partner, vat):
        address = partner._display_address(without_company=True)
        lines = [line.strip() for line in address.splitlines() if line.strip()]
        return [*lines, self.env._("Tax ID %(number)s", number=vat)] if vat else lines

    @api.model
    def _prepare_facts(self, move):
        """Return dates and references of the document: list of ``{'label', 'value'}``."""
        facts = (
            (self.env._("Issued"), self._format_date(move.invoice_date)),
            (self.env._("Due"), self._is_due(move) and self._format_date(move.invoice_date_due)),
            (self.env._("Delivered"), self._format_date(move.delivery_date)),
            (self.env._("Your reference"), move.ref),
            (self.env._("Order"), move.invoice_origin),
        )
        return [{"label": label, "value": value} for label, value in facts if value]

    @api.model
    def _prepare_sections(self, move):
        """Return the lines as the customer's PDF has them, grouped by section.

        Which lines are shown, collapsed or summed up is Odoo's decision, as in
        ``account.report_invoice_document``.

        :return: list of ``{'title': str or None, 'amount': str, 'rows': [...]}``; a row is
            ``{'kind': 'line' | 'sub' | 'note', 'name', 'text', 'detail', 'amount'}``
        """
        context = self._prepare_line_context(move)
        sections = [{"title": None, "amount": "", "rows": []}]
        for line in move._get_move_lines_to_report():
            if line.collapse_composition or line.collapse_prices:
                rows = self._prepare_collapsed_rows(line, context)
            else:
                rows = [self._prepare_row(line, context)]
            for row in rows:
                if row["kind"] == "section":
                    sections.append({"title": row["name"], "amount": row["amount"], "rows": []})
                else:
                    sections[-1]["rows"].append(row)
        return [section for section in sections if section["title"] or section["rows"]]

    @api.model
    def _prepare_line_context(self, move):
        """Return what all lines share, read once for all of them."""
        products = move.line_ids.filtered(lambda line: line.display_type == "product")
        amount_field = (
            "price_total" if move.company_price_include == "tax_included" else "price_subtotal"
        )
        totals = {}
        for line in products:
            section = line.parent_id
            for parent in {section.id, section.parent_id.id}:
                totals[parent] = totals.get(parent, 0) + line[amount_field]
        lang = self.env["res.lang"].browse(tools.get_lang(self.env).id)
        return {
            "amount_field": amount_field,
            "currency": move.currency_id,
            "totals": totals,
            "lang": lang,
            # Where all lines bear the same taxes, the totals say it once.
            "has_mixed_taxes": len({line.tax_ids for line in products}) > 1,
            "price_digits": self.env["decimal.precision"].precision_get("Product Price"),
            "quantity_digits": self.env["decimal.precision"].precision_get("Product Unit"),
            "unit_id": self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_unit"),
        }

    @api.model
    def _prepare_row(self, line, context):
        """Return the row of a line that is shown in full."""
        kinds = {"line_section": "section", "line_subsection": "sub", "line_note": "note"}
        kind = kinds.get(line.display_type, "line")
        name, _newline, text = (line.name or "").strip().partition("\n")
        row = {"kind": kind, "name": name, "text": text.strip(), "detail": "", "amount": ""}
        if kind == "note":
            row.update(name="", text=(line.name or "").strip())
        elif kind == "line":
            row["amount"] = context["currency"].format(line[context["amount_field"]])
            row["detail"] = self._get_line_detail(line, context)
        else:
            row["amount"] = context["currency"].format(context["totals"].get(line.id, 0))
        return row

    @api.model
    def _get_line_detail(self, line, context):
        """Return e.g. "4 hours × $ 95.00 · 10% off · Sales tax 6.5%"."""
        quantity = self._format_quantity(line.quantity, line.product_uom_id, context)
        parts = [f"{quantity} × {self._format_price(line.price_unit, context)}"]
        if line.discount:
            percent = self._format_number(line.discount, 2, context)
            parts.append(self.env._("%(percent)s%% off", percent=percent))
        if context["has_mixed_taxes"]:
            parts.extend(tax.tax_label for tax in line.tax_ids if tax.tax_label)
        return " · ".join(parts)

    @api.model
    def _format_quantity(self, quantity, unit, context):
        number = self._format_number(quantity, context["quantity_digits"], context)
        return number if not unit or unit.id == context["unit_id"] else f"{number}\u00a0{unit.name}"

    @api.model
    def _format_price(self, price, context):
        """Return a unit price with all its decimals: it may have more than the currency."""
        currency, digits = context["currency"], context["price_digits"]
        if digits <= currency.decimal_places or currency.is_zero(currency.round(price) - price):
            return currency.format(price)
        number = self._format_number(price, digits, context)
        return currency.format(0).replace(
            context["lang"].format(f"%.{currency.decimal_places}f", 0), number
        )

    @api.model
    def _format_number(self, value, digits, context):
        """Return a number in the reader's format, without zeros at its end."""
        plain = f"{value:.{digits}f}"
        decimals = len(plain.partition(".")[2].rstrip("0"))
        return context["lang"].format(f"%.{decimals}f", value, grouping=True)

    @api.model
    def _prepare_collapsed_rows(self, line, context):
        """Return the rows of a section whose prices, or whose composition, are not shown."""
        kinds = {"line_section": "section", "line_subsection": "sub", "line_note": "note"}
        amount_key = context["amount_field"]
        rows = []
        for child in line._get_child_lines():
            kind = kinds.get(child["display_type"], "line")
            name, _newline, text = (child["name"] or "").strip().partition("\n")
            row = {"kind": kind, "name": name, "text": text.strip(), "detail": "", "amount": ""}
            if kind in ("section", "sub") or line.collapse_composition:
                row["amount"] = context["currency"].format(child[amount_key])
            elif kind == "line":
                row["detail"] = self._format_quantity(child["quantity"], child["line_uom"], context)
            rows.append(row)
        return rows

    @api.model
    def _prepare_totals(self, move):
        """Return the totals as Odoo reports them, then what was paid and what is left.

        :return: list of ``{'label', 'amount', 'kind': 'part' | 'total' | 'heading' | 'converted' |
            'payment' | 'due'}``
        """
        if not move.tax_totals:
            return []
        rows = self._prepare_tax_rows(move.tax_totals, move.currency_id, "_currency")
        total = move.currency_id.format(move.tax_totals["total_amount_currency"])
        rows.append({"label": self.env._("Total"), "amount": total, "kind": "total"})
        if move.tax_totals.get("display_in_company_currency"):
            currency = move.company_currency_id
            label = self.env._("Taxes in %(currency)s", currency=currency.name)
            company_rows = self._prepare_tax_rows(move.tax_totals, currency, "")
            rows.append({"label": label, "amount": "", "kind": "heading"})
            rows.extend({**row, "kind": "converted"} for row in company_rows)
        payments = self._prepare_payments(move)
        rows.extend(payments)
        if payments and self._is_due(move):
            due = move.currency_id.format(move.amount_residual)
            rows.append({"label": self.env._("Still to pay"), "amount": due, "kind": "due"})
        return rows

    @api.model
    def _prepare_tax_rows(self, tax_totals, currency, suffix):
        """Return net amounts and taxes by tax group.

        :param str suffix: ``_currency`` for the invoice's currency, empty for the company's
        """
        rows = []
        for subtotal in tax_totals["subtotals"]:
            if subtotal["tax_groups"]:
                amount = currency.format(subtotal[f"base_amount{suffix}"])
                rows.append({"label": subtotal["name"], "amount": amount, "kind": "part"})
            for group in subtotal["tax_groups"]:
                base = group[f"display_base_amount{suffix}"]
                label = group["group_name"]
                if not tax_totals["same_tax_base"] and base is not False:
                    label = self.env._("%(tax)s on %(base)s", tax=label, base=currency.format(base))
                amount = currency.format(group[f"tax_amount{suffix}"])
                rows.append({"label": label, "amount": amount, "kind": "part"})
        rounding = tax_totals.get(f"cash_rounding_base_amount{suffix}")
        if rounding:
            amount = currency.format(rounding)
            rows.append({"label": self.env._("Rounding"), "amount": amount, "kind": "part"})
        return rows

    @api.model
    def _prepare_payments(self, move):
        """Return the payments and credit notes that were set off; no exchange differences."""
        if not move.currency_id.compare_amounts(move.amount_residual, move.amount_total):
            return []  # Nothing was set off; saves Odoo's search for it.
        widget = move.invoice_payments_widget or {"content": []}
        rows = []
        for content in sorted(widget["content"], key=lambda content: content["date"]):
            if content["is_exchange"]:
                continue
            label = self._get_payment_label(move, content)
            # A real minus sign, before the currency and never apart from it.
            amount = f"\u2212\u2060{move.currency_id.format(content['amount'])}"
            rows.append({"label": label, "amount": amount, "kind": "payment"})
        return rows

    @api.model
    def _get_payment_label(self, move, content):
        """Return what an entry of Odoo's ``invoice_payments_widget`` is, in a few words."""
        date = self._format_date(content["date"])
        if move.move_type == "out_refund":
            if content["account_payment_id"]:
                return self.env._("Paid out on %(date)s", date=date)
            return self.env._("Set off on %(date)s", date=date)
        if content["is_refund"]:
            return self.env._("Credit note of %(date)s", date=date)
        return self.env._("Paid on %(date)s", date=date)

    @api.model
    def _prepare_instalments(self, move):
        """Return the parts of a document that is paid in several: list of ``{'number', 'date',
        'amount', 'state_text', 'tone'}``; empty where it is paid at once."""
        lines = self._get_term_lines(move)
        if len(lines) < 2 or move.move_type == "out_refund":
            return []
        return [
            {
                "number": number,
                "date": self._format_date(line.date_maturity),
                "amount": move.currency_id.format(line.amount_currency),
                **self._prepare_instalment_state(line),
            }
            for number, line in enumerate(lines, start=1)
        ]

    @api.model
    def _prepare_instalment_state(self, line):
        if line.reconciled:
            return {"state_text": self.env._("Paid"), "tone": "ok"}
        if self._get_due_code(line.date_maturity) == "overdue":
            return {"state_text": self.env._("Overdue"), "tone": "warn"}
        if line.currency_id.compare_amounts(line.amount_residual_currency, line.amount_currency):
            left = line.currency_id.format(line.amount_residual_currency)
            return {"state_text": self.env._("%(amount)s open", amount=left), "tone": "calm"}
        return {"state_text": self.env._("Open"), "tone": "calm"}

    @api.model
    def _prepare_receipts(self, link, paths):
        """Return the receipts of payments made online: list of ``{'label', 'path'}``."""
        if not hasattr(link, "_get_receipts"):
            return []
        return [
            {
                "label": self.env._(
                    "Receipt for %(amount)s, %(date)s",
                    amount=tx.currency_id.format(tx.amount),
                    date=self._format_date(tx.last_state_change or tx.create_date),
                ),
                "path": paths and f"{paths['page']}/receipt/{quote(tx.reference, safe='')}",
            }
            for tx in link._get_receipts()
        ]

    # === WHAT WAS SAID === #

    @api.model
    def _prepare_notes(self, link):
        """Return the legal texts of the document, and the seller's terms if they are shared."""
        move = link.move_id
        texts = [
            move.invoice_payment_term_id.note,
            move.fiscal_position_id.note,
            move.taxes_legal_notes,
        ]
        if link.show_narration:
            texts.append(move.narration)
        return [cleaned for cleaned in map(clean_html, texts) if cleaned]

    @api.model
    def _prepare_comments(self, link):
        """Return the comments that the sender shares: list of ``{'author', 'date', 'body'}``."""
        comments = []
        for message in link.comment_ids.sorted("date"):
            body = clean_html(message.body)
            if body:
                author = (
                    message.author_id.name
                    or tools.parse_contact_from_email(message.email_from or "")[0]
                )
                comments.append(
                    {
                        "author": author or link.company_id.name,
                        "date": self._format_date(
                            fields.Datetime.context_timestamp(self, message.date)
                        ),
                        "body": body,
                    }
                )
        return comments

    @api.model
    def _prepare_files(self, link, paths):
        """Return the files that the sender shares: list of ``{'name', 'size', 'path'}``."""
        return [
            {
                "name": attachment.name,
                "size": self._format_size(attachment.file_size),
                "path": paths and f"{paths['page']}/attachment/{attachment.id}",
            }
            for attachment in link.attachment_ids
        ]

    @api.model
    def _format_size(self, size):
        """Return e.g. "58 kB"."""
        if not size:
            return ""
        return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{max(1, round(size / 1000))} kB"

    @api.model
    def _prepare_life(self, link):
        """Return how long the link works, as a sentence."""
        hours = link.hours_after_view if not link.first_view_date else 0
        values = {"hours": hours, "date": self._format_moment(link.expiration_date)}
        if link.expiration_date and hours:
            return self.env._(
                "It works until %(date)s, or %(hours)s hours after it is first opened.", **values
            )
        if link.expiration_date:
            return self.env._("It works until %(date)s.", **values)
        if hours:
            return self.env._("It works for %(hours)s hours after it is first opened.", **values)
        return self.env._("It works until it is replaced.")

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
            "%(date)s, %(time)s (%(timezone)s)", date=date, time=time, timezone=timezone
        )

    # === OTHER PAGES === #

    @api.model
    def _prepare_denial_values(self, link, denial):
        """Return the values of ``paylink_invoice.paylink_denial_page``.

        :param link: one `paylink.link` in sudo mode
        :param str denial: a reason of `paylink.link._get_denial`
        :return: the layout's values, ``denial``, ``heading``, ``text``, ``document_label``,
            ``renew_path`` (for ``expired``) and ``back_path`` (where the page still opens)
        """
        page, link, _move = self._switch_to(link)
        heading, text = page._get_denial_words(link, denial)
        is_over = denial in ("expired", "revoked")
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "denial": denial,
            "heading": heading,
            "text": text,
            "document_label": page._get_document_label(link),
            "renew_path": link._get_path("renew") if denial == "expired" else None,
            "back_path": None if is_over else link._get_path(),
        }

    @api.model
    def _get_denial_words(self, link, denial):
        """Return a heading and a sentence for a reason why something is not possible."""
        seller = link.company_id.name
        if denial == "expired":
            date = self._format_moment(link.expiration_date)
            text = self.env._("It stopped working on %(date)s.", date=date)
            return self.env._("This link has ended"), text
        if denial == "revoked":
            text = self.env._(
                "%(seller)s ended it on %(date)s. Please ask there for a new one.",
                seller=seller,
                date=self._format_moment(link.revoked_date),
            )
            return self.env._("This link was withdrawn"), text
        if denial == "unavailable":
            text = self.env._(
                "%(seller)s is correcting this document. Please come back later.", seller=seller
            )
            return self.env._("Not available right now"), text
        return self._get_payment_denial_words(link, denial)

    @api.model
    def _get_payment_denial_words(self, link, denial):
        if denial == "paid":
            text = self.env._("There is nothing left to pay. Thank you!")
            return self.env._("Already paid"), text
        if denial == "in_progress":
            text = self.env._("You need not pay again. It can take some days to arrive.")
            return self.env._("A payment is on its way"), text
        if denial in ("no_provider", "not_offered"):
            return self.env._("No online payment"), self._get_no_provider_text(link)
        text = self.env._("This document cannot be paid at the moment.")
        return self.env._("Nothing to pay here"), text

    @api.model
    def _prepare_renewal_values(self, link):
        """Return the values of ``paylink_invoice.paylink_renewal_page``.

        :param link: one `paylink.link` in sudo mode, in any state
        :return: the layout's values, ``heading``, ``document_label``, ``renew_path``
        """
        page, link, _move = self._switch_to(link)
        heading = page.env._("Get a new link")
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "document_label": page._get_document_label(link),
            "renew_path": link._get_path("renew"),
        }

    @api.model
    @tools.ormcache("lang", cache="templates")
    def _render_not_found(self, lang):
        """Return the one page for everything that opens nothing, rendered once per language.

        It names nobody: whoever tries tokens learns nothing.

        :param str lang: an installed language's code
        """
        page = self.sudo().with_context(lang=lang)  # The template is ours and shows no record.
        values = page._prepare_layout_values(title=page.env._("Page not found"))
        return page.env["ir.qweb"]._render("paylink_invoice.paylink_not_found_page", values)

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
