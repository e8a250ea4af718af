# SPDX-License-Identifier: GPL-2.0-or-later
"""What else a core can be: packed, cut, in a pipe, none at all; and of processes that died of a fault.

Each test gets what it needs of run: TOOL, a scratch directory, and a core of a process whose report
is known.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess

PACKERS = {
    "zstd": ["zstd", "-q", "--stdout"],
    "xz": ["xz", "--stdout"],
    "gzip": ["gzip", "--stdout"],
    "lz4": ["lz4", "-q", "--stdout"],
    "bzip2": ["bzip2", "--stdout"],
}


class Skip(Exception):
    pass


class Scene:
    """A core, and what is reported of it."""

    def __init__(self, tool, directory, core):
        self.tool, self.directory, self.core = tool, pathlib.Path(directory), pathlib.Path(core)
        self.whole = self.read(self.core)

    def run(self, *arguments, **options):
        return subprocess.run([self.tool, *arguments], capture_output=True, timeout=60, check=False,
                              **({"stdin": subprocess.DEVNULL} | options))

    def read(self, target, **options):
        done = self.run("--json", target, **options)
        assert done.returncode in (0, 1), f"{target}: {done.returncode}: {done.stderr.decode()}"
        return json.loads(done.stdout)

    def refuse(self, target, *words, **options):
        done = self.run(target, **options)
        said = done.stderr.decode()
        assert done.returncode == 2, f"{target}: status {done.returncode}"
        for word in words:
            assert word in said, f"{target}: no {word!r} in {said}"

    def file(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def same(self, document, but=()):
        """The same report, whatever the source is called and however it was packed."""
        ignored = {"source", *but}
        for key in self.whole.keys() - ignored - {"core"}:
            assert document[key] == self.whole[key], f"{key} differs"
        if "core" not in but:
            packed = dict(document["core"], packed_by=None)
            assert packed == self.whole["core"], f"core: {packed}"


def packed(scene):
    found = 0
    for name, command in PACKERS.items():
        if not shutil.which(name):
            continue
        found += 1
        with open(scene.core, "rb") as core:
            content = subprocess.run(command, stdin=core, capture_output=True, check=True).stdout
        document = scene.read(scene.file(f"core.{name}", content))
        assert document["core"]["packed_by"] == name, document["core"]
        scene.same(document)
    if not found:
        raise Skip("no packer is installed")


def packed_and_cut(scene):
    """What comes before the damage is read, and the rest is said to be missing."""
    with open(scene.core, "rb") as core:
        content = subprocess.run(PACKERS["gzip"], stdin=core, capture_output=True, check=True).stdout
    path = scene.file("core.gz", content[:len(content) * 3 // 4])
    document = scene.read(path)
    assert document["core"]["cut_off"] > 0, document["core"]
    assert any(row["what"] == "packed content" for row in document["source"]["missing"])
    scene.refuse(scene.file("core.gz", content[:8]), "core.gz")


def piped(scene):
    with open(scene.core, "rb") as core:
        cat = subprocess.Popen(["cat"], stdin=core, stdout=subprocess.PIPE)
        scene.same(scene.read("-", stdin=cat.stdout))
        cat.stdout.close()
        cat.wait()
    with open(scene.core, "rb") as core:
        packer = subprocess.Popen(PACKERS["gzip"], stdin=core, stdout=subprocess.PIPE)
        scene.same(scene.read("-", stdin=packer.stdout))
        packer.stdout.close()
        packer.wait()
    with open(scene.core, "rb") as core:
        scene.same(scene.read("-", stdin=core))


def every_command(scene):
    """map and room take a core as they take a process."""
    mappings = json.loads(scene.run("map", "--json", scene.core).stdout)["mappings"]
    n_loads = sum(1 for kind, *_ in headers(scene.core.read_bytes()) if kind == 1)
    assert len(mappings) == n_loads, f"{len(mappings)} mappings, {n_loads} PT_LOADs"
    room = json.loads(scene.run("room", "--json", "--brk", "1M", scene.core).stdout)
    assert room["query"]["brk"]["size"] == 1 << 20
    for command in ("map", "room", "check"):
        done = scene.run(command, scene.core)
        assert done.returncode in (0, 1) and done.stdout, f"{command}: {done.stderr.decode()}"
    done = scene.run("-v", scene.core)
    assert b"not read: limits: a core does not hold it" in b" ".join(done.stdout.split()), \
        done.stdout.decode()


def headers(content):
    """(type, offset, file size) of each program header of a 64-bit little-endian file."""
    at, = struct.unpack_from("<Q", content, 32)
    number, = struct.unpack_from("<H", content, 56)
    for i in range(number):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", content, at + 56 * i)
        yield kind, offset, size


def cut(scene):
    """Anywhere: what is there is reported, what is not is said, and nothing crashes."""
    content = scene.core.read_bytes()
    notes = next((offset, size) for kind, offset, size in headers(content) if kind == 4)
    loads = [(offset, size) for kind, offset, size in headers(content) if kind == 1 and size]
    places = [0, 1, 16, 63, 64, 100, 64 + 56 * 5 + 3, notes[0], notes[0] + 20,
              notes[0] + notes[1] // 2, notes[0] + notes[1] - 1, loads[0][0], loads[0][0] + 5,
              len(content) // 2, len(content) - 1]
    for place in places:
        path = scene.file("cut", content[:place])
        done = scene.run("--json", path)
        assert done.returncode in (0, 1, 2), f"at {place}: status {done.returncode}"
        document = json.loads(done.stdout)
        if done.returncode == 2:
            assert "cut" in document["error"] or place <= 16, f"at {place}: {document['error']}"
            continue
        lost = document["core"]["cut_off"]
        assert 0 < lost <= len(content) - place, f"at {place}: {lost} cut off"
        assert lost == len(content) - place or place < notes[0], f"at {place}: {lost} cut off"
        assert not document["source"]["complete"] and document["source"]["missing"], f"at {place}"
        loud = [f["id"] for f in document["findings"] if f["severity"] != "info"]
        assert not loud, f"at {place}: {loud}"
        if place >= notes[0] + notes[1]:
            assert document["layout"] == scene.whole["layout"], f"layout at {place}"
            assert document["stack"]["start"] == scene.whole["stack"]["start"], f"stack at {place}"


def refused(scene):
    scene.refuse(scene.tool, "ELF file", "no core")
    scene.refuse(scene.file("empty.gz", b"\x1f\x8b"), "gzip")
    scene.refuse(scene.directory / "absent", "no such file")
    text = subprocess.run(PACKERS["gzip"], input=b"1000-2000 rw-p 00000000 00:00 0\n",
                          capture_output=True, check=True).stdout
    scene.refuse(scene.file("text.gz", text), "no ELF core")


def pattern_bytes(scene):
    """Nothing of a core reaches the terminal as it is: a name with escapes."""
    content = scene.core.read_bytes().replace(scene.whole["process"]["comm"].encode(), b"\x1b[31m")
    for arguments in ((), ("-v",), ("map",)):
        done = scene.run(*arguments, scene.file("escapes", content))
        assert b"\x1b" not in done.stdout, f"{arguments}: a raw escape"


def libc_of(scene):
    """Its path as the core names it, and its build id as another tool reads it from the file."""
    found = next((m["name"] for m in json.loads(scene.run("map", "--json", scene.core).stdout)
                  ["mappings"] if "/libc.so" in m["name"] or "/libc-2" in m["name"]), None)
    if not found or not shutil.which("readelf"):
        raise Skip("no libc, or no readelf")
    notes = subprocess.run(["readelf", "-n", found], capture_output=True, text=True, check=False)
    build_id = re.search(r"Build ID: ([0-9a-f]+)", notes.stdout)
    if not build_id:
        raise Skip("libc has no build id")
    return found.encode(), bytes.fromhex(build_id[1])


def guessed(scene, name, content, why):
    """Without libc's symbols the heap is inferred, and that is said; nothing is cried about."""
    document = scene.read(scene.file(name, content))
    found = document["brk"]
    assert not found["exact"] and why in found["uncertain"], found["uncertain"]
    assert (found["start"], found["end"]) == (scene.whole["brk"]["start"],
                                              scene.whole["brk"]["end"]), found
    assert not document["findings"], document["findings"]


def other_files(scene):
    """Of this machine's files only the one with the core's build id is believed."""
    content = scene.core.read_bytes()
    path, build_id = libc_of(scene)
    assert content.count(build_id) == 1 and content.count(path) > 1, "not in the core"
    guessed(scene, "other-build", content.replace(build_id, build_id[::-1]), "another build id")
    absent = path.replace(b"/usr/", b"/usX/").replace(b"/lib/", b"/liX/")
    guessed(scene, "elsewhere", content.replace(path, absent), "No such file")


TESTS = [packed, packed_and_cut, piped, every_command, cut, refused, pattern_bytes, other_files]


def die(live, program, scenario, tool, directory, schema):
    """Lets a fixture die; yields what is wrong with the report of its core."""
    def unlimited():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    done = subprocess.run([program, scenario], cwd=directory, env={}, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=unlimited,
                          check=False)
    lines = [tuple(line.split(" ", 1)) if " " in line else (line, "")
             for line in done.stdout.splitlines()]
    for word, rest in lines:
        if word in ("skip", "broken"):
            raise Skip(rest) if word == "skip" else AssertionError(f"fixture: {rest}")
    cores = list(pathlib.Path(directory).glob("*core*"))
    if not cores:
        raise Skip("the kernel wrote no core")
    return live.compare(lines, live.Seen(tool, os.fspath(cores[0])), schema)
