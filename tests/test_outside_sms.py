# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""SECURITY.md J 29 for texts: workers are killed while the gateway has them; none leaves twice.

The gateway is one of our own, over HTTP in the manner of Odoo's IAP; the workers are real.
"""

import os
import re
import signal
import threading
import time
from collections import Counter

import pytest

from tools.harness.sms_gateway import SmsGateway

TEXTS = 120
KILLS = 4
# Ten at each of two cron workers: Odoo's own job and ours may be at it at once.
IN_DOUBT_PER_KILL = 20
PATIENCE = 120
LIVE_URL = re.compile(r"/paylink/([0-9A-Za-z]{35})(?![0-9A-Za-z])")

BUILD = """
from odoo import Command, fields
company = env["res.company"].create({"name": "Texting Seller", "currency_id": env.ref("base.USD").id})
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
env["ir.config_parameter"].set_param("sms.endpoint", GATEWAY)
env["iap.account"].get("sms")
partners = env["res.partner"].create([
    {"name": f"Customer {number}", "phone": f"+32470{number:06}"} for number in range(NUMBER)
])
moves = env["account.move"].create([{
    "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": fields.Date.today(),
    "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})],
} for partner in partners])
moves.action_post()
links = env["paylink.link"].create([{
    "move_id": move.id, "partner_id": move.partner_id.id, "channel": "sms",
    "sms_number": move.partner_id._paylink_get_number(company),
} for move in moves])
for link in links:
    link._post_text()
links._mark_sent()
texts = env["sms.sms"].search([("paylink_link_id", "in", links.ids)])
answer({
    "links": links.ids,
    "urls": {text.uuid: text.paylink_link_id._get_token() for text in texts},
})
"""

FINISH = """
env.cr.execute("UPDATE sms_sms SET paylink_claim_date = paylink_claim_date - interval '1 hour'")
env["sms.sms"]._paylink_cron_texts()
links = env["paylink.link"].browse(LINKS)
answer({link.sms_number: [link.delivery_status, link.delivery_failure] for link in links})
"""


class Gateway(SmsGateway):
    """Slow enough to be interrupted; keeps what it has got."""

    def __init__(self):
        super().__init__(lambda *text: self.received.append(text))
        self.received = []
        self.is_busy = threading.Event()

    def accept(self, params):
        results = super().accept(params)
        self.is_busy.set()
        time.sleep(1)
        return results


def kill_workers(master):
    """Kill the worker processes of a server, as the kernel does when memory runs out."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
            if parent == master:
                os.kill(int(entry), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


@pytest.fixture
def gateway():
    with Gateway() as server:
        yield server


def count_waiting(connection):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sms_sms WHERE state = 'outgoing' AND paylink_link_id IS NOT NULL"
        )
        return cursor.fetchone()[0]


def test_workers_that_are_killed_send_no_text_twice_and_lose_none(start_odoo, gateway):
    stand = start_odoo(workers=1, crons=2)
    build = BUILD.replace("NUMBER", str(TEXTS)).replace("GATEWAY", repr(gateway.url))
    data = stand.shell(build)
    connection = stand.connect()
    connection.autocommit = True
    deadline = time.monotonic() + PATIENCE
    kills = 0
    while count_waiting(connection) and time.monotonic() < deadline:
        if kills < KILLS and gateway.is_busy.wait(timeout=1):
            kill_workers(stand.server.process.pid)
            kills += 1
            # The next one is for the worker that takes its place.
            gateway.is_busy.clear()
        # Those that take a dead one's place would wait a minute.
        stand.wake_crons()
        time.sleep(0.5)
    assert not count_waiting(connection), "texts still wait"
    assert kills == KILLS
    time.sleep(2)
    outcome = stand.shell(FINISH.replace("LINKS", repr(data["links"])))
    connection.close()

    times = Counter(number for _uuid, number, _content in gateway.received)
    assert len(outcome) == TEXTS
    assert max(times.values()) == 1, "a text was sent twice"
    for _uuid, _number, content in gateway.received:
        assert len(LIVE_URL.findall(content)) == 1
    assert {LIVE_URL.search(content)[1] for _uuid, _number, content in gateway.received} <= set(
        data["urls"].values()
    )
    for number, (status, failure) in outcome.items():
        if status == "sent":
            assert times[number] == 1, "said to be sent, and was not"
        else:
            assert status == "failed", (number, status)
            assert "may have arrived" in failure
    assert Counter(status for status, _failure in outcome.values())["sent"] >= (
        TEXTS - KILLS * IN_DOUBT_PER_KILL
    )
