# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is no person: bots, link previews, mail scanners, prefetching browsers.

Only what says of itself that it is a machine is recognised here. Scanners that pose as a
browser are kept from counting by the page, which waits for a person's gesture. In doubt an
agent is a person: a view that is missed costs a merchant more than one too many.

Plain Python without Odoo.
"""

import functools
import ipaddress
import re
from collections.abc import Mapping

UNKNOWN_NETWORK = "unknown"

_IPV4_PREFIX = 24
_IPV6_PREFIX = 48  # what one customer of a provider may have at most (RFC 6177, section 2)
_MAX_AGENT_LENGTH = 1024  # in-app browsers reach some 600
_MAX_STORED_LENGTH = 500
_FORMULA_START = re.compile(r"^[\s=+\-@]+")

# Browsers and the web views inside apps all name an engine. Libraries, command lines and most
# bots ("curl/8.5", "WhatsApp/2.23 A", "Mozilla/5.0 (compatible; GPTBot/1.2)") name none.
_ENGINE = re.compile(r"applewebkit/|gecko/|trident/|msie |presto/")

# What remains: machines in a browser's clothing, in small letters. Apps whose in-app browser is
# a person's (Instagram, FBAV, Line, KakaoTalk, Viber, Outlook-iOS, GSA, ...) must not match,
# nor apps that scan the QR code of an invoice, nor HeadlessChrome, which the tests act through.
_MACHINE = re.compile(
    "|".join(
        (
            # any bot by its name; Cubot makes phones
            r"(?<!cu)bots?(?:\b|_|\d)",
            r"crawl|spider|scrap(?:e|y|ing)|slurp|archiver|fetcher|unfurl|agent\b",
            # a browser has no home page, and nobody to write to
            r"https?://|\bwww\.|@[\w-]+\.[a-z]{2,}",
            # link previews of messengers and networks
            r"facebookexternalhit|facebookcatalog|meta-external|line-poker|kakaotalk-scrap",
            r"(?:bing|microsoft|uri|url|link|web|page|headless)[ -]?preview",
            r"iframely|embedly|vkshare",
            # search engines' and mail services' helpers
            r"google-?(?:imageproxy|other|docs|producer|safety|read-aloud|inspectiontool|ads)",
            r"google-?(?:pagerenderer|extended)|google (?:favicon|web preview|page speed)",
            r"\w-google\b|gecko; compatible|yahoomailproxy",
            # mail security; Office looks at links before it hands them to a browser
            r"barracuda|mimecast|proofpoint|urldefense|safe-?links|forcepoint|fireeye|cloudmark",
            r"ironport|messagelabs|symantec|fortiguard|virustotal|urlscan|phish",
            r"ms-?office|microsoft (?:office|outlook)",
            # audits and uptime
            r"lighthouse|pagespeed|gtmetrix|webpagetest|ptst/|link-?check|validator|prerender",
            r"screenshot|monitor|uptime|pingdom|statuscake|site24x7|newrelic|datadog|synthetic",
            r"catchpoint|checkly|thousandeyes|ghost inspector|appinsights|siteimprove|silktide",
            r"securityheaders",
            # assistants
            r"chatgpt-user|claude-(?:user|web)|anthropic|perplexity-user|cohere-ai|manus-user",
            # libraries and drivers that put an engine's name before their own
            r"\bcurl/|\bwget/|python|aiohttp|httpx|go-http-client|\bjava/|okhttp|libwww|axios",
            r"node-fetch|postmanruntime|phantomjs|slimerjs|htmlunit|puppeteer|playwright|selenium",
            r"jsdom",
        )
    )
)

# Sent while the page is not on any screen: Chromium, Safari and Firefox.
# https://wicg.github.io/nav-speculation/prefetch.html#sec-purpose-header
_PURPOSE_HEADERS = frozenset(("purpose", "sec-purpose", "x-purpose", "x-moz"))
_PURPOSES = re.compile(r"prefetch|preview|prerender", re.IGNORECASE)


def is_machine(user_agent: str | None, headers: Mapping[str, str]) -> bool:
    """Tell whether a request says of itself that no person looks at its answer.

    :param user_agent: the ``User-Agent`` header, empty or None without one
    :param headers: the request's headers, names in any case
    :return: True for a bot, a link preview, a scanner, a library or a prefetch; False for a
        browser, in doubt too
    """
    agent = (user_agent or "")[:_MAX_AGENT_LENGTH].lower()
    return _is_machine_agent(agent) or _is_prefetch(headers)


def network_of(ip: str) -> str:
    """Return the network that an address is counted in when requests are limited.

    Who has one IPv6 address has millions: /48 for IPv6, /24 for IPv4, also when written as
    IPv6.

    :param ip: an address, with or without a zone ("fe80::1%eth0"); anything else is no error
    :return: e.g. "203.0.113.0/24", "2001:db8:1::/48", or "unknown" for all that is no address,
        as one network
    """
    if not isinstance(ip, str):
        return UNKNOWN_NETWORK
    try:
        address = ipaddress.ip_address(ip.strip().partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    address = getattr(address, "ipv4_mapped", None) or address
    prefix = _IPV4_PREFIX if address.version == 4 else _IPV6_PREFIX
    return str(ipaddress.ip_network((address.packed, prefix), strict=False))


def storable_agent(user_agent: str) -> str:
    """Return an agent as it can be kept: no formula where a list is exported, and not too long.

    No browser's name begins with what makes a formula, so nothing is lost. PostgreSQL stores no
    NUL.
    """
    return _FORMULA_START.sub("", user_agent.replace("\x00", ""))[:_MAX_STORED_LENGTH]


@functools.lru_cache(maxsize=1024)
def _is_machine_agent(agent: str) -> bool:
    return not _ENGINE.search(agent) or _MACHINE.search(agent) is not None


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    return any(
        name.lower() in _PURPOSE_HEADERS and _PURPOSES.search(value) is not None
        for name, value in headers.items()
    )
