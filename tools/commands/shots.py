# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink shots`: runs tools/shots/run.py against a demo of its own."""

import subprocess

from tools.harness import system
from tools.harness.demo import Demo
from tools.harness.layout import ROOT, addons
from tools.harness.process import free_port
from tools.harness.say import Failure
from tools.harness.stage import Run


def run(arguments):
    """Run the program that takes the screenshots.

    It finds in its environment: PAYLINK_SHOTS_URL, PAYLINK_SHOTS_LINK (the loader's link),
    PAYLINK_SHOTS_BALANCE (its first balance link), PAYLINK_SHOTS_MAIL_URL, PAYLINK_SHOTS_DATABASE and those of `tools.harness.stand.shell`.
    """
    program = ROOT / "tools" / "shots" / "run.py"
    if not program.exists():
        raise Failure("there is no tools/shots/run.py")
    if not addons():
        raise Failure("there is no addon to show")
    system.prepare(browser=True)
    with Run() as stage:
        demo = Demo(stage, f"{stage.name}_shots")
        with demo.serving(free_port(), free_port()):
            variables = stage.variables | {
                "PYTHONPATH": f"{ROOT}:{stage.variables['PYTHONPATH']}",
                "PAYLINK_SHOTS_URL": demo.url,
                "PAYLINK_SHOTS_LINK": demo.ready_link() or "",
                "PAYLINK_SHOTS_BALANCE": _find_balance(demo),
                "PAYLINK_SHOTS_MAIL_URL": demo.mail.url,
                "PAYLINK_SHOTS_DATABASE": demo.database,
            }
            command = ["setpriv", "--pdeathsig", "TERM", str(stage.odoo.python), str(program)]
            return subprocess.run([*command, *arguments], env=variables, check=False).returncode


def _find_balance(demo):
    """Return the first balance link that the loader tells of."""
    return next(line.split()[-1] for line in demo.shown_lines() if "(balance: " in line)
