# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The Odoo shell that the tests from outside work with."""

COLLIDE = """
number = env["ir.config_parameter"].search([("key", "=", "collision")])
seen = number.value
if seen == "before":
    with env.registry.cursor() as other:
        number.with_env(env(cr=other)).value = "meanwhile"
number.value = "after"
answer(seen)
"""


def test_code_that_collides_with_a_server_is_run_again(odoo_stand):
    odoo_stand.shell('env["ir.config_parameter"].create({"key": "collision", "value": "before"})')
    assert odoo_stand.shell(COLLIDE) == "meanwhile"
    assert odoo_stand.shell(COLLIDE) == "after"
