# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""`./paylink lint`: style and conventions, by the tools of the field, each pinned."""

import os
import subprocess
import sys
from pathlib import Path

from tools.harness import python_env
from tools.harness.layout import ROOT, addons
from tools.harness.process import which
from tools.harness.say import say

from . import docs

PRETTIER_SUFFIXES = (".css", ".js", ".mjs", ".scss", ".xml")
NOT_OURS = {".git", ".hypothesis", ".venv", "__pycache__", "dist", "htmlcov", "lib", "node_modules"}


def run(arguments):
    """Run every tool, also after one complains; with --fix let those that can repair do so."""
    fix = "--fix" in arguments
    lint = Lint(fix)
    lint.python()
    lint.odoo()
    lint.front_end()
    lint.shell()
    if docs.run([] if fix else ["--check"]):
        lint.failed.append("docs")
    say(f"lint: {'failed: ' + ', '.join(lint.failed) if lint.failed else 'clean'}")
    return int(bool(lint.failed))


def files(*suffixes):
    """Return the project's files with these suffixes, from a clone as from an archive."""
    found = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name not in NOT_OURS]
        paths = (Path(folder, name).relative_to(ROOT) for name in names)
        found += [path for path in paths if path.name.endswith(suffixes)]
    return sorted(found)


class Lint:
    """One run of the tools; `failed` collects the names of those that complained."""

    def __init__(self, fix):
        self.fix = fix
        self.failed = []
        self.programs = python_env.environment("lint") / "bin"
        self.node = python_env.node_program()
        self.modules = python_env.node_modules("lint")

    def call(self, title, *command):
        """Run one tool at the project's root."""
        say(title)
        variables = dict(os.environ, PATH=f"{self.programs}:{os.environ['PATH']}")
        done = subprocess.run(list(map(str, command)), cwd=ROOT, env=variables, check=False)
        if done.returncode:
            self.failed.append(title)

    def python(self):
        """Check Python with ruff."""
        ruff = self.programs / "ruff"
        self.call("ruff check", ruff, "check", "--quiet", *(["--fix"] if self.fix else []))
        self.call("ruff format", ruff, "format", "--quiet", *([] if self.fix else ["--diff"]))

    def odoo(self):
        """Check Odoo's conventions with the tools of the OCA."""
        names = addons()
        if not names:
            return
        pylint = [self.programs / "python", "-m", "pylint", "--rcfile=.pylintrc"]
        self.call("pylint-odoo", *pylint, *names)
        checks = self.programs / "oca-checks-odoo-module"
        manifests = [f"{name}/__manifest__.py" for name in names]
        self.call("oca-checks-odoo-module", checks, *manifests)

    def front_end(self):
        """Check JavaScript, style sheets and XML with prettier and eslint."""
        if chosen := files(*PRETTIER_SUFFIXES):
            prettier = self.modules / "prettier" / "bin" / "prettier.cjs"
            plugin = self.modules / "@prettier" / "plugin-xml" / "src" / "plugin.js"
            how = "--write" if self.fix else "--check"
            options = [f"--plugin={plugin}", "--log-level=warn", how]
            self.call("prettier", self.node, prettier, *options, *chosen)
        if chosen := files(".js", ".mjs"):
            eslint = self.modules / "eslint" / "bin" / "eslint.js"
            options = ["--max-warnings=0", *(["--fix"] if self.fix else [])]
            self.call("eslint", self.node, eslint, *options, *chosen)

    def shell(self):
        """Check shell scripts where the machine has shellcheck: no registry of ours has it."""
        if which("shellcheck"):
            self.call("shellcheck", "shellcheck", "paylink", ".ci/run")
        else:
            print("shellcheck is not installed: shell scripts are not checked", file=sys.stderr)
