# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The stamp on hand-made PDFs and on real ones, read back by a second PDF library.

PDFium (the one in Chromium) and ZXing play the customer's viewer and telephone, so that the
library which wrote a file is not the one that judges it.
"""

import io
import re
import unittest
import zlib
from unittest.mock import patch

from lxml import etree, html
from PIL import Image, ImageChops
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from odoo import Command
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import file_open
from odoo.tools.pdf import OdooPdfFileReader, OdooPdfFileWriter, PdfReader

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .. import pdf_stamp
from ..pdf_stamp import qr_svg, stamp
from .common import PdfCase

try:
    import pypdfium2
    import zxingcpp
except ImportError:
    pypdfium2 = zxingcpp = None

TOKEN = "3fA9kQ0zT7bYcW2xE5rN8mLpVuJ1dHsGa6o"
LIVE = f"https://pay.example.com/paylink/{TOKEN}"
PLACEHOLDER = "https://odoo.example.com/paylink/preview/invoice/12"
LOGGER = pdf_stamp.__name__
A4 = (595, 842)
PIXELS_PER_POINT = 2


# ------------------------------------------------------------------ what a customer sees


def _open(pdf):
    return pypdfium2.PdfDocument(pdf)


def _get_links(pdf):
    """Return the links of a document as (page number, URI, rectangle)."""
    raw = pypdfium2.raw
    links = []
    document = _open(pdf)
    for number, page in enumerate(document):
        position, link = raw.c_int(0), raw.FPDF_LINK()
        while raw.FPDFLink_Enumerate(page, position, link):
            action = raw.FPDFLink_GetAction(link)
            size = raw.FPDFAction_GetURIPath(document, action, None, 0)
            buffer = raw.create_string_buffer(size)
            raw.FPDFAction_GetURIPath(document, action, buffer, size)
            rectangle = raw.FS_RECTF()
            raw.FPDFLink_GetAnnotRect(link, rectangle)
            rectangle = tuple(
                round(getattr(rectangle, side), 1) for side in ("left", "bottom", "right", "top")
            )
            links.append((number, buffer.value.decode(), rectangle))
    return links


def _get_uris(pdf):
    return [uri for _page, uri, _rectangle in _get_links(pdf)]


def _render(pdf, page=0):
    return _open(pdf)[page].render(scale=PIXELS_PER_POINT).to_pil().convert("L")


def _read_codes(image):
    """Return the upright QR codes on a picture as (text, left, top, right, bottom)."""
    codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [
        (
            code.text,
            code.position.top_left.x,
            code.position.top_left.y,
            code.position.bottom_right.x,
            code.position.bottom_right.y,
        )
        for code in codes
        if code.orientation == 0
    ]


def _get_text(pdf):
    return [page.get_textpage().get_text_bounded() for page in _open(pdf)]


def _has_xref_table(pdf):
    """Tell whether the newest cross-reference section is a table, not a stream."""
    [*_older, offset] = re.findall(rb"startxref\s+(\d+)", pdf)
    return pdf.startswith(b"xref", int(offset))


def _get_streams(data):
    """Return every stream of a piece of a PDF, decompressed."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    return [zlib.decompressobj().decompress(s) if s[:1] == b"x" else s for s in streams]


# ------------------------------------------------------------------ hand-made documents


def _make_link(uri, rectangle=(100, 100, 160, 160)):
    return b"<</Type/Annot/Subtype/Link/Rect[%s]/Border[0 0 0]/A<</S/URI/URI(%s)>>>>" % (
        " ".join(map(str, rectangle)).encode(),
        uri.encode(),
    )


def _make_pdf(pages, content=b"", layout="references", root=b"", is_compressed=False):
    """Return a PDF with a page per list of annotations.

    :param layout: 'references' (as wkhtmltopdf writes), 'direct' (annotations in the page),
        or 'shared' (the list of annotations is an object, resources are inherited)
    :param is_compressed: keep objects and cross-references in streams (PDF 1.5)
    """
    objects = [b"", b""]  # catalog and page tree, filled in below

    def add(body):
        objects.append(body)
        return b"%d 0 R" % len(objects)

    font = add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    kids = []
    for links in pages:
        text = b"BT /F1 12 Tf 50 700 Td (Invoice INV/2026/00012) Tj ET\n" + content
        stream = add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(text), text))
        annots = b"[%s]" % b" ".join(map(add, links) if layout == "references" else links)
        if layout == "shared":
            annots = add(annots)
        kids.append(add(b"<</Type/Page/Parent 2 0 R/Contents %s/Annots %s>>" % (stream, annots)))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R%s>>" % root
    objects[1] = (
        b"<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 %d %d]/Resources<</Font<</F1 %s>>>>>>"
        % (len(kids), b" ".join(kids), *A4, font)
    )
    return _make_compressed_file(objects) if is_compressed else _make_file(objects)


def _make_file(objects):
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF" % (size, entries, size, len(data))
    )


def _make_compressed_file(objects):
    data, entries, packed = b"%PDF-1.5\n", {0: (0, 0, 65535)}, []
    container = len(objects) + 1
    for number, body in enumerate(objects, 1):
        if b"stream" in body:
            entries[number] = (1, len(data), 0)
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        else:
            entries[number] = (2, container, len(packed))
            packed.append((number, body))
    head, bodies = b"", b""
    for number, body in packed:
        head += b"%d %d " % (number, len(bodies))
        bodies += body + b"\n"
    stream = zlib.compress(head + bodies)
    entries[container] = (1, len(data), 0)
    data += (
        b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\n"
        % (container, len(packed), len(head), len(stream), stream)
    )
    entries[container + 1] = (1, len(data), 0)
    table = b"".join(
        kind.to_bytes(1, "big") + second.to_bytes(4, "big") + third.to_bytes(2, "big")
        for _number, (kind, second, third) in sorted(entries.items())
    )
    return data + (
        b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
        % (container + 1, container + 2, len(table), table, len(data))
    )


@tagged("post_install", "-at_install", "paylink")
@unittest.skipUnless(pypdfium2, "needs the test requirements pypdfium2 and zxing-cpp")
class TestPdfStamp(BaseCase):
    def test_every_placeholder_link_becomes_live_and_no_other(self):
        others = [
            "https://odoo.example.com/paylink/preview/invoice/123",
            "https://odoo.example.com/paylink/preview/invoice/1",
            "https://odoo.example.com/other/paylink/preview/invoice/12",
            "https://shop.example.com/terms?next=/paylink/preview/invoice/12",
            "mailto:sales@example.com",
            "http://[broken",
        ]
        mine = [PLACEHOLDER, PLACEHOLDER + "/", PLACEHOLDER + "/lines?a=1", PLACEHOLDER + "#qr"]
        pages = [list(map(_make_link, others + mine)), [], list(map(_make_link, mine))]
        for layout in ("references", "direct", "shared"):
            for is_compressed in (False, True):
                with self.subTest(layout=layout, is_compressed=is_compressed):
                    pdf = _make_pdf(pages, layout=layout, is_compressed=is_compressed)
                    self.assertEqual(_get_uris(pdf), others + mine + mine)
                    stamped = stamp(pdf, PLACEHOLDER, LIVE)
                    self.assertEqual(_get_uris(stamped), others + [LIVE] * 8)
                    self.assertEqual(_get_text(stamped), _get_text(pdf))
                    self.assertEqual([c[0] for c in _read_codes(_render(stamped, 2))], [LIVE])

    def test_links_are_found_when_the_address_was_written_in_another_way(self):
        for uri in (
            "http://127.0.0.1:8069/paylink/preview/invoice/12",
            "https://xn--mller-kva.example/paylink/preview/invoice/12",
            "https://odoo.example.com/paylink%2Fpreview/invoice/12",
        ):
            with self.subTest(uri=uri):
                stamped = stamp(_make_pdf([[_make_link(uri)]]), PLACEHOLDER, LIVE)
                self.assertEqual(_get_uris(stamped), [LIVE])
        encoded = _make_pdf([[_make_link(PLACEHOLDER + "%23qr")]])
        self.assertEqual(
            [code[0] for code in _read_codes(_render(stamp(encoded, PLACEHOLDER, LIVE)))], [LIVE]
        )

    def test_live_link_survives_characters_that_mean_something_in_a_pdf(self):
        live = LIVE + "?a=(b)\\c&d=é"
        stamped = stamp(_make_pdf([[_make_link(PLACEHOLDER)]]), PLACEHOLDER, live)
        self.assertEqual(_get_uris(stamped), [LIVE + "?a=%28b%29%5Cc&d=%C3%A9"])

    def test_code_fills_the_square_of_its_link(self):
        for rectangle, square in {
            # a square stays one, whichever corner the file names first
            (100, 100, 160, 160): (100, 100, 160, 160),
            (160, 160, 100, 100): (100, 100, 160, 160),
            # one line of text stands for the square above its lower edge
            (100, 300, 168, 312): (100, 300, 168, 368),
            # a higher box holds it in its middle
            (100, 100, 160, 200): (100, 120, 160, 180),
            # and none leaves the page
            (560, 830, 628, 842): (527, 774, 595, 842),
            (-20, -20, 48, -8): (0, 0, 68, 68),
        }.items():
            with self.subTest(rectangle=rectangle):
                pdf = _make_pdf([[_make_link(PLACEHOLDER + "#qr", rectangle)]])
                stamped = stamp(pdf, PLACEHOLDER, LIVE)
                self.assertEqual(_get_links(stamped), [(0, LIVE, square)])
                image = _render(stamped)
                [(text, *corners)] = _read_codes(image)
                self.assertEqual(text, LIVE)
                # 37 modules of code between 4 modules of white on either side
                x1, y1, x2, y2 = square
                white = (x2 - x1) * 4 / 45
                expected = (x1 + white, A4[1] - y2 + white, x2 - white, A4[1] - y1 - white)
                for corner, point in zip(corners, expected, strict=True):
                    self.assertAlmostEqual(corner / PIXELS_PER_POINT, point, delta=1.5)

    def test_code_is_drawn_whatever_the_page_leaves_behind(self):
        content = b"0.2 0 0 -0.2 30 40 cm 1 0 0 rg 1 0 0 RG 10 10 5 5 re W n"
        pdf = _make_pdf([[_make_link(PLACEHOLDER + "#qr")]], content)
        [(text, left, *_other)] = _read_codes(_render(stamp(pdf, PLACEHOLDER, LIVE)))
        self.assertEqual(text, LIVE)
        self.assertAlmostEqual(left / PIXELS_PER_POINT, 100 + 60 * 4 / 45, delta=1.5)

    def test_code_covers_what_is_under_it(self):
        content = b"0.3 0.3 0.3 rg 0 0 595 842 re f"
        pdf = _make_pdf([[_make_link(PLACEHOLDER + "#qr")]], content)
        image = _render(stamp(pdf, PLACEHOLDER, LIVE))
        self.assertEqual([code[0] for code in _read_codes(image)], [LIVE])
        corner = (102 * PIXELS_PER_POINT, (A4[1] - 158) * PIXELS_PER_POINT)
        self.assertEqual(image.getpixel(corner), 255)

    def test_a_link_in_two_pieces_gets_one_code_and_two_links_get_two(self):
        qr = PLACEHOLDER + "#qr"
        pieces = [_make_link(qr, (100, 100, 168, 112)), _make_link(qr, (100, 112, 168, 124))]
        stamped = stamp(_make_pdf([pieces]), PLACEHOLDER, LIVE)
        self.assertEqual(_get_uris(stamped), [LIVE, LIVE])
        self.assertEqual(b"".join(_get_streams(stamped)).count(b" Do "), 1)
        self.assertEqual(len(_read_codes(_render(stamped))), 1)
        apart = [_make_link(qr), _make_link(qr, (300, 500, 360, 560))]
        pdf = _make_pdf([apart, apart])
        stamped = stamp(pdf, PLACEHOLDER, LIVE)
        self.assertEqual([len(_read_codes(_render(stamped, page))) for page in (0, 1)], [2, 2])
        self.assertEqual(stamped[len(pdf) :].count(b"/Subtype /Image"), 1)

    def test_stored_bytes_are_the_beginning_of_the_copy(self):
        for is_compressed in (False, True):
            pdf = _make_pdf([[_make_link(PLACEHOLDER)]], is_compressed=is_compressed)
            stamped = stamp(pdf, PLACEHOLDER, LIVE)
            self.assertTrue(stamped.startswith(pdf))
            self.assertEqual(_get_uris(stamped), [LIVE])
            # viewers may refuse a file that has both tables and streams
            self.assertEqual(_has_xref_table(stamped), not is_compressed)
            self.assertLess(len(stamped) - len(pdf), 10_000)

    def test_live_link_is_nowhere_but_in_the_links(self):
        pdf = _make_pdf([[_make_link(PLACEHOLDER), _make_link(PLACEHOLDER + "#qr")]])
        appended = stamp(pdf, PLACEHOLDER, LIVE)[len(pdf) :]
        self.assertEqual(appended.count(TOKEN.encode()), 2)
        self.assertEqual(appended.count(b"/URI (%s)" % LIVE.encode()), 2)
        streams = _get_streams(appended)
        self.assertEqual(len(streams), 3, "an image and two pieces of page content")
        for stream in streams:
            self.assertNotIn(TOKEN.encode(), stream)

    def test_document_without_placeholder_is_returned_itself(self):
        for pages in ([[]], [[_make_link("https://odoo.example.com/paylink/preview/invoice/9")]]):
            pdf = _make_pdf(pages)
            self.assertIs(stamp(pdf, PLACEHOLDER, LIVE), pdf)

    def test_stamped_document_has_nothing_left_to_stamp(self):
        stamped = stamp(_make_pdf([[_make_link(PLACEHOLDER + "#qr")]]), PLACEHOLDER, LIVE)
        self.assertIs(stamp(stamped, PLACEHOLDER, "https://other.example.com/"), stamped)

    def test_address_without_path_turns_no_link_into_a_payment_link(self):
        pdf = _make_pdf([[_make_link("https://odoo.example.com/")]])
        for url in ("", "https://odoo.example.com", "https://odoo.example.com/"):
            self.assertIs(stamp(pdf, url, LIVE), pdf)

    def _assert_returned_as_it_is(self, pdf, reason):
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.assertIs(stamp(pdf, PLACEHOLDER, LIVE), pdf)
        self.assertIn(reason, logs.output[0])
        self.assertEqual(len(logs.output), 1)
        self.assertNotIn(TOKEN, logs.output[0])

    def test_broken_file_is_returned_as_it_is(self):
        pdf = _make_pdf([[_make_link(PLACEHOLDER + "#qr")]])
        for broken in (b"", b"not a PDF", pdf[:200], b"%PDF-1.4\n%%EOF"):
            with self.subTest(broken=broken[:20]):
                self._assert_returned_as_it_is(broken, "leaves without a live link")
        moved = re.sub(rb"startxref\n\d+", b"startxref\n20", pdf)
        self._assert_returned_as_it_is(moved, "leaves without a live link")

    def test_failure_does_not_log_the_live_link(self):
        pdf = _make_pdf([[_make_link(PLACEHOLDER + "#qr")]])
        with patch.object(pdf_stamp, "_get_qr_matrix", side_effect=ValueError(LIVE)):
            self._assert_returned_as_it_is(pdf, "ValueError")

    def test_signed_document_is_returned_as_it_is(self):
        form = b"/AcroForm<</SigFlags 3/Fields[]>>"
        pdf = _make_pdf([[_make_link(PLACEHOLDER)]], root=form)
        self._assert_returned_as_it_is(pdf, "signed")
        form = b"/AcroForm<</SigFlags 0/Fields[]>>"
        pdf = _make_pdf([[_make_link(PLACEHOLDER)]], root=form)
        self.assertEqual(_get_uris(stamp(pdf, PLACEHOLDER, LIVE)), [LIVE])

    def test_encrypted_document_is_returned_as_it_is(self):
        buffer = io.BytesIO()
        canvas = Canvas(buffer, encrypt=StandardEncryption("", ownerPassword="secret"))
        canvas.linkURL(PLACEHOLDER, (10, 10, 100, 100))
        canvas.save()
        self._assert_returned_as_it_is(buffer.getvalue(), "encrypted")

    def test_svg_says_its_text(self):
        svg = qr_svg(LIVE)
        self.assertLessEqual(len(svg), 6_000)
        self.assertNotIn("currentColor", svg)
        root = etree.fromstring(str(svg))
        size = int(root.get("viewBox").split()[2])
        self.assertEqual(size, 45)
        background, modules = root
        self.assertEqual(background.get("fill"), "#fff")
        self.assertEqual(background.get("d"), f"M0 0h{size}v{size}H0z")
        self.assertEqual(modules.get("stroke"), "#000")
        image = Image.new("L", (size * 4, size * 4), 255)
        x = y = 0
        steps = re.findall(r"([Mm])(-?\d+) (-?[\d.]+)h(\d+)", modules.get("d"))
        self.assertEqual("".join("{}{} {}h{}".format(*step) for step in steps), modules.get("d"))
        for command, dx, dy, run in steps:
            x, y = (0, 0) if command == "M" else (x, y)
            x, y = x + float(dx), y + float(dy)
            # the stroke reaches half a unit to either side of its line
            box = [round(4 * n) for n in (x, y - 0.5, x + int(run), y + 0.5)]
            image.paste(0, box)
            x += int(run)
        self.assertEqual([code[0] for code in _read_codes(image)], [LIVE])

    def test_codes_of_any_token_can_be_read(self):
        for number in range(20):
            text = LIVE[:-2] + f"{number:02}"
            rows = pdf_stamp._get_qr_matrix(text)
            image = Image.new("L", (len(rows), len(rows)))
            image.putdata([0 if is_dark else 255 for row in rows for is_dark in row])
            image = image.resize((len(rows) * 3, len(rows) * 3), Image.Resampling.NEAREST)
            self.assertEqual([code[0] for code in _read_codes(image)], [text])


@tagged("post_install", "-at_install", "paylink", "slow")
@unittest.skipUnless(pypdfium2, "needs the test requirements pypdfium2 and zxing-cpp")
class TestInvoicePdf(PdfCase, AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_paylink_invoice()
        cls.placeholder = cls.invoice._paylink_get_placeholder_url()
        cls.report = cls.env["ir.actions.report"].with_context(
            force_report_rendering=True, report_pdf_no_attachment=True
        )

    @classmethod
    def _create_paylink_invoice(cls, lines=2, is_posted=True, **values):
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.partner_a.id,
                "invoice_date": "2026-01-10",
                "invoice_line_ids": [
                    Command.create({"name": f"Day {n}", "price_unit": 100.0, "tax_ids": False})
                    for n in range(lines)
                ],
                **values,
            }
        )
        if is_posted:
            invoice.action_post()
        return invoice

    def _render_pdf(self, invoices):
        return self.report._render_qweb_pdf("account.account_invoices", invoices.ids)[0]

    def _render_report(self, invoice, report_type="pdf", user=None, **data):
        """Return the links of the report to the staff preview, by their text."""
        report = self.env["ir.actions.report"].with_user(user or self.env.user).sudo()
        data["report_type"] = report_type
        source = report._render_qweb_html("account.account_invoices", invoice.ids, data)[0]
        links = html.fromstring(source.decode()).xpath("//a[contains(@href, '/paylink/')]")
        return {link.text_content().strip(): link.get("href") for link in links}

    def _convert_to_factur_x(self, pdf, xml):
        writer = OdooPdfFileWriter()
        writer.cloneReaderDocumentRoot(OdooPdfFileReader(io.BytesIO(pdf), strict=False))
        writer.addAttachment("factur-x.xml", xml, subtype="text/xml")
        writer.convert_to_pdfa()
        writer.add_file_metadata(b"<x:xmpmeta>Factur-X</x:xmpmeta>")
        buffer = io.BytesIO()
        writer.write(buffer)
        return buffer.getvalue()

    def test_real_invoice_shows_nothing_but_a_button_until_it_is_stamped(self):
        stored = self._render_pdf(self.invoice)
        links = [link for link in _get_links(stored) if "/paylink/" in link[1]]
        self.assertEqual([link[1] for link in links], [self.placeholder, self.placeholder + "#qr"])
        stamped = stamp(stored, self.placeholder, LIVE)
        self.assertTrue(stamped.startswith(stored))
        live = [link for link in _get_links(stamped) if link[1] == LIVE]
        self.assertEqual(live, [(page, LIVE, box) for page, _uri, box in links])
        self.assertNotIn(self.placeholder, _get_uris(stamped))
        self.assertEqual(_get_text(stamped), _get_text(stored))
        self.assertIn("Pay online", _get_text(stored)[0])

        page, _uri, (left, bottom, right, top) = live[1]
        self.assertAlmostEqual(right - left, top - bottom, delta=0.2)
        self.assertAlmostEqual((right - left) / 72 * 25.4, 24, delta=1, msg="24 mm")
        before, after = _render(stored, page), _render(stamped, page)
        square = [PIXELS_PER_POINT * n for n in (left, A4[1] - top, right, A4[1] - bottom)]
        self.assertEqual(before.crop(square).getextrema(), (255, 255), "an empty square")
        self.assertEqual([code[0] for code in _read_codes(after)], [LIVE])
        changed = ImageChops.difference(before, after).getbbox()
        for edge, limit, sign in zip(changed, square, (1, 1, -1, -1), strict=True):
            self.assertGreaterEqual(sign * (edge - limit), -2, "nothing else changes")

    def test_factur_x_stays_what_it_is(self):
        with file_open("account/static/src/img/Odoo_logo_O.svg", "rb") as file:
            xml = file.read() + "<note>é€ \x00</note>".encode()
        stored = self._convert_to_factur_x(self._render_pdf(self.invoice), xml)
        stamped = stamp(stored, self.placeholder, LIVE)
        self.assertTrue(stamped.startswith(stored))
        self.assertLess(len(stamped) - len(stored), 10_000)
        self.assertIn(LIVE, _get_uris(stamped))
        codes = _read_codes(_render(stamped))
        self.assertEqual([code[0] for code in codes], [LIVE])

        # The libraries look for it in older trailers too, a strict viewer takes the newest.
        self.assertEqual(*(re.findall(rb"/Info \d+ 0 R", pdf)[-1] for pdf in (stored, stamped)))
        self.assertRegex(stamped[len(stored) :], rb"trailer\s[^%]*/Info \d+ 0 R")
        document = _open(stamped)
        self.assertEqual(document.count_attachments(), 1)
        attachment = document.get_attachment(0)
        self.assertEqual(attachment.get_name(), "factur-x.xml")
        self.assertEqual(bytes(attachment.get_data()), xml)
        self.assertEqual(document.get_metadata_dict(), _open(stored).get_metadata_dict())
        self.assertEqual(len(list(document.get_toc())), len(list(_open(stored).get_toc())))
        # The catalog and all it names are the very objects of the stored file.
        old, new = (PdfReader(io.BytesIO(pdf), strict=False) for pdf in (stored, stamped))
        for reader in (old, new):
            reader.root = reader.trailer["/Root"]
        for key in ("/Names", "/AF", "/Metadata", "/OutputIntents", "/Outlines", "/MarkInfo"):
            self.assertIn(key, old.root)
            references = [re.sub(r"\d{6,}", "", repr(r.root.raw_get(key))) for r in (old, new)]
            self.assertEqual(*references)
        self.assertEqual(new.root["/Metadata"].get_data(), old.root["/Metadata"].get_data())
        self.assertIn(b"Factur-X", new.root["/Metadata"].get_data())
        ids = [[half.original_bytes for half in r.trailer["/ID"]] for r in (old, new)]
        self.assertEqual(ids[0][0], ids[1][0], "the name of the document for good")
        self.assertNotEqual(ids[0][1], ids[1][1], "the name of this state of it")

    def test_only_the_invoice_that_is_meant_goes_live_in_a_batch(self):
        other = self._create_paylink_invoice()
        stored = self._render_pdf(self.invoice + other)
        uris = _get_uris(stamp(stored, self.placeholder, LIVE))
        self.assertEqual(uris.count(LIVE), 2)
        self.assertNotIn(self.placeholder, uris)
        self.assertIn(other._paylink_get_placeholder_url(), uris)

    def test_square_is_not_torn_by_the_end_of_a_page(self):
        for lines in (9, 10, 11, 12):
            invoice = self._create_paylink_invoice(lines)
            links = _get_links(self._render_pdf(invoice))
            [(_page, _uri, box)] = [link for link in links if link[1].endswith("#qr")]
            self.assertAlmostEqual(box[2] - box[0], box[3] - box[1], delta=0.2)
            self.assertGreater(box[1], 60, "above the footer")

    def test_button_is_on_posted_customer_invoices_with_something_due(self):
        expected = {"Pay online": self.placeholder, "": self.placeholder + "#qr"}
        self.assertEqual(self._render_report(self.invoice), expected)
        receipt = self._create_paylink_invoice(move_type="out_receipt")
        self.assertIn("Pay online", self._render_report(receipt))

    def test_button_is_on_no_other_document(self):
        paid = self._create_paylink_invoice()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        self.assertFalse(paid.amount_residual)
        for name, move in {
            "draft": self._create_paylink_invoice(is_posted=False),
            "credit note": self._create_paylink_invoice(move_type="out_refund"),
            "vendor bill": self._create_paylink_invoice(move_type="in_invoice"),
            "paid": paid,
        }.items():
            with self.subTest(name):
                self.assertEqual(self._render_report(move), {})
        self.assertEqual(self._render_report(self.invoice, proforma=True), {})
        self.invoice.company_id.paylink_is_pdf_button = False
        self.assertEqual(self._render_report(self.invoice), {})

    def test_web_page_of_the_report_has_a_button_for_staff_only(self):
        staff = self._render_report(self.invoice, "html")
        self.assertEqual(staff, {"Pay online": self.placeholder})
        portal = new_test_user(self.env, "paylink_portal", groups="base.group_portal")
        self.assertEqual(self._render_report(self.invoice, "html", portal), {})
        self.assertIn("Pay online", self._render_report(self.invoice, "pdf", portal))
