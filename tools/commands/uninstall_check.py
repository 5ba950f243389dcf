# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Uninstalls the Stripe addon from a database where payments were made: they stay readable."""

ADDON = "paylink_invoice_stripe"

PAY = """
from odoo import Command, fields
company = env["res.company"].create({"name": "Seller", "currency_id": env.ref("base.USD").id})
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids))
main = env["payment.provider"].search([("code", "=", "paylink_stripe")], limit=1)
provider = main.copy({"company_id": company.id})
provider.write({
    "paylink_stripe_secret_key": "sk_test_51FakeKeyOfNobody", "paylink_stripe_webhook_secret": "whsec_x",
    "state": "test", "is_published": True,
})
move = env["account.move"].create({
    "move_type": "out_invoice", "partner_id": env["res.partner"].create({"name": "Alice"}).id,
    "invoice_date": fields.Date.today(),
    "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})],
})
move.action_post()
link = env["paylink.link"].create({"move_id": move.id, "partner_id": move.partner_id.id, "channel": "email"})
tx = env["payment.transaction"].create({
    "provider_id": provider.id, "reference": "STRIPE-KEPT", "amount": 100.0, "currency_id": move.currency_id.id,
    "payment_method_id": env.ref("paylink_invoice_stripe.payment_method_any").id,
    "partner_id": move.partner_id.id, "invoice_ids": [Command.set(move.ids)], "operation": "online_redirect",
    "paylink_link_id": link.id, "provider_reference": "pi_kept",
    "paylink_stripe_instrument": "Visa •••• 4242",
})
tx._set_done()
tx._post_process()
assert move.payment_state in ("paid", "in_payment"), move.payment_state
env.cr.commit()
env["ir.module.module"].search([("name", "=", "paylink_invoice_stripe")]).button_immediate_uninstall()
"""

CHECK = """
tx = env["payment.transaction"].search([("reference", "=", "STRIPE-KEPT")])
assert (tx.state, tx.amount, tx.provider_reference) == ("done", 100.0, "pi_kept")
assert "4242" in tx.state_message, tx.state_message
assert (tx.provider_id.code, tx.provider_id.state) == ("none", "disabled")
payment, move = tx.payment_id, tx.invoice_ids
assert payment.amount == 100.0 and payment.payment_method_line_id.name, payment
assert move.amount_residual == 0
assert tx._paylink_prepare_receipt_rows(), "the receipt"
for record in (tx, payment, move, tx.provider_id, tx.payment_method_id):
    view = record.env[record._name].get_view(view_type="form")
    record.web_read({name: {} for name in view["models"][record._name]})
leftovers = env["ir.model.data"].search([("module", "=", "paylink_invoice_stripe")])
# The way a payment was made by has to stay with it.
assert leftovers.mapped("name") == ["payment_method_any"], leftovers.mapped("name")
columns = env["ir.model.fields"].search([("name", "=like", "paylink_stripe_%")])
assert not columns, columns.mapped("name")
"""


def check_uninstall(stage, database):
    """Make a payment, uninstall, and read everything about it.

    :param stage: the `tools.harness.stage.Run` that has the database
    :raise Failure: with the traceback, when something cannot be read any more
    """
    for code in (PAY, CHECK):
        stage.odoo.shell(database, code, stage.variables)
