# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs as people run them, and what mallinfo2() says when gdb calls it in them.

gdb holds the process while layoutcheck reads it, so both speak of the same moment. No debug symbols
are needed: the result's ten words go to the stack, below all that the call can use.
"""

import glob
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

GDB_SECONDS = 60
READY_SECONDS = 60
TRIES = 10  # a program that works by itself may be held within malloc()
FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
          "keepcost")
JAVA = """
public class Wait {
    public static void main(String[] args) throws Exception {
        java.util.List<byte[]> kept = new java.util.ArrayList<>();
        java.util.zip.Deflater[] native_users = new java.util.zip.Deflater[50];
        for (int i = 0; i < native_users.length; i++)
            native_users[i] = new java.util.zip.Deflater();
        for (int i = 0; i < native_users.length; i += 3)
            native_users[i].end();
        System.out.println("ready");
        System.out.flush();
        System.in.read();
    }
}
"""
NGINX = """
daemon off; master_process off; pid {0}/pid; error_log stderr notice;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0};
       uwsgi_temp_path {0}; scgi_temp_path {0}; server {{ listen unix:{0}/socket; }} }}
"""
GO = """
package main

import ("bufio"; "fmt"; "os")

func main() { fmt.Println("ready"); bufio.NewReader(os.Stdin).ReadString('\\n') }
"""
C = """
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    void *volatile p[1000];

    for (int i = 0; i < 1000; i++)
        p[i] = malloc((size_t)i * 7);
    for (int i = 0; i < 1000; i += 3)
        free(p[i]);
    puts("ready");
    fflush(stdout);
    return getchar() == 'x';
}
"""
# postgres refuses to run as root.
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))[-1:] or ["postgres"]
INITDB = os.path.join(os.path.dirname(POSTGRES[0]), "initdb")
CLUSTER = ["sh", "-c", ("chown nobody . && " if AS_NOBODY else "") +
           " ".join([*AS_NOBODY, INITDB, "-D", "data", "-A", "trust", "-N"])]
QUERIES = """create table t as select i, repeat('x', i % 200) as x from generate_series(1, 20000) as s(i)
select count(*) from t as a join t as b using (x) where a.i % 3 = 0 and b.i < 500
select 'ready'
"""
# What to run; it says "ready" on its standard output, and ends with its standard input.
GLIBC = {
    "bash": ["bash", "-c", "for ((i = 0; i < 20000; i++)); do a[i]=$i$i; done; echo ready; read x"],
    "python3": ["/usr/bin/python3", "-c",
                "l = [bytes(i % 3000) for i in range(50000)]; del l[::3]; print('ready', flush=True); input()"],
    "perl": ["perl", "-e", "$| = 1; $h{$_} = 'x' x ($_ % 500) for 1..50000; delete $h{$_ * 3} for 1..10000;"
             "print \"ready\\n\"; <STDIN>"],
    "node": ["node", "-e", "let a = []; for (let i = 0; i < 1000; i++) a.push(Buffer.allocUnsafeSlow(5000 + i));"
             "console.log('ready'); process.stdin.resume()"],
    "gdb": ["gdb", "-q", "-nx", "/bin/true", "-ex", "echo ready\\n"],
    "java": ["java", "-Xmx64m", "Wait.java"],
    "nginx": ["nginx", "-p", ".", "-c", "nginx.conf", "-e", "stderr"],
    "sqlite3": ["sqlite3", "-batch", "-interactive", ":memory:", "-cmd",
                "create table t as with recursive n(i) as (select 1 union all select i + 1 from n limit 20000)"
                "select i, hex(randomblob(i % 200)) as x from n; delete from t where i % 3 = 0;"
                "select 'ready';"],
}
# A server without a network, and one that is its own client.
GLIBC["postgres"] = [*AS_NOBODY, *POSTGRES, "-D", "data", "-k", ".", "-c", "listen_addresses="]
GLIBC["postgres-single"] = [*AS_NOBODY, "bash", "-c",
                            'exec 3<&0 "$0" --single -D data postgres < <(cat queries - <&3)', *POSTGRES]
# Programs of another tree, of i386: scripts/glibc-lab has some.
I386_ROOT = os.environ.get("LAYOUTCHECK_I386_ROOT")
I386_LIBRARIES = f"{I386_ROOT}/usr/lib/i386-linux-gnu:{I386_ROOT}/lib/i386-linux-gnu"
I386 = {name: [f"{I386_ROOT}/lib/i386-linux-gnu/ld-linux.so.2", "--library-path", I386_LIBRARIES,
               f"{I386_ROOT}/{path}", *GLIBC[name][1:]]
        for name, path in (("bash", "bin/bash"), ("perl", "usr/bin/perl"))} if I386_ROOT else {}
NAMED = {
    "redis-server": ("jemalloc", ["redis-server", "--port", "0", "--save", "", "--unixsocket", "./socket"]),
    "go": ("go", ["./go"]),
    "musl": ("musl", ["./musl"]),
    "musl-static": ("musl", ["./musl-static"]),
    "asan": ("asan", ["./asan"]),
}
BUILDS = {
    "postgres": CLUSTER,
    "postgres-single": CLUSTER,
    "go": ["go", "build", "-o", "go", "main.go"],
    "musl": ["musl-gcc", "-o", "musl", "main.c"],
    "musl-static": ["musl-gcc", "-static", "-o", "musl-static", "main.c"],
    "asan": ["gcc", "-fsanitize=address", "-o", "asan", "main.c"],
}
READY = re.compile(rb"ready|start worker process|using the|Ready to accept", re.I)


class Missing(Exception):
    """Why a program cannot be run here."""


def program_build(name, directory):
    """The files that a program needs in its directory."""
    for file, text in (("Wait.java", JAVA), ("nginx.conf", NGINX.format(directory)), ("main.go", GO),
                       ("main.c", C), ("queries", QUERIES)):
        pathlib.Path(directory, file).write_text(text)
    if name not in BUILDS:
        return
    if not shutil.which(BUILDS[name][0]):
        raise Missing(f"{BUILDS[name][0]} is not installed")
    environment = {**os.environ, "GOCACHE": f"{directory}/cache", "CGO_ENABLED": "0", "GO111MODULE": "off"}
    done = subprocess.run(BUILDS[name], cwd=directory, env=environment, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Missing(f"cannot build {name}: {done.stderr.strip().splitlines()[-1]}")


def glibc_of(loader):
    """The version of the one that a loader belongs to."""
    libc = os.path.join(os.path.dirname(loader), "libc.so.6")
    said = subprocess.run([loader, libc], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", said).groups()))


class Program:
    """A program that runs and waits; it ends with the block."""

    def __init__(self, name, command):
        if not command[0].startswith("./") and not shutil.which(command[0]):
            raise Missing(f"{command[0]} is not installed")
        self.directory = tempfile.TemporaryDirectory()
        self.end = signal.SIGTERM if name.startswith("postgres") else signal.SIGKILL  # it has System V memory
        try:
            program_build(name, self.directory.name)
            self.process = subprocess.Popen(command, cwd=self.directory.name, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        except BaseException:
            self.directory.cleanup()
            raise

    def __enter__(self):
        said, end = b"", time.monotonic() + READY_SECONDS
        while not READY.search(said):
            left = end - time.monotonic()
            if left < 0 or not select.select([self.process.stdout], [], [], left)[0]:
                break
            more = self.process.stdout.read(4096)
            if not more:
                break
            said += more
        if not READY.search(said):
            self.__exit__()
            raise Missing(f"it did not start: {said.decode(errors='replace').strip()[-200:]}")
        time.sleep(0.5)
        return self.process.pid

    def __exit__(self, *_):
        self.process.send_signal(self.end)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.directory.cleanup()


def mallinfo_by_gdb(pid, tool, is_wide=True, is_new=True):
    """mallinfo2() called in a process, and what the tool says of it while gdb holds it.

    Before glibc 2.33 there is but mallinfo(), whose numbers are of int.
    """
    if not shutil.which("gdb"):
        raise Missing("gdb is not installed")
    with tempfile.NamedTemporaryFile() as out:
        commands = ["set $words = ((unsigned long)$sp - 32768) & ~15ul",
                    f"shell {tool} heap --json {pid} >{out.name}",
                    f"call ((void (*)(unsigned long))mallinfo{'2' if is_new else ''})($words)",
                    f"x/10{'g' if is_wide else 'w'}u $words"]
        done = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", "-p", str(pid), "-iex", "set auto-load off",
             *(argument for command in commands for argument in ("-ex", command))],
            capture_output=True, text=True, timeout=GDB_SECONDS, check=False)
        rows = re.findall(r"^0x[0-9a-f]+[^:]*:((?:\s+\d+)+)$", done.stdout, re.M)
        words = [int(word) for row in rows for word in row.split()]
        if len(words) != len(FIELDS):
            raise Missing(f"gdb cannot call mallinfo2(): {done.stderr.strip()[-200:]}")
        return dict(zip(FIELDS, words)), json.loads(out.read())["heap"]
