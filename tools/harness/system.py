# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The few packages of the system that we need: installed as root, asked for otherwise."""

import importlib.util
import os
import subprocess
from pathlib import Path

from .layout import cache
from .locks import locked
from .process import run, which
from .say import Failure, step

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# wkhtmltopdf comes from PyPI, these libraries and a font do not
PDF_LIBRARIES = {
    "libfontconfig.so.1": "libfontconfig1",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
}


def missing(browser):
    """Return the Debian packages that the machine lacks.

    :param bool browser: whether tests with a browser are going to run
    """
    needed = []
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        needed.append("python3-venv")
    if not Path("/etc/ssl/certs/ca-certificates.crt").exists():
        needed.append("ca-certificates")
    libraries = subprocess.run(
        ["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False
    )
    needed += [
        package for library, package in PDF_LIBRARIES.items() if library not in libraries.stdout
    ]
    if not any(Path("/usr/share/fonts").glob("*type/*")):
        needed.append("fonts-dejavu-core")
    if browser and not which(*CHROMIUM):
        needed.append("chromium")
    return needed


def prepare(browser=False):
    """Make sure of the system's packages.

    :raise Failure: naming the packages to install, when we are not root
    """
    if not missing(browser):
        return
    if os.getuid():
        raise Failure(f"run as root once: apt-get install {' '.join(missing(browser))}")
    with locked("apt"):
        packages = missing(browser)
        if not packages:
            return
        log = cache() / "apt-install.log"
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        with step(f"apt-get install {' '.join(packages)}"):
            run(["apt-get", "-qq", "update"], log, "apt-get update", env=environment)
            command = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages]
            run(command, log, "apt-get install", env=environment)
