# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Invoice Links: Stripe Checkout",
    "summary": "Customers of invoice links pay on Stripe's own page: cards, wallets, bank",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "author": "paylink_invoice contributors",
    "website": "https://github.com/paylink-invoice/paylink_invoice",
    "license": "LGPL-3",
    "depends": ["paylink_invoice"],
    "external_dependencies": {"python": ["stripe"]},
    "data": [
        "views/payment_provider_views.xml",
        "views/payment_templates.xml",
        "views/payment_transaction_views.xml",
        "views/account_move_views.xml",
        "data/payment_method_data.xml",
        "data/payment_provider_data.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
