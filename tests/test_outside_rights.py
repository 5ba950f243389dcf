# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Rights over real RPC: what is private stays private, what is injected is an error.

SECURITY.md, part I. The matrix of roles and models is paylink_invoice/tests/test_rights.py.
"""

import xmlrpc.client

import pytest
from outside import LIVE_URL

pytestmark = pytest.mark.slow

PRIVATE = (
    ("paylink.link", "_get_token", ["ids"]),
    ("paylink.link", "_get_url", ["ids"]),
    ("paylink.link", "_get_path", ["ids"]),
    ("paylink.link", "_get_qr_svg", ["ids"]),
    ("paylink.link", "_get_pdf", ["ids"]),
    ("paylink.link", "_issue_page_nonce", ["ids"]),
    ("paylink.link", "_mark_sent", ["ids"]),
    ("paylink.link", "_log_event", ["ids", "viewed"]),
    ("paylink.link", "_start_payment", ["ids", 1, 1, "direct"]),
    ("paylink.link", "_post_question", ["ids", "x", {}]),
    ("paylink.link", "_request_renewal", ["ids", "x", {}]),
    ("paylink.link", "_resolve", ["invoice", "x"]),
    ("paylink.link", "_get_signing_material", []),
    ("paylink.link", "_stamp_pdf", ["ids", "x"]),
    ("paylink.link", "_prepare_message", ["ids"]),
    ("paylink.event", "_register_visit", ["ids", "viewed", "x", {}]),
    ("paylink.event", "_register_view", ["ids", {}]),
    ("paylink.event", "_cron_send_renewals", []),
    ("paylink.page", "_prepare_values", ["ids"]),
    ("res.company", "_paylink_get_keyring", []),
    ("res.company", "_paylink_get_key_file", []),
    ("account.move", "_paylink_new_link", ["ids"]),
    ("mail.mail", "_paylink_find_links", ["ids", []]),
    ("payment.transaction", "_paylink_open_attempt", ["ids", {}]),
    ("paylink.send", "_create_links", ["ids"]),
    ("paylink.send", "_new_link", ["ids"]),
)


@pytest.fixture(scope="module")
def other_biller(world):
    """Return the login of a second person who may send."""
    login = "second@northwind.example.com"
    world.stand.shell(
        f"""
from odoo import Command
company = env["res.company"].browse({world.company})
env["res.users"].with_context(no_reset_password=True).create(
    {{"login": {login!r}, "password": {world.password!r}, "name": "Nora", "company_id": company.id,
      "company_ids": [Command.set(company.ids)],
      "group_ids": [Command.set([env.ref("account.group_account_invoice").id])]}}
)
"""
    )
    return login


def is_refused(answer):
    """Tell whether an RPC answer is an error, and no value came with it."""
    return "error" in answer and "result" not in answer


def call_button(world, model, method, arguments):
    """Call a method by the way of buttons in views."""
    params = {"model": model, "method": method, "args": arguments, "kwargs": {}}
    headers = {"Cookie": world.log_in(world.biller)}
    return world.ask(
        f"/web/dataset/call_button/{model}/{method}", "POST", {"params": params}, headers
    ).json


@pytest.mark.parametrize(
    ("model", "method", "arguments"), PRIVATE, ids=lambda value: str(value)[:40]
)
def test_private_methods_cannot_be_called(world, model, method, arguments):
    link = world.pool[-1]
    words = [[link["id"]] if word == "ids" else word for word in arguments]
    before = world.trace(link)
    answer = world.call_as(world.biller, model, method, *words)
    assert is_refused(answer), answer
    assert "rivate" in answer["error"]["data"]["message"], answer["error"]["data"]["message"]
    assert is_refused(call_button(world, model, method, words))
    for service in ("/xmlrpc/2/object", f"/json/2/{model}/{method}"):
        assert link["token"] not in world.ask(service, "POST", {"ids": [link["id"]]}).text
    assert world.trace(link) == before


def test_private_methods_cannot_be_called_over_xml_rpc(world):
    link = world.pool[-1]
    with pytest.raises(xmlrpc.client.Fault, match="rivate"):
        world.stand.call(
            *("paylink.link", "_get_token", [link["id"]]),
            login=world.biller,
            password=world.password,
        )


def test_no_readable_field_of_a_link_is_or_opens_its_url(world):
    link = world.pool[-1]
    for model, ids in (("paylink.link", [link["id"]]), ("account.move", [link["move"]])):
        answer = world.call_as(world.biller, model, "read", ids)
        assert link["token"] not in str(answer), model
        assert not LIVE_URL.search(str(answer)), model


@pytest.mark.parametrize("who", ["employee", "nobody"])
def test_who_may_not_send_reaches_nothing(world, who):
    link = world.pool[-1]
    before = world.trace(link)
    calls = [
        ("paylink.link", method, [[link["id"]]])
        for method in (
            "action_copy_url",
            "action_revoke",
            "action_regenerate",
            "action_preview",
            "read",
            "unlink",
            "export_data",
        )
    ]
    calls += [
        ("paylink.link", "search_read", [[]]),
        ("paylink.link", "write", [[link["id"]], {"revoked_date": False}]),
        ("paylink.link", "create", [{"move_id": link["move"], "partner_id": world.alice}]),
        ("paylink.link", "copy", [[link["id"]]]),
        ("paylink.event", "search_read", [[]]),
        ("paylink.event", "create", [{"link_id": link["id"], "event_type": "paid"}]),
        ("paylink.send", "create", [{"channel": "email", "move_ids": [(6, 0, [link["move"]])]}]),
        ("paylink.send", "search_read", [[]]),
        ("paylink.send.comment", "search_read", [[]]),
    ]
    for model, method, arguments in calls:
        if who == "nobody":
            params = {"model": model, "method": method, "args": arguments, "kwargs": {}}
            answer = world.ask(
                f"/web/dataset/call_kw/{model}/{method}", "POST", {"params": params}
            ).json
        else:
            answer = world.call_as(world.employee, model, method, *arguments)
        assert is_refused(answer), (model, method, answer)
        assert not LIVE_URL.search(str(answer)), (model, method)
    assert world.trace(link) == before


def test_who_may_send_changes_links_by_their_actions_only(world):
    link = world.pool[-1]
    before = world.trace(link)
    for values in (
        {"revoked_date": False},
        {"expiration_date": "2099-01-01"},
        {"partner_id": world.bob},
        {"generation": 9},
        {"move_id": world.sent},
        {"allow_payment": False},
        {"comment_ids": [(6, 0, [1])]},
    ):
        assert is_refused(
            world.call_as(world.biller, "paylink.link", "write", [link["id"]], values)
        ), values
    assert is_refused(world.call_as(world.biller, "paylink.link", "unlink", [link["id"]]))
    assert is_refused(world.call_as(world.biller, "paylink.link", "copy", [link["id"]]))
    values = {"move_id": world.sent, "partner_id": world.bob}
    assert is_refused(world.call_as(world.biller, "paylink.link", "create", values))
    through_move = {"paylink_link_ids": [(1, link["id"], {"revoked_date": "2020-01-01"})]}
    assert is_refused(
        world.call_as(world.biller, "account.move", "write", [link["move"]], through_move)
    )
    assert world.trace(link) == before


def test_history_can_be_neither_written_nor_changed_nor_deleted(world):
    link = world.pool[-1]
    ((event_id,),) = world.sql(
        "SELECT id FROM paylink_event WHERE link_id = %s ORDER BY id LIMIT 1", link["id"]
    )
    before = world.trace(link)
    for login in (world.biller, world.employee):
        for method, arguments in (
            ("create", [{"link_id": link["id"], "event_type": "viewed"}]),
            ("write", [[event_id], {"event_type": "viewed"}]),
            ("write", [[event_id], {"event_date": "2020-01-01"}]),
            ("unlink", [[event_id]]),
            ("copy", [[event_id]]),
        ):
            assert is_refused(world.call_as(login, "paylink.event", method, *arguments)), (
                login,
                method,
            )
    assert world.trace(link) == before


def test_a_dialog_belongs_to_who_opened_it(world, other_biller):
    values = {"channel": "email", "move_ids": [(6, 0, [world.pool[-1]["move"]])]}
    wizard_id = world.as_biller("paylink.send", "create", values)
    (line_id,) = world.as_biller(
        "paylink.send.comment",
        "create",
        [
            {
                "wizard_id": wizard_id,
                "message_id": world.sql("SELECT min(id) FROM mail_message")[0][0],
            }
        ],
    )
    before = world.trace(world.pool[-1])
    for model, record_id, calls in (
        (
            "paylink.send",
            wizard_id,
            [
                ("read",),
                ("write", {"subject": "x"}),
                ("unlink",),
                ("action_send",),
                ("action_preview",),
            ],
        ),
        ("paylink.send.comment", line_id, [("read",), ("write", {"is_shown": True}), ("unlink",)]),
    ):
        assert world.call_as(other_biller, model, "search", []).get("result", []) == [], model
        for method, *arguments in calls:
            answer = world.call_as(other_biller, model, method, [record_id], *arguments)
            assert is_refused(answer), (model, method, answer)
    cookie = {"Cookie": world.log_in(other_biller)}
    assert world.ask(f"/paylink/preview/send/{wizard_id}", headers=cookie).status == 404
    own = {"Cookie": world.log_in(world.biller)}
    assert world.ask(f"/paylink/preview/send/{wizard_id}", headers=own).status == 200
    assert world.trace(world.pool[-1]) == before


def test_a_link_sent_by_somebody_else_can_be_looked_at_but_not_ended(world, other_biller):
    link = world.pool[-1]
    before = world.trace(link)
    assert "result" in world.call_as(other_biller, "paylink.link", "read", [link["id"]], ["state"])
    for method in ("action_revoke", "action_regenerate"):
        assert is_refused(world.call_as(other_biller, "paylink.link", method, [link["id"]])), method
    assert world.trace(link) == before


INJECTIONS = (
    "id; DROP TABLE paylink_event",
    "id) UNION SELECT 1--",
    "public_ref, (SELECT password FROM res_users LIMIT 1)",
    "id' OR '1'='1",
    'id" OR 1=1--',
    "move_id.partner_id.user_ids.password",
    "pg_sleep(10)",
    "create_uid.password",
    "1",
    "*",
)


@pytest.mark.parametrize(
    "model",
    [
        "paylink.link",
        "paylink.event",
        "paylink.quote",
        "paylink.quote.line",
        "paylink.send",
        "paylink.send.comment",
    ],
)
def test_injections_are_errors_and_nothing_else(world, model):
    (rows,) = world.sql("SELECT count(*) FROM paylink_link")
    for text in INJECTIONS:
        calls = [
            ("search_read", [[], ["id"]], {"order": text}),
            ("search_read", [[[text, "=", 1]], ["id"]], {}),
            ("search_read", [[["id", text, 1]], ["id"]], {}),
            ("search_read", [[text], ["id"]], {}),
            ("search_read", [[], [text]], {}),
            ("search", [[]], {"offset": text}),
            ("formatted_read_group", [[]], {"groupby": [text], "aggregates": ["__count"]}),
            (
                "formatted_read_group",
                [[]],
                {"groupby": [f"create_date:{text}"], "aggregates": ["__count"]},
            ),
            ("formatted_read_group", [[]], {"groupby": [], "aggregates": [f"id:{text}"]}),
            (
                "formatted_read_group",
                [[]],
                {"groupby": ["id"], "aggregates": ["__count"], "order": text},
            ),
            (
                "formatted_read_group",
                [[]],
                {"groupby": ["id"], "aggregates": ["__count"], "having": [[text, "=", 1]]},
            ),
        ]
        for method, arguments, keywords in calls:
            answer = world.call_as(world.biller, model, method, *arguments, **keywords)
            is_number_of_rows = keywords.get("offset") == "1"
            assert is_refused(answer) or is_number_of_rows, (method, arguments, keywords, answer)
            assert "pbkdf2" not in str(answer)
    assert world.sql("SELECT count(*) FROM paylink_link") == [rows]


def test_values_in_domains_are_values(world):
    for text in (*INJECTIONS, "%", "_", "\\", "'"):
        for field in ("public_ref", "state", "channel", "event_ids.user_agent"):
            answer = world.call_as(
                world.biller, "paylink.link", "search_count", [[field, "=", text]]
            )
            # The random input of other tests may have left an event with this very agent.
            same = "SELECT count(DISTINCT link_id) FROM paylink_event WHERE user_agent = %s"
            found = world.sql(same, text)[0][0] if field == "event_ids.user_agent" else 0
            assert is_refused(answer) or answer["result"] == found, (field, text, answer)
