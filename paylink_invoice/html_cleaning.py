# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What people wrote, as it may stand on a page that anybody with the link can open.

Plain Python without Odoo.
"""

import re
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup

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
