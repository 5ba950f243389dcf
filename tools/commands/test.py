# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink test`: the tests, from nothing."""

import os
import re
import signal
import subprocess
import sys

from tools.commands import pytest_parts
from tools.harness import stripe_spec, system
from tools.harness.layout import ROOT, addons, cache
from tools.harness.process import free_port, start, stop
from tools.harness.say import Failure, say, step
from tools.harness.stage import Run

# In how many processes the tests inside of Odoo run, beside those from outside.
ODOO_PARTS = min(max(2, (os.cpu_count() or 2) - 2), 4)
# Tests from outside that hardly need the world of the others, but a minute of waiting.
WAITING = (
    "tests/test_outside_sms.py",
    "tests/test_payment_races.py",
    "tests/test_stripe_races.py",
)
# Odoo's tests of what we extend: they must fare with our addons as without.
PLATFORM_MODULES = ("payment", "account_payment", "portal", "sms")
PLATFORM_TAGS = [*(f"/{name}" for name in PLATFORM_MODULES)] + [
    "/account:TestAccountMoveSend",
    "/account:TestAccountComposerPerformance",
]
# What Odoo logs in tests only, or what a test means to cause.
HARMLESS = re.compile(
    "|".join(
        [
            "Running as user 'root'",
            # Odoo serves a route that only reads from a replica, and begins anew where it writes:
            # so it stores a bundle. In tests there always is a replica.
            "cannot execute [A-Z]+ in a read-only transaction",
            "Opening a read/write test cursor from a readonly one",
            # Without wkhtmltopdf a test gets HTML in the place of a PDF.
            "An invoice PDF leaves without a live link: PdfReadError",
            # It is statically linked, and asks for no page over TLS.
            "wkhtmltopdf: QSslSocket",
        ]
    )
)


def run(arguments):
    """Run pytest, or with --odoo-runner or --platform Odoo's own runner."""
    system.prepare(browser=True)
    if "--odoo-runner" in arguments:
        return odoo_runner()
    if "--platform" in arguments:
        return platform()
    return with_pytest(list(arguments))


def _take(arguments, flag):
    """Remove `flag` from the arguments; tell whether it was there."""
    found = flag in arguments
    arguments[:] = [word for word in arguments if word != flag]
    return found


def with_pytest(arguments):
    """Run the tests that the arguments name in one pytest, or else all of them in parallel."""
    if not addons():
        raise Failure("no addon here: there is no paylink_*/__manifest__.py")
    options = [f"--paylink-{name}" for name in ("fast", "full") if _take(arguments, f"--{name}")]
    is_covered = _take(arguments, "--coverage")
    names_tests = any((ROOT / word.split("::")[0]).exists() for word in arguments)
    with Run() as stage:
        stage.variables |= stripe_spec.variables()
        if names_tests:
            stage.install(stage.seed, addons())
            options += [*_coverage_options(), "--cov-report=term"] * is_covered
            command = [*_odoo_pytest(stage, _copy(stage, "pytest")), *options, *arguments]
            return _in_foreground(command, stage.variables)
        options += [*_coverage_options(), "--cov-report="] * is_covered
        code = _run_all(stage, [*options, *arguments])
        return (is_covered and pytest_parts.report_coverage(stage)) or code


def _run_all(stage, options):
    """Run the whole suite in parts side by side, begun while the addons are still installed.

    The plain tests are a part of their own also because Playwright leaves an event loop running
    that Odoo's tests would meet.
    """
    ready = stage.folder / "ready"
    plain = [*_pytest(stage), "-p", "no:odoo", *options]
    later = [f"--paylink-wait={ready}"]
    parts = []
    if (ROOT / "tests").is_dir():
        parts.append(("tests/unit", [*plain, "tests/unit"]))
        if "--paylink-fast" not in options:  # All of them need a running server.
            others = [f"--ignore={name}" for name in ("tests/unit", *WAITING)]
            parts.append(("tests from outside", [*plain, *later, "tests", *others]))
            parts.append(("tests from outside that wait", [*plain, *later, *WAITING]))
    queue = f"--paylink-queue={stage.folder / 'queue'}"
    databases = [f"{stage.name}_pytest{number}" for number in range(1, ODOO_PARTS + 1)]
    for number, database in enumerate(databases, 1):
        command = [*_odoo_pytest(stage, database), *later, queue, *options, *addons()]
        parts.append((f"addons {number} of {ODOO_PARTS}", command))

    def prepare():
        stage.install(stage.seed, addons())
        for database in databases:
            stage.copy(stage.seed, database)
        ready.touch()

    return pytest_parts.run(parts, stage, prepare)


def _copy(stage, name):
    database = f"{stage.name}_{name}"
    stage.copy(stage.seed, database)
    return database


def _pytest(stage):
    python = [stage.odoo.python, "-W", "ignore::DeprecationWarning", "-m", "pytest"]
    return [*python, "-o", f"cache_dir={cache() / 'pytest'}"]


def _odoo_pytest(stage, database):
    """Return the command that runs tests in Odoo on a database of their own."""
    return [
        *_pytest(stage),
        *(f"--odoo-database={database}", "--odoo-http"),
        "--odoo-extra=max-cron-threads=0",
        # Odoo's limit on memory would be inherited by the browser, which reserves far more
        "--odoo-extra=limit-memory-hard=0",
        *("-p", "tools.harness.shared_setup", "-p", "tools.harness.kept_caches"),
    ]


def _coverage_options():
    options = [f"--cov={ROOT / addon}" for addon in addons()]
    # The gate is for all tests together, see `pytest_parts.report_coverage`.
    return [*options, f"--cov-config={ROOT / '.coveragerc'}", "--cov-fail-under=0"]


def _in_foreground(command, variables):
    """Run a program that may ask on the terminal; Ctrl-C is its own to handle."""
    # A handler, unlike SIG_IGN, is not inherited.
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    variables = variables | {"COVERAGE_FILE": f"{variables['PAYLINK_STAGE']}/coverage"}
    guarded = ["setpriv", "--pdeathsig", "TERM", *map(str, command)]
    try:
        return subprocess.run(guarded, env=variables, cwd=ROOT, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, previous)


def odoo_runner():
    """Run our tests as Odoo does, at_install ones in their place; return Odoo's exit code."""
    with Run() as stage:
        stage.variables |= stripe_spec.variables()
        # What is tagged `full` takes minutes, see `conftest.py`.
        tags = ",".join([*(f"/{addon}" for addon in addons()), "-full"])
        arguments = ["-d", stage.seed, "-i", ",".join(addons()), "--skip-auto-install"]
        with step("Odoo's own test runner"):
            code, log = _run_odoo_tests(stage, arguments, tags, "odoo-runner.log")
        harmless, complaints = _split_complaints(log)
        print(*complaints, sep="\n")
        if harmless:
            say(f"{len(harmless)} harmless warnings are left out, see {log}")
        print(*(f"FAILED {name}" for name in sorted(_failing(log))), sep="\n")
        failed, errors, count = _result(log)
    if not count:
        raise Failure("Odoo's runner found no test")
    if code or failed or errors:
        raise Failure(f"Odoo's runner: {failed} failed, {errors} errors; {log}")
    say(f"Odoo's runner: {count} tests, none failed")
    return 0


def _run_odoo_tests(stage, arguments, tags, log_name):
    """Run Odoo with its test runner; return (exit code, log file)."""
    log = cache() / log_name
    log.unlink(missing_ok=True)
    options = ["--stop-after-init", "--max-cron-threads=0", "--log-level=warn"]
    options += ["--log-handler=odoo.tests.result:INFO", "--log-handler=py.warnings:ERROR"]
    options += ["--limit-memory-hard=0", f"--http-port={free_port()}", f"--test-tags={tags}"]
    with log.open("wb") as output:
        command = stage.odoo.command(*arguments, *options)
        child = start(command, stdout=output, stderr=output, env=stage.variables, cwd="/")
        try:
            return child.wait(), log
        finally:
            stop(child)


def _split_complaints(log):
    """Return the entries of Odoo's log that only tests see, and all others."""
    # An entry begins with its time, its traceback follows on lines of its own.
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d \d\d:)", log.read_text(errors="replace"), flags=re.M)
    entries = [entry.rstrip() for entry in entries if entry.strip()]
    harmless = [entry for entry in entries if HARMLESS.search(entry)]
    return harmless, [entry for entry in entries if entry not in harmless]


def _result(log):
    """Return (failed, errors, tests) of a log's last result line."""
    pattern = r"(\d+) failed, (\d+) error\(s\) of (\d+) tests"
    found = re.findall(pattern, log.read_text(errors="replace"))
    return tuple(map(int, found[-1])) if found else (0, 0, 0)


def platform():
    """Run Odoo's own tests without and with our addons; fail when a test fares differently."""
    outcomes = []
    for title, install in (("without our addons", []), ("with our addons", ["paylink_invoice"])):
        with Run(install=install, modules=()) as stage:
            arguments = ["-d", stage.seed, "-u", ",".join(PLATFORM_MODULES)]
            with step(f"Odoo's own tests {title}", every=60):
                tags = ",".join(PLATFORM_TAGS)
                _code, log = _run_odoo_tests(stage, arguments, tags, "platform.log")
            outcomes.append((_failing(log), _result(log)))
            log.rename(log.with_name(f"platform-{len(outcomes)}.log"))
            say(f"{title}: {outcomes[-1][1][2]} tests, {len(outcomes[-1][0])} fail")
    (before, count_before), (after, _count) = outcomes
    if not count_before[2]:
        raise Failure(f"Odoo ran none of its tests: see {cache() / 'platform-1.log'}")
    for name in sorted(after - before):
        print(f"fails only with our addons: {name}", file=sys.stderr)
    for name in sorted(before - after):
        print(f"fails only without our addons: {name}", file=sys.stderr)
    return int(before != after)


def _failing(log):
    pattern = r"(?:FAIL|ERROR): (\S+\.\S+)"
    return set(re.findall(pattern, log.read_text(errors="replace")))
