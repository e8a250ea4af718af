# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots in situations that take more than a fixture: rights, namespaces, names, and what can go
wrong when one is written or was made by somebody else."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import textwrap
import time

from compare import (QUESTIONS, Skip, answer_differences, answers_of_process, answers_of_snapshot,
                     comparable, differences, is_sanitized, namespace, run, save, smaps_sums, tool, tool_set)

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "build/tests/live"
NOBODY = 65534

SCENES = []


def scene(function):
    SCENES.append((function.__name__.replace("_", "-"), function))
    return function


def expect(condition, what, seen=""):
    if not condition:
        raise AssertionError(f"{what}\n{seen}".rstrip())


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


@contextlib.contextmanager
def process(*command, **how):
    """A command that prints `ready PID` and waits for the end of its standard input."""
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="surrogateescape",
                          **how) as child:
        try:
            line = next((line for line in child.stdout if line.startswith(("ready ", "skip "))), "")
            if line.startswith("skip "):
                raise Skip(line[5:].strip())
            if not line:
                child.stdin.close()
                raise Skip(f"it does not start here: {child.stderr.read().strip()}")
            yield line.split()[1]
        finally:
            child.stdin.close()


# A shell that says who it is and waits; exec'd, so that the program named is what is looked at.
WAIT = "echo ready $$; read _"


def as_user(uid, *more):
    need("setpriv")
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *more)


def everywhere(directory):
    """A place that any user may write to."""
    place = directory / "place"
    place.mkdir()
    place.chmod(0o777)
    return place / "saved"


# Rights.


@scene
def as_an_ordinary_user(directory):
    need_root()
    nobody = as_user(NOBODY)
    with process(*nobody, "bash", "-c", WAIT) as pid:
        return differences(pid, everywhere(directory), prefix=nobody)


@scene
def inputs_denied(directory):
    """CAP_SYS_PTRACE alone: the map of another user's process, but not what only its owner reads."""
    need_root()
    prefix = as_user(NOBODY, "--inh-caps=+sys_ptrace", "--ambient-caps=+sys_ptrace")
    saved = everywhere(directory)
    with process("bash", "-c", WAIT) as pid:
        found = differences(pid, saved, prefix=prefix, change=without_advice)
    report = json.loads(tool("--json", saved).stdout)
    reasons = {row["what"]: row["reason"] for row in report["source"]["missing"]}
    expect(reasons.get("auxv") == "permission denied", "auxv is not told to be denied", reasons)
    text = tool("-v", saved).stdout
    expect("permission denied" in text and "setcap" not in text and "as root" not in text,
           "a snapshot gives advice for live processes, or no reason", text)
    return found


def without_advice(answers):
    """How to get at what was denied is told of live processes, below what could not be read."""
    return [(status, re.sub(r"^  to read what was denied.*", "", out,
                            flags=re.MULTILINE | re.DOTALL)) for status, out in answers]


@scene
def what_was_denied_is_told(directory):
    need_root()
    prefix = as_user(NOBODY, "--inh-caps=+sys_ptrace", "--ambient-caps=+sys_ptrace")
    with process("bash", "-c", WAIT) as pid:
        said = save(pid, everywhere(directory), prefix=prefix).stdout
    expect("auxv" in said and "setcap" in said, "save does not tell what was denied", said)


@scene
def map_denied(directory):
    need_root()
    saved = everywhere(directory)
    with process("bash", "-c", WAIT) as pid:
        seen = tool("save", pid, saved, prefix=as_user(NOBODY))
    expect(seen.returncode == 2 and "cannot read the memory map" in seen.stderr, "no reason", seen)
    expect(not list(saved.parent.iterdir()), "something was left", list(saved.parent.iterdir()))


# Namespaces, cgroups, roots.


@scene
def inside_a_pid_namespace(directory):
    marker = f"inside{os.getpid()}"
    with process(*namespace(), "-pf", "--mount-proc", "bash", "-c", f": {marker}; {WAIT}"):
        found = [pid for pid in os.listdir("/proc") if pid.isdigit() and has_two_pids(pid, marker)]
        expect(len(found) == 1, "the process was not found", found)
        return differences(found[0], directory / "saved")


def has_two_pids(pid, marker):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        line = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    except (OSError, UnicodeDecodeError):
        return False
    return marker in line and re.search(r"^NSpid:\t\d+\t\d+", text, re.MULTILINE)


@scene
def from_inside_a_pid_namespace(directory):
    """The ancestors end at the edge."""
    need("unshare")
    script = f"""
        bash -c 'echo $$ >{directory}/pid; read _ <{directory}/wait; :' &
        while [ ! -s {directory}/pid ]; do sleep 0.02; done
        pid=$(cat {directory}/pid)
        {tool_set.path} check --json --memory --mappings $pid >{directory}/live
        {tool_set.path} save $pid {directory}/saved
        echo >{directory}/wait
    """
    os.mkfifo(directory / "wait")
    seen = run(*namespace(), "-pf", "--mount-proc", "bash", "-c", script)
    expect(seen.returncode == 0 and not seen.stderr, "it failed", seen)
    live = [(0, (directory / "live").read_text())]
    saved = answers_of_snapshot(directory / "saved")[:1]
    expect(json.loads(live[0][1])["process"]["ancestors"], "no ancestors")
    return list(answer_differences(comparable(live), comparable(saved)))


@scene
def of_a_user_namespace(directory):
    need("unshare")
    with process("unshare", "-Ur", "bash", "-c", WAIT) as pid:
        return differences(pid, directory / "saved")


@scene
def of_a_mount_namespace_of_its_own(directory):
    """Paths that are only there."""
    shutil.copy("/bin/sleep", directory / "prog")
    script = f"mount -t tmpfs none /mnt && cp {directory}/prog /mnt/prog && " \
             "{ /mnt/prog 60 <&- & } && echo ready $! && read _; kill $!"
    with process(*namespace(), "bash", "-c", script) as pid:
        time.sleep(0.2)
        found = differences(pid, directory / "saved")
    expect("object: /mnt/prog\n" in (directory / "saved/objects").read_text(), "it is not there")
    return found


@scene
def with_a_cgroup_limit(directory):
    """Where the test may make a cgroup; the memory that is in use is of one reading."""
    need_root()
    with cgroup() as join, process("bash", "-c", f"echo $$ >{join}; {WAIT}") as pid:
        saved = directory / "saved"
        found = differences(pid, saved, change=lambda answers: with_use_of(answers, saved))
        cgroup_report = json.loads(tool("--json", saved).stdout)["cgroup"]
    expect(cgroup_report and cgroup_report["limit"] == 512 << 20, "no limit", cgroup_report)
    return found


@contextlib.contextmanager
def cgroup():
    for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                        ("/sys/fs/cgroup", "memory.max")):
        path = pathlib.Path(root, f"layoutcheck-test-{os.getpid()}")
        try:
            path.mkdir()
            (path / limit).write_text(str(512 << 20))
        except OSError:
            with contextlib.suppress(OSError):
                path.rmdir()
            continue
        try:
            yield path / "cgroup.procs"
        finally:
            for _ in range(50):
                with contextlib.suppress(OSError):
                    path.rmdir()
                    break
                time.sleep(0.05)
        return
    raise Skip("no memory cgroup can be made here")


def with_use_of(answers, saved):
    """Reports with the use that the cgroup had when it was saved: it changes all the time."""
    files = {path.name: path.read_text() for path in saved.rglob(
        f"host/sys/fs/cgroup/**/layoutcheck-test-{os.getpid()}/*")}
    used = int(files.get("memory.usage_in_bytes") or files["memory.current"])
    statistics = dict(line.split() for line in files["memory.stat"].splitlines())
    keys = ("total_inactive_file", "total_active_file") if "memory.usage_in_bytes" in files else \
        ("inactive_file", "active_file", "slab_reclaimable")
    reclaimable = sum(int(statistics.get(key, 0)) for key in keys)
    changed = []
    for question, (status, out) in zip(QUESTIONS, answers):
        if "--json" in question:
            report = json.loads(out)
            kept = max(used - reclaimable, 0)
            report["cgroup"].update(used=used, reclaimable=reclaimable,
                                    room=max(report["cgroup"]["limit"] - kept, 0))
            out = json.dumps(report)
        changed.append((status, out))
    return changed


# Names.


@scene
def strange_names(directory):
    """A newline, a backslash, blanks at the end, an escape sequence, no UTF-8, and " (deleted)"."""
    name = os.fsencode(directory) + b"/ a\nb: \\012 \x1b[31m\xff (deleted) "
    shutil.copy("/bin/bash", name)
    with subprocess.Popen([name, "-c", WAIT], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as child:
        try:
            pid = child.stdout.readline().split()[1].decode()
            found = differences(pid, directory / "saved")
            os.unlink(name)
            found += differences(pid, directory / "deleted")
        finally:
            child.stdin.close()
    exe = json.loads(tool("--json", directory / "saved").stdout)["process"]["exe"]
    expect(exe.endswith("(deleted) ") and "\\x0a" in exe, "the name was changed", exe)
    return found


@scene
def executable_replaced(directory):
    prog = directory / "prog"
    shutil.copy("/bin/bash", prog)
    with process(prog, "-c", WAIT) as pid:
        prog.unlink()
        shutil.copy("/bin/bash", prog)
        found = differences(pid, directory / "saved")
    expect("deleted-object" in tool(directory / "saved").stdout, "the finding is lost")
    return found


@scene
def other_programs(directory):
    """Interpreters and whatever else runs where this is tested."""
    found = []
    for command in (["/usr/bin/python3", "-c", "import os, json, ssl, threading\n"
                     "print('ready', os.getpid(), flush=True); input()"],
                    ["perl", "-e", '$| = 1; print "ready $$\\n"; <STDIN>'],
                    ["bash", "-c", f"ulimit -s unlimited; exec bash -c '{WAIT}'"],
                    ["setarch", "-RL", "bash", "-c", WAIT]):
        if not shutil.which(command[0]):
            continue
        with contextlib.suppress(Skip), process(*command) as pid:
            name = os.path.basename(command[0])
            found += [f"{name}: {line}" for line in differences(pid, directory / name)]
    return found


# What is in it.


def files_of(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


@scene
def maps_is_what_the_kernel_wrote(directory):
    """Byte by byte, though it was written from the image; and so is what is not rewritten."""
    with process("/usr/bin/python3", "-c", "import os, ssl\n"
                 "print('ready', os.getpid(), flush=True); input()") as pid:
        saved = directory / "saved"
        save(pid, saved)
        for name in ("maps", "limits", "auxv", "personality", "uid_map", "cgroup", "cmdline"):
            real = pathlib.Path("/proc", pid, name).read_bytes()
            expect((saved / name).read_bytes() == real, f"{name} is not the kernel's")
        expect((saved / "exe").read_text() == os.readlink(f"/proc/{pid}/exe") + "\n", "exe differs")
        for name in ("vm/max_map_count", "vm/mmap_min_addr", "kernel/osrelease"):
            real = pathlib.Path("/proc/sys", name).read_bytes()
            expect((saved / "host/proc/sys" / name).read_bytes() == real, f"{name} differs")


@scene
def headers_are_those_that_readelf_shows(directory):
    need("readelf")
    with process("/usr/bin/python3", "-c", "import os, ssl\n"
                 "print('ready', os.getpid(), flush=True); input()") as pid:
        save(pid, directory / "saved")
    blocks = (directory / "saved/objects").read_text().split("object: ")[1:]
    expect(len(blocks) > 3, "there are no objects")
    for block in blocks:
        path = block.splitlines()[0]
        shown = run("readelf", "-lW", path).stdout
        wanted = re.findall(r"^  (\w+) +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([R ])([W ])([E ]) "
                            r"(\w+)$", shown, re.MULTILINE)
        listed = re.findall(r"^segment: (\w+) (\w+) (\w+) (\w+) (\w+) ([r-])([w-])([x-]) (\w+)$",
                            block, re.MULTILINE)

        def numbers(row):
            return [row[0], *(int(word, 16) for word in row[1:5]),
                    *(mark not in " -" for mark in row[5:8]), int(row[8], 16)]
        expect(wanted and [numbers(row) for row in wanted] == [numbers(row) for row in listed],
               f"{path}: other program headers than readelf shows", f"{shown}\n{block}")
        entry = re.search(r"Entry point (0x\w+)", shown).group(1)
        expect(f"\nentry: {entry}\n" in block, f"{path}: another entry than {entry}", block)


@scene
def nothing_but_text(directory):
    """But for auxv, and the zeros that part the command line."""
    with process("/usr/bin/python3", "-c", "import os, ssl\n"
                 "print('ready', os.getpid(), flush=True); input()") as pid:
        save(pid, directory / "saved")
    for path in files_of(directory / "saved"):
        data = path.read_bytes().replace(b"\0", b"" if path.name == "cmdline" else b"\0")
        expect(path.name == "auxv" or not re.search(rb"[^\n\t\x20-\x7e]", data), f"{path}", data)


@scene
def only_its_owner_may_look(directory):
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved", prefix=("sh", "-c", 'umask 0; exec "$0" "$@"'))
    for path in (directory / "saved", *(directory / "saved").rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        expect(mode == (0o700 if path.is_dir() else 0o600), f"{path} has mode {mode:o}")


@scene
def small(directory):
    """Of a shell below a dozen others."""
    nested = f'if [ $1 -gt 0 ]; then bash -c "$0" "$0" $(($1 - 1)); true; else {WAIT}; fi'
    with process("bash", "-c", nested, nested, 12) as pid:
        save(pid, directory / "saved")
    sizes = {path: path.stat().st_size for path in files_of(directory / "saved")}
    expect(sum(sizes.values()) < 200_000, "it is large", sizes)
    ancestors = (directory / "saved/ancestors").read_text()
    expect(ancestors.count("comm: bash") >= 12, "the ancestors are not there", ancestors)


@scene
def a_copy_of_a_snapshot_is_the_same(directory):
    with process("/usr/bin/python3", "-c", "import os, ssl\n"
                 "print('ready', os.getpid(), flush=True); input()") as pid:
        save(pid, directory / "one")
    save(directory / "one", directory / "two")
    seen = run("diff", "-r", directory / "one", directory / "two")
    expect(seen.returncode == 0, "they differ", seen.stdout)


# The seed of a hash table, the C library's languages, and what was open from the start.
LIBRARIES = r"/dev/urandom\b|/locale[/.]|gconv|\([012]<"


@scene
def of_a_map_without_a_number(directory):
    """A directory that holds nothing but maps has no PID that could be told."""
    bare = directory / "bare"
    bare.mkdir()
    with process("sh", "-c", WAIT) as pid:
        (bare / "maps").write_bytes(pathlib.Path(f"/proc/{pid}/maps").read_bytes())
        name = pathlib.Path(f"/proc/{pid}/exe").resolve().name
    told = save(bare, directory / "again").stdout
    expect("PID" not in told and f": {name}, " in told, "not the name alone", told)


@scene
def nothing_else_is_opened(directory):
    """By the word of the kernel: beside its libraries only what is below the snapshot."""
    need("strace")
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    trace = directory / "trace"
    for question in QUESTIONS:
        seen = run("strace", "-f", "-y", "-qq", "-e", "trace=%file", "-o", trace, tool_set.path,
                   *question, directory / "saved")
        if not trace.exists() or "Operation not permitted" in seen.stderr:
            raise Skip(f"strace does not work here: {seen.stderr.strip()}")
        lines = [line for line in trace.read_text().splitlines() if "execve(" not in line]
        first = next(i for i, line in enumerate(lines) if f'"{directory}/saved"' in line)
        expect(len(lines) - first > 10, "too few calls", "\n".join(lines))
        for line in lines[first:]:
            if re.search(LIBRARIES, line):
                continue
            inside = re.search(rf"\((\d+<{directory}/saved[/>]|.*\"{directory}/saved\")", line)
            where = re.search(r"= \d+<(.*)>$", line)
            expect((inside and (not where or where.group(1).startswith(f"{directory}/saved"))) or
                   "+++ exited" in line, f"{' '.join(question)} asks for something else", line)


# Private.


SECRETS = ("mary", "bob", "secrethost", "hush", "sesame", "tiger")


@scene
def private(directory):
    """A person's program, with a library in the home of another, on a named host, with secrets on
    command lines and in its environment: none is found, and the report is the same but for these
    names."""
    need_root()
    need("setpriv")
    directory.chmod(0o777)
    script = f"""
        set -e
        hostname secrethost
        mount -t tmpfs none /home
        mkdir -p /home/bob/bob-lib {directory}/mary
        cp /usr/bin/python3 {directory}/mary/prog
        echo 'root:x:0:0::/:/bin/sh' >{directory}/passwd
        echo 'mary:x:4321:4321::/:/bin/sh' >>{directory}/passwd
        mount --bind {directory}/passwd /etc/passwd
        cp $(ldd /usr/bin/python3 | sed -n 's/.*=> \\(.*libexpat.so.1\\) .*/\\1/p') \
            /home/bob/bob-lib/libexpat.so.1
        echo 'root=LABEL=hush password=tiger stack_guard_gap=512' >{directory}/boot
        mount --bind {directory}/boot /proc/cmdline
        SECRET=sesame LD_LIBRARY_PATH=/home/bob/bob-lib setpriv --reuid=4321 \
            {directory}/mary/prog -c 'import os, mmap, pyexpat, time
fd = os.memfd_create("mary-memory")
os.write(fd, b"x" * 4096)
m = mmap.mmap(fd, 4096, prot=mmap.PROT_READ)
open("{directory}/ready", "w").write(str(os.getpid()))
time.sleep(60)' --password=hush >/dev/null 2>&1 <&- &
        while [ ! -s {directory}/ready ]; do sleep 0.05; done
        pid=$(cat {directory}/ready)
        {tool_set.path} check --json --memory --mappings $pid >{directory}/live || test $? = 1
        {tool_set.path} save $pid {directory}/open
        {tool_set.path} save --private $pid {directory}/saved
        {tool_set.path} save --private {directory}/open {directory}/later
        {tool_set.path} {directory}/saved >{directory}/text || test $? = 1
        kill $pid
    """
    seen = run(*namespace(), "-u", "bash", "-c", script)
    if "libexpat" in seen.stderr:
        raise Skip("this python links libexpat into itself")
    expect(seen.returncode == 0, "it failed", seen.stderr)
    found = secrets_in(directory / "open")
    expect({"mary", "bob", "hush"} <= found and not {"sesame", "tiger", "secrethost"} & found,
           "not private, it has a name and the command line and nothing else", found)
    for name in ("saved", "later"):
        found = secrets_in(directory / name)
        expect(not found, f"{name} holds secrets", found)
        expect("stack_guard_gap=512" in (directory / name / "host/proc/cmdline").read_text(),
               "the guard gap is lost")
    text = (directory / "text").read_text()
    expect(", uid 4321: " in " ".join(text.split()), "the user is named, or has no number", text)
    live = [(0, (directory / "live").read_text().replace("mary", "user1").replace("bob", "user2"))]
    problems = []
    for name in ("saved", "later"):
        saved = answers_of_snapshot(directory / name)[:1]
        problems += answer_differences(comparable(live), comparable([(0, saved[0][1])]))
    expect("/home/user2/user2-lib/libexpat.so.1" in live[0][1], "the library is not there")
    return problems


def secrets_in(directory):
    """The words that stand in any file, or in the name of one."""
    everything = b"".join(path.read_bytes() + os.fsencode(path.relative_to(directory))
                          for path in files_of(directory))
    return {word for word in SECRETS if word.encode() in everything}


# Writing.


def left_in(directory):
    return sorted(path.name for path in directory.iterdir())


@scene
def nothing_is_overwritten(directory):
    """A full directory, a file, a link to a directory, a link to nothing; each stays as it is."""
    full, file, link, loose = (directory / name for name in ("full", "file", "link", "loose"))
    full.mkdir()
    (full / ".hidden").write_text("mine")
    file.write_text("mine")
    (directory / "empty").mkdir()
    link.symlink_to("empty")
    loose.symlink_to("nowhere")
    with process("bash", "-c", WAIT) as pid:
        for target in (full, file, link, loose, directory / "no/parent", f"{directory}/empty/.",
                       "/", ""):
            seen = tool("save", pid, target)
            expect(seen.returncode == 2 and seen.stderr.startswith("layoutcheck: cannot make "),
                   f"{target}: not refused", seen)
    expect((full / ".hidden").read_text() == file.read_text() == "mine" and
           not list((directory / "empty").iterdir()), "something was overwritten")
    expect(left_in(directory) == ["empty", "file", "full", "link", "loose"], "something was left",
           left_in(directory))


@scene
def into_an_empty_directory(directory):
    (directory / "saved").mkdir(0o755)
    with process("bash", "-c", WAIT) as pid:
        save(pid, f"{directory}/saved//")
        found = differences(pid, directory / "other")
    expect(stat.S_IMODE((directory / "saved").stat().st_mode) == 0o700, "others may look into it")
    expect((directory / "saved/about").exists(), "nothing was saved")
    return found


@scene
def disk_full(directory):
    script = f"mount -t tmpfs -o size=32k none /mnt && {tool_set.path} save $0 /mnt/saved; " \
             "s=$?; ls -A /mnt; exit $s"
    with process("bash", "-c", WAIT) as pid:
        seen = run(*namespace(), "sh", "-c", script, pid)
    expect(seen.returncode == 2 and "No space left on device" in seen.stderr and
           re.match(r"layoutcheck: cannot write /mnt/saved/\w+", seen.stderr), "not told", seen)
    expect(seen.stdout == "", "something was left", seen.stdout)


@scene
def no_right_to_write(directory):
    need_root()
    directory.chmod(0o755)
    nobody = as_user(NOBODY)
    with process(*nobody, "bash", "-c", WAIT) as pid:
        seen = tool("save", pid, directory / "saved", prefix=nobody)
    expect(seen.returncode == 2 and "Permission denied" in seen.stderr, "not refused", seen)
    expect(not left_in(directory), "something was left", left_in(directory))


@scene
def into_a_directory_of_another_user(directory):
    """Root may write there, and what it writes is root's."""
    need_root()
    place = directory / "place"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    place.chmod(0o700)
    with process("bash", "-c", WAIT) as pid:
        save(pid, place / "saved")
    expect((place / "saved").stat().st_uid == 0 and (place / "saved/about").exists(), "not saved")


@scene
def killed_while_writing(directory):
    """What is left is not what was asked for, and is called so."""
    need("strace")
    with process("bash", "-c", WAIT) as pid:
        seen = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat,renameat2",
                   "-e", "inject=renameat,renameat2:signal=KILL:error=EIO", tool_set.path, "save",
                   pid, directory / "saved")
    if "Operation not permitted" in seen.stderr:
        raise Skip("strace does not work here")
    expect(not (directory / "saved").exists(), "it looks complete", left_in(directory))
    expect(re.fullmatch(r"saved\.incomplete-\d+", *left_in(directory)), "unexpected",
           left_in(directory))


@scene
def no_such_process(directory):
    for target in ("4194305", directory / "nothing"):
        seen = tool("save", target, directory / "saved")
        expect(seen.returncode == 2 and seen.stderr, "not refused", seen)
    expect(not left_in(directory), "something was left", left_in(directory))


# By others.


@scene
def of_a_later_format(directory):
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    about = directory / "saved/about"
    about.write_text(about.read_text().replace("format: 1\n", "format: 2\n"))
    seen = tool(directory / "saved")
    expect(seen.returncode == 2 and "format 2" in seen.stderr, "not refused", seen)


@scene
def links_lead_nowhere(directory):
    """Whoever made it cannot make the reader look at the reader's own files."""
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    saved = directory / "saved"
    before = answers_of_process(saved)
    for name in ("objects", "about"):
        (saved / name).unlink()
    (saved / "root").symlink_to("/")
    (saved / "limits").unlink()
    (saved / "limits").symlink_to("/proc/self/limits")
    (saved / "auxv").unlink()
    (saved / "auxv").symlink_to("../../../../../../../proc/self/auxv")
    shutil.rmtree(saved / "host")
    (saved / "host").symlink_to("/")
    report = json.loads(tool("--json", saved).stdout)
    missing = {row["what"] for row in report["source"]["missing"]}
    expect({"limits", "auxv", "meminfo", "vm.max_map_count"} <= missing, "a link was followed",
           missing)
    expect(any(what.startswith("ELF headers") for what in missing), "root was followed", missing)
    expect(report["host"]["kernel"] is None and report["host"]["machine"] is None, "of this host",
           report["host"])
    expect(before != answers_of_process(saved), "it makes no difference")


@scene
def on_an_old_kernel(directory):
    """Before Linux 5.6 there is no openat2(), and some filters of system calls refuse it."""
    need("strace")
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    before = tool("--json", directory / "saved").stdout
    for error in ("ENOSYS", "EPERM"):
        seen = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2,statx", "-e",
                   f"inject=openat2:error={error}", tool_set.path, "--json", directory / "saved")
        if "Operation not permitted" in seen.stderr:
            raise Skip(f"strace does not work here: {seen.stderr.strip()}")
        expect(seen.stdout == before, f"with {error} it is another report", seen.stderr)


@scene
def damaged(directory):
    """Each file in turn is empty, cut, or noise: there is a report or a reason, and nothing else."""
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    for path in files_of(directory / "saved"):
        data = path.read_bytes()
        noise = bytes((i * 7919 >> 3) & 255 for i in range(4096))
        for bad in (b"", data[:len(data) // 2], noise, data.replace(b"0", b"9"), data * 2,
                    data.replace(b": ", b":: "), data.replace(b"\n", b"\0")):
            path.write_bytes(bad)
            seen = tool("--json", "--memory", directory / "saved")
            expect(seen.returncode in (0, 1, 2), f"{path.name}: status {seen.returncode}", bad[:80])
            json.loads(seen.stdout)
            expect(seen.returncode == 2 or not seen.stderr, f"{path.name}: {seen.stderr}")
        path.write_bytes(data)


@scene
def without_maps(directory):
    """smaps has all that maps has."""
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    before = tool("--json", "--mappings", directory / "saved").stdout
    (directory / "saved/maps").unlink()
    seen = tool("--json", "--mappings", directory / "saved")
    expect(seen.stdout == before, "the report is another one", seen.stderr or seen.stdout)


@scene
def exe_of_another_name(directory):
    """The program is where the kernel started it, not one of the libraries around it."""
    fixture = FIXTURES / "brk.exec64"
    with process(fixture, "grown") as pid:
        save(pid, directory / "saved")
        live = json.loads(tool("--json", pid).stdout)
    (directory / "saved/exe").write_text("/elsewhere/prog\n")
    saved = json.loads(tool("--json", directory / "saved").stdout)
    expect(saved["process"]["program"] == str(fixture), "the program is another", saved["process"])
    for key in ("findings", "brk", "layout", "regions"):
        expect(saved[key] == live[key], f"{key} differs", f"{live[key]}\n{saved[key]}")


@scene
def empty_maps(directory):
    """A file that lost its text is not a process that ended."""
    with process("bash", "-c", WAIT) as pid:
        save(pid, directory / "saved")
    (directory / "saved/maps").write_bytes(b"")
    seen = tool(directory / "saved")
    expect(seen.returncode == 2 and "maps is empty" in seen.stderr, "it is not told", seen.stderr)


# Made without this program, as the manual says.


def manual_example(title):
    """The lines of the example with that comment, as a shell would get them."""
    text = (ROOT / "man/layoutcheck.1").read_text()
    match = re.search(rf"^\.\\\" example: {title}\n\.Bd [^\n]*\n(.*?)^\.Ed$", text,
                      re.MULTILINE | re.DOTALL)
    expect(match, f"layoutcheck(1) has no example called {title}")
    return match.group(1).replace("\\e", "\\").replace("\\-", "-").replace("\\(aq", "'")


def loud(report):
    return [finding["id"] for finding in report["findings"] if finding["severity"] != "info"]


def copy_by(shell, commands, pid, directory):
    """The directory that the commands make, in one of that shell's name."""
    words = {"busybox": ("busybox", "sh")}.get(shell, (shell,))
    (directory / shell).mkdir()
    seen = run(*words, "-ec", commands, env={**os.environ, "PID": pid}, cwd=directory / shell)
    expect(seen.returncode == 0 and not seen.stderr, f"the example fails in {shell}", seen)
    made = list((directory / shell).iterdir())
    expect(len(made) == 1 and made[0].is_dir(), "it makes no directory", made)
    return made[0]


@scene
def copied_by_hand(directory):
    """The commands of the manual and of README.md, literally."""
    commands = manual_example("copy")
    expect(textwrap.dedent(commands) in textwrap.dedent((ROOT / "README.md").read_text().replace(
        "\n    ", "\n")), "README.md has other commands", commands)
    with process("bash", "-c", WAIT) as pid:
        made = {shell: copy_by(shell, commands, pid, directory)
                for shell in ("bash", "dash", "busybox") if shutil.which(shell)}
        live, copied = (json.loads(tool("--json", target).stdout) for target in (pid, made["bash"]))
    files = {shell: sorted(path.relative_to(top) for path in files_of(top))
             for shell, top in made.items()}
    expect(all(names == files["bash"] for names in files.values()), "shells differ", files)
    expect(loud(live) == loud(copied) == [], "findings", copied["findings"])
    for one, key in (("brk", "start"), ("brk", "end"), ("host", "max_map_count"),
                     ("host", "machine"), ("process", "exe"), ("process", "personality"),
                     ("stack", "end"), ("counts", "mappings")):
        expect(live[one][key] == copied[one][key], f"{one}.{key} differs", copied[one])
    missing = {row["what"] for row in copied["source"]["missing"]}
    expect(f"ELF headers of {live['process']['exe']}" in missing, "not told as missing", missing)


@scene
def copied_with_its_objects(directory):
    """With the ELF files beside it everything is known that a live report has of them."""
    commands = manual_example("copy") + manual_example("objects")
    with process("bash", "-c", WAIT) as pid:
        for shell in ("bash", "busybox"):
            if shutil.which(shell):
                made = copy_by(shell, commands, pid, directory)
                check_objects(pid, made)


def check_objects(pid, made):
    live, copied = (json.loads(tool("--json", "--mappings", target).stdout)
                    for target in (pid, made))
    guess = "; which object comes first is guessed"
    copied["process"]["malloc"]["evidence"] = \
        copied["process"]["malloc"]["evidence"].removesuffix(guess)
    for key in ("layout", "mappings", "stack"):
        expect(live[key] == copied[key], f"{key} differs", f"{live[key]}\n{copied[key]}")
    for key in ("elf", "malloc", "runtimes", "exe"):
        expect(live["process"][key] == copied["process"][key], f"{key} differs",
               f"{live['process'][key]}\n{copied['process'][key]}")
    expect(loud(live) == loud(copied), "findings", copied["findings"])


@scene
def copied_executable(directory):
    """`cp /proc/PID/exe` copies the file: its head is read from there, its name from maps."""
    saved = directory / "saved"
    saved.mkdir()
    with process("bash", "-c", WAIT) as pid:
        for name in ("maps", "auxv", "stat", "statm", "status", "exe"):
            shutil.copy(f"/proc/{pid}/{name}", saved / name)
        live, copied = (json.loads(tool("--json", target).stdout)["process"]
                        for target in (pid, saved))
    expect(live["elf"] == copied["elf"] and live["exe"] == copied["exe"] and live["elf"]["interp"],
           "the program is not known", copied)


# Moving targets.


MOVER = """
import mmap, os, threading, time
many = [mmap.mmap(-1, 4096, prot=1 + i % 2 * 2) for i in range(3000)]
print("ready", os.getpid(), flush=True)
def move():
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 4096 * (len(kept) + 1), prot=1 + len(kept) % 2 * 2))
        if len(kept) > 20:
            kept = []
        time.sleep(PAUSE)
threading.Thread(target=move, daemon=True).start()
input()
"""


def mapped_bytes(directory):
    """What the addresses in maps add up to, less the kernel's page."""
    rows = re.findall(r"^(\w+)-(\w+) \S+ \S+ \S+ \S+ *(.*)$", (directory / "maps").read_text(),
                      re.MULTILINE)
    return sum(int(end, 16) - int(start, 16) for start, end, name in rows if name != "[vsyscall]")


def check_moment(saved):
    """Of one moment, or said not to be; and the files agree with what is said."""
    report = json.loads(tool("--json", "--memory", saved).stdout)
    said = "inconsistent:" in (saved / "about").read_text()
    pages = int((saved / "statm").read_text().split()[0])
    same = mapped_bytes(saved) == pages * os.sysconf("SC_PAGE_SIZE")
    expect(report["source"]["consistent"] != said, "it was told otherwise when it was saved")
    expect(said or same, "maps and statm disagree")
    if report["memory"]:
        expect(report["memory"]["rss"] == smaps_sums(saved)["Rss"], "smaps disagrees")
    return not said and report["memory"] is not None


@scene
def while_it_moves(directory):
    """Whatever a process does meanwhile, what is saved is of one moment or says that it is not. Of
    one that pauses, it mostly is."""
    for pause, least in (("0", 0), ("0.005", 12)):
        with process("/usr/bin/python3", "-c", MOVER.replace("PAUSE", pause)) as pid:
            n_settled = 0
            for i in range(20):
                save(pid, directory / f"{pause}-{i}")
                n_settled += check_moment(directory / f"{pause}-{i}")
        expect(is_sanitized() or n_settled >= least, f"pausing {pause} s: {n_settled} of 20 settled")
