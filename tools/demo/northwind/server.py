# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo over HTTP inside this process while the demo is loaded.

Reports fetch their style sheets from it, and the demo's visitors come through it, as everybody does.
"""

import contextlib
import threading

from werkzeug.serving import WSGIRequestHandler, make_server

from odoo import http
from odoo.tools import config


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_args, **_kwargs):
        """Keep the output for the demo's own lines."""


@contextlib.contextmanager
def serve():
    """Serve the current database on a free port of 127.0.0.1.

    :return: base URL
    """
    server = make_server("127.0.0.1", 0, http.root, threaded=True, request_handler=_QuietHandler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # Visitors have addresses of their own, see `visitors`.
    proxy_mode, config["proxy_mode"] = config["proxy_mode"], True
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        config["proxy_mode"] = proxy_mode
        server.shutdown()
        server.server_close()
