# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    paylink_link,
    paylink_page,
    payment_transaction,
    res_company,
    res_config_settings,
    sale_order,
)
