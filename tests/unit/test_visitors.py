# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is no person: SECURITY.md B 10."""

import ipaddress
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paylink_plain import visitors

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
WINDOWS_CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36"
LINUX_CHROME = f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko)"
)
ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
WEB_VIEW = (
    "Mozilla/5.0 (Linux; Android 14; SM-S921B Build/UP1A.231005.007; wv) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.135 Mobile Safari/537.36"
)

MACHINES = [
    # nobody
    "",
    " ",
    "-",
    "Mozilla/5.0",
    "Mozilla/5.0 (compatible)",
    # messengers and networks that unfurl links
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    # iMessage
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1;line-poker/1.0",
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "WhatsApp/2.23.20.0 A",
    "WhatsApp/2.2336.9 N",
    "WhatsApp/2",  # Signal
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    # Skype and Teams
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36 MicrosoftPreview/2.0 +https://aka.ms/MicrosoftPreview",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Viber/22.4.0.3 CFNetwork/1498.700.2 Darwin/23.6.0",
    "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
    "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
    "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.social/) Bot",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    # search engines
    f"{LINUX_CHROME} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; "
    "+http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "AdsBot-Google (+http://www.google.com/adsbot.html)",
    f"{LINUX_CHROME} (compatible; Google-InspectionTool/1.0;)",
    f"{WINDOWS_CHROME} Google Favicon",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; compatible; Google-Agent)",
    # mail services and mail security
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    f"{ANDROID} {CHROME} Mobile Safari/537.36 (compatible; Google-Read-Aloud; "
    "+https://support.google.com/webmasters/answer/1061943)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; "
    "Microsoft Outlook 16.0.5134; ms-office; MSOffice 16)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "Microsoft Office Existence Discovery",
    "Outlook-iOS/709.2189947.prod.iphone (3.24.0)",  # the app itself, not its browser
    f"{WINDOWS_CHROME} SafeLinks",
    "Barracuda Sentinel (EE)",
    f"{WINDOWS_CHROME} Mimecast-URL-Protect",
    f"{WINDOWS_CHROME} Proofpoint-TAP",
    f"{WINDOWS_CHROME} (Symantec Web Isolation)",
    "Mozilla/5.0 (compatible; VirusTotal)",
    # libraries and command lines
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "python-httpx/0.27.2",
    "Python/3.12 aiohttp/3.10.10",
    "Python-urllib/3.12",
    "Go-http-client/2.0",
    "Java/17.0.12",
    "Apache-HttpClient/5.3 (Java/21.0.4)",
    "okhttp/4.12.0",
    "libwww-perl/6.77",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "node",
    "undici",
    "axios/1.7.7",
    "PostmanRuntime/7.42.0",
    "Dalvik/2.1.0 (Linux; U; Android 14; SM-S921B Build/UP1A.231005.007)",
    "com.apple.WebKit.Networking/8620.1.16.10.11 CFNetwork/1568.200.51 Darwin/24.1.0",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 "
    "Safari/538.1",
    "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0",
    # audits, uptime, archives
    f"{LINUX_CHROME} Chrome-Lighthouse",
    f"{LINUX_CHROME} Google Page Speed Insights",
    f"{LINUX_CHROME} HeadlessPreview/1.0",
    f"{LINUX_CHROME} PTST/250101.120000",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    f"{WINDOWS_CHROME} (StatusCake)",
    f"{LINUX_CHROME} DatadogSynthetics",
    "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
    # assistants
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
    "+https://openai.com/gptbot)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; "
    "+https://openai.com/bot",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; "
    "+claudebot@anthropic.com)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; "
    "+https://perplexity.ai/perplexitybot)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
    "(compatible; Bytespider; spider-feedback@bytedance.com)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
]

PERSONS = [
    # desks
    WINDOWS_CHROME,
    LINUX_CHROME,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
    f"{WINDOWS_CHROME} Edg/131.0.2903.86",
    f"{WINDOWS_CHROME} OPR/116.0.0.0",
    f"{WINDOWS_CHROME} Vivaldi/7.0.3495.29",
    f"{WINDOWS_CHROME} Avast/131.0.27894.264",
    f"{WINDOWS_CHROME} Norton/131.0.27894.264",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 YaBrowser/24.10.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Teams/24295.605.3225.8804 Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1.1 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15 Ddg/18.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 "
    "Safari/605.1.15 Epiphany/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Win64; x64; Trident/6.0)",
    # phones and tablets
    f"{IPHONE} Version/18.1.1 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/131.0.6778.134 Mobile/15E148 Safari/604.1",
    f"{IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15",
    f"{IPHONE} Version/18.0 EdgiOS/131.0.2903.92 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Version/18.1 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    f"{IPHONE} Version/18.1.1 Mobile/15E148 Safari/604.1 (Ecosia ios@11.2.0.2155)",
    f"{ANDROID} {CHROME} Mobile Safari/537.36 (Ecosia android@131.0.6778.104)",
    f"{ANDROID} {CHROME} Mobile Safari/537.36",
    f"{ANDROID} {CHROME} Mobile Safari/537.36 EdgA/131.0.2903.87",
    f"{ANDROID} {CHROME} Mobile Safari/537.36 OPR/86.0.0.0",
    f"{ANDROID} AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 "
    "Mobile Safari/537.36",
    f"{ANDROID} AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile "
    "DuckDuckGo/5 Safari/537.36",
    "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
    "Mozilla/5.0 (Linux; U; Android 14; en-us; 23090RA98G Build/UP1A.230905.011) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.6045.193 Mobile "
    "Safari/537.36 XiaoMi/MiuiBrowser/14.22.1-gn",
    "Mozilla/5.0 (Linux; Android 12; HarmonyOS; ALN-AL00; HMSCore 6.14.0.322) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 13; CUBOT P80) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; CUBOT_X30 Build/RP1A.200720.011; wv) {CHROME} Mobile "
    "Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 13; ScanPal EDA52) {CHROME} Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Silk/130.3.1 like Chrome/130.0.6723.102 Safari/537.36",
    "Mozilla/5.0 (Mobile; Nokia 2780 Flip; rv:84.0) Gecko/84.0 Firefox/84.0 KAIOS/3.1",
    "Opera/9.80 (Android; Opera Mini/84.0.2254/191.335; U; en) Presto/2.12.423 Version/12.16",
    # browsers inside apps
    f"{IPHONE} Mobile/22B91",
    f"{IPHONE} Mobile/22B91 Instagram 360.0.0.32.89 (iPhone15,2; iOS 18_1_1; de_DE; de; "
    "scale=3.00; 1179x2556; 669216243; IABMV/1)",
    f"{WEB_VIEW} Instagram 360.0.0.52.192 Android (34/14; 480dpi; 1080x2106; samsung; SM-S921B; "
    "e1s; s5e9945; de_DE; 672535916; IABMV/1)",
    f"{IPHONE} Mobile/22B91 [FBAN/FBIOS;FBAV/492.0.0.37.108;FBBV/672119521;FBDV/iPhone15,2;"
    "FBMD/iPhone;FBSN/iOS;FBSV/18.1.1;FBSS/3;FBID/phone;FBLC/de_DE;FBOP/5;FBRV/674613419]",
    f"{WEB_VIEW} [FB_IAB/FB4A;FBAV/492.0.0.60.72;IABMV/1;]",
    f"{WEB_VIEW} MetaIAB Facebook",
    f"{IPHONE} Mobile/22B91 [FBAN/MessengerForiOS;FBAV/487.0.0.32.109;FBDV/iPhone15,2;FBLC/de_DE]",
    f"{IPHONE} GSA/346.0.702838049 Mobile/15E148 Safari/604.1",
    f"{WEB_VIEW} GSA/15.49.46.29.arm64",
    f"{IPHONE} Mobile/22B91 Safari Line/14.20.0",
    f"{WEB_VIEW} Line/14.20.1/IAB",
    f"{IPHONE} Mobile/22B91 KAKAOTALK/11.1.5 (INAPP)",
    f"{WEB_VIEW};KAKAOTALK 2411060",
    f"{WEB_VIEW} Viber/24.0.4.0",
    f"{WEB_VIEW} Telegram-Android/11.5.3 (Samsung SM-S921B; Android 14; SDK 34; HIGH)",
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/de",
    f"{IPHONE} Version/17.0 Mobile/15E148 Safari/604.1 Outlook-iOS/4.2447.0",
    f"{WEB_VIEW} Outlook-Android/2.0",
    f"{IPHONE} Mobile/22B91 Twitter for iPhone/10.69",
    f"{WEB_VIEW} TwitterAndroid",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.30.1241",
    f"{IPHONE} Mobile/22B91 [Pinterest/iOS]",
    f"{WEB_VIEW} Snapchat/13.19.0.49 (SM-S921B; Android 14#S921BXXS5AXK3#34; gzip; )",
    f"{IPHONE} Mobile/22B91 musical_ly_37.0.0 JsSdk/2.0 NetType/WIFI Channel/App Store "
    "ByteLocale/de Region/DE WKWebView/1",
    f"{IPHONE} Mobile/22B91 QRScanner/4.2",
    f"{WEB_VIEW} CamScanner/6.80",
    # the tests' own
    LINUX_CHROME.replace("Chrome/", "HeadlessChrome/"),
]


def test_the_tables_are_large_and_without_twins():
    assert len(set(MACHINES)) == len(MACHINES) >= 80
    assert len(set(PERSONS)) == len(PERSONS) >= 60


@pytest.mark.parametrize("agent", MACHINES)
def test_a_machine_is_no_person(agent):
    assert visitors.is_machine(agent, {})
    assert visitors.is_machine(agent.upper(), {})


@pytest.mark.parametrize("agent", PERSONS)
def test_a_person_is_no_machine(agent):
    assert not visitors.is_machine(agent, {})
    headers = {"Host": "shop.test", "Sec-Fetch-Mode": "navigate", "DNT": "1", "User-Agent": agent}
    assert not visitors.is_machine(agent, headers)


def test_no_agent_is_a_machine():
    assert visitors.is_machine(None, {})


@pytest.mark.parametrize(
    "name, value",
    [
        ("Purpose", "prefetch"),
        ("Purpose", "preview"),
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
        ("sec-purpose", "Prefetch"),
        ("X-MOZ", "PREFETCH"),
    ],
)
def test_a_prefetch_is_no_person(name, value):
    assert visitors.is_machine(WINDOWS_CHROME, {"Accept": "*/*", name: value})


@pytest.mark.parametrize(
    "name, value",
    [
        ("Purpose", ""),
        ("Purpose", "navigate"),
        ("X-Other", "prefetch"),
        ("Sec-Fetch-Dest", "empty"),
    ],
)
def test_other_headers_do_not_matter(name, value):
    assert not visitors.is_machine(WINDOWS_CHROME, {name: value})


@given(st.text(max_size=3000), st.dictionaries(st.text(), st.text()))
def test_nothing_raises(agent, headers):
    assert visitors.is_machine(agent, headers) in (True, False)


def test_only_the_beginning_of_an_agent_is_read():
    assert visitors.is_machine(f"{WINDOWS_CHROME} {'x' * 800} bot", {})
    assert not visitors.is_machine(f"{WINDOWS_CHROME} {'x' * 60_000} bot", {})


def test_hostile_agents_are_quick():
    for tail in (
        "a" * 60_000,
        "@a-" * 20_000,
        "bot" * 20_000,
        "google-" * 9_000,
        "\ud800" * 60_000,
    ):
        agent = f"{WINDOWS_CHROME} {tail}"
        assert timeit.timeit(lambda agent=agent: visitors.is_machine(agent, {}), number=1) < 0.1


# === Networks ===


@pytest.mark.parametrize(
    "ip, network",
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        (" 203.0.113.77\n", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:DB8:1::", "2001:db8:1::/48"),
        ("::1", "::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("::ffff:cb00:714d", "203.0.113.0/24"),
    ],
)
def test_an_address_counts_in_its_network(ip, network):
    assert visitors.network_of(ip) == network


@pytest.mark.parametrize(
    "ip",
    [
        "",
        " ",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4, 5.6.7.8",
        "1.2.3.4:80",
        "[::1]",
        "1.2.3.0/24",
        ":::",
        "\u0661.2.3.4",
        "%",
        "\0",
        "x" * 60_000,
        None,
        False,
        16909060,
        b"\x01\x02\x03\x04",
        ["1.2.3.4"],
    ],
    ids=lambda ip: repr(ip)[:20],
)
def test_what_is_no_address_counts_as_one_network(ip):
    assert visitors.network_of(ip) == "unknown"


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_neighbours_share_a_network(address, last):
    neighbour = ipaddress.ip_address(address.packed[:3] + bytes([last]))
    assert visitors.network_of(str(address)) == visitors.network_of(str(neighbour))
    assert address in ipaddress.ip_network(visitors.network_of(str(address)))


@given(st.ip_addresses(v=6), st.binary(min_size=10, max_size=10))
def test_all_addresses_of_one_customer_share_a_network(address, rest):
    neighbour = ipaddress.ip_address(address.packed[:6] + rest)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert visitors.network_of(str(address)) == visitors.network_of(str(neighbour))
        assert address in ipaddress.ip_network(visitors.network_of(str(address)))


@given(st.text())
def test_no_text_raises(text):
    assert visitors.network_of(text)


@pytest.mark.parametrize(
    ("agent", "stored"),
    [
        ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
        ("=HYPERLINK(1)", "HYPERLINK(1)"),
        ("\t =+-@SUM(1)", "SUM(1)"),
        ("\x00=1\x00+1", "1+1"),
        ("=" * 600, ""),
        ("x" * 600, "x" * 500),
        ("", ""),
    ],
)
def test_what_is_kept_of_an_agent_is_no_formula(agent, stored):
    assert visitors.storable_agent(agent) == stored
