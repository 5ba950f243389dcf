# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink pot`: the translation templates, exported by Odoo."""

import difflib
import re

from tools.harness import system
from tools.harness.layout import ROOT, addons
from tools.harness.say import Failure, say
from tools.harness.stage import run_with_all_addons

# Export writes the time; a template must change only when a term does.
DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date): .*\\n"\n', re.MULTILINE)


def run(arguments):
    """Write i18n/<addon>.pot of each addon; with --check fail where it would change."""
    system.prepare()
    with run_with_all_addons() as stage:
        exported = {addon: _export(stage, addon) for addon in addons()}
    stale = [addon for addon, text in exported.items() if text != _current(addon)]
    if "--check" in arguments:
        for addon in stale:
            _show(addon, exported[addon])
        if stale:
            raise Failure(f"translation templates are out of date: run ./paylink pot ({stale})")
    for addon in stale:
        _path(addon).parent.mkdir(exist_ok=True)
        _path(addon).write_text(exported[addon])
    say(f"translation templates: {', '.join(stale) or 'none'} changed")


def _path(addon):
    return ROOT / addon / "i18n" / f"{addon}.pot"


def _current(addon):
    return _path(addon).read_text() if _path(addon).exists() else ""


def _export(stage, addon):
    file = stage.folder / f"{addon}.pot"
    arguments = ["i18n", "export", "-d", stage.seed, "-l", "pot", "-o", file, addon]
    stage.odoo.run(arguments, stage.variables, stage.folder / "pot.log", f"exporting {addon}")
    # without a term Odoo writes no file
    return DATES.sub("", file.read_text()) if file.exists() else ""


def _show(addon, text):
    before, after = _current(addon).splitlines(), text.splitlines()
    name = str(_path(addon).relative_to(ROOT))
    print("\n".join(difflib.unified_diff(before, after, name, "as exported", lineterm="")))
