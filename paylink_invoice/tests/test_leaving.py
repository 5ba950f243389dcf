# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What leaves with a mail, and what stays: nothing that stays opens a link."""

import io
import logging

from odoo.tests import BaseCase, tagged
from odoo.tools.pdf import PdfFileReader

from .. import log_masking
from .common import PaylinkCommon, PdfCase


def get_uris(pdf):
    """Return the addresses that the links of a PDF lead to."""
    return [
        annotation.get_object()["/A"]["/URI"]
        for page in PdfFileReader(io.BytesIO(pdf)).pages
        for annotation in page.get("/Annots") or []
    ]


@tagged("post_install", "-at_install", "paylink", "slow")
class TestLeavingPdf(PdfCase, PaylinkCommon):
    """Real PDFs: their button leads to the recipient's link only in the copy that leaves."""

    def test_the_copy_that_leaves_is_live_and_the_stored_one_is_not(self):
        move = self.posted_invoice.with_context(force_report_rendering=True)
        with self.catch_mail() as catcher:
            link = self._send(move)
        stored = move.invoice_pdf_report_id.raw
        _to, message = catcher.messages[0]
        (sent,) = [part.get_content() for part in message.iter_attachments()]
        self.assertIn(link._get_url(), get_uris(sent))
        self.assertFalse([uri for uri in get_uris(stored) if link._get_token() in uri])
        self.assertIn(move._paylink_get_placeholder_url(), get_uris(stored))
        attached = link.message_id.attachment_ids.raw
        self.assertFalse([uri for uri in get_uris(attached) if link._get_token() in uri])

    def test_the_page_hands_out_the_same_document_with_its_own_link(self):
        move = self.posted_invoice.with_context(force_report_rendering=True)
        with self.catch_mail():
            self._send(move)
        other = self._create_link(partner=self.bob)
        response = self.url_open(other._get_path("pdf"))
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn(other._get_url(), get_uris(response.content))
        self.assertTrue(response.content.startswith(move.invoice_pdf_report_id.raw))


@tagged("post_install", "-at_install", "paylink")
class TestLogMasking(BaseCase):
    def _log(self, *args, **kwargs):
        """Return what a handler with the mask writes."""
        written = io.StringIO()
        handler = logging.StreamHandler(written)
        handler.addFilter(log_masking.TokenMask())
        logger = logging.Logger("paylink.masking")
        logger.addHandler(handler)
        logger.info(*args, **kwargs)
        return written.getvalue()

    def test_a_token_is_masked_in_messages_arguments_and_tracebacks(self):
        token = "0" * 35
        path = f"/paylink/{token}/pdf"
        self.assertEqual(self._log("GET %s", path), f"GET /paylink/{token[:4]}…/pdf\n")
        try:
            raise ValueError(path)
        except ValueError:
            self.assertNotIn(token, self._log("failed", exc_info=True))

    def test_other_messages_pass_as_they_are(self):
        self.assertEqual(
            self._log("%s %s", "GET", "/paylink/preview/12"), "GET /paylink/preview/12\n"
        )

    def test_the_handlers_of_this_server_have_the_mask(self):
        log_masking.install()
        for handler in logging.getLogger().handlers:
            masks = [mask for mask in handler.filters if isinstance(mask, log_masking.TokenMask)]
            self.assertEqual(len(masks), 1)
