# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Stripe's OpenAPI file, against which the tests check each request and each answer of the fake.

A package on the registry ships it. The package needs a newer Python than we have, so it is unpacked
only, never installed nor run.
"""

import os
import sys
import zipfile

from .layout import REQUIREMENTS, cache, digest_files
from .locks import locked
from .process import run
from .say import Failure, say, step

LOCK = REQUIREMENTS / "stripe_spec.txt"
MEMBER = "seahaven_stripe_world/spec/spec3.json"
VARIABLE = "PAYLINK_STRIPE_OPENAPI"


def variables():
    """Return the environment variable that names the file to the tests; none if there is no file.

    Whoever has set the variable is obeyed; it may be empty, to do without.
    """
    if VARIABLE in os.environ:
        return {VARIABLE: os.environ[VARIABLE]}
    file = cache() / f"stripe-spec-{digest_files([LOCK])}.json"
    try:
        if not file.exists():
            with locked(file.stem):
                if not file.exists():
                    _fetch(file)
    except Failure:
        say(
            "WARNING: Stripe's OpenAPI file is not to be had: requests are checked against the types "
            "of its package only"
        )
        return {}
    return {VARIABLE: str(file)}


def _fetch(file):
    folder = cache() / "stripe-spec"
    folder.mkdir(exist_ok=True)
    with step("fetch Stripe's OpenAPI file"):
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
        chosen = ["--no-deps", "--only-binary=:all:", "--python-version=3.14", "--require-hashes"]
        command = [*pip, *chosen, "-r", LOCK, "-d", folder]
        run(command, cache() / "stripe-spec.log", "pip download")
        (wheel,) = folder.glob("seahaven_stripe_world-*.whl")
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_bytes(zipfile.ZipFile(wheel).read(MEMBER))
        unfinished.rename(file)
        wheel.unlink()
