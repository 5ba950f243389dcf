# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What a browser has to fetch."""

import gzip

from tools.harness.browser import PHONE, chromium

from .table import Row

TITLE = "What a phone fetches"
KB = 1024


def run(bench):
    """Open both pages in a browser that has nothing yet, and weigh what comes."""
    stand, few, many = bench.crowded, bench.content["few"], bench.content["many"]
    with chromium() as browser:
        ours = _weigh(browser, stand.url + few["ours"])
        long = _weigh(browser, stand.url + many["ours"])
        odoo = _weigh(browser, stand.url + few["portal"])
    code = [part for part in ours if part["type"] in ("stylesheet", "script")]
    return [
        Row("all that is transferred", _sum(ours), "kB", 60, note=_describe(ours)),
        Row("CSS and JS, not compressed", _sum(code, "body"), "kB", 40),
        Row("requests", len(ours), note=f"Odoo's page: {len(odoo)}"),
        Row("300 lines: all that is transferred", _sum(long), "kB", note=_describe(long)),
        Row("behind a proxy that compresses", _sum(ours, "gzip"), "kB"),
        Row("300 lines behind a proxy that compresses", _sum(long, "gzip"), "kB"),
        Row("Odoo's page with its document", _sum(odoo), "kB"),
        Row("Odoo's, behind a proxy that compresses", _sum(odoo, "gzip"), "kB"),
        Row("cookies that our page sets", _count_cookies(ours), limit=0),
    ]


def _weigh(browser, url):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    responses = []
    # Not the method itself: Playwright writes an attribute on what it is given.
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108
    page.goto(url, wait_until="networkidle")
    parts = [_part(response) for response in responses if not response.url.startswith("data:")]
    context.close()
    return parts


def _part(response):
    sizes = response.request.sizes()
    try:
        body = response.body()
    except Exception:  # a redirect or an answer without a body: Playwright has no type for it
        body = b""
    type_ = response.request.resource_type
    is_text = type_ in ("document", "stylesheet", "script", "xhr", "fetch")
    heads = sizes["responseHeadersSize"]
    return {
        "type": type_,
        "transferred": sizes["responseBodySize"] + heads,
        "body": len(body),
        "gzip": heads + (len(gzip.compress(body, 6)) if is_text else sizes["responseBodySize"]),
        "cookies": len([h for h in response.headers_array() if h["name"].lower() == "set-cookie"]),
    }


def _sum(parts, key="transferred"):
    return sum(part[key] for part in parts) / KB


def _count_cookies(parts):
    return sum(part["cookies"] for part in parts)


def _describe(parts):
    kinds = {}
    for part in parts:
        kinds[part["type"]] = kinds.get(part["type"], 0) + part["transferred"]
    return ", ".join(f"{kind} {size / KB:.1f}" for kind, size in kinds.items())
