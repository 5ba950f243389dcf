# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    test_activity,
    test_backend_tours,
    test_booking,
    test_doors,
    test_leaving,
    test_ledger,
    test_link,
    test_page,
    test_page_browser,
    test_payment,
    test_pdf_stamp,
    test_quote,
    test_rights,
    test_saved_cards,
    test_send,
    test_settings,
)
