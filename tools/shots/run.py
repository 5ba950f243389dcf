# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Takes the pictures of the README and of the guide into docs/images.

`./paylink shots` runs it against a fresh demo. It pays the invoice it shows, as a customer would.
"""

import os

from tools.harness.browser import DESK, KINDS, PHONE, chromium
from tools.harness.layout import ROOT

URL = os.environ["PAYLINK_SHOTS_URL"]
LINK = os.environ["PAYLINK_SHOTS_LINK"]
BALANCE = os.environ["PAYLINK_SHOTS_BALANCE"]
MAIL_URL = os.environ["PAYLINK_SHOTS_MAIL_URL"]
IMAGES = ROOT / "docs" / "images"
INVOICES = f"{URL}/odoo/action-account.action_move_out_invoice"


def save(page, name, **options):
    """Write a picture once the page has come to rest."""
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / f"{name}.png", **options)


def shoot_customer(browser):
    """The page on a phone, at a desk and in the dark, and the payment up to the receipt."""
    for name, kind in (("page-phone-dark", "phone_dark"), ("page-desk", "desk")):
        page = browser.new_context(**KINDS[kind]).new_page()
        page.goto(LINK)
        save(page, name)
    phone = browser.new_context(**PHONE).new_page()
    phone.goto(LINK)
    save(phone, "page-phone")
    phone.check("[name=tip][value='18']")
    phone.wait_for_selector(".o_paylink_total_total")
    phone.check("[name=fee_accepted]")
    phone.locator(".o_paylink_tips").scroll_into_view_if_needed()
    save(phone, "choose-phone")
    phone.click(".o_paylink_pay")
    phone.wait_for_selector("button[name=o_payment_submit_button]:not([disabled])")
    save(phone, "pay-phone")
    phone.click("button[name=o_payment_submit_button]")
    phone.wait_for_url("**/receipt/**")
    save(phone, "receipt-phone")


def shoot_balance(browser):
    """What a customer owes, on a phone."""
    phone = browser.new_context(**PHONE).new_page()
    phone.goto(BALANCE)
    save(phone, "balance-phone")


def shoot_mail(browser):
    """The mail as it arrives."""
    page = browser.new_context(viewport={"width": 480, "height": 620}).new_page()
    messages = page.request.get(f"{MAIL_URL}/email").json()
    to_alice = [mail for mail in messages if mail["to"][0]["address"].startswith("alice.")]
    newest = max(to_alice, key=lambda mail: mail["date"])
    page.goto(f"{MAIL_URL}/email/{newest['id']}/html")
    save(page, "mail")


def shoot_accountant(browser):
    """List, dialog, chatter, links and settings, as the accountant sees them."""
    context = browser.new_context(**{**DESK, "viewport": {"width": 1400, "height": 900}})
    page = context.new_page()
    page.goto(f"{URL}/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_url("**/odoo**")
    page.goto(INVOICES)
    page.wait_for_selector(".o_data_row")
    save(page, "list")
    page.click(".o_data_row:has-text('Kestrel') td[name=name]")
    page.wait_for_selector("button[name=action_paylink_send]")
    page.wait_for_timeout(2500)
    save(page, "invoice")
    page.click("button[name=action_paylink_send]")
    page.wait_for_selector(".modal [name=partner_ids]")
    save(page, "dialog")
    page.click(".modal button:has-text('Discard')")
    page.click("button[name=action_paylink_view_links]")
    page.wait_for_selector(".o_list_view .o_data_row")
    page.click(".o_data_row td[name=partner_id]")
    page.wait_for_selector(".o_form_view button:has-text('Copy Link')")
    save(page, "link")
    shoot_other_doors(page)
    page.goto(f"{URL}/odoo/action-account.action_account_config")
    page.locator("#paylink_life").scroll_into_view_if_needed()
    save(page, "settings")


def shoot_other_doors(page):
    """The customer's balance link, the dialog of orders, the reminders."""
    page.goto(f"{URL}/odoo/customers")
    page.click(".o_data_row:has-text('Cascade') td[name=complete_name]")
    page.click(".o_notebook .nav-link:has-text('Invoicing')")
    page.wait_for_selector("button[name=action_paylink_preview_balance]")
    save(page, "customer")
    page.goto(f"{URL}/odoo/orders")
    page.click(".o_data_row:has-text('Riverstone') td[name=name]")
    page.click("button[name=action_paylink_send]")
    page.wait_for_selector(".modal [name=is_link_included]")
    save(page, "order-dialog")
    page.goto(f"{URL}/odoo/action-paylink_invoice.paylink_reminder_rule_action")
    page.wait_for_selector(".o_data_row")
    save(page, "reminders")


def main():
    """Take all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        shoot_accountant(browser)
        shoot_mail(browser)
        shoot_balance(browser)
        shoot_customer(browser)
    for image in sorted(IMAGES.glob("*.png")):
        print(f"{image.relative_to(ROOT)}  {image.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
