# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports of a live process and of its snapshot, and how they may differ: not at all, but for the
lines that say where they are from, and for figures that other processes change at any moment."""

import functools
import json
import os
import re
import shutil
import subprocess

SECONDS = 60
TRIES = 4

# What is asked of both. The first is everything that a report can hold, in JSON.
QUESTIONS = (
    ("check", "--json", "--memory", "--mappings"),
    ("check", "-v"),
    ("room", "--brk", "1M", "--mmap", "64G", "--at", "0x600000,8M"),
    ("map", "-o", "+RSS,SWAP"),
)

# Of memory that is shared with other processes: how many share it may change at any moment.
VOLATILE = ("pss", "private")


class Skip(Exception):
    """Why a test cannot be run here."""


def tool_set(path):
    tool_set.path = str(path)


def run(*command, check=False, **how):
    how.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(list(map(str, command)), text=True, errors="surrogateescape",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                          check=check, **how)


def tool(*args, prefix=(), **how):
    return run(*prefix, tool_set.path, *args, **how)


@functools.lru_cache(maxsize=None)
def namespace():
    """A command that runs another where it may mount."""
    if not shutil.which("unshare"):
        raise Skip("unshare is not installed")
    command = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")
    if run(*command, "mount", "-t", "tmpfs", "none", "/mnt").returncode != 0:
        raise Skip("mount namespaces cannot be made here")
    return command


HIDE = "mount -t tmpfs none /proc && mount -t tmpfs none /sys && " \
       "mount --bind /dev/null /etc/passwd || exit 9"

ASK = """
while IFS= read -r line; do
    eval "\\"$1\\" $line" </dev/null
    printf 'status %s\\n\\0' $?
done
"""


@functools.lru_cache(maxsize=None)
def is_sanitized():
    """Sanitizers need /proc for themselves."""
    with open(tool_set.path, "rb") as file:
        return b"__asan_init" in file.read()


def answers_of_snapshot(target):
    """[(status, output)] to the questions, where nothing but the snapshot tells them anything."""
    words = "\n".join(" ".join(map(quote, (*question, target))) for question in QUESTIONS)
    seen = run(*namespace(), "sh", "-c", ("" if is_sanitized() else HIDE) + ASK, "sh",
               tool_set.path, input=words + "\n", stdin=None)
    assert seen.returncode == 0, f"cannot hide /proc: {seen.stderr}"
    assert not seen.stderr, f"of the snapshot: {seen.stderr}"
    answers = []
    for part in seen.stdout.split("\0")[:-1]:
        out, status = part.rsplit("status ", 1)
        answers.append((int(status), out))
    return answers


def quote(word):
    return "'" + str(word).replace("'", "'\\''") + "'"


def answers_of_process(target, prefix=()):
    seen = [tool(*question, target, prefix=prefix) for question in QUESTIONS]
    return [(one.returncode, one.stdout) for one in seen], "".join(one.stderr for one in seen)


def without_source(text):
    return re.sub(r"\Asnapshot .*?taken\s+\S+Z\n", "", text, count=1, flags=re.DOTALL)


def cleaned(value):
    """A JSON report without what may differ."""
    if isinstance(value, list):
        return [cleaned(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {key: cleaned(below) for key, below in value.items() if key not in VOLATILE}


def report_of(text):
    report = json.loads(text)
    for key in ("kind", "path", "time"):
        report["source"].pop(key, None)
    return cleaned(report)


def comparable(answers):
    """The same in a form in which equal means equal."""
    return [(status, report_of(out) if "--json" in question else without_source(out))
            for question, (status, out) in zip(QUESTIONS, answers)]


def json_differences(a, b, path=""):
    if type(a) is type(b) and isinstance(a, dict):
        for key in sorted({*a, *b}):
            yield from json_differences(a.get(key, "(absent)"), b.get(key, "(absent)"),
                                        f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (one, other) in enumerate(zip(a, b)):
            yield from json_differences(one, other, f"{path}[{i}]")
    elif a != b:
        yield f"{path.lstrip('.')}: live {json.dumps(a)}, saved {json.dumps(b)}"


def text_differences(a, b):
    live, saved = a.splitlines(), b.splitlines()
    for i in range(max(len(live), len(saved))):
        one, other = (lines[i] if i < len(lines) else "(end)" for lines in (live, saved))
        if one != other:
            yield f"line {i + 1}: live {one!r}"
            yield f"line {i + 1}: saved {other!r}"


def answer_differences(live, saved):
    for question, (status, one), (saved_status, other) in zip(QUESTIONS, live, saved):
        how = json_differences if "--json" in question else text_differences
        found = list(how(one, other))[:12]
        if status != saved_status:
            found.insert(0, f"exit status: live {status}, saved {saved_status}")
        yield from (f"{' '.join(question)}: {line}" for line in found)


def smaps_sums(directory):
    """Bytes by key over all mappings, added up here."""
    sums = {}
    for key, kb in re.findall(r"^(\w+): +(\d+) kB$", (directory / "smaps").read_text(
            errors="surrogateescape"), re.MULTILINE):
        sums[key] = sums.get(key, 0) + int(kb) * 1024
    return sums


def memory_problems(answer, directory):
    """The volatile figures, against the file of the snapshot that they are from."""
    memory = json.loads(answer[1])["memory"]
    if memory is None:
        return []
    sums = smaps_sums(directory)
    wanted = {"rss": "Rss", "pss": "Pss", "swap": "Swap", "anonymous": "Anonymous"}
    return [f"memory.{key} is {memory[key]}, smaps adds up to {sums[name]}"
            for key, name in wanted.items() if memory[key] != sums[name]]


def save(target, directory, *options, prefix=()):
    seen = tool("save", *options, target, directory, prefix=prefix)
    assert seen.returncode == 0, f"save failed: {seen.stderr or seen.stdout}"
    return seen


def differences(target, directory, prefix=(), change=lambda answers: answers):
    """What differs each time: a process, and others that share its memory, may move meanwhile.
    `change` is applied to what the live process answers."""
    for i in range(TRIES):
        if i > 0:
            shutil.rmtree(directory)
        live, errors = answers_of_process(target, prefix)
        assert not errors, f"of the live process: {errors}"
        save(target, directory, prefix=prefix)
        saved = answers_of_snapshot(directory)
        problems = [*answer_differences(comparable(change(live)), comparable(saved)),
                    *memory_problems(saved[0], directory)]
        if not problems:
            return []
    return problems
