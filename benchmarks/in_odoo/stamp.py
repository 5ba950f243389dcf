# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Writes the live link into PDFs, many times over."""

import time


def measure(env, link_ids, repeat):
    """Stamp the PDF of each link's invoice.

    :return: list of dicts: ``seconds`` (processor time of each stamping), ``before`` and
        ``after`` (bytes)
    """
    found = []
    for link in env["paylink.link"].browse(link_ids):
        env["account.move.send"]._generate_and_send_invoices(
            link.move_id, sending_methods={"manual"}
        )
        pdf = link.move_id.invoice_pdf_report_id.raw
        stamped = link._stamp_pdf(pdf)
        assert link._get_token().encode() in stamped, "the PDF was not stamped"
        seconds = []
        for _number in range(repeat):
            started = time.process_time()
            link._stamp_pdf(pdf)
            seconds.append(time.process_time() - started)
        found.append({"seconds": seconds, "before": len(pdf), "after": len(stamped)})
    return found
