# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Lighthouse, as a phone sees the page; Odoo's page beside it."""

import json
import os
import subprocess

from tools.harness import python_env
from tools.harness.process import which
from tools.harness.say import say
from tools.harness.system import CHROMIUM

from .bench import FOLDER
from .table import Row, median

TITLE = "Lighthouse, phone"
CATEGORIES = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": None}
TIMES = {
    "first-contentful-paint": "first paint with content",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
}


def run(bench):
    """Audit both pages in turns; keep the last reports in benchmarks/lighthouse/."""
    stand, few = bench.crowded, bench.content["few"]
    urls = {"ours": stand.url + few["ours"], "odoo": stand.url + few["portal"]}
    reports = {name: [] for name in urls}
    for number in range(3):
        for name in urls if number % 2 == 0 else reversed(urls):
            reports[name].append(_audit(name, urls[name]))
    rows = []
    for category, limit in CATEGORIES.items():
        ours, odoo = [_scores(reports[name], category) for name in ("ours", "odoo")]
        note = f"runs: {_join(ours)}; Odoo's page: {median(odoo):.0f} (runs: {_join(odoo)})"
        if category == "seo":
            note += "; being found is not wanted"
        rows.append(Row(category, median(ours), "", limit, at_least=True, note=note))
    for audit, words in TIMES.items():
        ours, odoo = [
            median([report["audits"][audit]["numericValue"] for report in reports[name]])
            for name in ("ours", "odoo")
        ]
        rows.append(Row(words, ours, "ms", note=f"Odoo's page: {odoo:.0f} ms"))
    _tell_faults(reports["ours"][-1])
    return rows


def _audit(name, url):
    folder = FOLDER / "lighthouse"
    folder.mkdir(exist_ok=True)
    output = folder / f"{name}.json"
    program = python_env.node_modules("bench") / "lighthouse" / "cli" / "index.js"
    command = [
        *(python_env.node_program(), program, url, "--quiet", "--output=json"),
        *(f"--output-path={output}", f"--only-categories={','.join(CATEGORIES)}"),
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        "--no-enable-error-reporting",
    ]
    variables = dict(os.environ, CHROME_PATH=which(*CHROMIUM))
    done = subprocess.run(
        list(map(str, command)),
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
    report = json.loads(output.read_text())
    if error := report.get("runtimeError"):
        raise RuntimeError(f"Lighthouse: {error['message']}")
    return report


def _scores(reports, category):
    return [100 * (report["categories"][category]["score"] or 0) for report in reports]


def _join(values):
    return ", ".join(f"{value:.0f}" for value in values)


def _tell_faults(report):
    """Print what costs our page points."""
    for category in CATEGORIES:
        for part in report["categories"][category]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                say(f"{category}: {audit['title']} {audit.get('displayValue', '')}")
