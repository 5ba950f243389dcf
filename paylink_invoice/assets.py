# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addresses of the pages' style sheet and script, which a browser may keep for ever."""

import functools
import hashlib
import posixpath

from odoo.tools import file_open

STATIC_PATH = "paylink_invoice/static/src/page/"


@functools.cache
def get_asset_url(name):
    """Return the URL of a file of the page; it changes with the content.

    :param str name: path from the folder of page.css
    """
    path = posixpath.normpath(STATIC_PATH + name)
    with file_open(path, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:12]
    return f"/{path}?v={version}"
