# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What `./paylink` runs: finds the command and turns failures into one line."""

import importlib
import os
import signal
import sys
import textwrap
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools.harness import reaper  # noqa: E402
from tools.harness.say import Failure, say  # noqa: E402

COMMANDS = {
    "demo": "set up and serve a filled demo (--port N, --fresh)",
    "test": "run the tests [pytest arguments] (--fast, --full, --coverage, --odoo-runner, --platform)",
    "lint": "check style and conventions (--fix formats)",
    "pot": "regenerate the translation templates (--check fails when one changes)",
    "docs": "regenerate README.rst and index.html of the addons (--check likewise)",
    "wheels": "build one wheel per addon into dist/",
    "install_check": "install each addon alone, then all together",
    "bench": "run benchmarks/run.py",
    "shots": "take the screenshots of the guide (tools/shots)",
    "odoo": "run Odoo on a development database [Odoo arguments]",
    "shell": "open an Odoo shell on that database",
    "lock": "lock tools/requirements/*.in and tools/npm again",
    "clean": "remove the cache and every database that these commands made",
}


def usage():
    """Print what the commands are and which variables change them."""
    print("usage: ./paylink COMMAND [OPTIONS]\n")
    for name, text in COMMANDS.items():
        print(f"  {name.replace('_', '-'):14} {text}")
    print(
        textwrap.dedent("""
        variables:
          PAYLINK_CACHE        what is downloaded and built (as root /var/cache/paylink, else ~/.cache/paylink)
          PAYLINK_ALLOW_SKIPS  1: a skipped test is no failure
          ODOO_PATH            an Odoo 19 of your own (a checkout, or a package unpacked)
          ODOO_PYTHON          a Python that has the requirements of Odoo and of the tests
          PGHOST PGPORT PGUSER PGPASSWORD
                               a PostgreSQL of your own: only paylink_* databases are touched""")
    )


def main(arguments):
    """Run one command; return the exit code."""
    name = arguments[0].replace("-", "_") if arguments else "help"
    if name in ("help", "__help", "_h"):
        usage()
        return 0
    if name not in COMMANDS:
        usage()
        say(f"no such command: {arguments[0]}")
        return 2
    # kill and a closed terminal end a command as Ctrl-C does, also one started in the background
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    reaper.watch_over()
    try:
        return importlib.import_module(f"tools.commands.{name}").run(arguments[1:]) or 0
    except Failure as failure:
        say(f"paylink: {failure}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Threads that wait for a child must not keep a failed command alive.
    os._exit(code)
