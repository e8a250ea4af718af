# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold of a process and its reports, by what can be had without layoutcheck."""

import contextlib
import fnmatch
import functools
import json
import os
import pathlib
import re
import struct
import subprocess
import time

from processes import maps_lines, proc, stat_fields

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = pathlib.Path(__file__).resolve().parents[1] / "schema/report.schema.json"
TOOL_SECONDS = 30
ATTEMPTS = 20  # at a process that does not hold still
PAGE = os.sysconf("SC_PAGE_SIZE")
AT_ENTRY, AT_BASE, AT_SYSINFO_EHDR = 9, 7, 33


class Mapping:
    LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)")

    def __init__(self, line):
        start, end, self.perms, offset, self.device, inode, self.name = \
            self.LINE.fullmatch(line).groups()
        self.start, self.end, self.offset = (int(n, 16) for n in (start, end, offset))
        self.inode = int(inode)

    def __contains__(self, address):
        return self.start <= address < self.end


def page_up(address):
    return -(-address // PAGE) * PAGE


def elf_facts(pid):
    """Class and type of the executed file, from its header and program headers."""
    with open(proc(pid, "exe"), "rb") as file:
        head = file.read(4096)
    wide = head[4] == 2
    kind, = struct.unpack_from("<H", head, 16)
    table, = struct.unpack_from("<Q" if wide else "<I", head, 32 if wide else 28)
    size, number = struct.unpack_from("<HH", head, 54 if wide else 42)
    types = [struct.unpack_from("<I", head, table + i * size)[0] for i in range(number)]
    interp = 3 in types  # PT_INTERP
    names = {(2, True): "exec", (2, False): "static", (3, True): "pie", (3, False): "static-pie"}
    return {"class": 64 if wide else 32, "type": names[kind, interp]}


def auxv_read(pid, elf_class):
    data = proc(pid, "auxv").read_bytes()
    return dict(struct.iter_unpack("<QQ" if elf_class == 64 else "<II", data))


def thread_stack_pointers(pid):
    """Of all threads but the first that wait in a system call: see proc_pid_syscall(5)."""
    pointers = []
    for task in proc(pid, "task").iterdir():
        with contextlib.suppress(OSError):
            fields = (task / "syscall").read_text().split()
            if task.name != str(pid) and len(fields) == 9:
                pointers.append(int(fields[7], 16))
    return pointers


class State:
    """One reading of a process: two that are equal tell that it held still between them."""

    def __init__(self, pid):
        self.lines = maps_lines(pid)
        self.stat = {k: stat_fields(pid)[k] for k in (20, 26, 45, 46, 47)}
        self.pid = pid

    def __eq__(self, other):
        return (self.lines, self.stat) == (other.lines, other.stat)

    def mappings(self):
        return [Mapping(line) for line in self.lines]


class Run:
    """What the tool says in each of its forms."""

    FORMS = {
        "json": ("--json", "--mappings"),
        "text": (),
        "verbose": ("--verbose",),
        "memory": ("--json", "--memory"),
        "memory_text": ("--memory",),
        "map": ("map", "--noheadings", "--output-columns", "START,END,PERMS,ROLE"),
        "map_text": ("map",),
        "map_json": ("map", "--json"),
        "room_text": ("room",),
        "room_json": ("room", "--json"),
    }

    def __init__(self, tool, pid, expected):
        self.expected = expected
        self.status, self.out, self.errors = {}, {}, {}
        for form, options in self.FORMS.items():
            done = subprocess.run([tool, *options, str(pid)], capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=TOOL_SECONDS, check=False)
            self.status[form], self.out[form] = done.returncode, done.stdout
            self.errors[form] = done.stderr.decode(errors="replace")
        self.documents = [json.loads(self.out[form]) for form, options in self.FORMS.items()
                          if "--json" in options]
        self.report, self.memory = self.documents[:2]


def observe(tool, pid, expected):
    """State and Run of one and the same moment, if the process holds still that long at all."""
    for _ in range(ATTEMPTS):
        before, run = State(pid), Run(tool, pid, expected)
        if State(pid) == before:
            return before, run
        time.sleep(0.05)
    return None, run


# What must hold. Each check is a generator of sentences that say what does not.

def check_status(_state, run):
    for form, status in run.status.items():
        if status != 0 or run.errors[form]:
            yield f"{form}: exit status {status}, {run.errors[form].strip() or 'no message'}"


def check_findings(_state, run):
    for finding in run.report["findings"]:
        if finding["severity"] != "info" and finding["id"] not in run.expected:
            yield (f"{finding['severity']} {finding['id']}: {finding['title']} "
                   f"({json.dumps(finding['evidence'])})")


def check_complete(_state, run):
    source = run.report["source"]
    for missing in source["missing"]:
        yield f"missing: {missing['what']}: {missing['reason']}"
    for rule in run.report["not_run"]:
        yield f"not run: {rule['id']}: {rule['reason']}"
    if not source["consistent"]:
        yield f"not consistent after {source['reads']} readings"


@functools.cache
def schema_load():
    if not SCHEMA.exists() or jsonschema is None:
        return None
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check_schema(_state, run):
    schema = schema_load()
    for document in run.documents if schema else ():
        for error in schema.iter_errors(document):
            yield f"schema: {'.'.join(map(str, error.absolute_path))}: {error.message}"


def is_too_long(line):
    """Of a path that has no room, nothing is cut."""
    return len(line) > 80 and not re.search("/[^ ]{25}", line)


def check_text(_state, run):
    for form in ("text", "verbose", "memory_text", "map_text", "room_text"):
        for line in run.out[form].decode("latin-1").split("\n"):
            if is_too_long(line):
                yield f"{form}: a line of {len(line)} columns: {line}"
            if not re.fullmatch("[ -~]*", line):
                yield f"{form}: not printable ASCII: {line!r}"
            if line != line.rstrip() and form != "map_text":
                yield f"{form}: blanks at the end of a line: {line!r}"


def number(text):
    return int(text, 16)


def check_mappings(state, run):
    found = [(number(m["start"]), number(m["end"]), m["perms"], number(m["offset"]), m["device"],
              m["inode"], m["name"]) for m in run.report["mappings"]]
    wanted = [(m.start, m.end, m.perms, m.offset, m.device, m.inode, m.name)
              for m in state.mappings()]
    for pair in zip(found, wanted):
        if pair[0] != pair[1]:
            yield f"mapping {pair[0]}, in maps {pair[1]}"
    if len(found) != len(wanted):
        yield f"{len(found)} mappings, in maps {len(wanted)}"
    counted = sum(m.name != "[vsyscall]" for m in state.mappings())
    if run.report["counts"]["mappings"] != counted:
        yield f"counts.mappings is {run.report['counts']['mappings']}, in maps {counted}"


def check_map(state, run):
    rows = [line.split() for line in run.out["map"].decode().splitlines()]
    found = [(int(r[0], 16), int(r[1], 16), r[2]) for r in rows if r[-1] != "gap"]
    if found != [(m.start, m.end, m.perms) for m in state.mappings()]:
        yield f"map: {len(found)} mappings that are not the {len(state.lines)} of maps"
    for above, below in zip(rows[1:], rows):
        if above[0] != below[1] and "vsyscall" not in above[-1]:
            yield f"map: {above[0]} follows {below[1]}"


def check_regions(state, run):
    regions = [(number(r["start"]), number(r["end"]), r) for r in run.report["regions"]]
    for start, end, region in regions:
        if region["size"] != end - start or end < start:
            yield f"region {region}: the size is not its extent"
        if start == end and region["role"] != "brk":
            yield f"region {region} is empty"
    for (_, end, below), (start, _, above) in zip(regions, regions[1:]):
        if start != end and above["role"] != "vsyscall":  # beyond the process's addresses
            yield f"region {above} does not follow {below}"
        if below["role"] == above["role"] == "gap":
            yield f"two gaps at {above['start']}"
    if sum(r["mappings"] for _, _, r in regions) != len(state.lines):
        yield "regions: not as many mappings as maps has lines"
    holes = [r for s, e, r in regions if r["role"] == "gap"
             and any(m.start < e and m.end > s for m in state.mappings())]
    for hole in holes:
        yield f"gap {hole} is not free"


def heap_mappings(state):
    """
    Those with the label, but for what happens to reach over the start of the break: the heap itself
    begins there, or where the program's file ends.
    """
    start = int(state.stat[47]) // PAGE * PAGE
    return [m for below, m in zip([None, *state.mappings()], state.mappings())
            if m.name == "[heap]" and (m.start >= start or below and below.inode and
                                       below.end == m.start)]


def check_brk(state, run):
    brk, start = run.report["brk"], int(state.stat[47])
    heaps = heap_mappings(state)
    end = heaps[-1].end if heaps else page_up(start)
    above = [m for m in state.mappings() if m.end > end]
    follower = above[0] if above else None
    if number(brk["start"]) != start:
        yield f"brk.start is {brk['start']}, stat has {start:#x}"
    if number(brk["end"]) != end:
        yield f"brk.end is {brk['end']}, maps has {end:#x}"
    if follower and brk["next"] and number(brk["next"]["start"]) != follower.start:
        yield f"brk.next is at {brk['next']['start']}, in maps at {follower.start:#x}"
    if follower and brk["gap"] != max(0, follower.start - end):
        yield f"brk.gap is {brk['gap']}, in maps {follower.start - end}"
    guard = 256 * PAGE if follower and follower.name == "[stack]" else 0
    limits = {limit["name"]: limit["room"] for limit in brk["limits"]}
    if follower and limits["next-mapping"] != max(0, follower.start - guard - PAGE - end):
        yield f"next-mapping leaves {limits['next-mapping']} of {follower.start - end}"
    if brk["room"] != min(limits.values()):
        yield f"brk.room is {brk['room']}, the least of {limits}"
    if number(brk["max"]) != end + brk["room"]:
        yield f"brk.max is {brk['max']}, not brk.end and brk.room"


def role_at(run, address):
    for mapping in run.report["mappings"]:
        if number(mapping["start"]) <= address < number(mapping["end"]):
            return mapping["role"]
    return None  # valgrind takes its vdso away


def check_roles(state, run):
    """By addresses that the kernel gave the program, and by its labels."""
    auxv = auxv_read(state.pid, run.report["process"]["elf"]["class"])
    places = [("the entry point", auxv[AT_ENTRY], ("text",)),
              ("the code that stat names", int(state.stat[26]), ("text", "rodata"))]
    if auxv.get(AT_BASE):
        places.append(("the interpreter", auxv[AT_BASE], ("lib-rodata", "lib-text")))
    if auxv.get(AT_SYSINFO_EHDR):
        places.append(("the vdso", auxv[AT_SYSINFO_EHDR], ("vdso",)))
    labels = {"[heap]": ("heap", "bss"), "[stack]": ("stack",), "[vdso]": ("vdso",),
              "[vsyscall]": ("vsyscall",), "[vvar]": ("vvar",), "[vvar_vclock]": ("vvar",)}
    heaps = [m.start for m in heap_mappings(state)]
    for mapping in state.mappings():
        if mapping.name == "[heap]" and mapping.start not in heaps:
            places.append(("what is only labelled [heap]", mapping.start,
                           ("anon", "anon-exec", "reserved", "guard")))
        elif mapping.name in labels:
            places.append((mapping.name, mapping.start, labels[mapping.name]))
    for what, address, wanted in places:
        if role_at(run, address) not in (None, *wanted):
            yield f"{what} at {address:#x} is in {role_at(run, address)}"


def has_guard(state, address):
    """
    Whether no-access memory is directly below the mapping, and not above: Go's stacks have none,
    and between two such a stack looks like the used part of something that was reserved.
    """
    mappings = state.mappings()
    return any(address in m and below.end == m.start and below.perms == "---p" and
               not (above.start == m.end and above.perms == "---p")
               for below, m, above in zip(mappings, mappings[1:], mappings[2:]))


def check_threads(state, run):
    pointers = thread_stack_pointers(state.pid)
    stacks = [(number(m["start"]), number(m["end"])) for m in run.report["mappings"]
              if m["role"] == "thread-stack"]
    for pointer in pointers:
        if has_guard(state, pointer) and role_at(run, pointer) != "thread-stack":
            around = [line for line, m in zip(state.lines, state.mappings())
                      if m.start - (1 << 20) <= pointer < m.end + (1 << 20)]
            yield (f"a thread's stack pointer at {pointer:#x} is in {role_at(run, pointer)}, of " +
                   "; ".join(around))
    if not len(stacks) <= run.report["process"]["threads"] - 1 == len(pointers) or \
            not all(has_guard(state, pointer) for pointer in pointers):
        return  # one runs; one is on a stack of Go's; there are stacks of former threads, or fibers
    for start, end in stacks:
        if not any(start <= pointer < end for pointer in pointers):
            yield f"no thread has its stack at {start:#x}-{end:#x}"


def check_arenas(state, run):
    """The first word of a glibc heap is the address of its arena, near the start of a heap."""
    starts = [number(m["start"]) for m in run.report["mappings"] if m["role"] == "malloc-arena"]
    with open(proc(state.pid, "mem"), "rb", buffering=0) as memory:
        for start in starts:
            memory.seek(start)
            arena, = struct.unpack("<Q", memory.read(8))
            if not any(start <= arena < start + 64 for start in starts):
                yield f"no malloc arena at {start:#x}: it begins with {arena:#x}"


def check_process(state, run):
    process, layout = run.report["process"], run.report["layout"]
    for key, wanted in elf_facts(state.pid).items():
        if process["elf"][key] != wanted:
            yield f"elf.{key} is {process['elf'][key]}, the file's {wanted}"
    status = dict(line.split(":\t", 1) for line in
                  proc(state.pid, "status").read_text(errors="replace").splitlines())
    for key, wanted in (("pid", state.pid), ("ppid", int(status["PPid"])),
                        ("uid", int(status["Uid"].split()[1])),
                        ("threads", int(state.stat[20])),
                        ("exe", os.readlink(proc(state.pid, "exe")))):
        if process[key] != wanted:
            yield f"process.{key} is {process[key]}, and should be {wanted}"
    personality = int(proc(state.pid, "personality").read_text(), 16)
    if layout["aslr"] != ("off" if personality & 0x40000 else host_aslr()):
        yield f"layout.aslr is {layout['aslr']}"
    if layout["mode"] != host_mode(personality):
        yield f"layout.mode is {layout['mode']}"


def host_value(name):
    return pathlib.Path("/proc/sys", name).read_text().strip()


def host_aslr():
    return {"0": "off", "1": "no-brk", "2": "full"}[host_value("kernel/randomize_va_space")]


def host_mode(personality):
    legacy = personality & 0x200000 or host_value("vm/legacy_va_layout") != "0"
    return "bottom-up" if legacy else "top-down"


def check_memory(_state, run):
    memory = run.memory["memory"]
    for key in ("rss", "pss", "private", "anonymous", "swap", "locked"):
        by_role = sum(usage[key] for usage in memory["by_role"].values())
        if by_role != memory[key]:
            yield f"memory.{key} is {memory[key]}, by role {by_role}"


ALWAYS = (check_status, check_findings, check_complete, check_schema, check_text)
STILL = (check_mappings, check_map, check_regions, check_brk, check_roles, check_threads,
         check_arenas, check_process, check_memory)


# Allocator, its use of the break, and runtimes, of programs where they follow from how they are
# built.
ALLOCATORS = {
    "c-musl": ("musl", "first", []),
    "c-musl-static": ("none", "none", []),  # nothing in it needs malloc
    "c-asan*": ("asan", "none", ["asan"]),
    "c-tsan*": ("tsan", "none", ["tsan"]),
    "c-msan*": ("msan", "none", ["msan"]),
    "go": ("go", "none", ["go"]),
    "go-pie": ("go", "none", ["go"]),
    "go-cgo": ("glibc", "first", ["go"]),
    "go-32": ("go", "none", ["go"]),
    "java*": ("glibc", "first", ["jvm"]),
    "valgrind": ("valgrind", "none", ["valgrind"]),
    "c-static*": ("glibc", "first", []),
    "bash": ("glibc", "first", []),
    "python3": ("glibc", "first", []),
    "nginx": ("glibc", "first", []),
}


def check_allocator(name, run):
    for pattern, wanted in ALLOCATORS.items():
        if not fnmatch.fnmatchcase(name, pattern):
            continue
        process = run.report["process"]
        found = process["malloc"]["name"], process["malloc"]["break_use"], process["runtimes"]
        if found != wanted:
            yield f"malloc: {found}, and should be {wanted}: {process['malloc']['evidence']}"
        return


def process_check(tool, pid, expected=(), name=""):
    """Returns the problems, and the report as text."""
    state, run = observe(tool, pid, expected)
    problems = [p for check in ALWAYS for p in check(state, run)]
    problems += check_allocator(name, run)
    if state:
        problems += [p for check in STILL for p in check(state, run)]
    return problems, run.out["verbose"].decode("latin-1")


