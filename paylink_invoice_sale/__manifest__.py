# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Invoice Links: Sales",
    "summary": "Send invoice links from orders; salespeople send those of their own customers",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "paylink_invoice contributors",
    "website": "https://github.com/paylink-invoice/paylink_invoice",
    "license": "LGPL-3",
    "depends": ["paylink_invoice", "sale"],
    "data": [
        "security/paylink_sale_groups.xml",
        "security/ir.model.access.csv",
        "security/paylink_sale_rules.xml",
        "wizards/paylink_sale_send_views.xml",
        "views/sale_order_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "auto_install": True,
}
