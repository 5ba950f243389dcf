# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The check of the requests is strict: it finds what Stripe would refuse."""

import json
import tempfile
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tests.common import BaseCase

from . import request_check
from .request_check import check_answer, check_request, parse_form

SESSION = (
    "mode=payment&success_url=https%3A%2F%2Fx&expires_at=1&locale=de"
    "&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd"
    "&line_items[0][price_data][unit_amount]=100"
    "&line_items[0][price_data][product_data][name]=Work"
    "&payment_method_options[card][restrictions][funding_types_blocked][0]=credit"
)


@tagged("post_install", "-at_install", "paylink")
class TestTypes(BaseCase):
    """Against the types of Stripe's own package."""

    def _check(self, form, request=("POST", "/v1/checkout/sessions")):
        with patch.dict("os.environ"), patch.object(request_check, "_load_spec", lambda: None):
            return check_request(*request, parse_form(form))

    def test_right_request_passes(self):
        self.assertEqual(self._check(SESSION), [])

    def test_wrong_requests_are_found(self):
        for change, word in (
            (("&locale=de", "&langue=de"), "langue is unknown"),
            (("locale=de", "locale=klingon"), "klingon"),
            (("mode=payment", "mode=gift"), "gift"),
            (("[0]=credit", "[0]=golden"), "golden"),
            (("expires_at=1", "expires_at=soon"), "soon"),
            (("[quantity]=1", "[quantity]=1.5"), "1.5"),
            (("[currency]=usd", "[cuurency]=usd"), "currency is missing"),
            (("[product_data][name]", "[product_data][title]"), "title is unknown"),
            (("success_url=https%3A%2F%2Fx", "success_url[x]=1"), "success_url"),
            (("funding_types_blocked][0]", "funding_types_blocked]"), "no list"),
        ):
            with self.subTest(change=change):
                wrong = self._check(SESSION.replace(*change))
                self.assertTrue(wrong, "nothing was found")
                self.assertIn(word, " ".join(wrong))

    def test_wrong_refund_is_found(self):
        request = ("POST", "/v1/refunds")
        self.assertEqual(self._check("payment_intent=pi_1&amount=5&metadata[a]=b", request), [])
        for form in ("payment=pi_1", "payment_intent=pi_1&amount=5.00", "reason=bored"):
            self.assertTrue(self._check(form, request), form)


SPEC = {
    "paths": {
        "/v1/refunds": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "payment_intent": {"type": "string", "maxLength": 10},
                                    "amount": {"type": "integer"},
                                    "reason": {"type": "string", "enum": ["duplicate"]},
                                },
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/refund"}}
                        }
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "refund": {
                "type": "object",
                "required": ["id", "amount"],
                "properties": {
                    "id": {"type": "string"},
                    "amount": {"type": "integer"},
                    "status": {"type": "string", "nullable": True},
                },
            }
        }
    },
}


@tagged("post_install", "-at_install", "paylink")
class TestSpec(BaseCase):
    """Against an OpenAPI file, here a small one."""

    def setUp(self):
        super().setUp()
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=".json"))
        json.dump(SPEC, file)
        file.flush()
        self.enterContext(patch.dict("os.environ", PAYLINK_STRIPE_OPENAPI=file.name))
        request_check._load_spec.cache_clear()
        self.addCleanup(request_check._load_spec.cache_clear)

    def _check(self, form):
        return check_request("POST", "/v1/refunds", parse_form(form))

    def test_wrong_requests_are_found(self):
        self.assertEqual(self._check("payment_intent=pi_1&amount=5"), [])
        for form in ("charge=ch_1", "payment_intent=pi_34567890", "reason=fraudulent"):
            # The types of the package allow each of these.
            self.assertTrue(self._check(form), form)

    def test_wrong_answers_are_found(self):
        right = {"id": "re_1", "amount": 5, "status": None}
        self.assertEqual(check_answer("POST", "/v1/refunds", right), [])
        for change in ({"id": None}, {"amount": "much"}, {"status": ["x"]}, {"other": 1}):
            self.assertTrue(check_answer("POST", "/v1/refunds", {**right, **change}), change)
        self.assertTrue(check_answer("POST", "/v1/refunds", {"id": "re_1"}))
