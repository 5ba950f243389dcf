# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    test_activity,
    test_backend_tours,
    test_leaving,
    test_link,
    test_page,
    test_page_browser,
    test_page_shortcuts,
    test_payment,
    test_pdf_stamp,
    test_rights,
    test_send,
)
