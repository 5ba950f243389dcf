# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The customer's page in a real browser, with gestures that the browser itself trusts."""

import time
from contextlib import contextmanager
from urllib.parse import urljoin

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tests.common import ChromeBrowser

from .common import PaylinkCommon


class Visitor:
    """A person in front of a page.

    :param browser: a running `ChromeBrowser`
    """

    def __init__(self, browser):
        self.browser = browser
        self.errors = []
        browser._handlers["Log.entryAdded"] = self._note_error
        browser._websocket_request("Log.enable")

    def _note_error(self, entry, **_kwargs):
        if entry["level"] == "error":
            self.errors.append(entry["text"])

    def ask(self, method, **params):
        return self.browser._websocket_request(method, params=params)

    def evaluate(self, code):
        """Return the value of a JavaScript expression."""
        result = self.ask(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        return result["result"].get("value")

    def set_width(self, width):
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=700,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def move_pointer(self):
        for x in (100, 120):
            self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=200)

    def wait_for_beacon(self, seconds):
        """Return how often the page has reported, as soon as it has or after so many seconds."""
        code = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/seen')).length"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.evaluate(code):
            time.sleep(0.1)
        return self.evaluate(code)

    def wait_for(self, code, seconds=10):
        """Return the value of an expression as soon as it is true; fail if it never is."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(code)):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {code}\n{self.get_text()}")
            time.sleep(0.1)
        return value

    def get_text(self):
        """Return what the page says, with plain spaces."""
        return (self.evaluate("document.body.innerText") or "").replace("\N{NO-BREAK SPACE}", " ")

    def click(self, selector):
        """Press the middle of an element, as a finger would."""
        self.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        box = self.wait_for(
            f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect();"
            " return b.width && [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask(
                "Input.dispatchMouseEvent",
                type=kind,
                x=box[0],
                y=box[1],
                button="left",
                clickCount=1,
            )

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def press_tab(self):
        for kind in ("rawKeyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )


class BrowserCase(HttpCase):
    """Opens the page of ``self.link`` in a real browser."""

    @contextmanager
    def _visit(self, path=None, width=1280, has_script=True):
        """Open a page in a fresh browser, without a session."""
        browser = ChromeBrowser(self)
        try:
            with self.allow_requests(browser=browser):
                self.cr.flush()
                self.cr.clear()
                visitor = Visitor(browser)
                visitor.set_width(width)
                if not has_script:
                    visitor.ask("Emulation.setScriptExecutionDisabled", value=True)
                url = urljoin(self.base_url(), path or self.link._get_path())
                browser.navigate_to(url, wait_stop=True)
                yield visitor
                self._wait_remaining_requests()
        finally:
            browser.stop()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPageInBrowser(BrowserCase, PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.name = "The Trustees of the Willamette Valley Historic Theatre and Opera House"
        cls.posted_invoice = cls._create_invoice(
            invoice_line_ids=[
                Command.create({"name": f"Heatpumpmaintenance{place}" * 3, "price_unit": 98765.43})
                for place in range(60)
            ]
        )
        cls.link = cls._create_link()

    def _assert_views(self, count):
        self.env.invalidate_all()
        views = self.link.event_ids.filtered(lambda event: event.event_type == "viewed")
        self.assertEqual((len(views), self.link.view_count), (count, count))

    def test_a_person_is_counted_once_after_a_gesture_and_two_seconds(self):
        with self._visit() as visitor:
            started = time.monotonic()
            visitor.move_pointer()
            self.assertEqual(visitor.wait_for_beacon(8), 1)
            self.assertGreater(time.monotonic() - started, 1, "too early")
            visitor.move_pointer()
            time.sleep(0.5)
            self.assertEqual(visitor.wait_for_beacon(0), 1)
            self.assertFalse(visitor.errors)
        self._assert_views(1)

    def test_a_script_that_scrolls_clicks_and_waits_is_nobody(self):
        with self._visit() as visitor:
            visitor.evaluate(
                """
                scrollTo(0, 500);
                for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
                    document.body.dispatchEvent(new Event(name, {bubbles: true}));
                }
                document.querySelector("summary").click();
                """
            )
            self.assertEqual(visitor.wait_for_beacon(3.5), 0)
        self._assert_views(0)

    def test_looking_away_does_not_count(self):
        with self._visit() as visitor:
            visitor.evaluate(
                """
                Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
                document.dispatchEvent(new Event("visibilitychange"));
                """
            )
            visitor.move_pointer()
            self.assertEqual(visitor.wait_for_beacon(3.5), 0)
        self._assert_views(0)

    def test_a_staff_preview_counts_nobody(self):
        self.authenticate(self.biller.login, self.biller.login)
        session = self.opener.cookies.get("session_id")
        with self._visit("/paylink/nothing") as visitor:
            visitor.browser.set_cookie("session_id", session, "/", "127.0.0.1")
            url = urljoin(self.base_url(), f"/paylink/preview/{self.link.id}")
            visitor.browser.navigate_to(url, wait_stop=True)
            self.assertIn("Preview", visitor.evaluate("document.body.innerText"))
            visitor.errors.clear()  # the 404 before
            visitor.move_pointer()
            self.assertEqual(visitor.wait_for_beacon(3.5), 0)
            self.assertFalse(visitor.errors)
        self._assert_views(0)

    def test_the_page_works_without_a_script(self):
        with self._visit(width=390, has_script=False) as visitor:
            tree = visitor.ask("Accessibility.getFullAXTree")["nodes"]
            names = {node["name"]["value"] for node in tree if node.get("name", {}).get("value")}
            self.assertTrue(any(name.startswith("Pay $") for name in names))
            self.assertIn("Download PDF", names)
            self.assertIn("Send question", names)
            self.assertNotIn("Copy", names, "a dead button")
            self.assertFalse(visitor.errors)

    def test_nothing_runs_over_the_edge_of_a_small_phone(self):
        with self._visit() as visitor:
            for width in (1280, 768, 390, 320):
                visitor.set_width(width)
                self.assertLessEqual(
                    visitor.evaluate("document.documentElement.scrollWidth"), width, width
                )
            self.assertFalse(visitor.errors)

    def test_bank_details_are_on_paper_though_they_are_folded(self):
        self.posted_invoice.partner_bank_id = self.env["res.partner.bank"].create(
            {
                "acc_number": "GB33BUKB20201555555555",
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        shown = "document.querySelector('.o_paylink_bank').checkVisibility()"
        with self._visit() as visitor:
            self.assertFalse(visitor.evaluate(shown))
            visitor.ask("Emulation.setEmulatedMedia", media="print")
            self.assertTrue(visitor.evaluate(shown))

    def test_nothing_moves_while_the_page_loads(self):
        with self._visit(width=390) as visitor:
            shift = visitor.evaluate(
                """new Promise((resolve) => {
                    let sum = 0;
                    new PerformanceObserver((list) => {
                        for (const entry of list.getEntries()) sum += entry.value;
                    }).observe({type: "layout-shift", buffered: true});
                    setTimeout(() => resolve(sum), 300);
                })"""
            )
            self.assertLess(shift, 0.01)

    def test_the_keyboard_reaches_everything_in_order(self):
        with self._visit() as visitor:
            reached = []
            for _press in range(12):
                visitor.press_tab()
                reached.append(
                    visitor.evaluate(
                        "(document.activeElement.innerText || document.activeElement.name || '')"
                        ".trim().split('\\n')[0]"
                    )
                )
                outline = visitor.evaluate(
                    "document.activeElement === document.body"
                    " || getComputedStyle(document.activeElement).outlineStyle !== 'none'"
                )
                self.assertTrue(outline, f"focus is not visible on {reached[-1]}")
            order = [
                next(place for place, text in enumerate(reached) if text.startswith(start))
                for start in (
                    "Pay",
                    "Download PDF",
                    "Continue on your phone",
                    "body",
                    "Send question",
                )
            ]
            self.assertEqual(order, sorted(order), reached)

    def test_targets_are_large_enough_for_a_thumb(self):
        with self._visit(width=390) as visitor:
            small = visitor.evaluate(
                """[...document.querySelectorAll("a[href], button, summary, textarea, input")]
                    .map((el) => [el.innerText, el.getBoundingClientRect()])
                    .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
                    .map(([text]) => text)"""
            )
            self.assertFalse(small)

    def test_the_bar_of_a_phone_comes_when_the_button_is_gone(self):
        shown = (
            "getComputedStyle(document.querySelector('.o_paylink_bar')).visibility === 'visible'"
        )
        with self._visit(width=390) as visitor:
            self.assertFalse(visitor.evaluate(shown))
            visitor.evaluate("scrollTo(0, 3000)")
            time.sleep(0.6)
            self.assertTrue(visitor.evaluate(shown))
