# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The seller's logo, made small enough to travel inside the page.

Plain Python without Odoo.
"""

import base64
import io

from PIL import Image, UnidentifiedImageError

LOGO_BOX = (360, 96)  # twice the size that page.css gives it
MAX_SVG_LOGO_BYTES = 24_000


def make_inline_image(raw):
    """Return a logo small enough to travel inside the page.

    A request of its own to Odoo's logo route would set a session cookie, which these pages do not.

    :param bytes raw: an image file
    :return: ``{'src': data URL, 'width', 'height'}`` in CSS pixels, or ``None`` where it is no
        image that browsers show; an SVG has no width and height
    """
    if b"<svg" in raw[:1000].lower():
        if len(raw) > MAX_SVG_LOGO_BYTES:
            return None
        data = base64.b64encode(raw).decode()
        return {"src": f"data:image/svg+xml;base64,{data}", "width": None, "height": None}
    try:
        image = Image.open(io.BytesIO(raw)).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    image.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    width, height = image.size
    stream = io.BytesIO()
    # 256 colours are enough for a logo and a third of the size.
    image.quantize(256, method=Image.Quantize.FASTOCTREE).save(stream, "PNG", optimize=True)
    # As large as the box however small the file is, so that all logos look alike.
    scale = min(LOGO_BOX[0] / width, LOGO_BOX[1] / height) / 2
    return {
        "src": f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }
