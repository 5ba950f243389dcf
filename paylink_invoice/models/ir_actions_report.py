# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        # EXTENDS 'account': staff who print an invoice hold a copy with a link of its own. Only
        # their own requests for it: what is rendered to be stored, or to be sent, stays as it is.
        content, content_type = super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        is_printed = self.env.context.get("paylink_is_printed")
        if is_printed and res_ids and content_type == "pdf" and self._is_invoice_report(report_ref):
            ids = [res_ids] if isinstance(res_ids, int) else res_ids
            content = self.env["account.move"].browse(ids)._paylink_stamp_printed(content)
        return content, content_type
