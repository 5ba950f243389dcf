# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Readable colours for the customer's pages, from the one colour of the seller's brand.

Plain Python without Odoo.
"""

import colorsys
import functools
import re

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


@functools.lru_cache(maxsize=256)
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
