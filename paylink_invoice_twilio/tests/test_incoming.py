# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Replies that Twilio hands over: only signed ones, and STOP in many words."""

import base64
import hashlib
import hmac
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.paylink_invoice.tests.test_texts import ALICE_NUMBER, TextCommon
from odoo.addons.sms_twilio.tools.sms_api import SmsApiTwilio

from .. import opt_out

TOKEN = "0123456789abcdef0123456789abcdef"


@tagged("post_install", "-at_install", "paylink", "slow")
class TestIncoming(TextCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": "AC" + "a" * 32,
                "sms_twilio_auth_token": TOKEN,
            }
        )
        cls.link = cls._create_link()
        cls.link._change_consent(True, {"ip_address": "127.0.0.1", "user_agent": "Phone"})

    def _reply(self, text, signature=None, number=ALICE_NUMBER, company=None):
        form = {"From": number, "To": "+12025550123", "Body": text, "MessageSid": "SM1"}
        url = (company or self.company)._paylink_twilio_get_incoming_url()
        signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        if signature is None:
            digest = hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
            signature = base64.b64encode(digest).decode()
        self.env.flush_all()
        response = self.url_open(
            f"/paylink_twilio/incoming/{(company or self.company).id}",
            data=form,
            headers={"X-Twilio-Signature": signature},
        )
        self.env.invalidate_all()
        return response

    def _get_denial(self):
        return self.alice._paylink_get_text_denials(self.company, needs_consent=True).get(
            self.alice
        )

    def test_stop_ends_all_texts(self):
        waiting = self._send_text()
        self.assertIsNone(self._get_denial())
        response = self._reply("Stop!")
        self.assertEqual(response.status_code, 200)
        self.assertIn("<Response/>", response.text)
        self.assertEqual(self._get_denial(), "blocked")
        self.assertEqual(self._get_texts(waiting).state, "error")
        consents = self.env["paylink.consent"].search([("number", "=", ALICE_NUMBER)])
        self.assertEqual(consents.mapped("action"), ["withdrawn", "granted"])
        self.assertEqual(consents[0].text, "Stop!")
        self._reply("STOP")
        again = self.env["paylink.consent"].search([("number", "=", ALICE_NUMBER)])
        self.assertEqual(again, consents, "handed over twice, written down once")

    def test_words_of_many_languages(self):
        for text in (
            "STOP",
            "stop.",
            "Stop please",
            "UNSUBSCRIBE",
            "ARRÊT",
            "Arret",
            "BAJA",
            "توقف",
        ):
            self.assertTrue(opt_out.is_stop(text), text)
        for text in ("Thanks", "I pay at the end of the month", "", None, "start", "nonstop"):
            self.assertFalse(opt_out.is_stop(text), text)

    def test_start_lifts_the_block_but_is_no_consent(self):
        self._reply("STOP")
        self._reply("START")
        self.assertEqual(self._get_denial(), "withdrawn")

    def test_odd_replies_are_no_errors(self):
        self.assertEqual(self._reply("STOP", number="").status_code, 200)
        self.assertEqual(self._reply("STOP", number="whatsapp:+1").status_code, 200)
        self.assertIsNone(self._get_denial())
        self.assertEqual(self._reply("Stop\x00 please").status_code, 200)
        self.assertEqual(self._get_denial(), "blocked")

    def test_parameters_of_strangers_are_no_errors(self):
        path = f"/paylink_twilio/incoming/{self.company.id}"
        for query in ("?self=1", "?company_id=1", "?Body=STOP"):
            self.assertEqual(self.url_open(path + query, data={"From": "x"}).status_code, 404)

    def test_other_replies_change_nothing(self):
        self.assertEqual(self._reply("I pay tomorrow").status_code, 200)
        self.assertIsNone(self._get_denial())

    def test_a_stranger_ends_nothing(self):
        for signature in ("", "x", "é", base64.b64encode(b"0" * 20).decode()):
            self.assertEqual(self._reply("STOP", signature.encode()).status_code, 404)
        foreign = self.env["res.company"].create({"name": "Southwind"})
        self.assertEqual(self._reply("STOP", company=foreign).status_code, 404)
        self.company.sms_twilio_auth_token = False
        self.assertEqual(self._reply("STOP").status_code, 404)
        self.assertIsNone(self._get_denial())

    def test_texts_leave_through_twilio_with_the_live_link_once(self):
        link = self._send_text()
        sent = []

        def send(_api, _session, to_number, body, uuid):
            sent.append((to_number, body))
            return FakeResponse({"sid": "SM" + uuid})

        with patch.object(SmsApiTwilio, "_sms_twilio_send_request", send):
            self._process_queue()
            self._process_queue()
        self.assertEqual([number for number, _body in sent], [ALICE_NUMBER])
        self.assertIn(link._get_url(), sent[0][1])
        self.assertEqual(link.delivery_status, "sent")

    def test_a_lost_answer_of_twilio_is_told_and_not_tried_again(self):
        link = self._send_text()
        calls = []

        def lose(_api, _session, to_number, *_args):
            calls.append(to_number)

        with patch.object(SmsApiTwilio, "_sms_twilio_send_request", lose):
            self._process_queue()
            self._process_queue()
        self.assertEqual(len(calls), 1)
        self.assertIn("may have arrived", link.delivery_failure)

    def test_reminders_say_how_to_end_them(self):
        self.assertIn("STOP", self.company._paylink_get_opt_out_words())
        self.company.sms_provider = "iap"
        self.assertFalse(self.company._paylink_get_opt_out_words())


class FakeResponse:
    """What Twilio answers to a text it has taken."""

    ok = True

    def __init__(self, values):
        self.values = values

    def json(self):
        return self.values
