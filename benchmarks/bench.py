# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What the benchmarks share: the filled database and the servers on it."""

import os
import subprocess
import sys
from contextlib import ExitStack
from functools import cached_property

from tools.harness import stand as stands
from tools.harness.layout import ODOO_BIN, ROOT
from tools.harness.say import step

FOLDER = ROOT / "benchmarks"
LOGO = ROOT / "tools" / "demo" / "assets" / "logo_us.png"


def in_odoo(module, call):
    """Return code for an Odoo shell that answers with a call of `benchmarks.in_odoo.<module>`."""
    return f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.in_odoo import {module}
answer({module}.{call})
"""


# One database and no filter: else each request without a cookie connects to PostgreSQL anew,
# to ask which databases there are, which would hide what is compared.
OPTIONS = ("--db-filter=",)


class Bench:
    """The servers, started when a benchmark asks for one; `content` tells what there is to see.

    :param int effort: multiplies how often things are measured
    """

    def __init__(self, effort=1.0):
        self.effort = effort

    def __enter__(self):
        self.exits = ExitStack()
        seed = os.environ["PAYLINK_SEED"]
        os.environ["ODOO_ADDONS_PATH"] += f",{FOLDER / 'addons'}"
        with step("install the benchmarks' addon and create invoices"):
            subprocess.run(
                [
                    *(sys.executable, "-W", "ignore", ODOO_BIN, "-d", seed),
                    *("-i", "paylink_bench", "--skip-auto-install"),
                    *("--stop-after-init", "--no-http", "--log-level=warn"),
                ],
                check=True,
                cwd="/",
            )
            self.content = stands.shell(seed, in_odoo("content", f"fill(env, {str(LOGO)!r})"))
        return self

    def __exit__(self, *details):
        return self.exits.__exit__(*details)

    def rounds(self, count):
        """Return how often to measure what is normally measured `count` times."""
        return max(4, round(count * self.effort))

    @cached_property
    def quiet(self):
        """A server with one worker, for what is measured one by one."""
        stand = stands.stand("quiet", workers=1, crons=0, options=OPTIONS)
        return self.exits.enter_context(stand)

    @cached_property
    def crowded(self):
        """A server with four workers, for many visitors and for browsers."""
        stand = stands.stand("crowded", workers=4, crons=0, options=OPTIONS)
        return self.exits.enter_context(stand)
