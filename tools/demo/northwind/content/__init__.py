# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What the demo says: companies, people, products, invoices, and what happened to them. Data only."""
