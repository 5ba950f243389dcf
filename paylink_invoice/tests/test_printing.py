# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The copy for paper has a link of its own, one for each invoice, and everybody sees who printed."""

import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common import PaylinkCommon, PdfCase
from .test_activity import PERSON
from .test_leaving import get_uris


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPrinting(PdfCase, PaylinkCommon):
    def _print(self, moves=None, user=None):
        """Return the links of what a user gets by the button "Print"."""
        moves = moves or self.posted_invoice
        user = user or self.biller
        self.authenticate(user.login, user.login)
        ids = ",".join(map(str, moves.ids))
        context = json.dumps({"force_report_rendering": True})
        response = self.url_open(
            f"/report/pdf/account.report_invoice_with_payments/{ids}?context={context}"
        )
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        return get_uris(response.content)

    def _get_printed(self, moves=None):
        links = (moves or self.posted_invoice).sudo().paylink_link_ids
        return links.filtered(lambda link: link.channel == "pdf")

    def test_printed_copy_has_a_link_of_its_own_that_is_used_again(self):
        uris = self._print()
        link = self._get_printed()
        self.assertEqual(len(link), 1)
        self.assertEqual(link.partner_id, self.alice)
        self.assertEqual(link.user_id, self.biller)
        self.assertEqual(uris.count(link._get_url()), 2, "button and code")
        self.assertEqual(self.posted_invoice.paylink_state, "not_sent", "it may stay on the desk")
        self.assertEqual(self.posted_invoice.paylink_link_count, 1)
        self.assertIn(link._get_url(), self._print())
        self.assertEqual(self._get_printed(), link)
        printed = link.event_ids.filtered(lambda event: event.event_type == "printed")
        self.assertEqual(printed.mapped("user_id"), self.biller)
        self.assertEqual(len(printed), 2)
        self.assertEqual(self.url_open(link._get_path()).status_code, 200)
        self.env["paylink.event"]._register_view(link, PERSON)
        self.assertEqual(self.posted_invoice.paylink_state, "viewed")

    def test_several_invoices_in_one_file_have_a_link_each(self):
        moves = self.posted_invoice | self._create_invoice(partner_id=self.bob.id)
        uris = self._print(moves)
        links = self._get_printed(moves)
        self.assertEqual(len(links), 2)
        for link in links:
            self.assertEqual(uris.count(link._get_url()), 2)

    def test_who_may_not_send_links_prints_no_live_one(self):
        user = new_test_user(
            self.env,
            login="paylink_reader",
            groups="base.group_user,account.group_account_readonly",
            company_id=self.company.id,
        )
        uris = self._print(user=user)
        self.assertIn(self.posted_invoice._paylink_get_placeholder_url(), uris)
        self.assertFalse(self._get_printed())

    def test_download_of_the_legal_pdf_is_live_and_the_stored_file_is_not(self):
        move = self.posted_invoice.with_context(force_report_rendering=True)
        with self.catch_mail():
            self._send(move)
        self.authenticate(self.biller.login, self.biller.login)
        response = self.url_open(f"/account/download_invoice_documents/{move.id}/pdf")
        link = self._get_printed()
        self.assertIn(link._get_url(), get_uris(response.content))
        self.assertTrue(response.content.startswith(move.invoice_pdf_report_id.raw))


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPrintedLinks(PaylinkCommon):
    def test_each_print_gives_the_link_its_whole_life_again(self):
        now = fields.Datetime.now()
        link = self.posted_invoice._paylink_get_printed_links()
        with freeze_time(now + timedelta(days=10)):
            self.assertEqual(self.posted_invoice._paylink_get_printed_links(), link)
            self.assertGreater(link.expiration_date, now + timedelta(days=23))
        with freeze_time(now + timedelta(days=40)):
            self.assertNotEqual(self.posted_invoice._paylink_get_printed_links(), link)

    def test_print_does_not_stop_the_clock_of_a_link_that_was_opened(self):
        self.company.paylink_hours_after_view = 24
        link = self.posted_invoice._paylink_get_printed_links()
        self.env["paylink.event"]._register_view(link, PERSON)
        ends = link.expiration_date
        self.assertNotEqual(self.posted_invoice._paylink_get_printed_links(), link)
        self.assertEqual(link.expiration_date, ends)

    def test_what_cannot_be_paid_has_no_printed_link(self):
        pdf = b"%PDF-1.4 nothing of ours"
        draft = self._create_invoice(post=False)
        moves = self.posted_invoice.with_user(self.employee) | draft.with_user(self.employee)
        self.assertEqual(moves._paylink_stamp_printed(pdf), pdf)
        draft.with_user(self.biller)._paylink_stamp_printed(pdf)
        self.assertFalse((self.posted_invoice | draft).sudo().paylink_link_ids)
