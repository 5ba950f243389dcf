# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A gateway for text messages on this machine, asked as Odoo asks its own (IAP); it sends nothing.

Odoo finds it by the system parameter ``sms.endpoint``.
"""

import json
import smtplib
import threading
import urllib.request
from contextlib import suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# So long a phone takes to say that it has got a text; Odoo has booked the answer by then.
DELIVERY_SECONDS = 3.0


class SmsGateway(ThreadingHTTPServer):
    """Takes every text, inside of a `with`.

    :param take: called with the uuid, the number and the content of each text
    """

    daemon_threads = True

    def __init__(self, take):
        super().__init__(("127.0.0.1", 0), SmsHandler)
        self.take = take

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def accept(self, params):
        """Take the texts of one question and return the answer's ``result``."""
        results = []
        for message in params["messages"]:
            for number in message["numbers"]:
                self.take(number["uuid"], number["number"], message["content"])
                results.append({"uuid": number["uuid"], "state": "success", "credit": 1})
        return results


class SmsHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result = self.server.accept(question["params"])
        answer = {"jsonrpc": "2.0", "id": question["id"], "result": result}
        with suppress(BrokenPipeError, ConnectionResetError):  # Who asked may be dead.
            self._answer(json.dumps(answer).encode())

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Say nothing."""


class TextCatcher(SmsGateway):
    """The gateway of the demo: shows each text in the mailbox, and reports it as delivered.

    :param smtp_port: where the mail catcher takes messages
    """

    def __init__(self, smtp_port):
        super().__init__(self._show)
        self.smtp_port = smtp_port

    def accept(self, params):
        results = super().accept(params)
        uuids = [result["uuid"] for result in results]
        if url := params.get("webhook_url"):
            report = threading.Timer(DELIVERY_SECONDS, self._report, [url, uuids])
            report.daemon = True
            report.start()
        return results

    def _show(self, _uuid, number, content):
        mail = EmailMessage()
        mail["From"] = "Text message <texts@gateway.example>"
        mail["To"] = f"{number.lstrip('+')}@phone.example"
        mail["Subject"] = f"Text to {number}"
        mail.set_content(content)
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as server:
            server.send_message(mail)

    @staticmethod
    def _report(url, uuids):
        params = {"message_statuses": [{"sms_status": "delivered", "uuids": uuids}]}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/json"}
        )
        with suppress(OSError):  # The demo is being stopped.
            urllib.request.urlopen(request, timeout=10).close()
