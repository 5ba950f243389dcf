# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts with links: the live URL is written in while they leave, and none leaves twice.

A queued text holds the placeholder only.  Before the gateway is asked, the text is marked as being
sent and that is committed: whatever happens then (a worker that is killed, an answer that is lost),
nobody sends it once more by himself.  What became of it is told to staff, who decide.
"""

import logging
from datetime import timedelta

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from odoo import api, fields, models

from .mail_mail import PLACEHOLDER

_logger = logging.getLogger(__name__)

# What one run of a dying worker can leave uncertain at most.
BATCH_SIZE = 10
# No gateway takes longer to answer: whoever claimed a text this long ago is gone.
CLAIM_PATIENCE = timedelta(minutes=15)
# How long a text waits for a gateway that cannot be reached.
QUEUE_PATIENCE = timedelta(days=1)
# States of the gateways that do not tell whether the text has left.
UNCERTAIN_STATES = ("server_error",)


class LiveSmsApi:
    """A gateway that is given live texts while the placeholders stay in the database.

    :param sms_api: any `SmsApiBase` of Odoo
    :param dict contents: what leaves, for the ``uuid`` of each `sms.sms`
    :param str doubt: what staff are told if nobody knows whether a text has left
    """

    def __init__(self, sms_api, contents, doubt):
        self._sms_api = sms_api
        self._contents = contents
        self._doubt = doubt
        self.is_unreachable = False

    def __getattr__(self, name):
        return getattr(self._sms_api, name)

    def _send_sms_batch(self, messages, **kwargs):
        """Send the live texts; see `SmsApiBase._send_sms_batch`."""
        uuids = [number["uuid"] for message in messages for number in message["numbers"]]
        live = [
            {"content": self._contents[number["uuid"]], "numbers": [number]}
            for message in messages
            for number in message["numbers"]
        ]
        try:
            results = self._sms_api._send_sms_batch(live, **kwargs)
        except Exception as error:
            # Without the traceback, which may quote what was sent.
            _logger.warning("Texts could not be handed over: %s", type(error).__name__)
            if _is_before_connection(error):
                self.is_unreachable = True
                return []
            results = []
        return self._complete(uuids, results or [])

    def _complete(self, uuids, results):
        """Return one result for each text: what got no clear answer is in doubt."""
        known = {result["uuid"]: result for result in results if result.get("uuid") in uuids}
        answers = [known.get(uuid) or {"uuid": uuid, "state": "server_error"} for uuid in uuids]
        return [
            {**answer, "failure_reason": self._doubt}
            if answer["state"] in UNCERTAIN_STATES
            else answer
            for answer in answers
        ]


def _is_before_connection(error):
    """Tell whether an error happened before anything could have been sent."""
    seen = set()
    todo = [error]
    while todo:
        error = todo.pop()
        if not isinstance(error, BaseException) or id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, NewConnectionError | ConnectTimeoutError):
            return True
        todo += [error.__cause__, error.__context__, getattr(error, "reason", None), *error.args]
    return False


class SmsSms(models.Model):
    _inherit = "sms.sms"

    paylink_link_id = fields.Many2one(
        string="Invoice Link",
        comodel_name="paylink.link",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    paylink_claim_date = fields.Datetime(
        help="Since when the text is with the gateway without an answer.",
        index="btree_not_null",
        readonly=True,
        copy=False,
    )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'sms' to tie the texts of a link to it.
        texts = super().create(vals_list)
        link_sudo = self.env["paylink.link"].sudo().browse(self.env.context.get("paylink_link_id"))
        for text in texts:
            # A context may say anything: only what was posted for this link is its text.
            if link_sudo and link_sudo._is_own_text(text):
                text.paylink_link_id = link_sudo
        return texts

    # === QUEUE === #

    @api.model
    def _process_queue(self):
        # EXTENDS 'sms': texts with links leave first, in a way of their own.
        if not self._paylink_process_queue():
            return None
        # Those that wait for their gateway go on waiting.
        return super(SmsSms, self.with_context(paylink_texts_done=True))._process_queue()

    @api.model
    def _paylink_process_queue(self):
        """Send the texts with links that wait, a few at a time.

        :return: whether there is time left
        """
        self._paylink_mark_lost()
        domain = [
            ("state", "=", "outgoing"),
            ("to_delete", "!=", True),
            ("paylink_link_id", "!=", False),
        ]
        texts = self.search(domain, order="id")
        for start in range(0, len(texts), BATCH_SIZE):
            batch = texts[start : start + BATCH_SIZE].exists().try_lock_for_update()
            batch.invalidate_recordset(["state"])
            batch = batch.filtered_domain(domain)
            batch._send()
            is_stuck = any(text.state == "outgoing" for text in batch)
            remaining = 0 if is_stuck else max(0, len(texts) - start - BATCH_SIZE)
            if not self.env["ir.cron"]._commit_progress(remaining=remaining):
                return False
            if is_stuck:
                break
        return True

    @api.model
    def _paylink_cron_texts(self):
        """Send what still waits, and tell of what was interrupted; Odoo's own job runs daily."""
        self._paylink_process_queue()

    @api.model
    def _paylink_mark_lost(self):
        """Tell staff of texts whose sending was interrupted: nobody knows whether they left."""
        limit = fields.Datetime.now() - CLAIM_PATIENCE
        lost = self.search([("paylink_claim_date", "<", limit)]).try_lock_for_update()
        lost.filtered(lambda text: text.state == "process")._paylink_fail(
            "sms_server", self._paylink_get_doubt()
        )
        lost.paylink_claim_date = False

    @api.model
    def _paylink_get_doubt(self):
        return self.env._(
            "The gateway gave no clear answer: the text may have arrived. Ask the customer before you "
            "send it again."
        )

    # === SENDING === #

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        # EXTENDS 'sms'
        # In sudo mode because whoever may send texts need not be allowed to read the link.
        linked = self.sudo().filtered("paylink_link_id")
        if others := self - linked:
            super(SmsSms, others)._send(
                unlink_failed=unlink_failed,
                unlink_sent=unlink_sent,
                raise_exception=raise_exception,
            )
        if self.env.context.get("paylink_texts_done"):
            return
        claimed = linked._paylink_stop_unwanted()._paylink_claim()
        for company, texts in claimed.grouped(lambda sms: sms.paylink_link_id.company_id).items():
            for sms_api, batch in texts.with_company(company)._split_by_api():
                live_api = LiveSmsApi(
                    sms_api, batch._paylink_get_contents(), self._paylink_get_doubt()
                )
                super(SmsSms, batch.with_context(sms_api=live_api))._send(
                    unlink_failed=False, unlink_sent=unlink_sent
                )
                if live_api.is_unreachable:
                    batch._paylink_wait_for_gateway()

    def _paylink_claim(self):
        """Mark these texts as being sent, for good, and return those that nobody else has.

        This commits: the caller must have nothing else under way.  It is called by the queue, or by
        a button of a text in the back end.
        """
        claimed = self.try_lock_for_update().filtered(lambda text: text.state == "outgoing")
        if not claimed:
            return claimed
        claimed.write({"state": "process", "paylink_claim_date": fields.Datetime.now()})
        self.env.flush_all()
        if self.env["account.move.send"]._can_commit():
            # Otherwise a worker that dies while the gateway has the text would have it sent again.
            # What is claimed is done as far as the job is concerned: else Odoo gives a job up whose
            # workers die three times in a row.
            self.env["ir.cron"]._commit_progress(len(claimed))
        return claimed

    def _handle_call_result_hook(self, results):  # pylint: disable=missing-return
        # EXTENDS 'sms'
        super()._handle_call_result_hook(results)
        self.filtered("paylink_claim_date").paylink_claim_date = False

    def _paylink_get_contents(self):
        """Return what leaves for each text: with the live URL, for its recipient only."""
        contents = {}
        for text in self:
            link = text.paylink_link_id

            def make_live(match, link=link):
                return link._get_url() if match[1] == str(link.id) else match[0]

            contents[text.uuid] = PLACEHOLDER.sub(make_live, text.body or "")
        return contents

    def _paylink_stop_unwanted(self):
        """Take texts that must not leave any more out of the queue; return the others."""
        wanted = self
        for company, texts in self.grouped(lambda sms: sms.paylink_link_id.company_id).items():
            # In sudo mode because the queue sends for all companies.
            links_sudo = texts.paylink_link_id.sudo()
            of_invoices = links_sudo.filtered(lambda link: link.kind == "invoice")
            denials = of_invoices._get_text_denials(company)
            for text in texts:
                link_sudo = text.paylink_link_id.sudo()
                if link_sudo.kind == "balance":
                    reason = link_sudo._get_balance_text_denial(text)
                else:
                    reason = denials.get(link_sudo)
                if reason:
                    text._paylink_fail("sms_not_allowed", reason)
                    wanted -= text
        return wanted

    def _paylink_fail(self, failure_type, reason):
        """End texts that did not leave, or may not have, and say so on the document.

        :param str failure_type: of `mail.notification`
        :param str reason: a sentence for staff
        """
        known = dict(self._fields["failure_type"].selection)
        self.write(
            {
                "state": "error",
                "failure_type": failure_type if failure_type in known else "unknown",
                "paylink_claim_date": False,
            }
        )
        self.sms_tracker_id.sudo()._action_update_from_sms_state(
            "error", failure_type=failure_type, failure_reason=reason
        )

    def _paylink_wait_for_gateway(self):
        """Put texts back into the queue that the gateway cannot have got; give up after a day."""
        limit = fields.Datetime.now() - QUEUE_PATIENCE
        late = self.filtered(lambda text: text.create_date < limit)
        late._paylink_fail(
            "sms_server", self.env._("The gateway could not be reached for a day. Send it again.")
        )
        waiting = self - late
        waiting.write({"state": "outgoing", "paylink_claim_date": False})
        waiting.sms_tracker_id.sudo().mail_notification_id.failure_reason = self.env._(
            "The gateway cannot be reached. It is tried again every hour."
        )
