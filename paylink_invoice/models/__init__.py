# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    account_move,
    account_move_send,
    ir_http,
    mail_mail,
    mail_message,
    payment_transaction,
    paylink_event,
    paylink_link,
    paylink_page,
    res_company,
    res_config_settings,
)
