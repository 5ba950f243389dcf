# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""One test suite in several pytest processes that run side by side."""

import re
import signal
import subprocess
import sys
import time

from tools.harness.layout import ROOT
from tools.harness.process import start, stop
from tools.harness.say import say, step

NO_TESTS = 5  # pytest's exit code when an option such as -k has left none
# A line of pytest's summary, which may be coloured.
FAILING = re.compile(r"(?:\x1b\[\d+m)*(?:FAILED|ERROR)\b.* ")
OUTCOMES = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warning", "error")


class Part:
    """One pytest process; its output goes into a file and is printed when it has ended."""

    def __init__(self, number, name, command, stage):
        self.name = name
        self.output = stage.folder / f"part{number}.log"
        variables = stage.variables | {"COVERAGE_FILE": str(stage.folder / f"coverage.{number}")}
        color = ["--color=yes"] if sys.stdout.isatty() else []
        with self.output.open("wb") as file:
            self.process = start(
                [*command, *color], stdout=file, stderr=subprocess.STDOUT, env=variables, cwd=ROOT
            )

    def show(self):
        """Print what the process has printed; return its lines."""
        text = self.output.read_text(errors="replace").strip()
        print(f"=== {self.name}\n{text}\n", flush=True)
        return text.splitlines()


def run(commands, stage, prepare):
    """Run all parts and print the sum of their results; return an exit code like pytest's.

    :param commands: ``(name, command)`` each
    :param stage: a running `tools.harness.stage.Stage`
    :param prepare: a function that makes what the parts wait for, called when they are started
    """
    began = time.monotonic()
    parts, outputs = [], []
    try:
        with step(f"run the tests in {len(commands)} processes"):
            for number, (name, command) in enumerate(commands):
                parts.append(Part(number, name, command, stage))
            prepare()
            running = list(parts)
            while running:
                for part in [part for part in running if part.process.poll() is not None]:
                    running.remove(part)
                    outputs.append(part.show())
                time.sleep(0.1)
    finally:
        for part in parts:
            stop(part.process, signal.SIGINT)
    codes = {part.process.returncode for part in parts}
    # Once more, where whoever sees the end of a long output only finds them.
    print(*(line for lines in outputs for line in lines if FAILING.match(line)), sep="\n")
    endings = [lines[-1] for lines in outputs if lines]
    print(summarize(endings, time.monotonic() - began))
    return max(codes - {0, NO_TESTS}, key=abs, default=min(codes))


def summarize(endings, seconds):
    """Return the closing line of the whole from the closing lines of the parts."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for ending in endings:
        for count, outcome in re.findall(r"(\d+) ([a-z]+?)s?\b", ending):
            if outcome in counts:
                counts[outcome] += int(count)
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return f"{words or 'no tests ran'} in {seconds:.2f}s"


def report_coverage(stage):
    """Print the coverage of all parts together; return 2 where it is too little."""
    coverage = [stage.odoo.python, "-m", "coverage"]
    options = [f"--rcfile={ROOT / '.coveragerc'}", f"--data-file={stage.folder / 'coverage'}"]
    data = sorted(stage.folder.glob("coverage.*"))
    for command in (["combine", *options, "-q", *data], ["report", *options]):
        done = subprocess.run([*coverage, *command], env=stage.variables, cwd=ROOT, check=False)
        if done.returncode:
            say(f"coverage {command[0]} failed")
            return done.returncode
    return 0
