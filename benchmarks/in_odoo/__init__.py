# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What runs inside of an Odoo shell on the benchmark's database."""
