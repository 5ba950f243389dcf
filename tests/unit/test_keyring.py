# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The key file: SECURITY.md A 5."""

import base64
import logging
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paylink_plain import keyring, tokens
from paylink_plain.keyring import Key, Keyring, KeyringError

UUID = "0b1f2c9e-5a7f-11ef-9d3c-0242ac120002"
A = "5f1d9a0c77b24e6e8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f61"
B = "c0ffee00aa11bb22cc33dd44ee55ff6677889900a1b2c3d4e5f60718293a4b5c"
ROTATED = f"# ours\n1 verify {A}\n\n2\tactive   {B}   # since May\n"


@pytest.fixture
def key_file(tmp_path):
    """Return a function that writes the key file; its time stamp is old unless told."""
    path = tmp_path / "keys"
    ages = iter(range(10_000, 0, -10))

    def write(text, is_fresh=False):
        path.write_text(text)
        path.chmod(0o640)
        if not is_fresh:
            then = time.time() - next(ages)
            os.utime(path, (then, then))
        return path

    return write


@pytest.fixture(autouse=True)
def _empty_cache():
    keyring._cache.clear()


def states(ring):
    return {key.id: key.state for key in ring.values()}


def errors(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]


# === Keys ===


def test_a_repr_hides_the_secret():
    key = Key(1, "active", bytes.fromhex(A))
    for text in (repr(key), str(key), repr(Keyring([key])), f"{[key]}"):
        assert A not in text
        assert repr(key.secret)[2:-1] not in text
    assert repr(Keyring([key])) == "<Keyring 1 active>"


@pytest.mark.parametrize(
    "key_id, state, secret",
    [
        (-1, "active", b"x" * 32),
        (256, "active", b"x" * 32),
        ("1", "active", b"x" * 32),
        (True, "active", b"x" * 32),
        (1, "Active", b"x" * 32),
        (1, "", b"x" * 32),
        (1, "active", b"x" * 31),
        (1, "active", "x" * 32),
        (1, "active", None),
    ],
)
def test_a_wrong_key_is_refused(key_id, state, secret):
    with pytest.raises(KeyringError):
        Key(key_id, state, secret)


def test_a_key_cannot_be_changed():
    with pytest.raises(AttributeError):
        Key(1, "retired", b"x" * 32).state = "active"


@pytest.mark.parametrize(
    "keys, message",
    [
        ([], "exactly one key must be active, not 0"),
        ([(1, "verify", b"1" * 32)], "exactly one key must be active, not 0"),
        ([(1, "active", b"1" * 32), (2, "active", b"2" * 32)], "must be active, not 2"),
        ([(1, "active", b"1" * 32), (1, "verify", b"2" * 32)], "key 1 is there twice"),
        ([(1, "retired", b"1" * 32), (2, "active", b"1" * 32)], "1 and 2 have the same secret"),
    ],
)
def test_a_keyring_has_one_active_key_and_no_twins(keys, message):
    with pytest.raises(KeyringError, match=message):
        Keyring([Key(*key) for key in keys])


def test_a_keyring_is_a_mapping():
    one, two = Key(1, "verify", b"1" * 32), Key(2, "active", b"2" * 32)
    ring = Keyring([one, two])
    assert ring.active is two
    assert ring.get(1) is ring[1] is one
    assert ring.get(3) is None
    assert list(ring) == [1, 2]
    assert len(ring) == 2
    assert 2 in ring
    with pytest.raises(TypeError):
        ring[3] = one


# === Lines ===


def test_a_file_is_read(key_file):
    ring = keyring.load(key_file(ROTATED))
    assert states(ring) == {1: "verify", 2: "active"}
    assert ring[1].secret == bytes.fromhex(A)
    assert ring.active.secret == bytes.fromhex(B)


@given(st.binary(min_size=32, max_size=80).filter(lambda secret: len(set(secret)) >= 12))
def test_every_spelling_of_a_secret_is_read(secret):
    standard, safe = base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()
    for text in (secret.hex(), secret.hex().upper(), standard, safe, safe.rstrip("=")):
        assert keyring.parse(f"1 active {text}").active.secret == secret


@pytest.mark.parametrize("text", ["\ufeff{}", "{}\r\n# end\r\n", "# Schl\u00fcssel\n{}"])
def test_what_editors_leave_behind_is_read(tmp_path, text):
    path = tmp_path / "keys"
    path.write_bytes(text.format(f"1 active {A}").encode())
    assert keyring.load(path).active.id == 1


def test_a_comment_in_another_encoding_is_no_fault(tmp_path):
    path = tmp_path / "keys"
    path.write_bytes(b"# Schl\xfcssel\n" + f"1 active {A}".encode())
    assert keyring.load(path).active.id == 1


@pytest.mark.parametrize(
    "line, message",
    [
        ("1 active", "line 3: expected id, state and secret, found 2 words"),
        (f"1 active {A} {B}", "line 3: expected id, state and secret, found 4 words"),
        (f"0 active {A}", "line 3: the id must be a number from 1 to 255"),
        (f"256 active {A}", "line 3: the id must be a number from 1 to 255"),
        (f"-1 active {A}", "line 3: the id must be a number from 1 to 255"),
        (f"0001 active {A}", "line 3: the id must be a number from 1 to 255"),
        (f"\u0661 active {A}", "line 3: the id must be a number from 1 to 255"),
        (f"{A} active 1", "line 3: the id must be a number from 1 to 255"),
        (f"1 {A} active", "line 3: the state must be one of active, verify, retired"),
        (f"1 ACTIVE {A}", "line 3: the state must be one of active, verify, retired"),
        (f"1 active {A[:62]}", "line 3: the secret must have at least 32 bytes"),
        (f"1 active {A[:48]}", "line 3: the secret must have at least 32 bytes"),
        (f"1 active {A}0", "line 3: the secret has an odd number of hexadecimal digits"),
        (f"1 active {'x' * 40}", "line 3: the secret must have at least 32 bytes"),
        (f"1 active {'x' * 45}", "line 3: the secret is neither hexadecimal nor base64"),
        (f"1 active {A[:-1]}$", "line 3: the secret is neither hexadecimal nor base64"),
        (f"1 active {A[:-1]}\u00e4", "line 3: the secret is neither hexadecimal nor base64"),
        (f"1 active {'0' * 64}", "line 3: the secret is not random"),
        (f"1 active {'changeme' * 8}", "line 3: the secret is not random"),
    ],
)
def test_an_error_names_the_line_and_never_the_secret(key_file, line, message):
    with pytest.raises(KeyringError) as caught:
        keyring.load(key_file(f"# first\n\n{line}\n"))
    assert str(caught.value).startswith(message)
    assert not [word for word in line.split() if len(word) > 8 and word in str(caught.value)]
    # nor in what a traceback prints after it
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(KeyringError, match="cannot be read: No such file"):
        keyring.load(tmp_path / "none")
    with pytest.raises(KeyringError, match="not a regular file"):
        keyring.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KeyringError, match="not a regular file"):
        keyring.load(tmp_path / "pipe")
    (tmp_path / "large").write_text(f"1 active {A}\n" + "#" * 70_000)
    with pytest.raises(KeyringError, match="larger than"):
        keyring.load(tmp_path / "large")


@pytest.mark.parametrize(
    "mode, is_warned",
    [(0o600, False), (0o640, False), (0o440, False), (0o444, True), (0o666, True), (0o622, True)],
)
def test_a_file_open_to_all_is_used_with_a_warning(key_file, caplog, mode, is_warned):
    path = key_file(ROTATED)
    path.chmod(mode)
    for read in (keyring.load, keyring.cached_load):
        caplog.clear()
        assert read(path).active.id == 2
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert bool(warnings) == is_warned
        assert A not in caplog.text


@given(st.sampled_from(keyring.STATES), st.integers(1, 255))
def test_a_generated_line_is_a_fresh_key(state, key_id):
    line = keyring.generate_line(key_id, state)
    assert line != keyring.generate_line(key_id, state)
    other = 1 if key_id != 1 else 2
    extra = "" if state == "active" else f"\n{other} active {A}"
    assert keyring.parse(line + extra)[key_id].state == state


@pytest.mark.parametrize("key_id, state", [(0, "active"), (256, "active"), (1, "fresh")])
def test_no_line_is_generated_that_would_be_refused(key_id, state):
    with pytest.raises(KeyringError):
        keyring.generate_line(key_id, state)


# === The fallback ===


def test_the_fallback_is_derived_from_the_database_alone():
    ring = keyring.derived("s3cret")
    assert states(ring) == {0: "active"}
    assert ring == keyring.derived("s3cret")
    assert ring.active.secret != keyring.derived("s3cret ").active.secret
    # printf paylink_invoice/1 | openssl dgst -sha256 -mac HMAC -macopt key:s3cret
    expected = "f6568e170e90701cc72ed709c25d4c845ca0270e67a7bc2bebc929ed56a89e09"
    assert ring.active.secret.hex() == expected


@pytest.mark.parametrize("secret", ["", None, False])
def test_a_database_without_a_secret_has_no_fallback(secret):
    with pytest.raises(KeyringError):
        keyring.derived(secret)


def test_links_of_the_fallback_can_be_kept_beside_a_file():
    fallback = keyring.derived("s3cret")
    token = tokens.mint(fallback, "invoice", 1, 0, UUID)
    ring = keyring.parse(ROTATED)
    with pytest.raises(tokens.InvalidToken):
        tokens.parse(ring, "invoice", token, UUID)
    both = Keyring([*ring.values(), Key(0, "verify", fallback.active.secret)])
    assert tokens.parse(both, "invoice", token, UUID).key_id == 0
    assert both.active.id == 2


# === The cache ===


def test_an_unchanged_file_is_not_read_again(key_file, monkeypatch):
    path = key_file(ROTATED)
    ring = keyring.cached_load(path)
    monkeypatch.setattr(keyring, "_read", None)
    assert keyring.cached_load(path) is ring
    assert keyring.cached_load(str(path)) is ring


def test_a_rotation_acts_at_the_next_call(key_file):
    path = key_file(f"1 active {A}")
    old = tokens.mint(keyring.cached_load(path), "invoice", 7, 0, UUID)
    key_file(ROTATED)
    rotated = keyring.cached_load(path)
    assert tokens.parse(rotated, "invoice", old, UUID).key_id == 1
    assert tokens.mint(rotated, "invoice", 7, 0, UUID) != old
    key_file(ROTATED.replace("verify", "retired"))
    with pytest.raises(tokens.InvalidToken):
        tokens.parse(keyring.cached_load(path), "invoice", old, UUID)


def test_a_file_that_keeps_size_and_stamp_is_read_while_it_is_fresh(key_file):
    # "active" and "verify" have six letters each; both edits fall into one tick of the clock.
    path = key_file(f"1 active {A}\n2 verify {B}\n", is_fresh=True)
    stamp = path.stat()
    assert keyring.cached_load(path).active.id == 1
    key_file(f"1 verify {A}\n2 active {B}\n", is_fresh=True)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert keyring._stamp_of(path) == keyring._stamp(stamp)
    assert keyring.cached_load(path).active.id == 2


def test_a_file_put_in_place_of_another_is_noticed(key_file, tmp_path):
    path = key_file(f"1 active {A}\n2 verify {B}\n")
    assert keyring.cached_load(path).active.id == 1
    stamp = path.stat()
    other = tmp_path / "other"
    other.write_text(f"1 verify {A}\n2 active {B}\n")
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.rename(path)
    assert keyring.cached_load(path).active.id == 2


def test_a_link_that_is_turned_to_another_file_is_noticed(tmp_path):
    # How Kubernetes replaces a mounted secret.
    for name, text in (("v1", f"1 active {A}"), ("v2", f"2 active {B}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "keys").write_text(text)
    (tmp_path / "data").symlink_to("v1")
    path = tmp_path / "data" / "keys"
    assert keyring.cached_load(path).active.id == 1
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").rename(tmp_path / "data")
    assert keyring.cached_load(path).active.id == 2


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda path: path.write_text(f"1 active {A[:-2]}"), "line 1: the secret must have"),
        (lambda path: path.write_text(""), "exactly one key must be active"),
        (lambda path: path.unlink(), "cannot be read: No such file"),
    ],
    ids=["broken line", "empty while being saved", "gone"],
)
def test_a_broken_edit_keeps_the_last_good_keys_and_is_logged_once(
    key_file, caplog, spoil, message
):
    path = key_file(ROTATED)
    good = keyring.cached_load(path)
    spoil(path)
    for _ in range(5):
        assert keyring.cached_load(path) is good
    (logged,) = errors(caplog)
    assert message in logged
    assert str(path) in logged
    assert A not in caplog.text
    key_file(f"3 active {A}")
    assert keyring.cached_load(path).active.id == 3
    assert len(errors(caplog)) == 1


def test_a_second_fault_is_logged_too_and_so_is_the_same_after_a_repair(key_file, caplog):
    path = key_file(ROTATED)
    keyring.cached_load(path)
    for text in ("1 active x", "1 active x\n", "1 x\n", ROTATED, "1 x\n"):
        key_file(text)
        keyring.cached_load(path)
    assert len(errors(caplog)) == 3


def test_a_file_that_comes_back_unchanged_is_a_repair(key_file, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    path = key_file(ROTATED)
    keyring.cached_load(path)
    for _ in range(2):
        path.rename(tmp_path / "away")
        keyring.cached_load(path)
        (tmp_path / "away").rename(path)
        keyring.cached_load(path)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["INFO", "ERROR", "INFO", "ERROR", "INFO"]


def test_a_file_that_was_never_good_is_an_error_each_time(key_file):
    path = key_file("1 active x")
    for _ in range(2):
        with pytest.raises(KeyringError):
            keyring.cached_load(path)
    key_file(ROTATED)
    assert keyring.cached_load(path).active.id == 2


def test_a_secret_survives_no_log_at_any_level(key_file, caplog):
    caplog.set_level(logging.DEBUG)
    path = key_file(ROTATED)
    path.chmod(0o666)
    keyring.cached_load(path)
    key_file(f"1 {A} active")
    keyring.cached_load(path)
    assert len(caplog.records) == 3
    assert A not in caplog.text
    assert B not in caplog.text
