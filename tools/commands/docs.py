# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink docs`: README.rst and static/description/index.html from readme/*.md."""

import subprocess

from tools.harness import python_env
from tools.harness.layout import ROOT, addons
from tools.harness.say import say


def run(arguments):
    """Write them for each addon that has fragments; with --check fail where one would change."""
    names = [name for name in addons() if (ROOT / name / "readme" / "DESCRIPTION.md").exists()]
    say("docs")
    python = python_env.environment("lint") / "bin" / "python"
    command = [python, ROOT / "tools" / "readme.py", *arguments, *(ROOT / name for name in names)]
    return subprocess.run(command, check=False).returncode
