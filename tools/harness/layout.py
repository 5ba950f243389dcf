# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Where things are: the project, its addons, the cache; and keys of what is cached."""

import ast
import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ODOO_BIN = ROOT / "tools" / "bin" / "odoo-bin"
REQUIREMENTS = ROOT / "tools" / "requirements"


def cache():
    """Return the folder of everything downloaded and built; create it if need be."""
    if os.environ.get("PAYLINK_CACHE"):
        folder = Path(os.environ["PAYLINK_CACHE"]).absolute()
    elif os.getuid() == 0:
        folder = Path("/var/cache/paylink")
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paylink"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        # PostgreSQL refuses root, so as root its own user must reach its folder in here.
        folder.chmod(0o755)
    return folder


def digest(*parts):
    """Return twelve hexadecimal digits that change with any of the parts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def digest_files(paths):
    """Return a digest of the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(ROOT)
        total.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return total.hexdigest()[:12]


def manifest(addon):
    """Return the manifest of an addon of this project as a dict."""
    return ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())


def addons():
    """Return the names of this project's installable addons.

    An addon that names another addon first is not sorted: Odoo orders them itself.
    """
    names = sorted(path.parent.name for path in ROOT.glob("paylink_*/__manifest__.py"))
    return [name for name in names if manifest(name).get("installable", True)]


def foreign_dependencies():
    """Return the addons of others that this project's addons depend on."""
    own = addons()
    needed = {name for addon in own for name in manifest(addon).get("depends", [])}
    return sorted(needed - set(own))
