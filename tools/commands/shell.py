# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink shell`: an Odoo shell on the development database."""

from tools.commands import odoo


def run(arguments):
    """Open a shell, or run the code on standard input."""
    return odoo.run(["--no-http", *arguments], command=["shell"])
