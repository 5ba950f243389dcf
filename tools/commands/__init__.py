# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
