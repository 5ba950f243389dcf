# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A view is a person: what counts and what does not, with real browsers and real bots' headers.

SECURITY.md, part B.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import html as lxml_html
from outside import PERSON

pytestmark = pytest.mark.slow

CHROME = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko"
MACHINES = (
    "",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "axios/1.7.2",
    "Java/17.0.11",
    "PostmanRuntime/7.39.0",
    "Apache-HttpClient/5.3 (Java/21)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"{CHROME}; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0 Safari/537.36",
    f"{CHROME}; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    f"{CHROME}; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
    f"{CHROME}; compatible; ChatGPT-User/1.0; +https://openai.com/bot",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (Applebot/0.1; +http://www.apple.com/go/applebot) AppleWebKit/605.1.15 Safari/604.1",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 (KHTML, like Gecko) facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "WhatsApp/2.23.20.0 A",
    "WhatsApp/2.2336.6 N",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0 Safari/537.36 MicrosoftPreview/2.0 +https://aka.ms/MicrosoftPreview",
    "Viber/20.0 (compatible; ViberUrlPreview)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari (compatible; Bytespider; spider-feedback@bytedance.com)",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (compatible; Mimecast URL Protection)",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) BarracudaSentinel (EE) Safari/537.36",
    "Mozilla/5.0 (compatible; proofpoint-urldefense) AppleWebKit/537.36",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Pinterestbot/1.0 (+http://www.pinterest.com/bot.html)",
    "Embedly/0.2 (+http://support.embed.ly/)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome-Lighthouse",
    "UptimeRobot/2.0 (http://www.uptimerobot.com/)",
)
PREFETCHES = (
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
)


def url_of(world, link):
    return f"{world.stand.url}/paylink/{link['token']}"


@pytest.fixture
def watch(open_page):
    """Return a function that opens a link in a browser; it keeps the beacons that the page sends."""

    def start(world, link, kind="desk", **options):
        page = open_page(kind, **options)
        page.beacons = []

        def note(request):
            if request.url.endswith("/seen"):
                page.beacons.append(request.post_data_json["event"])

        page.on("request", note)
        page.goto(url_of(world, link))
        return page

    return start


# === MACHINES === #


def test_machines_leave_no_trace_even_when_they_send_the_beacon(world):
    assert len(MACHINES) > 40
    link = world.take_link()
    before = world.trace(link)
    headers = [{"User-Agent": agent} for agent in MACHINES]
    headers += [{"User-Agent": None}, *PREFETCHES]

    def visit(machine):
        path = f"/paylink/{link['token']}"
        statuses = [
            world.ask(path, headers=machine).status,
            world.ask(path, "HEAD", headers=machine).status,
        ]
        return statuses + [world.beacon(link, **machine).status]

    with ThreadPoolExecutor(4) as pool:
        for machine, statuses in zip(headers, pool.map(visit, headers), strict=True):
            assert statuses == [200, 200, 204], machine
    assert world.trace(link) == before
    # The same beacon from a person's browser counts, so it was the headers that did it.
    world.beacon(link)
    assert world.views(link) == 1


def test_reading_leaves_no_trace(world):
    link = world.take_link()
    before = world.trace(link)
    for route in (
        "",
        "/pdf",
        "/qr.svg",
        "/pay",
        "/renew",
        "/receipt/x",
        "/attachment/1",
        "/nothing",
    ):
        for verb in ("GET", "HEAD", "OPTIONS"):
            world.ask(f"/paylink/{link['token']}{route}", verb)
    assert world.trace(link) == before


def test_a_scripted_browser_is_no_person(world, watch):
    link = world.take_link()
    before = world.trace(link)
    page = watch(world, link)
    page.wait_for_timeout(2500)
    page.evaluate(
        """() => {
            scrollTo(0, document.body.scrollHeight);
            const events = [
                new PointerEvent("pointerdown", {bubbles: true}),
                new PointerEvent("pointermove", {bubbles: true}),
                new MouseEvent("mousemove", {bubbles: true}),
                new KeyboardEvent("keydown", {bubbles: true, key: "Tab"}),
                new WheelEvent("wheel", {bubbles: true, deltaY: 500}),
                new Event("touchstart", {bubbles: true}),
                new Event("scroll", {bubbles: true}),
            ];
            for (const event of events) {
                dispatchEvent(event);
                document.body.dispatchEvent(event);
                document.querySelector("h1").dispatchEvent(event);
            }
            for (const summary of document.querySelectorAll("summary")) {
                summary.click();
            }
            const pdf = document.querySelector("a[data-report]");
            pdf.addEventListener("click", (ev) => ev.preventDefault());
            pdf.click();
            document.querySelector("textarea").focus();
            document.querySelector("form").requestSubmit();
        }"""
    )
    page.wait_for_timeout(3000)
    assert page.beacons == []
    assert world.trace(link) == before


def test_a_form_that_a_script_submits_empty_is_no_view(world, watch):
    link = world.take_link()
    before = world.trace(link)
    page = watch(world, link)
    with page.expect_navigation():
        page.evaluate("document.querySelector('form').submit()")
    page.wait_for_timeout(300)
    assert world.trace(link) == before


def test_a_machine_that_asks_a_question_is_no_view(world):
    link = world.take_link()
    for agent in ("curl/8.5.0", "WhatsApp/2.23.20.0 A", ""):
        world.post_form(f"/paylink/{link['token']}/comment", "body=Hello", **{"User-Agent": agent})
    assert world.views(link) == 0


# === PEOPLE === #


def move_mouse(page):
    page.mouse.move(50, 60)
    page.mouse.move(220, 240, steps=4)


def press_key(page):
    page.keyboard.press("Tab")


def turn_wheel(page):
    page.mouse.wheel(0, 300)


def touch(page):
    page.touchscreen.tap(60, 200)


@pytest.mark.parametrize(
    ("kind", "act"),
    [("desk", move_mouse), ("desk", press_key), ("desk", turn_wheel), ("phone", touch)],
)
def test_a_person_is_one_view(world, watch, kind, act):
    link = world.take_link()
    before = world.trace(link)
    page = watch(world, link, kind)
    act(page)
    page.wait_for_timeout(1000)
    assert page.beacons == [], "counted before two seconds had passed"
    with page.expect_response("**/seen") as response:
        page.wait_for_timeout(1500)
        act(page)
    assert response.value.status == 204
    act(page)
    page.wait_for_timeout(300)
    assert page.beacons == ["viewed"]
    after = world.trace(link)
    assert after["views"] == 1
    assert after["events"] == {**before["events"], "viewed": 1}
    assert after["messages"] == before["messages"] + 1
    # Once more within half an hour: the same visit.
    page.reload()
    act(page)
    with page.expect_response("**/seen"):
        page.wait_for_timeout(2300)
    assert world.trace(link) == after


def test_a_person_who_looks_for_a_second_is_no_view(world, watch):
    link = world.take_link()
    before = world.trace(link)
    page = watch(world, link)
    move_mouse(page)
    page.wait_for_timeout(800)
    page.goto("about:blank")
    page.wait_for_timeout(2000)
    assert page.beacons == []
    assert world.trace(link) == before


def test_who_takes_the_pdf_is_recorded(world, watch):
    link = world.take_link()
    page = watch(world, link)
    with page.expect_download() as download, page.expect_response("**/seen"):
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    page.wait_for_timeout(300)
    assert world.trace(link)["events"]["downloaded"] == 1
    assert world.views(link) == 1


def test_the_chatter_says_whose_link_was_opened_not_who_opened_it(world):
    link = world.take_link()
    world.beacon(link)
    ((body,),) = world.sql(
        "SELECT body FROM mail_message WHERE model = 'account.move' AND res_id = %s ORDER BY id DESC LIMIT 1",
        link["move"],
    )
    text = lxml_html.fromstring(body).text_content()
    assert "opened with the link sent to Azure Interior, Alice Moreau" in text
    assert link["token"] not in body


def test_a_person_who_asks_a_question_is_a_view_of_that_link(world):
    # On each of them: who asks sends no nonce, and none is not the same as one that is known.
    for _number in range(2):
        link = world.take_link()
        assert world.post_form(f"/paylink/{link['token']}/comment", "body=Hello").status == 303
        assert world.views(link) == 1


@pytest.mark.parametrize("agent", [f"{PERSON}\x00", f"{PERSON} \x01\xff", PERSON + "x" * 30_000])
def test_an_odd_browser_is_a_browser(world, agent):
    link = world.take_link()
    assert world.beacon(link, **{"User-Agent": agent}).status == 204
    for route, form in (("comment", "body=Hello"), ("renew", "email=a%40b.c")):
        path = f"/paylink/{link['token']}/{route}"
        assert world.post_form(path, form, **{"User-Agent": agent}).status in (200, 303), route
    assert world.views(link) == 1


# === REPLAYS AND FLOODS === #


def test_a_beacon_counts_once_and_only_with_a_nonce_of_its_own_page(world):
    link, other = world.take_link(), world.take_link()
    nonce = world.nonce(link)
    issued, unique, signature = nonce.split(".")
    before = world.trace(link)
    for wrong in (
        world.nonce(other),
        "",
        "..",
        f"{issued}.{unique}.",
        f"{issued}.{unique}.{signature[:-1]}",
        f"{issued}.{unique[::-1]}.{signature}",
        f"{int(issued, 16) + 60:x}.{unique}.{signature}",
        f"{issued}.{unique}.{signature}.x",
        nonce.upper(),
        nonce + "\n",
        [nonce],
        {"nonce": nonce},
        17,
        True,
        None,
        "9" * 100_000,
    ):
        body = {"nonce": wrong, "event": "viewed"}
        assert world.ask(f"/paylink/{link['token']}/seen", "POST", body).status in (204, 400), wrong
    assert world.ask(f"/paylink/{link['token']}/seen", "POST", {}).status == 204
    for event in (
        "paid",
        "revoked",
        "sent",
        "commented",
        "copied",
        "",
        None,
        ["viewed"],
        {},
        1,
        "x" * 9999,
    ):
        body = {"nonce": nonce, "event": event}
        assert world.ask(f"/paylink/{link['token']}/seen", "POST", body).status == 204, event
    assert world.trace(link) == before
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _number: world.beacon(link, nonce).status, range(24)))
    assert set(statuses) == {204}
    after = world.trace(link)
    assert (after["views"], after["events"]["viewed"]) == (1, 1)
    assert world.views(other) == 0


def test_a_nonce_dies_with_its_url(world):
    link = world.take_link()
    nonce = world.nonce(link)
    world.as_biller("paylink.link", "action_regenerate", [link["id"]])
    url = world.as_biller("paylink.link", "action_copy_url", [link["id"]])["url"]
    path = url.removeprefix(world.stand.url)
    assert world.ask(f"{path}/seen", "POST", {"nonce": nonce}).status == 204
    assert world.views(link) == 0


def test_another_site_cannot_count_a_view(world, open_page):
    link = world.take_link()
    before = world.trace(link)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": world.stand.url + ".evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = world.beacon(link, **headers)
        assert answer.status == 403 and answer.json == {"code": "foreign_origin"}, headers
    page = open_page()
    page.route(
        "http://evil.example/**",
        lambda route: route.fulfill(body="<p>Evil</p>", content_type="text/html"),
    )
    page.goto("http://evil.example/")
    page.evaluate(
        """async ({url, nonce}) => {
            for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
                for (const mode of ["no-cors", "cors"]) {
                    const body = JSON.stringify({nonce, event: "viewed"});
                    const options = {method: "POST", mode, body, headers: {"Content-Type": type}};
                    await fetch(url, options).catch(() => null);
                }
            }
            navigator.sendBeacon(url, JSON.stringify({nonce}));
        }""",
        {"url": url_of(world, link) + "/seen", "nonce": world.nonce(link)},
    )
    page.wait_for_timeout(500)
    assert world.trace(link) == before
    own = world.beacon(link, Origin=world.stand.url, **{"Sec-Fetch-Site": "same-origin"})
    assert own.status == 204
    assert world.views(link) == 1


def test_a_flood_adds_a_bounded_number_of_rows_and_one_line_to_the_chatter(world):
    link = world.take_link()
    before = world.trace(link)

    def visit(number):
        agent = f"{PERSON} v{number}"
        return world.beacon(link, **{"User-Agent": agent}).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(visit, range(75))) == {204}
    after = world.trace(link)
    assert 1 <= sum(after["events"].values()) <= 62
    assert after["messages"] == before["messages"] + 1


# === STAFF === #


@pytest.mark.parametrize("login", ["biller", "employee"])
def test_staff_who_open_a_link_are_no_view(world, watch, login):
    link = world.take_link()
    before = world.trace(link)
    name, _equals, value = world.log_in(getattr(world, login)).partition("=")
    cookie = {"name": name, "value": value, "url": world.stand.url}
    page = watch(world, link, storage_state={"cookies": [], "origins": []})
    page.context.add_cookies([cookie])
    page.reload()
    move_mouse(page)
    with page.expect_response("**/seen") as response:
        page.wait_for_timeout(2300)
    assert response.value.status == 204
    assert world.trace(link) == before


def test_staff_who_ask_a_question_are_no_view(world):
    link = world.take_link()
    path = f"/paylink/{link['token']}/comment"
    for login in (world.biller, world.employee):
        cookie = {"Cookie": world.log_in(login)}
        assert world.post_form(path, "body=Hello", **cookie).status == 303
        assert world.ask(path, "POST", {"body": "Hello"}, cookie).status == 201
    assert world.views(link) == 0
    assert world.trace(link)["events"]["commented"] == 4
    # The same question without a login is a view, so it was the login that did it.
    assert world.post_form(path, "body=Hello").status == 303
    assert world.views(link) == 1


def test_a_preview_is_no_view_and_holds_no_live_path(world, open_page):
    link = world.take_link()
    before = world.trace(link)
    name, _equals, value = world.log_in(world.biller).partition("=")
    page = open_page()
    page.context.add_cookies([{"name": name, "value": value, "url": world.stand.url}])
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    page.goto(f"{world.stand.url}/paylink/preview/{link['id']}")
    assert page.locator(".o_paylink_ribbon").count() == 1
    move_mouse(page)
    page.wait_for_timeout(2500)
    assert link["token"] not in page.content()
    assert [method for method, _url in sent if method != "GET"] == []
    assert world.trace(link) == before


def test_a_stranger_gets_no_preview(world):
    link = world.pool[-1]
    the_404 = world.ask("/paylink/nothing").fingerprint
    employee = {"Cookie": world.log_in(world.employee)}
    for path in (f"preview/{link['id']}", "preview/send/1", f"preview/invoice/{link['move']}"):
        assert world.ask(f"/paylink/{path}").fingerprint == the_404, path
        assert world.ask(f"/paylink/{path}", headers=employee).status == 404, path
