# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The filter that keeps tokens out of logs must never get in the way of logging."""

import logging
import sys

from paylink_plain.log_masking import TokenMask

TOKEN = "001PjqqEZhLLE19FZt3Uoqb5U3hVOrvc5qT"


def record(message, *arguments):
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, None)


def test_a_token_is_masked_wherever_it_stands():
    for written in (
        record(f"GET /paylink/{TOKEN}"),
        record("%s %s", "GET", f"/paylink/{TOKEN}/pdf"),
    ):
        assert TokenMask().filter(written)
        assert TOKEN[4:] not in written.getMessage()
        assert f"/paylink/{TOKEN[:4]}…" in written.getMessage()
    for text in (f"?next=%2Fpaylink%2F{TOKEN}", f"?link={TOKEN}", f"a mail to {TOKEN}"):
        written = record("GET %s", text)
        assert TokenMask().filter(written)
        assert TOKEN not in written.getMessage()
        assert f"{TOKEN[:4]}…" in written.getMessage()


def test_a_token_in_a_traceback_is_masked():
    try:
        raise ValueError(f"no such link: {TOKEN}")
    except ValueError:
        written = record("It failed")
        written.exc_info = sys.exc_info()
    assert TokenMask().filter(written)
    assert TOKEN not in logging.Formatter().format(written)


def test_a_record_without_a_token_is_left_as_it_is():
    written = record("%s and %s", "one", "two")
    assert TokenMask().filter(written)
    assert (written.msg, written.args) == ("%s and %s", ("one", "two"))


def test_a_wrong_format_is_left_to_the_handler():
    # Raised here it would end in the program that logs.
    for written in (record("100%", 1), record("%d", "x"), record("%s %s", 1)):
        assert TokenMask().filter(written)
