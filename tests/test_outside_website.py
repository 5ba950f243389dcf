# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Beside Odoo's website, which changes all that is served to the public, links work as without it."""

from urllib.parse import urlsplit

from outside import BUILD, Client, assert_promised

from tools.harness.stand import shell

INSTALL = """
modules = env["ir.module.module"].search([("name", "in", ["website", "website_payment"])])
modules.button_immediate_install()
"""
# The provider gets the fields in which its script looks.
FORM = """
provider.inline_form_view_id = env.ref("payment_demo.inline_form")
"""


def test_pages_and_payments_do_without_the_website(start_odoo, open_page):
    stand = start_odoo(workers=2)
    shell(stand.database, INSTALL)
    data = stand.shell(BUILD.replace("PASSWORD", repr("secret")).replace("POOL", "1") + FORM)
    visitor = Client(stand)
    path = f"/paylink/{data['to_pay']['token']}"
    for suffix in ("", "/pdf", "/pay", "/renew", "/qr.svg", "/options"):
        answer = visitor.ask(path + suffix)
        assert answer.status == 200, (suffix, answer)
        assert not answer["set-cookie"], suffix
    for gone in ("/paylink/nothing", f"/fr{path}", f"{path}/x.css"):
        assert visitor.ask(gone).status == 404, gone
    assert_promised(visitor.ask("/paylink/nothing"))

    page = open_page("phone")
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(stand.url + path)
    page.locator(".o_paylink_pay").first.click()
    page.wait_for_url("**/pay?quote=*")
    page.get_by_role("button", name="Pay").last.click()
    page.wait_for_url("**/receipt/**", timeout=60_000)
    assert urlsplit(page.url).path.startswith(path)
    assert not faults, faults
