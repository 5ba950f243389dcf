# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Invoice Links: Benchmarks",
    "summary": "A route that does nothing, to compare with; for benchmark databases only",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "paylink_invoice contributors",
    "website": "https://github.com/paylink-invoice/paylink_invoice",
    "license": "LGPL-3",
    "depends": ["paylink_invoice", "payment_demo"],
    "installable": True,
}
