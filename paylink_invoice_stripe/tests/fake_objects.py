# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe's objects hold beyond what the fake decides: the values of an ordinary account.

With these each answer of the fake has everything that the OpenAPI file of Stripe requires.
"""

SHAPES = {
    "checkout.session": {
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "mode": "payment",
        "payment_method_types": ["card"],
        "shipping_options": [],
        "ui_mode": "hosted_page",
    },
    "payment_intent": {
        "amount_capturable": 0,
        "cancellation_reason": None,
        "canceled_at": None,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "payment_method_types": ["card"],
    },
    "charge": {
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": True,
        "disputed": False,
        "metadata": {},
        "failure_message": None,
        "refunded": False,
    },
    "balance_transaction": {
        "balance_type": "payments",
        "exchange_rate": None,
        "fee_details": [],
        "reporting_category": "charge",
        "status": "pending",
        "type": "charge",
    },
    "dispute": {
        "balance_transactions": [],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "is_charge_refundable": False,
        "metadata": {},
    },
    "payout": {
        "automatic": True,
        "currency": "usd",
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "type": "bank_account",
    },
}
EVIDENCE = {
    "enhanced_eligibility": {},
    "has_evidence": False,
    "past_due": False,
    "submission_count": 0,
}
ACCOUNT = {
    "id": "acct_1Fake",
    "object": "account",
    "charges_enabled": True,
    "email": "office@northwind.example.com",
    "settings": {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"statement_descriptor_prefix": None},
        "dashboard": {"display_name": "Northwind Heating", "timezone": None},
        "payments": {"statement_descriptor": None},
    },
}
# Objects that are no part of a mode, nor say so.
WITHOUT_MODE = ("balance_transaction", "refund")
