# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A real SMTP server for tests, which keeps what it is sent in memory."""

import email
import email.policy
import time

from aiosmtpd.controller import Controller

from .process import free_port


class Received:
    """One message as it arrived.

    `content` is an `email.message.EmailMessage`; sender and recipients are the envelope's.
    """

    def __init__(self, envelope):
        self.sender = envelope.mail_from
        self.recipients = list(envelope.rcpt_tos)
        self.raw = envelope.content
        self.content = email.message_from_bytes(envelope.content, policy=email.policy.default)

    @property
    def html(self):
        """Return the HTML body, '' without one."""
        part = self.content.get_body(("html",))
        return part.get_content() if part else ""

    @property
    def attachments(self):
        """Return the attachments as (file name, bytes)."""
        parts = self.content.iter_attachments()
        return [(part.get_filename(), part.get_payload(decode=True)) for part in parts]


class Mailbox:
    """The SMTP server, listening inside of a `with`; `messages` is what came so far."""

    def __init__(self):
        self.messages = []
        self.refused = {}

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        """Accept a recipient, or answer as `refused[address]` says ('550 no such user')."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        """Keep a message."""
        self.messages.append(Received(envelope))
        return "250 OK"

    def __enter__(self):
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def wait_for(self, count=1, to=None, patience=60):
        """Return the messages (to one address), once there are at least `count` of them.

        :raise TimeoutError: when they do not come in time
        """
        deadline = time.monotonic() + patience
        while True:
            found = [m for m in self.messages if to is None or to in m.recipients]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} messages to {to or 'anybody'} came")
            time.sleep(0.05)
