# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes of a test: started together, waited for until they hold still, and ended together."""

import contextlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import time

START_SECONDS = 300  # a compiler, or Wine's prefix, on a busy machine
STILL_SECONDS = 10  # some never hold still
END_SECONDS = 10


class Skip(Exception):
    """Why a program cannot be looked at here."""


class Broken(Exception):
    """The program itself did not do what it must for the test."""


class Group:
    """
    What one test starts. It has a process group with a guard that kills the whole group once its
    standard input, a pipe from here, is closed: whatever becomes of this, little stays behind.
    Some leave such a group, so each process has a mark in its environment, too, and some of those
    overwrite it, but stay children.
    """

    MARK = "LAYOUTCHECK_PROGRAMS_TEST"

    def __init__(self, directory):
        self.directory = directory
        self.mark = secrets.token_hex(16)
        self.guard = subprocess.Popen(["/bin/sh", "-c", "read _; kill -KILL 0"],
                                      stdin=subprocess.PIPE, process_group=0)
        self.children = []
        self.gentle = []  # those that leave things behind when they are killed
        self.cleanups = []  # functions, once all have ended

    def start(self, *command, env=None, stdin=subprocess.PIPE):
        """A child in the group. Its standard input stays open, and silent, as long as it runs."""
        child = subprocess.Popen(
            list(map(str, command)), cwd=self.directory,
            env={**os.environ, self.MARK: self.mark, **(env or {})},
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", bufsize=1, process_group=self.guard.pid)
        self.children.append(child)
        return child

    def run(self, *command, env=None):
        """Runs a command to its end, and returns what it prints."""
        child = self.start(*command, env=env, stdin=subprocess.DEVNULL)
        output, errors = child.communicate(timeout=START_SECONDS)
        if child.returncode != 0:
            raise Broken(f"{command[0]} failed: {(errors + output).strip() or child.returncode}")
        return output

    def write(self, name, text, mode=0o644):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def kill(self):
        """Ends what is left at once; also from a timer, when a program hangs."""
        with contextlib.suppress(OSError):
            self.guard.stdin.close()
        left = [d for child in self.children if child.poll() is None
                for d in descendants(child.pid)]
        for pid in left + marked(f"{self.MARK}={self.mark}"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def end(self):
        for child in self.gentle:
            child.send_signal(signal.SIGQUIT)  # to postgres: at once, but in order
        for child in self.gentle:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(END_SECONDS)
        self.kill()
        self.guard.wait()
        for child in self.children:
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
        for cleanup in self.cleanups:
            cleanup()


def marked(entry):
    """The PIDs of all processes with this entry in their environment."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if entry.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def proc(pid, *names):
    return pathlib.Path("/proc", str(pid), *names)


def stat_fields(pid):
    """Fields by the number that proc(5) gives them; 1 and 2 are left out."""
    text = proc(pid, "stat").read_text(errors="replace")
    return dict(enumerate(text.rpartition(")")[2].split(), 3))


def maps_lines(pid):
    return proc(pid, "maps").read_text(errors="surrogateescape").splitlines()


def comm(pid):
    return proc(pid, "comm").read_text(errors="replace").strip()


def is_settled(pid, name):
    """Has executed the program, waits, and its threads with it."""
    if name and os.path.basename(os.readlink(proc(pid, "exe"))) not in name:
        return False
    return all(t.read_text(errors="replace").rpartition(")")[2].split()[0] in "SDtT"
               for t in proc(pid, "task").glob("*/stat"))


def settle(pid, name=()):
    """Waits until the process sleeps and its mappings have been the same for some time."""
    before, same = None, 0
    deadline = time.monotonic() + STILL_SECONDS
    while time.monotonic() < deadline:
        try:
            now = maps_lines(pid)
            same = same + 1 if now and now == before and is_settled(pid, name) else 0
        except OSError as e:
            raise Broken(f"PID {pid} is gone: {e.strerror}") from e
        if same == 3:
            return pid
        before = now
        time.sleep(0.03)
    return pid


def settle_tree(pid):
    """The process and all that it started, once no more come; those that have ended are left out."""
    before, pids = None, descendants(pid)
    deadline = time.monotonic() + STILL_SECONDS
    while pids != before and time.monotonic() < deadline:
        before = pids
        for p in pids:
            with contextlib.suppress(Broken):
                settle(p)
        if len(pids) > 1:
            time.sleep(0.3)
        pids = descendants(pid)
    return labelled(pids)


def labelled(pids):
    """{label: PID}, by the names that the processes have."""
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            if not maps_lines(pid):
                continue
            name, n = comm(pid), 2
            while (label := name if n == 2 else f"{name}-{n - 1}") in found:
                n += 1
            found[label] = pid
    if not found:
        raise Broken("it has ended")
    return found


def wait_line(child, stream, pattern):
    """The first line that matches. A program that hangs is ended by the timer in program_check."""
    seen = []
    for line in stream:
        if re.search(pattern, line):
            return line
        seen.append(line)
    raise Broken(f"{child.args[0]} ended: {''.join(seen).strip() or 'it said nothing'}")


def wait_until(condition, child, what):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        if child.poll() is not None:
            _, errors = child.communicate()
            raise Broken(f"{child.args[0]} ended: {errors.strip() or 'it said nothing'}")
        time.sleep(0.05)
    raise Broken(f"{child.args[0]}: {what}")


def descendants(pid):
    found = [pid]
    for task in proc(pid, "task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += descendants(int(child))
    return found


def exe_name(pid):
    with contextlib.suppress(OSError):
        return os.path.basename(os.readlink(proc(pid, "exe")))
    return None


def child_of(pid, path):
    """The descendant that has executed the program, after whatever else comes and goes."""
    name = os.path.basename(os.path.realpath(path))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for descendant in descendants(pid)[1:]:
            if exe_name(descendant) == name:
                return descendant
        time.sleep(0.05)
    raise Broken(f"it did not start {path}")


def find(*names, also=()):
    """The path of the first of these that is installed."""
    path = os.pathsep.join([*also, os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/bin"])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise Skip(f"{names[0]}: not installed")
