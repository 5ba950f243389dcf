# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Invoice Links: Replies through Twilio",
    "summary": "Customers end text messages with a reply, such as STOP",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "paylink_invoice contributors",
    "website": "https://github.com/paylink-invoice/paylink_invoice",
    "license": "LGPL-3",
    "depends": ["paylink_invoice", "sms_twilio"],
    "auto_install": True,
    "data": ["views/res_config_settings_views.xml"],
}
