# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    account_move,
    paylink_link,
    paylink_page,
    payment_method,
    payment_provider,
    payment_provider_setup,
    payment_provider_unknown,
    payment_provider_webhook,
    payment_token,
    payment_transaction,
    payment_transaction_cost,
    payment_transaction_dispute,
    payment_transaction_refund,
    payment_transaction_session,
    payment_transaction_sync,
    payment_transaction_token,
)
