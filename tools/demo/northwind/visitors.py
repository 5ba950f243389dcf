# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Customers with their phones and computers: plain HTTP against the public pages, nothing else."""

import re
import zlib
from urllib.parse import urlsplit

import requests

from .content.links import DEVICES

NONCE = re.compile(r"\b[0-9a-f]{6,12}\.[0-9a-f]{16}\.[\w-]{16,}")


class Visitor:
    """One person with one device.

    :param str base_url: where the pages are served now
    :param str url: the live URL of the link, on whatever host
    :param str name: tells one person's address from another's
    """

    def __init__(self, base_url, url, name, device="iphone"):
        self.base_url = base_url
        self.path = urlsplit(url).path
        self.session = requests.Session()
        last = zlib.crc32(name.encode()) % 250 + 2
        self.session.headers.update(
            {
                "User-Agent": DEVICES[device],
                "X-Forwarded-For": f"203.0.113.{last}",  # RFC 5737: addresses for documentation
                "X-Forwarded-Host": urlsplit(base_url).netloc,
            }
        )

    def _call(self, method, suffix="", **kwargs):
        path = suffix if suffix.startswith("/") else f"{self.path}/{suffix}".rstrip("/")
        response = self.session.request(method, self.base_url + path, timeout=60, **kwargs)
        if response.status_code >= 400:
            raise RuntimeError(
                f"{method} {suffix or 'page'}: {response.status_code} {response.text[:500]}"
            )
        return response

    def view(self, download=False):
        """Open the page and touch it; what the page's script then says, we say."""
        nonce = NONCE.search(self._call("GET").text)
        if not nonce:
            raise RuntimeError("the page carries no nonce for its beacon")
        self._call("POST", "seen", json={"nonce": nonce[0], "event": "viewed"})
        if download:
            self._call("GET", "pdf")
            self._call("POST", "seen", json={"nonce": nonce[0], "event": "downloaded"})

    def ask(self, text):
        self._call("POST", "comment", json={"body": text})

    def renew(self, email):
        self._call("POST", "renew", data={"email": email})

    def agree(self):
        """Tick reminders by text messages."""
        self._call("POST", "consent", json={"consent": True})

    def pay(self, amount="full", tip="0"):
        """Choose on the page, then do what Odoo's payment form does for the demo's provider.

        :param str amount: what the customer wants to pay, as in the page's form
        :param str tip: the tip in per cent
        :return: reference of the transaction
        """
        options = self._call("GET", "options").json()
        option = next(option for option in options if option["provider"] == "demo")
        wish = {"amount": amount, "tip": tip, "option": option["id"]}
        quote = self._call("POST", "quote", json=wish).json()["quote"]
        self._call(
            "POST",
            "pay",
            data={"quote": quote, "fee_accepted": "1"},
            headers={"Accept": "text/html"},
            allow_redirects=False,
        )
        form = self._call("GET", f"pay?quote={quote}")
        values = dict(re.findall(r'data-([\w-]+)="([^"]*)"', form.text))
        option = re.search(r'name="o_payment_radio"[^>]*>', form.text)[0]
        option = dict(re.findall(r'data-([\w-]+)="([^"]*)"', option))
        params = {
            "provider_id": int(option["provider-id"]),
            "payment_method_id": int(option["payment-option-id"]),
            "token_id": None,
            "amount": float(values["amount"]) if values.get("amount") else None,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": values["landing-route"],
            "is_validation": False,
            "access_token": values.get("access-token"),
        }
        processing = self._rpc(values["transaction-route"], params)
        self._rpc(
            "/payment/demo/simulate_payment",
            {
                "reference": processing["reference"],
                "payment_details": "4242",
                "simulated_state": "done",
            },
        )
        self._rpc("/payment/status/poll", {})
        return processing["reference"]

    def _rpc(self, path, params):
        answer = self._call(
            "POST", path, json={"jsonrpc": "2.0", "method": "call", "params": params}
        ).json()
        if "error" in answer:
            raise RuntimeError(f"{path}: {answer['error']}")
        return answer.get("result")


def visit(demo, base_url, link, device, deed):
    """Let the recipient of a link come and do something.

    :param link: a `paylink.link`
    :param str device: a key of `content.links.DEVICES`
    :param deed: a function of the :class:`Visitor`
    """
    demo.commit()
    deed(Visitor(base_url, link._get_url(), link.partner_id.name, device))
    demo.commit()
    demo.env.invalidate_all()
