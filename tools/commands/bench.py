# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink bench`: runs benchmarks/run.py on a stage of its own."""

import subprocess

from tools.harness import system
from tools.harness.layout import ROOT
from tools.harness.say import Failure
from tools.harness.stage import run_with_all_addons


def run(arguments):
    """Run the benchmarks; they get servers from `tools.harness.stand`, as tests do."""
    program = ROOT / "benchmarks" / "run.py"
    if not program.exists():
        raise Failure("there is no benchmarks/run.py")
    system.prepare(browser=True)
    with run_with_all_addons() as stage:
        variables = dict(stage.variables)
        variables["PYTHONPATH"] = f"{ROOT}:{variables['PYTHONPATH']}"
        command = ["setpriv", "--pdeathsig", "TERM", str(stage.odoo.python), str(program)]
        return subprocess.run([*command, *arguments], env=variables, check=False).returncode
