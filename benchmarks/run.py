# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Runs the benchmarks: `./paylink bench [NAME…] [--effort X] [--calm MINUTES] [--write-docs]`."""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from odoo import release

from benchmarks import table
from benchmarks.bench import FOLDER, Bench
from tools.harness.layout import ROOT
from tools.harness.process import output_of
from tools.harness.say import say, step

NAMES = (
    *("page", "weight", "lighthouse", "forged", "quote", "pay", "balance", "sending", "stamp"),
    "load",
)
CALM = 0.75
RESULTS = FOLDER / "results.json"
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def main():
    """Run what is asked for; return 1 when a target is missed."""
    arguments = _parse()
    results = {}
    with Bench(arguments.effort) as bench:
        for name in arguments.names or NAMES:
            _wait_until_calm(arguments.calm)
            results[name] = _run(name, bench)
            _print(results[name])
    machine = _machine()
    _write_results(machine, results)
    if arguments.write_docs:
        _write_document(machine, results)
    missed = [row for result in results.values() for row in result["rows"] if row.is_met is False]
    return int(bool(missed))


def _parse():
    parser = argparse.ArgumentParser(prog="./paylink bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--effort", type=float, default=1.0, help="measure so many times as often")
    parser.add_argument("--calm", type=float, default=0, metavar="MINUTES", help="wait for calm")
    parser.add_argument("--write-docs", action="store_true", help="into docs/benchmarks.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return arguments


def _run(name, bench):
    module = importlib.import_module(f"benchmarks.{name}")
    before = os.getloadavg()[0]
    with step(f"benchmark: {name}", every=60):
        rows = module.run(bench)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    remark = f"{when}; load of the machine {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    return {"title": module.TITLE, "remark": remark, "rows": rows}


def _print(result):
    print(table.as_text(result["title"], result["rows"]))
    print(f"  {result['remark']}", flush=True)


def _wait_until_calm(minutes):
    """Wait until others have left the machine mostly idle for a while, but not for ever."""
    deadline = time.monotonic() + 60 * minutes
    while time.monotonic() < deadline and _idle_share(seconds=10) < CALM:
        pass


def _idle_share(seconds):
    """Return which part of the processors' time nobody used, 0 to 1."""
    idle, total = _ticks()
    time.sleep(seconds)
    idle_after, total_after = _ticks()
    return (idle_after - idle) / (total_after - total)


def _ticks():
    ticks = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return ticks[3] + ticks[4], sum(ticks)


def _machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [
        f"Python {platform.python_version()}",
        output_of(["postgres", "--version"]).strip(),
        f"Odoo {release.version}",
    ]
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "software": ", ".join(versions),
    }


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _write_results(machine, results):
    record = {"machine": machine, "results": results}
    RESULTS.write_text(json.dumps(record, indent=1, default=asdict, ensure_ascii=False) + "\n")
    say(f"written: {RESULTS.relative_to(ROOT)}")


def _write_document(machine, results):
    """Put figures between the marks of the document; what was not measured keeps its older ones."""
    text = DOCUMENT.read_text()
    parts = {"machine": "\n".join(f"- {name}: {value}" for name, value in machine.items())}
    for name, result in results.items():
        shown = table.as_markdown(result["title"], result["rows"])
        parts[name] = f"{shown}\n\n{result['remark']}"
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, _begin, rest = text.partition(begin)
        tail = rest.partition(end)[2]
        text = f"{head}{begin}\n\n{part}\n\n{end}{tail}"
    DOCUMENT.write_text(text)
    say(f"written: {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
