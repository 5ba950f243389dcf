# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Child processes: started so that they end with us, run with a log, stopped in order."""

import os
import shutil
import signal
import socket
import subprocess

from .say import Failure


def start(command, **options):
    """Start a child in a session of its own that gets SIGTERM when we die, even by SIGKILL.

    The terminal's Ctrl-C reaches only us, so that we stop the children in the right order.
    """
    guarded = ["setpriv", "--pdeathsig", "TERM", *map(str, command)]
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(guarded, start_new_session=True, **options)


def stop(child, how=signal.SIGTERM, patience=15):
    """End a child and what it started; by force when it does not listen."""
    if child.poll() is None:
        child.send_signal(how)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # PermissionError: the group is gone and its number belongs to somebody else
        pass


def run(command, log, what, **options):
    """Run a child to its end with its output in the file `log`.

    :raise Failure: when it fails, with the end of the log printed before
    """
    with log.open("ab") as output:
        child = start(command, stdout=output, stderr=output, **options)
        try:
            code = child.wait()
        finally:
            stop(child)
    if code:
        print("\n".join(log.read_text(errors="replace").splitlines()[-25:]))
        raise Failure(f"{what} failed (exit code {code}); the whole log: {log}")


def output_of(command, **options):
    """Return what a short command prints.

    :raise Failure: when it fails, with the first line of its complaint
    """
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **options
    )
    if done.returncode:
        complaint = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Failure(f"{command[0]}: {complaint[-1] if complaint else done.returncode}")
    return done.stdout


def free_port():
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port):
    """Tell whether `port` can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def which(*names):
    """Return the path of the first of these programs that is installed, or None."""
    return next(filter(None, map(shutil.which, names)), None)
