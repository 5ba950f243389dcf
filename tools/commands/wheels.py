# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink wheels`: one wheel per addon, built by whool into dist/."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from tools.harness import python_env
from tools.harness.layout import ROOT, addons, cache
from tools.harness.process import run as run_program
from tools.harness.say import Failure, say


def run(_arguments):
    """Build the wheels and look into each: a wheel without its manifest installs nothing."""
    python = python_env.environment("lint") / "bin" / "python"
    target = ROOT / "dist"
    shutil.rmtree(target, ignore_errors=True)
    for addon in addons():
        with tempfile.TemporaryDirectory() as folder:
            _build(python, addon, Path(folder))
            (wheel,) = Path(folder).glob("*.whl")
            _look_into(wheel, addon)
            target.mkdir(exist_ok=True)
            shutil.move(wheel, target / wheel.name)
            say(f"dist/{wheel.name}")


def _build(python, addon, folder):
    log = cache() / "wheels.log"
    log.unlink(missing_ok=True)
    options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "-q", "-w", folder]
    command = [python, "-m", "pip", "wheel", *options, ROOT / addon]
    run_program(command, log, f"building the wheel of {addon}")


def _look_into(wheel, addon):
    with zipfile.ZipFile(wheel) as archive:
        if f"odoo/addons/{addon}/__manifest__.py" not in archive.namelist():
            raise Failure(f"{wheel.name} lacks odoo/addons/{addon}/__manifest__.py")
