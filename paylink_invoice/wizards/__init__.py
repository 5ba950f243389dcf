# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import paylink_dialog  # isort: skip - others inherit it
from . import (
    account_move_send,
    account_payment_register,
    base_partner_merge,
    mail_compose_message,
    paylink_balance_send,
    paylink_reminder_preview,
    paylink_send,
    paylink_send_comment,
    paylink_send_text,
)
