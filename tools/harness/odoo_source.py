# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo 19 itself: the user's own, or Debian's package unpacked into the cache.

Odoo is not on PyPI. Debian sid packages it for all architectures; we download that package with
an apt state of our own, as any user, and unpack it: nothing of the system changes.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from .layout import cache, digest
from .locks import locked
from .process import output_of, run
from .say import Failure, say, step

VERSION = "19.0.0+dfsg-1"
SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# Debian's Odoo links to these instead of shipping them. Font Awesome is taken from stable:
# sid's 7 has other file names than the 4.7 that Odoo asks for.
COMPANIONS = (
    "fonts-font-awesome/stable",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)


class OdooSource:
    """Where one Odoo lies: what to import it from, and where else addons are."""

    def __init__(self, python_path, addons_paths, key):
        self.python_path = python_path
        self.addons_paths = addons_paths
        self.key = key


def find():
    """Return the Odoo to use, downloading Debian's when `ODOO_PATH` names none."""
    if os.environ.get("ODOO_PATH"):
        return _given(Path(os.environ["ODOO_PATH"]).absolute())
    folder = cache() / f"odoo-{VERSION}"
    if not (folder / ".ok").exists():
        with locked("odoo"):
            if not (folder / ".ok").exists():
                _fetch(folder)
    return OdooSource(folder / "usr/lib/python3/dist-packages", [], VERSION)


def _given(folder):
    for python_path in (folder, folder / "usr/lib/python3/dist-packages"):
        release = python_path / "odoo" / "release.py"
        if not release.exists():
            continue
        if not re.search(r"^version_info = \(19, 0", release.read_text(), re.MULTILINE):
            raise Failure(f"ODOO_PATH={folder} is not Odoo 19.0: name another one")
        extra = [python_path / "addons"] if (python_path / "addons").is_dir() else []
        return OdooSource(python_path, extra, digest(python_path, release.stat().st_mtime))
    raise Failure(f"ODOO_PATH={folder} holds no odoo/release.py: name a checkout of Odoo 19")


def _mirror():
    """Return the address of the Debian mirror that this machine's apt uses."""
    fields = "$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    targets = [line.split("|") for line in output_of(command).splitlines()]
    # The label is known only once the lists were fetched; then the path has to tell.
    for label, _component, address in targets:
        if label == "Debian":
            return address
    for _label, component, address in targets:
        if component == "main" and address.rstrip("/").endswith("/debian"):
            return address
    raise Failure("no Debian mirror in apt's sources: add one, or name your Odoo in ODOO_PATH")


def _apt(folder):
    """Prepare an apt state of our own in `folder`; return the options that select it."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("lists/partial", "cache/archives/partial", "download"):
        (folder / part).mkdir(parents=True)
    mirror = _mirror()
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    sources = folder / "sources.list"
    sources.write_text(f"deb {signed} {mirror} sid main\ndeb {signed} {mirror} stable main\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::State::status": "/dev/null",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::Check-Valid-Until": "false",
    }
    return [f"-o{name}={value}" for name, value in options.items()]


def _fetch(folder):
    state = cache() / "apt"
    log = cache() / "odoo-fetch.log"
    options = _apt(state)
    with step("fetch Debian's package lists"):
        run(["apt-get", *options, "-qq", "update"], log, "apt-get update")
    with step(f"fetch odoo {VERSION} (123 MB)"):
        _download(options, state / "download", log)
    with step("unpack odoo"):
        _unpack(state / "download", folder)
    shutil.rmtree(state)


def _download(options, folder, log):
    packages = [f"odoo-19={_available(options)}", *COMPANIONS]
    command = ["apt-get", *options, "-qq", "download", *packages]
    run(command, log, "apt-get download", cwd=folder)
    (package,) = folder.glob("odoo-19_*.deb")
    with package.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != SHA256 and VERSION in packages[0]:
        raise Failure(f"{package.name} is not the file this project was tested with: not used")


def _available(options):
    """Return the version to download: ours, else the newest 19.0 with a loud warning."""
    listed = output_of(["apt-cache", *options, "madison", "odoo-19"])
    versions = re.findall(r"\|\s*(19\.0\S*)\s*\|", listed)
    if VERSION in versions:
        return VERSION
    if not versions:
        raise Failure("Debian has no odoo-19 any more: name a checkout of Odoo 19 in ODOO_PATH")
    say(f"WARNING: odoo-19 {VERSION} is gone, taking {versions[0]}: this one was never tested!")
    return versions[0]


def _unpack(packages, folder):
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, unfinished], check=True)
    _repair(unfinished / "usr/lib/python3/dist-packages")
    (unfinished / ".ok").touch()
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _repair(site):
    """Undo what Debian's packaging breaks for a tree that is not installed."""
    shutil.rmtree(site / "addons", ignore_errors=True)  # a stale copy of some addons
    # A bundle of the back end names this file, which Debian removed: every tour would fail.
    removed = site / "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    removed.parent.mkdir(parents=True, exist_ok=True)
    removed.write_text("/* removed by Debian */\n")
    for path in site.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
