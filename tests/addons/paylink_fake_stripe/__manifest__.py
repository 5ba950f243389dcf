# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Invoice Links: a server that asks a fake Stripe",
    "summary": "For tests and benchmarks only: loaded by --load, never installed",
    "version": "19.0.1.0.0",
    "author": "paylink_invoice contributors",
    "website": "https://github.com/paylink-invoice/paylink_invoice",
    "license": "LGPL-3",
    "depends": ["paylink_invoice_stripe"],
    "installable": False,
}
