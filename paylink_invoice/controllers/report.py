# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What staff print or download themselves, see `account.move._paylink_stamp_printed`."""

from odoo import http
from odoo.http import request

from odoo.addons.account.controllers.download_docs import AccountDocumentDownloadController
from odoo.addons.web.controllers.report import ReportController


def _is_readonly(_controller, _rule, args):
    """Tell whether a report is served by a read-only replica: a printed link is written."""
    return args["converter"] != "pdf"


class PaylinkReport(ReportController):
    @http.route(readonly=_is_readonly)
    def report_routes(self, reportname, docids=None, converter=None, **data):
        # EXTENDS 'web': the way of Odoo's buttons "Print"
        if converter == "pdf":
            request.update_context(paylink_is_printed=True)
        return super().report_routes(reportname, docids=docids, converter=converter, **data)


class PaylinkDownload(AccountDocumentDownloadController):
    @http.route()
    def download_invoice_documents_filetype(self, invoices, filetype, allow_fallback=True):
        # EXTENDS 'account': the way of "Download PDF" in the list
        return super().download_invoice_documents_filetype(
            invoices.with_context(paylink_is_printed=True), filetype, allow_fallback=allow_fallback
        )
