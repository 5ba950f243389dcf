# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What sets up Odoo, PostgreSQL, mail and browsers for development, tests and benchmarks.

The commands run it on the machine's Python before anything is installed, so it imports the
standard library only, but for the modules that tests use: `mail` and `browser`.
"""
