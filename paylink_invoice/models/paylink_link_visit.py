# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the page of a link reports and asks: visits, proven by a nonce, and questions."""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .. import tokens

# A page that was opened longer ago reports no views; whoever comes back loads it anew.
PAGE_NONCE_SECONDS = 12 * 3600
MAX_QUESTION_LENGTH = 4000
MAX_QUESTIONS = 5
QUESTION_PERIOD = timedelta(minutes=10)


class PaylinkLinkVisit(models.Model):
    _inherit = "paylink.link"

    # === VISITS === #

    def _issue_page_nonce(self):
        """Return a short-lived proof that a page of this link was served: ``time.random.mac``."""
        self.ensure_one()
        issued = f"{int(fields.Datetime.now().timestamp()):x}"
        unique = secrets.token_hex(8)
        return f"{issued}.{unique}.{self._sign_page(issued, unique)}"

    def _is_page_nonce(self, nonce):
        """Tell whether ``nonce`` comes from a page of this link that is not too old."""
        self.ensure_one()
        parts = nonce.split(".") if isinstance(nonce, str) and len(nonce) <= 100 else []
        if len(parts) != 3:
            return False
        issued, unique, signature = parts
        keyring, database_uuid = self._get_signing_material()
        if not tokens.verify(
            keyring, "page", signature, *self._get_page_parts(issued, unique, database_uuid)
        ):
            return False
        age = fields.Datetime.now().timestamp() - int(issued, 16)
        return 0 <= age <= PAGE_NONCE_SECONDS

    def _sign_page(self, issued, unique):
        keyring, database_uuid = self._get_signing_material()
        return tokens.sign(keyring, "page", *self._get_page_parts(issued, unique, database_uuid))

    def _get_page_parts(self, issued, unique, database_uuid):
        """Return what the signature of a page covers."""
        return database_uuid, self.public_ref, str(self.generation), issued, unique

    def _register_visit(self, event_type, nonce, visitor):
        """Record what the page of this link reports, see `paylink.event._register_visit`."""
        self.ensure_one()
        self.env["paylink.event"]._register_visit(self, event_type, nonce, visitor)

    # === QUESTIONS === #

    @api.model
    def _is_valid_question(self, text):
        """Tell whether ``text`` can be put into the chatter: plain, not empty, not too long."""
        return (
            isinstance(text, str)
            and 0 < len(text.strip()) <= MAX_QUESTION_LENGTH
            and "\x00" not in text
        )

    def _get_question_delay(self):
        """Return the seconds to wait before the next question, 0 when it may be asked now."""
        self.ensure_one()
        since = fields.Datetime.now() - QUESTION_PERIOD
        asked = self.event_ids.search(
            [
                ("link_id", "=", self.id),
                ("event_type", "=", "commented"),
                ("event_date", ">", since),
            ],
            limit=MAX_QUESTIONS,
        )
        if len(asked) < MAX_QUESTIONS:
            return 0
        return max(1, (asked[-1].event_date - since).total_seconds())

    def _ask_question(self, text, visitor, is_person=True):
        """Post a question unless there were too many; see :meth:`_post_question`.

        It fails with an error of PostgreSQL that asks to roll back and begin anew when another
        question has just been asked with this link.

        :return: the seconds to wait before it may be asked, 0 when it was posted
        """
        self.ensure_one()
        # Not just a lock: a transaction that has waited would not see what it waited for.
        self.env.cr.execute(
            SQL("UPDATE paylink_link SET write_date = write_date WHERE id = %s", self.id),
            log_exceptions=False,
        )
        seconds = self._get_question_delay()
        if not seconds:
            self._post_question(text, visitor, is_person)
        return seconds

    def _post_question(self, text, visitor, is_person=True):
        """Put a visitor's question into the chatter and count its author as a view.

        :param str text: see :meth:`_is_valid_question`
        :param dict visitor: ``ip_address`` and ``user_agent``
        :param bool is_person: whether a customer may have asked: no machine and no staff
        """
        self.ensure_one()
        self._log_event("commented", **visitor)
        if is_person:
            self.env["paylink.event"]._register_view(self, visitor)
        self._get_chatter_record()._paylink_post_question(self, text.strip())
