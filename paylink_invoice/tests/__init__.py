# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from importlib.util import find_spec

from . import (
    test_activity,
    test_backend_tours,
    test_balance,
    test_balance_browser,
    test_balance_customer,
    test_balance_hazards,
    test_balance_ledger,
    test_balance_quotes,
    test_balance_send,
    test_balance_statement,
    test_booking,
    test_booking_hazards,
    test_branches,
    test_choice_browser,
    test_consent,
    test_corrections,
    test_doors,
    test_hosted_page,
    test_kept,
    test_leaving,
    test_link,
    test_page,
    test_page_browser,
    test_page_shortcuts,
    test_payment,
    test_pdf_stamp,
    test_printing,
    test_quote,
    test_receipt,
    test_reminders,
    test_rights,
    test_saved_cards,
    test_send,
    test_send_dialogs,
    test_settings,
    test_telling,
    test_texts,
)

# The only one that needs more than Odoo has.
if find_spec("hypothesis"):
    from . import test_ledger
