# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink install-check`: each addon alone on a fresh database, then all together; and away again."""

from tools.commands import uninstall_check
from tools.harness import system
from tools.harness.layout import addons
from tools.harness.say import Failure, say, step
from tools.harness.stage import CORE, Run


def run(_arguments):
    """Install the addons; fail on an error, and on a warning that Odoo logs meanwhile."""
    system.prepare()
    names = addons()
    with Run(modules=CORE) as stage:
        for chosen in [[name] for name in names] + ([names] if len(names) > 1 else []):
            log = stage.folder / "install.log"
            log.unlink(missing_ok=True)
            database = f"{stage.name}_alone"
            stage.copy(stage.seed, database)
            stage.install(database, chosen)
            if complaints := _complaints(log):
                print("\n".join(complaints))
                raise Failure(f"Odoo warns while it installs {', '.join(chosen)}: see above")
            if chosen == [uninstall_check.ADDON]:
                with step(f"uninstall {chosen[0]} where payments were made"):
                    uninstall_check.check_uninstall(stage, database)
            stage.drop(database)
    say(f"installed alone and together: {', '.join(names)}")


def _complaints(log):
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if line and "Running as user 'root'" not in line]
