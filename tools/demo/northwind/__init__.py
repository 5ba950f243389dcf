# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""How the demo gets into a database: one module per kind of record, ``story`` puts them in order of time."""
