# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Choosing amount, tip and way to pay in a real browser, with its script and without."""

from odoo.tests import tagged

from .test_page_browser import BrowserCase
from .test_quote import QuoteCase

PAY = ".o_paylink_pay"
TIP_20 = "[name=tip][value='20']"
LABEL = "document.querySelector('.o_paylink_pay_label').innerText.replace(/\\s/g, ' ')"
ASKED = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/quote')).length"


@tagged("post_install", "-at_install", "paylink", "slow")
class TestChoiceInBrowser(BrowserCase, QuoteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"paylink_is_tip_enabled": True, "paylink_minimum_amount": 20})
        cls._set_fee()

    @property
    def quotes(self):
        self.env.invalidate_all()
        return self.env["paylink.quote"].sudo().search([("link_id", "=", self.link.id)])

    def _wait_for_form(self, visitor):
        visitor.wait_for("!!document.querySelector('#o_payment_form')")
        self.assertIn("62.04", visitor.get_text())

    def _assert_is_accepted(self):
        """Check that the newest quote is the one of :meth:`_choose`, and that its fee was ticked.

        To be called when no browser is open any more: it would use the same cursor.
        """
        quote = self.quotes[:1]
        amounts = (quote.base_amount, quote.tip_amount, quote.fee_amount, quote.total_amount)
        self.assertEqual(amounts, (50.0, 10.0, 2.04, 62.04))
        self.assertTrue(quote._is_accepted())

    def _choose(self, visitor):
        """Choose a tip of 20 % and an amount of 50.00."""
        visitor.click(TIP_20)
        visitor.wait_for(f"{LABEL} === 'Pay $ 123.78'")
        visitor.click(".o_paylink_part summary")
        visitor.wait_for("document.activeElement.name === 'amount_other'")
        visitor.type("50")
        visitor.wait_for(f"{LABEL} === 'Pay $ 62.04'")

    def test_price_follows_the_choice_and_is_paid(self):
        with self._visit(width=390) as visitor:
            self.assertEqual(visitor.evaluate(LABEL), "Pay $ 103.20")
            self.assertFalse(visitor.evaluate(ASKED), "nothing is priced before anything is chosen")
            self._choose(visitor)
            text = visitor.get_text()
            for part in ("Processing fee\n$ 2.04", "Tip\n$ 10.00", "fee of $ 2.04"):
                self.assertIn(part, text)
            self.assertEqual(
                visitor.evaluate("document.querySelector('.o_paylink_bar_sum').textContent"),
                "$\N{NO-BREAK SPACE}62.04",
            )
            visitor.click("[name=fee_accepted]")
            visitor.click(PAY)
            self._wait_for_form(visitor)
        self._assert_is_accepted()

    def test_fee_is_not_charged_without_the_tick(self):
        with self._visit() as visitor:
            visitor.click("[name=fee_accepted]")
            visitor.click(TIP_20)
            visitor.wait_for(f"{LABEL} === 'Pay $ 123.78'")
            ticked = "document.querySelector('[name=fee_accepted]').checked"
            self.assertFalse(visitor.evaluate(ticked), "another fee was agreed to")
            visitor.click(PAY)
            self.assertFalse(visitor.evaluate("location.search"))
            self.assertEqual(visitor.evaluate("document.activeElement.name"), "fee_accepted")
        self.assertFalse(self.quotes.filtered(lambda quote: quote._is_accepted()))

    def test_amount_that_cannot_be_paid_is_told_beside_the_field(self):
        error = "document.querySelector('#o_paylink_other_error').innerText"
        with self._visit() as visitor:
            visitor.click(".o_paylink_part summary")
            visitor.wait_for("document.activeElement.name === 'amount_other'")
            visitor.type("95")
            visitor.press_tab()
            self.assertIn("80.00", visitor.wait_for(error))
            self.assertEqual(
                visitor.evaluate("document.querySelector('[name=amount_other]').ariaInvalid"),
                "true",
            )
            # Closing the fold is choosing everything again.
            visitor.click(".o_paylink_part summary")
            visitor.wait_for(f"{LABEL} === 'Pay $ 103.20'")
            self.assertFalse(visitor.evaluate(error))

    def test_price_that_is_over_is_asked_again_by_itself(self):
        with self._visit() as visitor:
            self._choose(visitor)
            visitor.click("[name=fee_accepted]")
            asked = visitor.evaluate(ASKED)
            visitor.evaluate("(() => { const now = Date.now(); Date.now = () => now + 9e5; })()")
            visitor.evaluate(
                f"addEventListener('pagehide', () => sessionStorage.setItem('asked', {ASKED}))"
            )
            visitor.click(PAY)
            self._wait_for_form(visitor)
            self.assertEqual(int(visitor.evaluate("sessionStorage.getItem('asked')")), asked + 1)

    def test_changed_document_is_not_paid_unseen(self):
        with self._visit() as visitor:
            visitor.click("[name=fee_accepted]")
            self.posted_invoice.button_draft()
            self.posted_invoice.invoice_line_ids.price_unit = 120
            self.posted_invoice.action_post()
            self.env.flush_all()
            visitor.click(PAY)
            visitor.wait_for(f"{LABEL} === 'Pay $ 123.78'")
            self.assertIn("has changed", visitor.get_text())
            self.assertFalse(visitor.evaluate("location.search"))

    def test_without_a_price_the_next_page_tells_it(self):
        with self._visit() as visitor:
            visitor.ask("Network.enable")
            visitor.ask("Network.setBlockedURLs", urls=["*/quote"])
            visitor.click(TIP_20)
            visitor.wait_for(f"{LABEL} === 'Continue'")
            visitor.click(PAY)
            visitor.wait_for("location.pathname.endsWith('/pay')")
            self.assertIn("Pay $ 123.78", visitor.get_text())

    def test_everything_can_be_chosen_without_a_script(self):
        with self._visit(width=390, has_script=False) as visitor:
            self.assertIn("Continue", visitor.get_text())
            visitor.click(TIP_20)
            visitor.click(".o_paylink_part summary")
            visitor.click("[name=amount][value=other]")
            visitor.click("[name=amount_other]")
            visitor.type("5")
            visitor.click(PAY)
            visitor.wait_for("!!document.querySelector('[aria-invalid=true]')")
            self.assertEqual(visitor.evaluate("document.querySelector('[name=tip]').value"), "20")
            visitor.evaluate("document.querySelector('[name=amount_other]').value = ''")
            visitor.click("[name=amount_other]")
            visitor.type("50")
            visitor.click(".o_paylink_button")
            visitor.wait_for("!!document.querySelector('[name=fee_accepted]')")
            self.assertIn("good until", visitor.get_text())
            visitor.click("[name=fee_accepted]")
            visitor.click(".o_paylink_button")
            self._wait_for_form(visitor)
        self._assert_is_accepted()

    def test_choices_fit_a_small_phone_in_both_directions(self):
        self.env["res.lang"]._activate_lang("ar_001")
        for lang in ("en_US", "ar_001"):
            self.alice.lang = lang
            with self._visit(width=320) as visitor:
                visitor.click(".o_paylink_part summary")
                self.assertLessEqual(visitor.evaluate("document.documentElement.scrollWidth"), 320)
                small = visitor.evaluate(
                    """[...document.querySelectorAll(".o_paylink_choose input, summary")]
                        .map((el) => [el.name, el.getBoundingClientRect()])
                        .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
                        .map(([name]) => name)"""
                )
                self.assertFalse(small)
                self.assertFalse(visitor.errors)
