# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Speed and weight, side by side with Odoo's own portal in the same run."""
