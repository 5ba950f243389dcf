# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The secret in a link's URL: made, checked, and kept out of logs.

A token is computed, never stored::

    base62( key_id:1 | generation:1 | public_ref:8 | mac:16 )

26 bytes, big-endian, always 35 letters and digits, one spelling only.
``mac`` is the first half of HMAC-SHA256 over the purpose, the three fields and the database's
uuid, each with its length before it. Altering, moving to another purpose or copying to another
database breaks it, so a forged token is turned away by arithmetic, before any query.

Checking takes one way whatever is wrong: every input is decoded, authenticated with some key
and compared in constant time, and all faults end in the same exception (OWASP ASVS 5.0, 11.2.4:
no short-circuits).

Plain Python without Odoo.
"""

import hmac
import re
import secrets
import struct
from dataclasses import dataclass

from .keyring import Key, Keyring

MAX_GENERATION = 2**8 - 1
MAX_PUBLIC_REF = 2**64 - 1

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(_ALPHABET)
_NO_DIGIT = 255
_DIGITS = bytes(_ALPHABET.find(byte) if byte in _ALPHABET else _NO_DIGIT for byte in range(256))

_MAC_BYTES = 16
_FIELDS = struct.Struct(">BBQ")
_TOKEN_BYTES, TOKEN_LENGTH = _FIELDS.size + _MAC_BYTES, 35
_SIGNATURE_BYTES, SIGNATURE_LENGTH = 1 + _MAC_BYTES, 23

# Two domains: no signature is ever a token, whatever purposes callers choose.
_TOKEN_DOMAIN = b"paylink_invoice/token/1"
_SIGNATURE_DOMAIN = b"paylink_invoice/signature/1"
_DUMMY_SECRET = secrets.token_bytes(32)


class InvalidToken(Exception):
    """A token that opens nothing. The message holds neither the token nor the reason."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a genuine token says.

    :param key_id: the key that signed it
    :param generation: 0 to 255; a link's older generations are dead, which the caller checks
    :param public_ref: unsigned 64-bit number of the link
    """

    key_id: int
    generation: int
    public_ref: int


def mint(
    keyring: Keyring, purpose: str, public_ref: int, generation: int, database_uuid: str
) -> str:
    """Make the token of a link.

    The active key signs, never an older one: that can retire when what it signed has ended.

    :param keyring: the keys
    :param purpose: what the token opens, e.g. "invoice"; no other purpose accepts it
    :param public_ref: the link's number, 0 to 2**64 - 1
    :param generation: 0 to 255; a link regenerated more often needs a new public_ref
    :param database_uuid: the system parameter ``database.uuid``, so that copies of the database
        start anew
    :return: 35 letters and digits
    :raise ValueError: if a number is out of range or a text is empty
    """
    if not (0 <= public_ref <= MAX_PUBLIC_REF and 0 <= generation <= MAX_GENERATION):
        raise ValueError("public_ref or generation is out of range")
    key = keyring.active
    fields = _FIELDS.pack(key.id, generation, public_ref)
    mac = _token_mac(key.secret, purpose, fields, database_uuid)
    return _encode(fields + mac, TOKEN_LENGTH)


def parse(keyring: Keyring, purpose: str, token: object, database_uuid: str) -> TokenClaims:
    """Check a token and return what it says.

    :param keyring: the keys; active and verify-only ones count
    :param purpose: the purpose it was minted for
    :param token: what came in the URL; anything at all
    :param database_uuid: the system parameter ``database.uuid``
    :return: the claims of a genuine token; whether its link lives is for the caller to look up
    :raise InvalidToken: if it is anything else than a token minted with these keys, purpose and
        database
    :raise ValueError: if purpose or database_uuid are empty
    """
    raw, is_canonical = _decode(token, _TOKEN_BYTES, TOKEN_LENGTH)
    key_id, generation, public_ref = _FIELDS.unpack_from(raw)
    secret, is_known = _verifying_secret(keyring, key_id)
    mac = _token_mac(secret, purpose, raw[: _FIELDS.size], database_uuid)
    is_genuine = hmac.compare_digest(mac, raw[_FIELDS.size :])
    if not (is_genuine & is_known & is_canonical):
        raise InvalidToken("invalid token")
    return TokenClaims(key_id, generation, public_ref)


def sign(keyring: Keyring, purpose: str, *parts: str | bytes) -> str:
    """Sign values that a page carries and sends back, e.g. a nonce with its time and link.

    Unlike a token the signature does not contain the values and knows no database: sign all
    that matters.

    :param keyring: the keys; the active one signs
    :param purpose: what it is good for; no other purpose and no token accepts it
    :param parts: the values, as text (UTF-8) or bytes; ("ab", "c") and ("a", "bc") differ
    :return: 23 letters and digits
    :raise ValueError: if the purpose is empty
    :raise TypeError: if a part is neither text nor bytes
    """
    key = keyring.active
    mac = _signature_mac(key.secret, key.id, purpose, parts)
    return _encode(bytes([key.id]) + mac, SIGNATURE_LENGTH)


def verify(keyring: Keyring, purpose: str, signature: object, *parts: str | bytes) -> bool:
    """Check a signature.

    :param keyring: the keys; active and verify-only ones count
    :param purpose: the purpose it was made for
    :param signature: what came back; anything at all
    :param parts: the values, in the order they were signed
    :return: whether :func:`sign` made it of the same purpose and parts
    :raise ValueError: if the purpose is empty
    :raise TypeError: if a part is neither text nor bytes
    """
    raw, is_canonical = _decode(signature, _SIGNATURE_BYTES, SIGNATURE_LENGTH)
    secret, is_known = _verifying_secret(keyring, raw[0])
    is_genuine = hmac.compare_digest(_signature_mac(secret, raw[0], purpose, parts), raw[1:])
    return is_genuine & is_known & is_canonical


# === Masking ===

# The path in plain text, in JSON ("\/") or quoted into another URL ("%2F", "%252F"), then letters
# and digits, plain or percent-encoded. What mail programs break a token with counts as part of it,
# so that no second half is left over. The run ends with a letter or digit, which leaves a sentence
# its full stop. No two alternatives begin alike, so hostile text costs linear time.
_SLASHES = r"(?:\\*/|%(?:25)*2F)+"
_ENCODED = r"%(?:3\d|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])"
_JOINT = rf"(?:[-._~=+*\u00ad\u200b]|(?!{_ENCODED}|%2[2367F]|%3[CEF])%[0-9A-F][0-9A-F])"
_SYMBOL = rf"(?:{_JOINT}*(?:[0-9A-Z]|{_ENCODED}))"
_TOKEN_PATH = re.compile(
    rf"(?:(?<=/)|(?<=2F))(paylink{_SLASHES}(?:balance{_SLASHES})?{_SYMBOL}{{4}}){_SYMBOL}{{12,}}",
    re.IGNORECASE | re.ASCII,
)
# A word of a token's length and letters with a digit among them (two tokens in a thousand have
# none, and many names of programs), after anything but a letter or digit: a sign, a quoted one ("%2F", "%252F")
# or a line break as JSON has it. Hashes and uuids have other lengths.
_BARE_TOKEN = re.compile(
    r"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2})|(?<=%25[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
    rf"(?=[A-Za-z]*[0-9])([0-9A-Za-z]{{4}})[0-9A-Za-z]{{{TOKEN_LENGTH - 4}}}(?![0-9A-Za-z])"
)


def mask(text: str) -> str:
    """Hide the tokens in a text that goes to a log.

    Everything after ``/paylink/`` or ``/paylink/balance/`` with 16 or more letters and digits
    is cut to its first four: a token cut short or typed wrong is still most of a secret. Words
    such as ``/paylink/preview/12`` stay. Elsewhere, as in ``?link=…``, a whole word that looks
    like a token is cut likewise.

    :param text: any text, e.g. a request line
    :return: the text with tokens as ``/paylink/3fA9…``
    """
    if "paylink" in text.lower():
        text = _TOKEN_PATH.sub(r"\1…", text)
    return _BARE_TOKEN.sub(r"\1…", text)


# === Arithmetic ===


def _verifying_secret(keyring: Keyring, key_id: int) -> tuple[bytes, bool]:
    """Return the key's secret, or a random one at the same cost, and whether it may verify."""
    key: Key | None = keyring.get(key_id)
    is_known = key is not None and key.is_verifying
    return (key.secret if is_known else _DUMMY_SECRET), is_known


def _token_mac(secret: bytes, purpose: str, fields: bytes, database_uuid: str) -> bytes:
    if not (purpose and database_uuid):
        raise ValueError("a token needs a purpose and a database")
    key_id, generation, public_ref = fields[:1], fields[1:2], fields[2:]
    return _mac(secret, _TOKEN_DOMAIN, purpose, key_id, generation, public_ref, database_uuid)


def _signature_mac(
    secret: bytes, key_id: int, purpose: str, parts: tuple[str | bytes, ...]
) -> bytes:
    if not purpose:
        raise ValueError("a signature needs a purpose")
    return _mac(secret, _SIGNATURE_DOMAIN, purpose, bytes([key_id]), *parts)


def _mac(secret: bytes, *parts: str | bytes) -> bytes:
    """Authenticate parts, each after its length: no other parts give the same message."""
    message = bytearray()
    for part in parts:
        # surrogatepass: hostile text must not raise, and no two texts may become the same bytes
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        if not isinstance(data, bytes):
            raise TypeError("only text and bytes can be signed")
        message += len(data).to_bytes(8, "big")
        message += data
    return hmac.digest(secret, message, "sha256")[:_MAC_BYTES]


def _encode(raw: bytes, length: int) -> str:
    """Spell bytes as a big-endian number in base 62, padded with zeros to a fixed length."""
    value = int.from_bytes(raw, "big")
    spelling = bytearray(length)
    for place in range(length - 1, -1, -1):
        value, digit = divmod(value, _BASE)
        spelling[place] = _ALPHABET[digit]
    return spelling.decode("ascii")


def _decode(spelling: object, size: int, length: int) -> tuple[bytes, bool]:
    """Read bytes from base 62.

    Never stops early: what cannot be read gives some bytes all the same, for the caller to run
    through.

    :return: ``size`` bytes, and whether ``spelling`` is what :func:`_encode` makes of them
    """
    is_sized = isinstance(spelling, str) and len(spelling) == length
    readable = spelling if is_sized else "0" * length
    digits = readable.encode("ascii", "replace").translate(_DIGITS)
    value = 0
    for digit in digits:
        value = value * _BASE + digit
    limit = 1 << 8 * size
    is_canonical = is_sized & (max(digits) < _BASE) & (value < limit)
    return (value % limit).to_bytes(size, "big"), is_canonical
