# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How many parts a text message travels in, by the tables of 3GPP TS 23.038."""

import pytest
from paylink_plain import text_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 160, 0, False)),
        ("a" * 160, (160, 160, 1, False)),
        ("a" * 161, (161, 306, 2, False)),
        ("a" * 306, (306, 306, 2, False)),
        ("a" * 307, (307, 459, 3, False)),
        ("€" * 80, (160, 160, 1, False)),
        ("€" * 81, (162, 306, 2, False)),
        ("ä" * 160, (160, 160, 1, False)),
        ("ж" * 70, (70, 70, 1, True)),
        ("ж" * 71, (71, 134, 2, True)),
        ("🙂" * 35, (70, 70, 1, True)),
        ("🙂" * 36, (72, 134, 2, True)),
    ],
)
def test_sizes(text, expected):
    assert tuple(text_size.measure(text)) == expected


def test_a_letter_of_two_units_is_not_split():
    text = "a" * 152 + "€" + "a" * 152
    assert text_size.measure(text).units == 306
    assert text_size.measure(text).parts == 3


def test_a_no_break_space_is_what_makes_a_text_short():
    assert text_size.measure("100 $").is_unicode is False
    assert text_size.measure("100\u00a0$").is_unicode is True
