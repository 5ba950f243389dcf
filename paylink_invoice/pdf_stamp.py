# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Turn the placeholder link of a stored invoice PDF into a live one, with its QR code.

The legal PDF is made once and stored; it must not open anything by itself, so its
"Pay online" button points to the staff preview. :func:`stamp` makes the copy that leaves.

The copy is an *incremental update* (ISO 32000-1, 7.5.6): the bytes of the stored file stay
as they are, and new versions of the few objects that change are appended. So an embedded
Factur-X file, the XMP metadata, the output intents, the outlines and every page's text are
equal by construction, not by care, and a viewer can even show the document as it was.

Plain Python, no database: it can be read, tested and measured alone.
"""

import hashlib
import io
import logging
import re
import zlib
from urllib.parse import quote, unquote, urlsplit

import qrcode
from markupsafe import Markup

from odoo.tools.pdf import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfReader,
    generic,
)

_logger = logging.getLogger(__name__)

# What the report template appends to the placeholder URL of the link that is to be covered
# by the QR code. A fragment never reaches a server, so the unstamped copy needs no route.
QR_SUFFIX = "#qr"

# Modules of white around the code that ISO/IEC 18004 asks for.
_QUIET_ZONE = 4
# Readers learn from the code which of the eight masks it has, so any will do. To draw all eight
# and choose the evenest takes four times as long, for tokens that are random in all of them.
_MASK_PATTERN = 2
# Image pixels per module, as one byte of a 1-bit image. More than one, so that viewers which
# smooth enlarged images whatever the file says have nothing to blur but the very edges.
_PIXELS_PER_MODULE = 8
_IMAGE_NAME = "/PaylinkQr"
# A link is a QR placeholder whole when its rectangle is about as high as wide; some
# renderers report one line of text instead.
_SQUARE_RATIO = 0.8
_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_SIGNATURES_EXIST = 1


class _NotStampable(Exception):
    """The file is left as it is; the message says why and holds nothing of the file."""


def stamp(pdf, placeholder_url, live_url):
    """Return ``pdf`` with its placeholder links live and their QR code drawn.

    A link counts as a placeholder when its *path* is that of ``placeholder_url`` or goes on
    below it; query and fragment are free. The host is not compared: the company's address may
    have changed since the PDF was stored, and renderers write international names in punycode.

    Nothing is refused. A file without placeholder is returned as the same object; so is, with
    a line in the log, one that is broken, encrypted, or electronically signed (a changed link
    would break the seal, and a broken seal is worse than a dead button).

    :param bytes pdf: the stored document
    :param str placeholder_url: what the stored document links to, or the path of it, without
        :data:`QR_SUFFIX`
    :param str live_url: what the copy shall link to
    :return: the copy, or ``pdf`` itself
    :rtype: bytes
    """
    return stamp_all(pdf, {placeholder_url: live_url})


def stamp_all(pdf, live_urls):
    """Return ``pdf``, in which several documents may follow each other, with all of their links live.

    See :func:`stamp`; the file is read and written once.

    :param bytes pdf: the documents
    :param dict live_urls: what the copy shall link to, by placeholder URL
    :rtype: bytes
    """
    paths = {_get_path(placeholder): live_url for placeholder, live_url in live_urls.items()}
    # An address without a path would turn every link of the document into a payment link.
    targets = {path: live_url for path, live_url in paths.items() if len(path) >= 2}
    if not targets:
        return pdf
    try:
        return _stamp(pdf, targets)
    except _NotStampable as reason:
        _logger.warning("An invoice PDF leaves without a live link: %s", reason)
    except Exception as error:  # the library raises anything on a broken file
        # Not the message: it may quote the document, and a traceback the live link.
        _logger.warning("An invoice PDF leaves without a live link: %s", type(error).__name__)
    return pdf


def qr_svg(text):
    """Return a QR code as an inline SVG image, black on white, quiet zone included.

    It sizes itself to its container and is hidden from screen readers: label the container.

    :param str text: what the code says
    :rtype: Markup
    """
    matrix = _get_qr_matrix(text)
    size = len(matrix)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
        ' shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        '<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path stroke="#000" d="{path}"/></svg>'
    ).format(size=size, path=_get_svg_path(matrix))


# --------------------------------------------------------------------------- QR code


def _get_qr_matrix(text):
    """Return the rows of modules (True = dark), quiet zone included."""
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M,
        border=_QUIET_ZONE,
        mask_pattern=_MASK_PATTERN,
    )
    code.add_data(text)
    code.make(fit=True)
    return code.get_matrix()


def _get_svg_path(matrix):
    """Return one stroke per run of dark modules, each moving on from the last one's end."""
    parts = []
    last_x, last_y = 0, 0
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                # The stroke is one unit wide, so it runs along the middle of its row.
                parts.append(
                    f"m{start - last_x} {y - last_y}h{x - start}"
                    if parts
                    else f"M{start} {y}.5h{x - start}"
                )
                last_x, last_y = x, y
            x += 1
    return "".join(parts)


def _get_qr_image(text):
    """Return the QR code as a PDF image object of one bit per pixel."""
    rows = []
    for row in _get_qr_matrix(text):
        line = b"".join(b"\x00" if is_dark else b"\xff" for is_dark in row)
        rows.append(line * _PIXELS_PER_MODULE)
    size = len(rows) * _PIXELS_PER_MODULE
    # /Interpolate is left out: false is the default, and true is forbidden in PDF/A.
    header = (
        "/Type /XObject /Subtype /Image /Width %(size)d /Height %(size)d"
        " /ColorSpace /DeviceGray /BitsPerComponent 1"
    )
    return _make_stream(b"".join(rows), header % {"size": size})


# --------------------------------------------------------------------------- stamping


def _stamp(pdf, targets):
    reader = PdfReader(io.BytesIO(pdf), strict=False)
    if "/Encrypt" in reader.trailer:
        raise _NotStampable("it is encrypted")
    update = _Update(pdf, reader)
    images = {}  # of the codes, by what they say
    save = None
    for page in reader.pages:
        for live_url, squares in _rewrite_links(update, page, targets).items():
            if live_url not in images:
                images[live_url] = update.add(_get_qr_image(live_url))
            save = save or update.add(_make_stream(b"q\n"))
            name = f"{_IMAGE_NAME}{list(images).index(live_url) or ''}"
            _draw_squares(update, page, squares, images[live_url], save, name)
    if not update.changed:
        return pdf
    form = reader.trailer["/Root"].get("/AcroForm") or {}
    if int(form.get("/SigFlags") or 0) & _SIGNATURES_EXIST:
        raise _NotStampable("it is electronically signed")
    return update.get_bytes()


def _rewrite_links(update, page, targets):
    """Make the placeholder links of a page live.

    :param dict targets: live URLs by the path of their placeholder
    :return: the squares (x, y, side) that QR codes shall cover, in points: lists by live URL
    """
    found = {}
    if "/Annots" not in page:
        return found
    annots_raw = page.raw_get("/Annots")
    annots = annots_raw.get_object()
    for raw in annots:  # an object or a reference to one
        annot = raw.get_object()
        live_url, is_qr = _match_link(annot, targets)
        if not live_url:
            continue
        action = _copy_dictionary(annot["/A"])
        action[NameObject("/URI")] = _LiteralString(live_url)
        annot[NameObject("/A")] = action
        if is_qr:
            square = _get_square(annot, page)
            squares = found.setdefault(live_url, [])
            annot[NameObject("/Rect")] = _make_rectangle(square)
            if not any(_is_same_place(square, other) for other in squares):
                squares.append(square)
        owners = (raw, annots_raw, _get_reference(page))
        objects = (annot, annots, page)
        update.replace_owner(owners, objects)
    return found


def _match_link(annot, targets):
    """Return the live URL of an annotation that is a placeholder link, and whether it is the QR
    code's.
    """
    if not isinstance(annot, DictionaryObject) or annot.get("/Subtype") != "/Link":
        return None, False
    action = annot.get("/A")
    uri = action.get("/URI") if isinstance(action, DictionaryObject) else None
    if not uri:
        return None, False
    if isinstance(uri, bytes):
        uri = uri.decode("latin-1")
    path = _get_path(uri)
    while path and path not in targets:
        path = path.rpartition("/")[0]
    return targets.get(path), bool(path) and unquote(uri).endswith(QR_SUFFIX)


def _get_path(url):
    """Return the path of a URL, percent-decoded because renderers encode as they like."""
    try:
        return urlsplit(unquote(url)).path.rstrip("/")
    except ValueError:
        return ""


def _get_square(annot, page):
    """Return the square (x, y, side) that a QR placeholder's rectangle stands for.

    It lies within the page whatever the rectangle says.
    """
    x1, y1, x2, y2 = (float(number) for number in annot["/Rect"])
    left, right = sorted((x1, x2))
    bottom, top = sorted((y1, y2))
    width, height = right - left, top - bottom
    if height >= _SQUARE_RATIO * width:
        side = min(width, height)
        x, y = left + (width - side) / 2, bottom + (height - side) / 2
    else:
        side, x, y = width, left, bottom
    box = page.mediabox
    box_left, box_bottom = float(box.left), float(box.bottom)
    box_width, box_height = float(box.right) - box_left, float(box.top) - box_bottom
    side = min(side, box_width, box_height)
    x = min(max(x, box_left), box_left + box_width - side)
    y = min(max(y, box_bottom), box_bottom + box_height - side)
    return x, y, side


def _is_same_place(square, other):
    """Tell whether two squares overlap, as when a renderer splits one link into two."""
    (x, y, side), (other_x, other_y, other_side) = square, other
    return (
        x < other_x + other_side
        and other_x < x + side
        and y < other_y + other_side
        and other_y < y + side
    )


def _draw_squares(update, page, squares, image, save, name):
    """Draw the image over the squares, on top of what the page shows.

    :param image: reference to the QR code's image object
    :param save: reference to a content stream that saves the graphics state
    :param str name: what the page calls the image
    """
    operators = "".join(
        f"q {side:.3f} 0 0 {side:.3f} {x:.3f} {y:.3f} cm {name} Do Q\n" for x, y, side in squares
    )
    # The page's own operators may leave any scale and colour behind: put ours outside them.
    draw = update.add(_make_stream(b"\nQ\n" + operators.encode()))
    raw = page.raw_get("/Contents") if "/Contents" in page else ArrayObject()
    contents = raw.get_object()
    streams = list(contents) if isinstance(contents, ArrayObject) else [raw]
    page[NameObject("/Contents")] = ArrayObject([save, *streams, draw])
    # Copies, because pages may share these dictionaries.
    resources = _copy_dictionary(page.get("/Resources") or {})
    images = _copy_dictionary(resources.get("/XObject") or {})
    images[NameObject(name)] = image
    resources[NameObject("/XObject")] = images
    page[NameObject("/Resources")] = resources
    update.replace(_get_reference(page), page)


# --------------------------------------------------------------------------- PDF objects


class _LiteralString(generic.TextStringObject):
    """A string that is written in readable ASCII, the library's way is octal."""

    def __new__(cls, value):
        # Link targets are 7-bit by the standard; what is encoded already stays as it is.
        return super().__new__(cls, quote(value, safe=":/?#[]@!$&'*+,;=~%"))

    def write_to_stream(self, stream, encryption_key=None):
        stream.write(b"(%s)" % self.encode("ascii"))


class _Update:
    """Collect changed and new objects, and append them to a document.

    :param bytes pdf: the document
    :param reader: the library's reader of that document
    """

    def __init__(self, pdf, reader):
        self.pdf = pdf
        self.reader = reader
        self.changed = {}  # (number, generation) -> library object, or bytes of a new one
        numbers = [number for table in reader.xref.values() for number in table]
        # The library forgets the size that a cross-reference stream states.
        stated = int(reader.trailer.get("/Size", 0))
        self.size = max(stated, max([*numbers, *reader.xref_objStm]) + 1)

    def add(self, data):
        """Add a new object, given as the bytes of its body, and return its reference."""
        reference = IndirectObject(self.size, 0, self.reader)
        self.size += 1
        self.changed[reference.idnum, reference.generation] = data
        return reference

    def replace(self, reference, data):
        """Write a new version of an object."""
        self.changed[reference.idnum, reference.generation] = data

    def replace_owner(self, owners, objects):
        """Write the innermost object that has a number of its own and holds the change.

        :param owners: references or direct objects, from the inside out; the last is a reference
        :param objects: what they stand for, in the same order
        """
        for reference, data in zip(owners, objects, strict=True):
            if isinstance(reference, IndirectObject):
                self.replace(reference, data)
                return

    def get_bytes(self):
        """Return the document with its update appended."""
        previous = self._get_last_xref()
        is_table = self.pdf.startswith(b"xref", previous)
        out = io.BytesIO()
        out.write(self.pdf)
        if not self.pdf.endswith(b"\n"):
            out.write(b"\n")
        start = out.tell()
        offsets = {}
        for (number, generation), data in sorted(self.changed.items(), key=lambda item: item[0]):
            offsets[number, generation] = out.tell()
            out.write(b"%d %d obj\n" % (number, generation))
            if isinstance(data, bytes):
                out.write(data)
            else:
                data.write_to_stream(out, None)
            out.write(b"\nendobj\n")
        xref = out.tell()
        trailer = self._get_trailer(previous, out.getbuffer()[start:])
        # A file that keeps its table in a stream has to go on doing so.
        if is_table:
            _write_xref_table(out, offsets, trailer)
        else:
            _write_xref_stream(out, offsets, trailer, self.size)
        out.write(b"\nstartxref\n%d\n%%%%EOF\n" % xref)
        return out.getvalue()

    def _get_last_xref(self):
        """Return where the document's newest cross-reference section begins.

        :raise _NotStampable: when there is none where the document says: the library may have
            found the objects in another way, but an update could not point back to them
        """
        match = _STARTXREF.search(self.pdf[-2048:])
        offset = int(match[1]) if match else len(self.pdf)
        if not re.compile(rb"xref\b|\d+\s+\d+\s+obj\b").match(self.pdf, offset):
            raise _NotStampable("its cross-reference table is damaged")
        return offset

    def _get_trailer(self, previous, appended):
        old = self.reader.trailer
        trailer = DictionaryObject()
        for key in ("/Root", "/Info"):
            if key in old:
                trailer[NameObject(key)] = old.raw_get(key)
        trailer[NameObject("/Size")] = NumberObject(self.size)
        trailer[NameObject("/Prev")] = NumberObject(previous)
        if "/ID" in old:
            # The first half names the document for good, the second this state of it.
            first = ByteStringObject(old["/ID"][0].original_bytes)
            state = ByteStringObject(hashlib.sha256(appended).digest()[:16])
            trailer[NameObject("/ID")] = ArrayObject([first, state])
        return trailer


def _write_xref_table(out, offsets, trailer):
    # The head of the free list is not needed here, but readers take fright at its absence.
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for run in _get_runs(offsets):
        out.write(b"%d %d\n" % (run[0][0], len(run)))
        for key in run:
            out.write(b"%010d %05d n \n" % (offsets[key], key[1]))
    out.write(b"trailer\n")
    trailer.write_to_stream(out, None)


def _write_xref_stream(out, offsets, trailer, number):
    offsets = {**offsets, (number, 0): out.tell()}
    runs = _get_runs(offsets)
    index = [NumberObject(n) for run in runs for n in (run[0][0], len(run))]
    data = b"".join(
        b"\x01" + offsets[key].to_bytes(4, "big") + key[1].to_bytes(2, "big")
        for run in runs
        for key in run
    )
    trailer.update(
        {
            NameObject("/Type"): NameObject("/XRef"),
            NameObject("/Size"): NumberObject(number + 1),
            NameObject("/W"): ArrayObject([NumberObject(n) for n in (1, 4, 2)]),
            NameObject("/Index"): ArrayObject(index),
            NameObject("/Length"): NumberObject(len(data)),
        }
    )
    out.write(b"%d 0 obj\n" % number)
    trailer.write_to_stream(out, None)
    out.write(b"\nstream\n%s\nendstream\nendobj" % data)


def _get_runs(keys):
    """Return the (number, generation) keys in lists of consecutive numbers."""
    runs = []
    for key in sorted(keys):
        if runs and key[0] == runs[-1][-1][0] + 1:
            runs[-1].append(key)
        else:
            runs.append([key])
    return runs


def _make_stream(data, entries=""):
    data = zlib.compress(data, 9)
    header = f"<<{entries} /Filter /FlateDecode /Length {len(data)}>>"
    return b"%s\nstream\n%s\nendstream" % (header.encode(), data)


def _make_rectangle(square):
    x, y, side = square
    numbers = (x, y, x + side, y + side)
    return ArrayObject([generic.FloatObject(f"{number:.3f}") for number in numbers])


def _copy_dictionary(dictionary):
    """Return a shallow copy; plain indexing would replace references by what they point to."""
    return DictionaryObject({key: dictionary.raw_get(key) for key in dictionary})


def _get_reference(page):
    # PyPDF2 2.x and pypdf name it differently.
    return getattr(page, "indirect_reference", None) or page.indirect_ref
