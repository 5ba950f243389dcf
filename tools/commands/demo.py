# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink demo`: a filled demo, served until Ctrl-C."""

import argparse
import shutil
import time

from tools.harness import system
from tools.harness.demo import LOADER, MODULES, Demo, choose_port
from tools.harness.layout import addons, cache, foreign_dependencies
from tools.harness.locks import try_lock
from tools.harness.say import Failure, say
from tools.harness.stage import Stage


def run(arguments):
    """Serve the demo database, made the first time or with --fresh."""
    parser = argparse.ArgumentParser(prog="paylink demo")
    parser.add_argument("--port", type=int, help="port of Odoo (8069, or a free one)")
    parser.add_argument(
        "--mail-port", type=int, help="port of the mails' page (8025, or a free one)"
    )
    parser.add_argument("--fresh", action="store_true", help="make the demo database anew")
    options = parser.parse_args(arguments)
    if MODULES[0] not in addons():
        raise Failure(f"no demo without {MODULES[0]}/__manifest__.py")
    system.prepare()
    folder = cache() / "demo"
    folder.mkdir(exist_ok=True)
    lock = try_lock(folder / "lock")
    if not lock:
        raise Failure("a demo runs already: stop it, or set PAYLINK_CACHE for a second one")
    # The tests' template, which is built once for both.
    with Stage(folder, foreign_dependencies()) as stage:
        _serve(stage, options)


def _serve(stage, options):
    demo = Demo(stage)
    if options.fresh:
        demo.forget()
        shutil.rmtree(stage.folder / "mails", ignore_errors=True)
    if demo.state and demo.state["content"] != demo.content_key():
        say("the demo's content has changed since it was made: --fresh makes it anew")
    port = choose_port(options.port, 8069)
    with demo.serving(port, choose_port(options.mail_port, 8025)):
        _announce(demo)
        while demo.mail.process.poll() is None:
            time.sleep(1)
    raise Failure("the mail catcher ended by itself")


def _announce(demo):
    print(f"\n  Odoo          {demo.url}/odoo   login admin, password admin")
    print(f"  caught mails  {demo.mail.url}")
    if not LOADER.exists():
        print("  (tools/demo/load.py is not there: an empty database)")
    if demo.ready_link():
        print(f"  a sent link   {demo.ready_link()}")
    for line in demo.shown_lines():
        print(f"  {line}")
    print("\nCtrl-C stops it.\n", flush=True)
