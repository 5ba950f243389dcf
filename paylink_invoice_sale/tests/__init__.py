# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_automatic, test_order_page, test_order_rights, test_order_send
