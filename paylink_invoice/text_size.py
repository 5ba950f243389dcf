# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How long a text message is, and in how many parts it travels.  Plain Python, no Odoo.

By 3GPP TS 23.038: in the 7-bit alphabet of GSM one part has 160 letters, or 153 where there are
more parts; some letters count twice.  One letter outside of it, and the whole text is sent in
UTF-16: 70 units, or 67.  A letter of two units is never split between two parts.
"""

from typing import NamedTuple

GSM_LETTERS = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE_LETTERS = frozenset("^{}\\[~]|€\f")
# What a whole text has room for, and each part of several.
GSM_ROOM = (160, 153)
UNICODE_ROOM = (70, 67)


class TextSize(NamedTuple):
    """``units`` of ``room`` are used in ``parts`` parts."""

    units: int
    room: int
    parts: int
    is_unicode: bool


def measure(text):
    """Return the size of a text message.

    :param str text: the text as it leaves
    :rtype: TextSize
    """
    is_unicode = not all(letter in GSM_LETTERS or letter in GSM_DOUBLE_LETTERS for letter in text)
    weights = [_weigh(letter, is_unicode) for letter in text]
    whole, part = UNICODE_ROOM if is_unicode else GSM_ROOM
    units = sum(weights)
    if units <= whole:
        return TextSize(units, whole, 1 if text else 0, is_unicode)
    parts = _count_parts(weights, part)
    return TextSize(units, part * parts, parts, is_unicode)


def _weigh(letter, is_unicode):
    if is_unicode:
        return 2 if ord(letter) > 0xFFFF else 1
    return 2 if letter in GSM_DOUBLE_LETTERS else 1


def _count_parts(weights, room):
    parts, used = 1, 0
    for weight in weights:
        if used + weight > room:
            parts, used = parts + 1, 0
        used += weight
    return parts
