# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    test_balance_pages,
    test_deliveries,
    test_live,
    test_money_back,
    test_pages,
    test_payment,
    test_request_check,
    test_semantics,
    test_setup,
)
