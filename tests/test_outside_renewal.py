# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Asking for a new link: the answer tells nothing, the mail goes to addresses on file only.

SECURITY.md, part H.
"""

import re
import statistics
import time
from urllib.parse import quote_plus

import pytest
from outside import LIVE_URL, assert_promised

pytestmark = pytest.mark.slow

KNOWN = "alice@azure.example.com"
ON_FILE = {"alice@azure.example.com", "info@azure.example.com"}
CRON = (
    "SELECT c.id FROM ir_cron c JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id"
    " WHERE d.name = 'ir_cron_paylink_renewal'"
)


@pytest.fixture
def ended(world):
    """Return a link that ended yesterday."""
    return world.take_link(expiration_date="now() at time zone 'UTC' - interval '1 day'")


@pytest.fixture
def idle_cron(world):
    """Keep the server from answering requests meanwhile."""
    world.sql(f"UPDATE ir_cron SET active = false WHERE id = ({CRON})")
    yield
    world.sql(f"UPDATE ir_cron SET active = true WHERE id = ({CRON})")


@pytest.fixture
def idle_mail_queue(world):
    """Keep Odoo's hourly cron for mails from sending what nobody else sends."""
    queue = CRON.replace("ir_cron_paylink_renewal", "ir_cron_mail_scheduler_action")
    world.sql(f"UPDATE ir_cron SET active = false WHERE id = ({queue})")
    yield
    world.sql(f"UPDATE ir_cron SET active = true WHERE id = ({queue})")


def ask(world, link, email, **headers):
    return world.post_form(
        f"/paylink/{link['token']}/renew", "email=" + quote_plus(email), **headers
    )


def forget_requests(world, link, minutes=10_000):
    """Make all requests of a link older."""
    world.sql(
        "UPDATE paylink_event SET event_date = event_date - make_interval(mins => %s)"
        " WHERE link_id IN (SELECT id FROM paylink_link WHERE move_id = %s) AND event_type = 'renewal_requested'",
        *(minutes, link["move"]),
    )


def answers_of(world, link):
    """Return the contacts who got a new link on a request made with this one."""
    return [
        row[0]
        for row in world.sql(
            "SELECT l.partner_id FROM paylink_link l JOIN paylink_event e ON e.id = l.renewal_event_id"
            " WHERE e.link_id = %s ORDER BY l.id",
            link["id"],
        )
    ]


def test_every_address_gets_the_same_answer(world, ended, idle_cron):
    addresses = (
        KNOWN, KNOWN.upper(), f" {KNOWN} ", f"Alice <{KNOWN}>", "info@azure.example.com",
        "eve@evil.example", "alice@azure.example.com.evil.example", "", " ", "no address", "@", "a@", "@b",
        "alice@azure.example.com,eve@evil.example", "alice@azure.example.com;eve@evil.example",
        "alice@azure.example.com eve@evil.example", f"{KNOWN}\r\nBcc: eve@evil.example",
        f"{KNOWN}\nBcc: eve@evil.example", f"{KNOWN}%0d%0aBcc: eve@evil.example", f"{KNOWN}\x00",
        "Alice@AZURE.example.com", "alıce@azure.example.com", "％@azure.example.com", "%@%", "_@_", "*@*",
        "' OR '1'='1", "a" * 60_000, "(" * 5_000, "a@" * 20_000, f"{'a' * 300}@azure.example.com", "é@é.é",
    )  # fmt: skip
    forms = ["email=" + quote_plus(address) for address in addresses]
    forms += [
        "",
        "email",
        f"email={quote_plus(KNOWN)}&email=eve%40evil.example",
        "email=%ff%fe",
        "email[]=a%40b",
    ]
    fingerprints = set()
    for form in forms:
        answer = world.post_form(f"/paylink/{ended['token']}/renew", form)
        assert_promised(answer)
        plain = re.sub(r"nonce[-=]\"?[\w-]+", "", answer.text + str(sorted(answer.headers)))
        plain = re.sub(r"\d\d:\d\d:\d\d GMT", "", plain)
        fingerprints.add((answer.status, plain))
    assert len(fingerprints) == 1, [text[:400] for text in fingerprints]
    ((status, text),) = fingerprints
    assert status == 200 and "Look into your mailbox" in text and "Northwind Heating" in text
    assert "azure.example.com" not in text, "the answer names an address"


def test_known_unknown_and_malformed_addresses_take_the_same_time(world, ended, idle_cron):
    times = {KNOWN: [], "eve@evil.example": [], "no address": []}
    for number in range(23):
        for address, taken in times.items():
            forget_requests(world, ended)
            began = time.perf_counter()
            answer = ask(world, ended, address)
            if number >= 3:  # The first ones warm up
                taken.append(time.perf_counter() - began)
            assert answer.status == 200
    partners = world.sql(
        "SELECT count(partner_id), count(*) FROM paylink_event"
        " WHERE link_id = %s AND event_type = 'renewal_requested'",
        ended["id"],
    )
    # The known address was accepted each time, so its way was gone to the end.
    assert partners == [(23, 69)]
    medians = {address: statistics.median(taken) for address, taken in times.items()}
    slowest, fastest = max(medians.values()), min(medians.values())
    assert slowest < 1.5 * fastest + 0.01, medians


def test_a_known_address_gets_a_new_link_by_mail_that_works(world, ended, idle_mail_queue):
    seen = len(world.stand.mailbox.messages)
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = ask(world, ended, " Alice@Azure.Example.COM ", **evil)
    assert answer.status == 200 and not LIVE_URL.search(answer.text.replace(ended["token"], ""))
    mail = world.wait_for_mail(KNOWN, seen, patience=90)
    assert mail.recipients == [KNOWN] and b"evil.example" not in mail.raw
    (token,) = set(LIVE_URL.findall(mail.html))
    assert token != ended["token"]
    assert f"{world.stand.url}/paylink/{token}" in mail.html
    assert world.ask(f"/paylink/{token}").status == 200
    assert world.ask(f"/paylink/{ended['token']}").status == 410
    # Once more within a quarter of an hour: the same answer, and no mail.
    again = len(world.stand.mailbox.messages)
    for _number in range(3):
        assert ask(world, ended, KNOWN).status == 200
    time.sleep(3)
    assert not [m for m in world.stand.mailbox.messages[again:] if KNOWN in m.recipients]
    assert answers_of(world, ended) == [world.alice]


def test_requests_are_accepted_once_in_a_quarter_of_an_hour_and_three_times_a_day(
    world, ended, idle_cron
):
    forget_requests(world, ended)
    accepted = []
    for _number in range(6):
        for _again in range(3):
            ask(world, ended, KNOWN)
        ((count,),) = world.sql(
            "SELECT count(partner_id) FROM paylink_event WHERE link_id = %s"
            " AND event_type = 'renewal_requested'",
            ended["id"],
        )
        accepted.append(count)
        forget_requests(world, ended, minutes=16)
    assert accepted == [1, 2, 3, 3, 3, 3]
    # An address is an address, whichever of its links is used.
    other = world.take_link()
    ask(world, other, KNOWN)
    assert world.sql(
        "SELECT count(partner_id) FROM paylink_event WHERE link_id = %s", other["id"]
    ) == [(0,)]
    forget_requests(world, ended)


def test_strangers_and_injections_get_no_mail(world, ended):
    forget_requests(world, ended)
    seen = len(world.stand.mailbox.messages)
    for address in (
        "eve@evil.example",
        "biller@northwind.example.com",
        f"{KNOWN},eve@evil.example",
        f"{KNOWN}\r\nBcc: eve@evil.example",
        f"{KNOWN}\nTo: eve@evil.example",
        f'"{KNOWN}" <eve@evil.example>',
        f"eve@evil.example ({KNOWN})",
    ):
        assert ask(world, ended, address).status == 200
    time.sleep(4)
    mails = world.stand.mailbox.messages[seen:]
    # Staff are told that somebody asked, and get no link.
    assert not any(
        LIVE_URL.search(mail.html)
        for mail in mails
        if "biller@northwind.example.com" in mail.recipients
    )
    recipients = {address for mail in mails for address in mail.recipients}
    customers = ON_FILE | {"bob@azure.example.com", "carol@azure.example.com"}
    assert recipients <= customers | {"biller@northwind.example.com"}, recipients
    assert set(answers_of(world, ended)) <= {world.alice}


def test_contacts_of_other_customers_and_of_other_links_are_strangers(world, idle_cron):
    # Bob and Carol have links of the invoice `other`; nobody has sent them this one.
    link = world.take_link(expiration_date="now() - interval '1 day'")
    for address in ("carol@azure.example.com", world.biller):
        ask(world, link, address)
    assert world.sql(
        "SELECT count(partner_id) FROM paylink_event WHERE link_id = %s", link["id"]
    ) == [(0,)]


def test_a_revoked_link_cannot_be_renewed(world, idle_cron):
    link = world.take_link(revoked_date="now()", expiration_date="now() - interval '1 day'")
    before = world.trace(link)
    for answer in (
        world.ask(f"/paylink/{link['token']}/renew"),
        ask(world, link, KNOWN),
        ask(world, link, "x"),
    ):
        assert answer.status == 410
        assert "Northwind Heating" in answer.text and "<form" not in answer.text
        assert_promised(answer)
    assert world.trace(link) == before


def test_a_flood_of_requests_adds_a_bounded_number_of_rows(world, ended, idle_cron):
    count_rows = (
        "SELECT (SELECT count(*) FROM paylink_event WHERE link_id = %s),"
        f" (SELECT count(*) FROM ir_cron_trigger WHERE cron_id = ({CRON}))"
    )
    ((events, triggers),) = world.sql(count_rows, ended["id"])
    for number in range(75):
        assert ask(world, ended, f"{number}@evil.example").status == 200
    ((more_events, more_triggers),) = world.sql(count_rows, ended["id"])
    assert more_events - events <= 62
    assert more_triggers - triggers <= 62
