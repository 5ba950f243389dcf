# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The keys that links are signed with.

Keys live in a file outside the database, so that a copy of the database opens no link:

    # id  state   secret
    1     verify  5f1d...
    2     active  c0ffee...

A secret is 64 or more hexadecimal digits or the base64 of 32 or more bytes.

*active* signs new links and verifies, *verify* only verifies, *retired* does neither: its line
stays to keep the id from being used again. To rotate, add a key, make it active and the old one
verify; when the last link of the old one has ended, retire it. ``openssl rand -hex 32`` makes a
secret.

Plain Python without Odoo: the addon finds the path and the database's secret, this module does
the rest.
"""

import base64
import hmac
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

_logger = logging.getLogger(__name__)

STATES = ("active", "verify", "retired")
FALLBACK_ID = 0
MAX_ID = 255
SECRET_BYTES = 32  # RFC 2104, section 3: no shorter than the output of the hash
_MIN_DISTINCT = 12  # of 32 random bytes some 30 differ; fewer is a placeholder, not chance
_MAX_FILE_BYTES = 64 * 1024
_DERIVATION_LABEL = b"paylink_invoice/1"
# Filesystems stamp changes in ticks of 4 ms (ext4) to 2 s (FAT), and swapping "active" and
# "verify" keeps the size: what was stamped this recently may change again under the same stamp.
_SETTLED_NS = 2_000_000_000

_HEX = re.compile(r"[0-9A-Fa-f]+")
_BASE64 = re.compile(r"[0-9A-Za-z+/_-]+={0,2}")


class KeyringError(Exception):
    """Keys that cannot be used. The message names the line or the key, never a secret."""


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key.

    :param id: 1 to 255; 0 is the fallback derived from the database's secret
    :param state: one of :data:`STATES`
    :param secret: 32 bytes or more, in no repr
    :raise KeyringError: if one of them is out of range
    """

    id: int
    state: str
    secret: bytes = field(repr=False)

    def __post_init__(self):
        if not (type(self.id) is int and FALLBACK_ID <= self.id <= MAX_ID):
            raise KeyringError(f"a key's id must be a number from {FALLBACK_ID} to {MAX_ID}")
        if self.state not in STATES:
            raise KeyringError(f"the state must be one of {', '.join(STATES)}")
        if not isinstance(self.secret, bytes) or len(self.secret) < SECRET_BYTES:
            raise KeyringError(f"the secret must have at least {SECRET_BYTES} bytes")

    @property
    def is_verifying(self) -> bool:
        """Whether what this key signed is still accepted."""
        return self.state != "retired"


class Keyring(Mapping):
    """Keys by id, exactly one of them active. Not to be changed after it was made.

    To keep links of the fallback alive beside a key file (only on purpose: a copy of the
    database can then forge them)::

        Keyring([*ring.values(), replace(derived(secret).active, state="verify")])

    :param keys: the keys, ids and secrets all different
    :raise KeyringError: if an id or a secret comes twice, or not exactly one key is active
    """

    __slots__ = ("_keys", "active")

    def __init__(self, keys: Iterable[Key]):
        self._keys: dict[int, Key] = {}
        for key in keys:
            self._add(key)
        active = [key for key in self._keys.values() if key.state == "active"]
        if len(active) != 1:
            raise KeyringError(f"exactly one key must be active, not {len(active)}")
        self.active: Key = active[0]

    def _add(self, key: Key):
        if key.id in self._keys:
            raise KeyringError(f"key {key.id} is there twice")
        for other in self._keys.values():
            # A copied secret under a new id looks like a rotation and is none.
            if hmac.compare_digest(other.secret, key.secret):
                raise KeyringError(f"keys {other.id} and {key.id} have the same secret")
        self._keys[key.id] = key

    def __getitem__(self, key_id: int) -> Key:
        return self._keys[key_id]

    def get(self, key_id: int, default: Key | None = None) -> Key | None:
        # Mapping's own raises and catches for an unknown id, which can be measured from outside.
        return self._keys.get(key_id, default)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(f'{key.id} {key.state}' for key in self._keys.values())}>"


def load(path: str | os.PathLike) -> Keyring:
    """Read a key file.

    A file that other users of the machine can read is used, with a warning in the log: secrets
    mounted into containers often have mode 0444, and refusing them would only make people bake
    keys into images.

    :param path: the file, format as in the module's docstring
    :return: its keys
    :raise KeyringError: if it cannot be read or a line is wrong
    """
    status, keyring = _read(os.fspath(path))
    _warn_of_readers(path, status)
    return keyring


def cached_load(path: str | os.PathLike) -> Keyring:
    """Return the keys of a file, reading it again only when it has changed.

    Meant for every request: an edit acts on all workers at the next one, without a restart. A
    file that breaks or vanishes later keeps the last good keys and logs one error for each new
    fault, so a slip of the editor kills no links; a key is retired only once the file is right
    again.

    :param path: the file, format as in the module's docstring
    :return: its keys, or the last good ones
    :raise KeyringError: if this process never saw a good version; do not fall back to other
        keys then
    """
    path = os.fspath(path)
    cached = _cache.get(path)
    if cached and cached.is_good_for(_stamp_of(path)):
        return cached.keyring
    try:
        status, keyring = _read(path)
    except KeyringError as error:
        if cached is None:
            raise
        if str(error) != cached.error:
            _logger.error("%s: %s. Still using %r", path, error, cached.keyring)
        _cache[path] = replace(cached, error=str(error))
        return cached.keyring
    stamp = _stamp(status)
    if cached is None or cached.error or cached.stamp != stamp:
        _logger.info("%s: using %r", path, keyring)
        _warn_of_readers(path, status)
    _cache[path] = _Cached(keyring, stamp, is_settled=_is_settled(status))
    return keyring


def parse(text: str) -> Keyring:
    """Read the text of a key file.

    :param text: lines as in the module's docstring; ``#`` begins a comment
    :return: its keys
    :raise KeyringError: "line 3: ..." for a wrong line; key ids where lines contradict
        each other
    """
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        if fields := line.partition("#")[0].split():
            try:
                keys.append(_parse_key(fields))
            except KeyringError as error:
                raise KeyringError(f"line {number}: {error}") from None
    return Keyring(keys)


def derived(database_secret: str) -> Keyring:
    """Return the keyring of a database without a key file: key 0, made from its own secret.

    Whoever has a copy of the database can forge its links then; Settings says so.

    :param database_secret: the system parameter ``database.secret``
    :return: a keyring of one active key
    :raise KeyringError: if the secret is empty
    """
    if not database_secret:
        raise KeyringError("the database has no secret to derive a key from")
    # The secret is random already, so expanding it under a label is enough (RFC 5869, section 3.3).
    secret = hmac.digest(database_secret.encode(), _DERIVATION_LABEL, "sha256")
    return Keyring([Key(FALLBACK_ID, "active", secret)])


def generate_line(key_id: int, state: str = "active") -> str:
    """Make a fresh line for a key file.

    :param key_id: an id that the file does not have yet, 1 to 255
    :param state: one of :data:`STATES`
    :return: the line, without a line break; it is the secret, so log and store it nowhere else
    :raise KeyringError: if id or state are out of range
    """
    line = f"{key_id} {state} {secrets.token_hex(SECRET_BYTES)}"
    _parse_key(line.split())
    return line


# === Lines ===


def _parse_key(fields: list[str]) -> Key:
    """Make a key of a line's words. Errors echo no word: people swap columns."""
    if len(fields) != 3:
        raise KeyringError(f"expected id, state and secret, found {len(fields)} words")
    key_id, state, secret = fields
    if not re.fullmatch(r"[0-9]{1,3}", key_id) or not 1 <= int(key_id) <= MAX_ID:
        raise KeyringError(f"the id must be a number from 1 to {MAX_ID}")
    key = Key(int(key_id), state, _decode_secret(secret))
    if len(set(key.secret)) < _MIN_DISTINCT:
        raise KeyringError("the secret is not random; make one with: openssl rand -hex 32")
    return key


def _decode_secret(text: str) -> bytes:
    """Decode hexadecimal digits, or base64 in either alphabet with or without padding."""
    if _HEX.fullmatch(text):  # also when too short, which base64 would read as something longer
        if len(text) % 2:
            raise KeyringError("the secret has an odd number of hexadecimal digits")
        return bytes.fromhex(text)
    digits = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    if not _BASE64.fullmatch(text) or len(digits) % 4 == 1:
        raise KeyringError("the secret is neither hexadecimal nor base64")
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


# === Files ===


@dataclass(frozen=True, slots=True)
class _Cached:
    """What is known of a file.

    :param keyring: its last good keys
    :param stamp: the file's state when they were read
    :param is_settled: whether another edit would have changed the stamp
    :param error: the fault found since, or empty
    """

    keyring: Keyring
    stamp: tuple[int, int, int]
    is_settled: bool
    error: str = ""

    def is_good_for(self, stamp: tuple[int, int, int] | None) -> bool:
        return self.is_settled and not self.error and self.stamp == stamp


# One entry a path; entries are replaced whole, so threads need no lock.
_cache: dict[str, _Cached] = {}


def _read(path: str) -> tuple[os.stat_result, Keyring]:
    """Read and parse a file. Its status is taken first, so that a change in between shows."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for a writer
            raise KeyringError("is not a regular file")
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise KeyringError(f"cannot be read: {error.strerror}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise KeyringError(f"is larger than {_MAX_FILE_BYTES} bytes")
    # Bytes that are no UTF-8 may stand in comments; in a secret they fail with the number of
    # their line.
    return status, parse(content.decode("utf-8-sig", "replace"))


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _stamp_of(path: str) -> tuple[int, int, int] | None:
    try:
        return _stamp(os.stat(path))
    except OSError:
        return None


def _is_settled(status: os.stat_result) -> bool:
    return not 0 <= time.time_ns() - status.st_mtime_ns < _SETTLED_NS


def _warn_of_readers(path: str | os.PathLike, status: os.stat_result):
    if status.st_mode & (stat.S_IROTH | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        _logger.warning("%s: open to every user of this machine, mode %04o", path, mode)
