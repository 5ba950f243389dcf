# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Debian's Chromium, driven by Playwright."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from .process import which
from .say import Failure
from .system import CHROMIUM

ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses root otherwise
    # It would look for updates, models and accounts at every start
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# The viewports a page is looked at in; `no_script` is how a customer's strict browser sees it.
DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
KINDS = {
    "desk": DESK,
    "phone": PHONE,
    "dark": DESK | {"color_scheme": "dark"},
    "phone_dark": PHONE | {"color_scheme": "dark"},
    "no_script": DESK | {"java_script_enabled": False},
}


@contextmanager
def chromium():
    """Return a running browser, a Playwright `Browser`."""
    path = which(*CHROMIUM)
    if not path:
        raise Failure("no Chromium: run as root once: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
