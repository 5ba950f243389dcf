# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink lock`: locks what the tools install, after a change of a list."""

from tools.harness import python_env
from tools.harness.layout import REQUIREMENTS, cache
from tools.harness.process import run as run_program
from tools.harness.say import say

OPTIONS = ["--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--quiet"]


def run(_arguments):
    """Write the .txt beside each .in, and npm's lock; pins that still fit are kept."""
    log = cache() / "lock.log"
    uv = python_env.environment("uv") / "bin" / "uv"
    for source in sorted(REQUIREMENTS.glob("*.in")):
        options = [*OPTIONS, "--no-annotate", "--output-file", source.with_suffix(".txt").name]
        if source.stem == "addons":
            options.append("--no-deps")
        command = [uv, "pip", "compile", *options, source.name]
        run_program(command, log, f"locking {source.name}", cwd=REQUIREMENTS)
        say(f"locked {source.name}")
    for source in sorted(python_env.NPM.glob("*/package.json")):
        python_env.npm(source.parent, "install", "--package-lock-only")
        say(f"locked {source.relative_to(python_env.NPM)}")
