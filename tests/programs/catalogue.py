# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs: how each is started until it waits, and the Debian packages that have it.

A start function is given a Group and returns {label: PID} of the processes to look at. It raises
Skip where the program cannot be had. Servers listen on sockets in the test's directory, or on the
loopback where they know no other; none is started as a service of the system.
"""

import contextlib
import glob
import os
import pathlib
import pwd
import socket
import string
import time

from processes import (END_SECONDS, Broken, Skip, child_of, descendants, exe_name, find, proc,
                       settle, settle_tree, wait_line, wait_until)

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534

PROGRAMS = {}


class Program:
    def __init__(self, name, start, packages, ci, expected):
        self.name, self.start = name, start
        self.packages = packages.split()  # of Debian 12
        self.ci = ci                      # cheap enough for every run of the tests
        self.expected = expected          # warnings that are deserved: {finding's id: why}


def program(name, start=None, packages="", ci=False, expected=()):
    if start is None:
        return lambda function: program(name, function, packages, ci, expected)
    PROGRAMS[name] = Program(name, start, packages, ci, dict(expected))
    return start


# Ways to start something.

C_SOURCE = """
#include <stdio.h>
int main(void) { puts("ready"); fflush(stdout); return getchar() == 0; }
"""


def waits(*command, env=None):
    """A program that waits by itself, mostly for its standard input."""
    def start(group):
        path = find(command[0])
        child = group.start(path, *command[1:], env=env)
        return {"": settle(child.pid, (os.path.basename(os.path.realpath(path)),))}
    return start


def says_ready(*command, env=None, files=None):
    """
    An interpreter with a script that prints "ready" and waits. When a script or a launcher starts
    the real program, that one is looked at as well.
    """
    def start(group):
        for name, text in (files or {}).items():
            group.write(name, text)
        child = group.start(find(command[0]), *command[1:], env=env)
        wait_line(child, child.stdout, "^ready$")
        return settle_tree(child.pid)
    return start


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", int(port))) == 0


def nobody_can_write(group):
    if os.geteuid() == 0:
        group.directory.chmod(0o777)


def as_nobody():
    """Some servers refuse to run as root."""
    if os.geteuid() != 0:
        return ()
    return (find("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def user_name():
    return pwd.getpwuid(os.geteuid()).pw_name


def server(*command, files=None, env=None, socket_path=None, n_least=1):
    """
    A server in the foreground, and all its processes. $dir, $port, $port2 and $user are replaced
    in the command and in the text of its files; it is ready once it listens on socket_path, or else
    on $port if that occurs, and has so many processes.
    """
    def start(group):
        names = {"dir": group.directory, "port": free_port(), "port2": free_port(),
                 "user": user_name()}

        def fill(text):
            return string.Template(text).safe_substitute(names)

        def is_ready():
            ready = group.directory.joinpath(socket_path).exists() if socket_path else \
                is_listening(names["port"]) if uses_port else True
            return ready and len(descendants(child.pid)) >= n_least

        uses_port = "$port" in " ".join([*command, *(files or {}).values()])
        program_path = find(command[0])
        nobody_can_write(group)
        for name, text in (files or {}).items():
            group.write(name, fill(text))
        child = group.start(program_path, *map(fill, command[1:]),
                            env={k: fill(v) for k, v in (env or {}).items()})
        wait_until(is_ready, child, "is not ready")
        return settle_tree(child.pid)
    return start


def compiled(compiler, *options, source="main.c", text=None, env=None):
    """A small program as this compiler makes it; a file's name comes last of the options."""
    def start(group):
        group.write(source, text or C_SOURCE)
        path = find(compiler)
        try:
            group.run(path, *options, source, env=env)
        except Broken as e:
            raise Skip(f"{' '.join((compiler, *options[:-2]))} builds nothing here: "
                       f"{str(e).splitlines()[-1]}") from e
        child = group.start(group.directory / options[-1])
        wait_line(child, child.stdout, "^ready$")
        return {"": settle(child.pid)}
    return start


# Shells, interpreters and small tools.

SHELL = "echo ready; read x"
program("bash", says_ready("bash", "-c", SHELL), "bash", ci=True)
program("dash", says_ready("dash", "-c", SHELL), "dash", ci=True)
program("busybox", says_ready("busybox", "sh", "-c", SHELL), "busybox-static", ci=True)
program("zsh", says_ready("zsh", "-fc", SHELL), "zsh", ci=True)
program("mksh", says_ready("mksh", "-c", SHELL), "mksh")
program("fish", says_ready("fish", "-Nc", SHELL), "fish")
program("sleep", waits("sleep", "1000"), "coreutils", ci=True)
program("cat", waits("cat"), "coreutils", ci=True)
program("awk", waits("awk", "{ print }"), "mawk", ci=True)
program("gawk", waits("gawk", "{ print }"), "gawk")
program("perl", says_ready("perl", "-e", '$| = 1; print "ready\\n"; <STDIN>'), "perl", ci=True)
PYTHON_READY = "print('ready', flush=True); input()"
PYTHON = ("/usr/bin/python3", "-c", PYTHON_READY)
program("python3", says_ready(*PYTHON), "python3", ci=True)
program("python3-threads", says_ready("/usr/bin/python3", "-uc", """
import threading, sys
for i in range(8):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print('ready'); sys.stdin.read()"""), "python3", ci=True)
program("python3-processes", says_ready("/usr/bin/python3", "-uc", """
import multiprocessing, sys
pool = multiprocessing.Pool(2)
shared = multiprocessing.Array('d', 100000)
pool.map(abs, range(100)); print('ready'); sys.stdin.read()"""), "python3")
program("python3-numpy", says_ready("/usr/bin/python3", "-c", """
import numpy
a = numpy.random.rand(1000, 1000)
a = a @ a
""" + PYTHON_READY), "python3-numpy")
program("python3-torch", says_ready("/usr/bin/python3", "-c", """
import torch
a = torch.rand(1000, 1000) @ torch.rand(1000, 1000)
""" + PYTHON_READY), "python3-torch")
program("pypy3", says_ready("pypy3", "-c", """
n = 0
for i in range(3000000):
    n += i % 7
""" + PYTHON_READY), "pypy3")
RUBY = "$stdout.sync = true; puts 'ready'; gets"
program("ruby", says_ready("ruby", "-e", RUBY), "ruby", ci=True)
program("ruby-threads", says_ready("ruby", "-e", "8.times { Thread.new { sleep } };" + RUBY),
        "ruby")
PHP = 'echo "ready\\n"; fgets(STDIN);'
program("php", says_ready("php", "-r", PHP), "php-cli")
program("php-jit", says_ready(
    "php", "-d", "opcache.enable_cli=1", "-d", "opcache.jit=tracing",
    "-d", "opcache.jit_buffer_size=64M", "main.php",
    files={"main.php": "<?php for ($i = $n = 0; $i < 9999999; $i++) $n += $i % 7; " + PHP}),
        "php-cli")
LUA = 'for i = 1, 1e7 do end print("ready"); io.stdout:flush(); io.read()'
program("lua", says_ready("lua", "-e", LUA), "lua5.4")
program("luajit", says_ready("luajit", "-e", LUA), "luajit", ci=True)
program("tclsh", says_ready("tclsh", "main.tcl",
                            files={"main.tcl": "puts ready; flush stdout; gets stdin"}), "tcl")
program("guile", says_ready("guile", "--no-auto-compile", "-c",
                            '(display "ready") (newline) (force-output) (read-char)'), "guile-3.0")
program("sbcl", says_ready(
    "sbcl", "--noinform", "--no-sysinit", "--no-userinit", "--eval",
    '(progn (format t "ready~%") (finish-output) (read-line))'), "sbcl")
LISP = '(progn (princ "ready") (terpri) (finish-output) (read-line))'
program("clisp", says_ready("clisp", "-q", "-norc", "main.lisp", files={"main.lisp": LISP}), "clisp")
program("ecl", says_ready("ecl", "-norc", "--eval", LISP), "ecl")
program("chezscheme", says_ready(
    "scheme", "-q", "--script", "main.ss",
    files={"main.ss": '(display "ready\\n") (flush-output-port) (read-char)'}), "chezscheme")
program("racket", says_ready("racket", "-e", '(displayln "ready") (flush-output) (read-char)'),
        "racket")
program("gforth", says_ready("gforth", "-e", '." ready" cr key drop bye'), "gforth")
program("swipl", says_ready("swipl", "-g", "writeln(ready),read(_)"), "swi-prolog-nox")
program("ocaml", says_ready("ocaml", "main.ml", files={
    "main.ml": 'let () = print_endline "ready"; ignore (read_line ())'}), "ocaml")
program("R", says_ready("Rscript", "-e", 'a <- solve(matrix(runif(250000), 500)); cat("ready\\n");'
                        ' invisible(readLines(file("stdin"), 1))'), "r-base-core")
program("octave", says_ready("octave-cli", "--norc", "--eval",
                             'puts("ready\\n"); fflush(stdout); fgetl(stdin);'), "octave")
program("erlang", says_ready("erl", "-noshell", "-eval",
                             'io:format("ready~n"), io:get_line("")'), "erlang-base")
program("gjs", says_ready("gjs", "-c", "print('ready'); imports.gi.GLib.usleep(1e9)"), "gjs")
NODE = "console.log('ready'); process.stdin.resume()"
program("node", says_ready("node", "-e", NODE), "nodejs", ci=True)
program("node-large", says_ready("node", "--max-old-space-size=16384", "-e", """
const kept = []; for (let i = 0; i < 3e6; i++) kept.push({ i });
const buffer = Buffer.alloc(3e8);""" + NODE), "nodejs")
program("node-workers", says_ready("node", "-e", """
const { Worker } = require('worker_threads');
let n = 0;
for (let i = 0; i < 4; i++)
    new Worker("require('worker_threads').parentPort.on('message', () => {})", { eval: true })
        .on('online', () => { if (++n == 4) console.log('ready') });
process.stdin.resume()"""), "nodejs")
program("node-wasm", says_ready("node", "-e", """
const memory = []; for (let i = 0; i < 4; i++) memory.push(new WebAssembly.Memory({ initial: 9 }));
""" + NODE), "nodejs")
program("node-large-pages", says_ready("node", "--use-largepages=silent", "-e", NODE), "nodejs")
program("sqlite3", waits("sqlite3"), "sqlite3", ci=True)
program("vim", waits("vim", "-es", "-u", "NONE"), "vim", ci=True)
program("emacs", waits("emacs", "--batch", "-Q", "--eval", '(read-string "")'), "emacs-nox")
program("gofmt", waits("gofmt"), "golang-go")
program("fakeroot", says_ready("fakeroot", "bash", "-c", SHELL), "fakeroot")
program("lldb", waits("lldb"), "lldb")

# Preloaded allocators: only Debian's places, for nothing else says where they are.
for _name, _library, _packages in (("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
                                   ("tcmalloc", "libtcmalloc_minimal.so.4",
                                    "libtcmalloc-minimal4"),
                                   ("mimalloc", "libmimalloc.so.2", "libmimalloc2.0")):
    @program(_name, packages=_packages)
    def preloaded_start(group, library=_library):
        paths = glob.glob(f"/usr/lib/*/{library}") + glob.glob(f"/usr/lib64/{library}")
        if not paths:
            raise Skip(f"{library}: not installed")
        return says_ready(*PYTHON, env={"LD_PRELOAD": paths[0]})(group)


# A part of every Java runtime that waits for its standard input: no compiler is needed.
KEYTOOL = ("-m", "java.base/sun.security.tools.keytool.Main", "-printcert")
for _name, _ci, *_options in (
        ("java", True), ("java-serial", True, "-XX:+UseSerialGC"),
        ("java-parallel", False, "-XX:+UseParallelGC"), ("java-g1", True, "-XX:+UseG1GC"),
        ("java-shenandoah", False, "-XX:+UseShenandoahGC"), ("java-zgc", False, "-XX:+UseZGC"),
        ("java-256m", False, "-Xmx256m"), ("java-3g", False, "-Xmx3g"),
        ("java-31g", False, "-Xmx31g"), ("java-200g", False, "-Xmx200g"),
        ("java-thp", False, "-XX:+UseTransparentHugePages"),
        ("java-interpreted", False, "-Xint"), ("java-no-cds", False, "-Xshare:off")):
    program(_name, waits("java", *_options, *KEYTOOL), "default-jre-headless", _ci)


# Servers.

program("redis", server("redis-server", "--port", "0", "--unixsocket", "$dir/s", "--save", "",
                        socket_path="s"), "redis-server", ci=True)
program("memcached", server("memcached", "-u", "$user", "-s", "$dir/s", socket_path="s"),
        "memcached")
program("haproxy", server(
    "haproxy", "-W", "-f", "haproxy.cfg", socket_path="f", n_least=2, files={"haproxy.cfg": """
global
    stats socket $dir/s
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend f
    bind unix@$dir/f
"""}), "haproxy")
for _mpm, _n in (("event", 3), ("prefork", 5)):
    program(f"apache2-{_mpm}", server(
        "apache2", "-d", "$dir", "-f", "$dir/a.conf", "-DFOREGROUND", n_least=_n,
        files={"a.conf": f"""
LoadModule mpm_{_mpm}_module /usr/lib/apache2/modules/mod_mpm_{_mpm}.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
ServerName localhost
Listen 127.0.0.1:$port
PidFile $dir/pid
DefaultRuntimeDir $dir
ErrorLog $dir/log
User nobody
"""}), "apache2")
program("lighttpd", server("lighttpd", "-D", "-f", "l.conf", socket_path="s", files={
    "l.conf": 'server.document-root = "$dir"\nserver.bind = "$dir/s"\n'}), "lighttpd")
program("varnish", server(
    "varnishd", "-F", "-j", "none", "-n", "$dir/v", "-a", "$dir/s", "-b", "127.0.0.1:$port2",
    "-s", "malloc,64m", socket_path="s", n_least=2), "varnish gcc libc6-dev")
program("squid", server("squid", "-N", "-f", "s.conf", files={"s.conf": """
http_port 127.0.0.1:$port
pid_filename $dir/pid
access_log none
cache_log $dir/log
cache_effective_user nobody
coredump_dir $dir
pinger_enable off
"""}), "squid")
program("php-fpm", server("php-fpm8.2", "-R", "-F", "-n", "-y", "f.conf", socket_path="s",
                          n_least=3, files={"f.conf": """
[global]
error_log = $dir/log
[www]
user = $user
listen = $dir/s
pm = static
pm.max_children = 2
"""}), "php-fpm")
program("gunicorn", server("gunicorn", "-w", "2", "-b", "unix:$dir/s", "app:app", socket_path="s",
                           n_least=3, files={"app.py": "def app(environ, start): return []\n"}),
        "gunicorn")
program("uwsgi", server("uwsgi_python3", "--master", "--processes", "2", "--threads", "2",
                        "--socket", "$dir/s", socket_path="s", n_least=3),
        "uwsgi-core uwsgi-plugin-python3")
program("unbound", server("unbound", "-d", "-c", "u.conf", files={"u.conf": """
server:
    interface: 127.0.0.1@$port
    do-daemonize: no
    chroot: ""
    directory: "$dir"
    username: ""
    pidfile: ""
    use-syslog: no
    num-threads: 2
"""}), "unbound")
program("named", server("named", "-f", "-c", "$dir/n.conf", files={"n.conf": """
options {
    directory "$dir";
    listen-on port $port { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none; session-keyfile none; dnssec-validation no; recursion no;
};
controls { };
"""}), "bind9")
program("dnsmasq", server("dnsmasq", "-k", "-C", "/dev/null", "-p", "$port", "-a", "127.0.0.1",
                          "-z", "-R", "-h", "-u", "$user", "-x", ""), "dnsmasq-base")
program("tor", server("tor", "-f", "c", "--defaults-torrc", "c", "--SocksPort", "0",
                      "--ControlPort", "$port", "--DataDirectory", "$dir/d", "--DisableNetwork", "1",
                      "--quiet", files={"c": ""}), "tor")
program("mosquitto", server("mosquitto", "-p", "$port"), "mosquitto")
program("slapd", server("slapd", "-d", "0", "-h", "ldapi://%2E%2Fs", "-f", "s.conf",
                        socket_path="s", files={"s.conf": "database monitor\n"}), "slapd")
program("cupsd", server("cupsd", "-f", "-c", "$dir/c.conf", "-s", "$dir/f.conf", socket_path="s",
                        files={"c.conf": "Listen $dir/s\n", "f.conf": """
ServerRoot $dir
RequestRoot $dir
CacheDir $dir
StateDir $dir
TempDir $dir
AccessLog $dir/a
ErrorLog $dir/e
PageLog $dir/p
"""}), "cups-daemon")
program("exim4", server("exim4", "-C", "$dir/e.conf", "-bdf", "-oX", "127.0.0.1.$port",
                        files={"e.conf": "log_file_path = $dir/%slog\nspool_directory = $dir\n"}),
        "exim4-daemon-light")
# Written in Go.
program("etcd", server("etcd", "--data-dir", "$dir/d", "--listen-client-urls",
                       "http://127.0.0.1:$port", "--advertise-client-urls",
                       "http://127.0.0.1:$port", "--listen-peer-urls", "http://127.0.0.1:$port2",
                       "--initial-advertise-peer-urls", "http://127.0.0.1:$port2",
                       "--initial-cluster", "default=http://127.0.0.1:$port2"), "etcd-server")
program("caddy", server("caddy", "run", "--config", "c", "--adapter", "caddyfile",
                        env={"HOME": "$dir"}, files={
                            "c": "{\nadmin off\n}\nhttp://127.0.0.1:$port {\n}\n"}), "caddy")
program("nats", server("nats-server", "-a", "127.0.0.1", "-p", "$port"), "nats-server")
program("node-exporter", server("prometheus-node-exporter",
                                "--web.listen-address=127.0.0.1:$port"), "prometheus-node-exporter")
program("prometheus", server("prometheus", "--config.file=p", "--storage.tsdb.path=d",
                             "--web.listen-address=127.0.0.1:$port", files={"p": ""}), "prometheus")
program("containerd", server("containerd", "-c", "c", "--root", "$dir/r", "--state", "$dir/st",
                             "-a", "$dir/s", socket_path="s", files={
                                 "c": 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                             }), "containerd")


NGINX_CONF = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t;
    scgi_temp_path t;
    server { listen unix:nginx.sock; }
}
"""


@program("nginx", packages="nginx-light", ci=True)
def nginx_start(group):
    path = find("nginx")
    group.write("nginx.conf", NGINX_CONF)
    child = group.start(path, "-p", group.directory, "-c", "nginx.conf", "-e", "stderr")
    wait_line(child, child.stderr, "start worker process ")
    for _ in range(100):
        pids = descendants(child.pid)
        if len(pids) == 2:
            return {"master": settle(pids[0]), "worker": settle(pids[1])}
        time.sleep(0.05)
    raise Broken("nginx has no worker")


@program("postgres", packages="postgresql", ci=True)
def postgres_start(group):
    """The server, all its processes, and a session with its client that has used the JIT."""
    newest = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
    initdb, postgres, psql = (find(p, also=newest) for p in ("initdb", "postgres", "psql"))
    user = as_nobody()
    if user:
        group.directory.chmod(0o755)
        os.chown(group.directory, NOBODY, NOBODY)
    group.run(*user, initdb, "-D", "data", "-U", "test", "-A", "trust", "--no-sync",
              "--locale=C", "-E", "UTF8")
    server_process = group.start(*user, postgres, "-D", "data", "-k", group.directory,
                                 "-c", "listen_addresses=", "-c", "fsync=off")
    group.gentle.append(server_process)  # its System V shared memory
    wait_line(server_process, server_process.stderr, "ready to accept connections")
    client = group.start(*user, psql, "-qAtX", "-h", group.directory, "-U", "test", "postgres")
    client.stdin.write("set jit_above_cost = 0; select count(*) from pg_class a, pg_class b "
                       "where a.oid % 7 = b.oid % 5; select 'ready';\n")
    wait_line(client, client.stdout, "^ready$")
    found = {"psql": settle(client.pid)}
    for pid in descendants(server_process.pid):
        found[proc(pid, "cmdline").read_text().rstrip("\0 ").split("\0")[0]] = settle(pid)
    return found


@program("mariadb", packages="mariadb-server")
def mariadb_start(group):
    install, path = find("mariadb-install-db", "mysql_install_db"), find("mariadbd", "mysqld")
    group.run(install, "--no-defaults", f"--datadir={group.directory}/data", f"--user={user_name()}",
              "--skip-test-db", "--auth-root-authentication-method=normal")
    child = group.start(path, "--no-defaults", f"--datadir={group.directory}/data",
                        "--skip-networking", f"--socket={group.directory}/s",
                        f"--user={user_name()}")
    wait_until((group.directory / "s").exists, child, "does not listen")
    return settle_tree(child.pid)


@program("rabbitmq", packages="rabbitmq-server")
def rabbitmq_start(group):
    """Erlang with many threads; the script that Debian installs insists on the system's user."""
    scripts = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"))[-1:]
    path = find("rabbitmq-server", also=scripts) if scripts else None
    if not path:
        raise Skip("rabbitmq-server: not installed")
    port = free_port()
    directory = str(group.directory)
    group.write("enabled", "[].\n")
    group.write("rabbitmq.conf", f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    child = group.start(scripts[0] + "/rabbitmq-server", env={
        "HOME": directory, "RABBITMQ_MNESIA_BASE": directory, "RABBITMQ_LOG_BASE": directory,
        "RABBITMQ_NODENAME": "test@localhost", "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_PORT": str(free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_ENABLED_PLUGINS_FILE": directory + "/enabled",
        "RABBITMQ_CONFIG_FILE": directory + "/rabbitmq.conf", "RABBITMQ_PID_FILE": directory + "/p",
        "RABBITMQ_GENERATED_CONFIG_DIR": directory, "RABBITMQ_FEATURE_FLAGS_FILE": directory + "/f"})
    wait_until(lambda: is_listening(port), child, "does not listen")
    return settle_tree(child.pid)


# What lies in a mount namespace of its own, so that nothing of the system's is used or changed.

def in_namespace(name, script, *unshare_options):
    """A shell script, as root in new namespaces, that executes $program."""
    def start(group):
        if os.geteuid() != 0:
            raise Skip("needs root")
        path = find(name, also=["/usr/lib/systemd", "/lib/systemd"])
        group.write("script", string.Template(script).safe_substitute(
            dir=group.directory, program=path))
        child = group.start(find("unshare"), "--mount", *unshare_options, "/bin/sh", "-e",
                            group.directory / "script")
        wait_until(lambda: exe_name(child.pid) == os.path.basename(os.path.realpath(path)), child,
                   f"does not execute {path}")
        return settle_tree(child.pid)
    return start


program("cron", in_namespace("cron", """
for d in /etc/cron.d /var/spool/cron /run; do mount -t tmpfs none $$d; done
mkdir /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
exec $program -f
"""), "cron")


# As in a container: files of an overlay have other device numbers in maps than stat tells.
program("overlay", in_namespace("/usr/bin/python3", """
mount -t tmpfs none $dir
mkdir $dir/upper $dir/work
mount -t overlay none -o lowerdir=/usr,upperdir=$dir/upper,workdir=$dir/work /usr
exec /usr/bin/python3 -c "input()"
"""), "python3")
program("udevd", in_namespace("systemd-udevd", """
mount -t tmpfs none /run
for d in /etc/udev /usr/lib/udev/rules.d; do [ ! -d $$d ] || mount -t tmpfs none $$d; done
exec $program
""", "--net"), "udev")


def cgroups_of_container():
    """What systemd-nspawn makes where it was started, and leaves there."""
    own = {line.split(":", 2)[2].strip("/\n") for line in open("/proc/self/cgroup")}
    return {pathlib.Path(path) for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/*") for cgroup in own
            for name in ("payload", "supervisor")
            for path in glob.glob(os.path.join(tree, cgroup, name))}


def cgroups_remove(former):
    """They can be removed once the last process has gone, which takes a moment."""
    deadline = time.monotonic() + END_SECONDS
    while (left := cgroups_of_container() - former) and time.monotonic() < deadline:
        for cgroup in left:
            for directory, _, _ in os.walk(cgroup, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
        time.sleep(0.05)


@program("systemd", packages="systemd systemd-container dbus polkitd cron")
def systemd_start(group):
    """
    PID 1 of a container with only this system's /usr, and services of which each has its process.
    It has no network but its own, and a read-only /sys and /proc/sys.
    """
    if os.geteuid() != 0:
        raise Skip("needs root")
    if pathlib.Path("/run/systemd/system").exists():
        raise Skip("the system's own systemd wants to know of every container: try --host")
    find("systemd-nspawn")
    before = cgroups_of_container()
    group.cleanups.append(lambda: cgroups_remove(before))
    wanted = ("dbus", "systemd-logind", "systemd-networkd", "cron", "polkit", "systemd-journald")
    child = group.start(
        find("unshare"), "--mount", "/bin/sh", "-c", "mount -t tmpfs none /run; exec \"$@\"", "sh",
        "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
        "--volatile=yes", "--directory=/", "--machine=layoutcheck-test", "--console=pipe",
        "/lib/systemd/systemd", "systemd.unit=basic.target",
        *(f"systemd.wants={name}.service" for name in wanted))
    wait_until(lambda: len(descendants(child.pid)) >= 2 + len(wanted), child, "is not ready")
    return settle_tree(child.pid)


@program("sshd", packages="openssh-server openssh-client")
def sshd_start(group):
    """The server and a session; as root, for that is how it runs, with its directory in /run."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    path, port, directory = find("sshd"), free_port(), group.directory
    for key in ("host", "user"):
        group.run(find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key)
    group.write("c", f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\n"
                f"PidFile none\nStrictModes no\nAuthorizedKeysFile {directory}/user.pub\n"
                "PermitRootLogin yes\nUsePAM no\n")
    sshd = group.start(find("unshare"), "--mount", "/bin/sh", "-ec",
                       f"mount -t tmpfs none /run; mkdir /run/sshd; exec {path} -D -e -f c")
    wait_until(lambda: is_listening(port), sshd, "does not listen")
    ssh = group.start(find("ssh"), "-F", "none", "-i", "user", "-p", str(port), "-o",
                      "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                      "LogLevel=ERROR", f"{user_name()}@127.0.0.1", "echo ready; exec sleep 1000")
    wait_line(ssh, ssh.stdout, "^ready$")
    return {**settle_tree(sshd.pid), "ssh": settle(ssh.pid)}


program("rsyslogd", server("rsyslogd", "-n", "-f", "$dir/c", "-i", "$dir/pid", socket_path="pid",
                           files={"c": 'input(type="imuxsock" Socket="$dir/s")\n'
                                       'module(load="imuxsock" SysSock.Use="off")\n'
                                       'action(type="omfile" file="$dir/log")\n'}), "rsyslog")
program("dbus-daemon", server("dbus-daemon", "--session", "--nofork", "--nosyslog",
                              "--address=unix:path=$dir/s", socket_path="s"), "dbus-daemon")


@program("polkitd", packages="polkitd dbus-daemon")
def polkit_start(group):
    address = f"unix:path={group.directory}/s"
    path = find("polkitd", also=["/usr/lib/polkit-1", "/usr/libexec", "/usr/libexec/polkit-1"])
    nobody_can_write(group)
    group.write("bus.conf", f"""<busconfig><type>system</type><listen>{address}</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow eavesdrop="true"/></policy></busconfig>""")
    bus = group.start(find("dbus-daemon"), "--config-file=bus.conf", "--nofork", "--nosyslog")
    wait_until((group.directory / "s").exists, bus, "does not listen")
    child = group.start(path, "--no-debug", env={"DBUS_SYSTEM_BUS_ADDRESS": address})
    return settle_tree(child.pid)


# Terminals.

@program("tmux", packages="tmux")
def tmux_start(group):
    tmux = (find("tmux"), "-S", "s", "-f", "/dev/null")
    group.run(*tmux, "new-session", "-d", find("cat"))
    return settle_tree(int(group.run(*tmux, "display-message", "-p", "#{pid}")))


@program("screen", packages="screen")
def screen_start(group):
    group.directory.joinpath("screens").mkdir(0o700)
    child = group.start(find("screen"), "-D", "-m", "-c", "/dev/null", find("cat"),
                        env={"SCREENDIR": str(group.directory / "screens")})
    child_of(child.pid, find("cat"))
    return settle_tree(child.pid)


# Browsers, displays, machines.

program("chromium", server(
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--user-data-dir=$dir/d", "about:blank",
    env={"HOME": "$dir"}, socket_path="d/DevToolsActivePort", n_least=5), "chromium")
program("firefox", server(
    "firefox-esr", "--headless", "--no-remote", "--profile", "$dir", "--remote-debugging-port=0",
    "about:blank", env={"HOME": "$dir", "MOZ_CRASHREPORTER_DISABLE": "1"},
    socket_path="WebDriverBiDiServer.json", n_least=4), "firefox-esr")
program("Xvfb", server("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-noreset"), "xvfb")
program("qemu", server("qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-display", "none",
                       "-serial", "none", "-nic", "none", "-monitor", "none", "-qmp",
                       "unix:$dir/s,server=on,wait=off", socket_path="s"), "qemu-system-x86")


@program("wine", packages="wine wine64")
def wine_start(group):
    """A Windows program that waits for input, and what Wine runs beside it."""
    wine = find("wine", "wine64")
    child = group.start(wine, "cmd", "/c", "echo ready& set /p x=", env={
        "WINEPREFIX": f"{group.directory}/prefix", "WINEDEBUG": "-all", "DISPLAY": "",
        "WINEDLLOVERRIDES": "mscoree,mshtml="})
    wait_line(child, child.stdout, "^ready")
    return settle_tree(child.pid)


# Compiled programs.

for _name, *_options in (("c", "-pie", "-fPIE"), ("c-exec", "-no-pie", "-fno-pie"),
                         ("c-static", "-static"), ("c-static-pie", "-static-pie", "-fPIE")):
    program(_name, compiled("gcc", *_options, "-o", "main"), "gcc libc6-dev", ci=True)
    program(_name + "-32", compiled("gcc", "-m32", *_options, "-o", "main"), "gcc-multilib",
            ci=True)
program("c-clang", compiled("clang", "-o", "main"), "clang", ci=True)
program("c-lld", compiled("clang", "-fuse-ld=lld", "-pie", "-fPIE", "-o", "main"), "clang lld",
        ci=True)
program("c-gold", compiled("gcc", "-fuse-ld=gold", "-pie", "-fPIE", "-o", "main"), "gcc libc6-dev",
        ci=True)
program("c-musl", compiled("musl-gcc", "-o", "main"), "musl-tools", ci=True)
program("c-musl-static", compiled("musl-gcc", "-static", "-o", "main"), "musl-tools", ci=True)
program("c-separate-code", compiled("gcc", "-Wl,-z,noseparate-code", "-o", "main"),
        "gcc libc6-dev")
program("c-large", compiled("gcc", "-o", "main", text="""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char bss[1 << 30];
int main(void)
{
    for (int i = 0; i < 1000; i++)
        memset(malloc(100000), 1, 100000);
    memset(malloc(300 << 20), 1, 1000);
    bss[5000] = 1;
    puts("ready"); fflush(stdout); return getchar() == 0;
}
"""), "gcc libc6-dev")
THREADS_SOURCE = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void *wait_for_ever(void *unused)
{
    free(malloc(100)); pause(); return unused;
}
int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 100; i++)
        if (pthread_create(&thread, NULL, wait_for_ever, NULL)) return 1;
    puts("ready"); fflush(stdout); return getchar() == 0;
}
"""
program("c-threads", compiled("gcc", "-pthread", "-o", "main", text=THREADS_SOURCE),
        "gcc libc6-dev", ci=True)
program("c-threads-32", compiled("gcc", "-m32", "-pthread", "-o", "main", text=THREADS_SOURCE),
        "gcc-multilib", ci=True)
# A process's memory is laid out by the sanitizer and by the compiler whose it is.
for _compiler, _prefix, _kinds in (
        ("gcc", "c", ("address", "thread", "leak", "undefined")),
        ("clang", "clang", ("address", "thread", "memory", "safe-stack"))):
    for _kind in _kinds:
        _short = {"address": "asan", "thread": "tsan", "leak": "lsan", "memory": "msan",
                  "undefined": "ubsan"}.get(_kind, _kind)
        program(f"{_prefix}-{_short}", compiled(_compiler, f"-fsanitize={_kind}", "-o", "main"),
                {"gcc": "gcc libc6-dev", "clang": "clang libclang-rt-dev"}[_compiler],
                ci=_compiler == "gcc" and _short in ("asan", "tsan"))
program("c-asan-exec", compiled("gcc", "-fsanitize=address", "-no-pie", "-o", "main"),
        "gcc libc6-dev")
program("c-asan-32", compiled("gcc", "-m32", "-fsanitize=address", "-o", "main"), "gcc-multilib")
program("c-asan-exec-32", compiled("gcc", "-m32", "-fsanitize=address", "-no-pie", "-o", "main"),
        "gcc-multilib")
program("c-tsan-exec", compiled("gcc", "-fsanitize=thread", "-no-pie", "-o", "main"),
        "gcc libc6-dev")

RUST_SOURCE = """
fn main() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
"""
program("rust", compiled("rustc", "-o", "main", source="main.rs", text=RUST_SOURCE), "rustc",
        ci=True)
program("rust-static", compiled("rustc", "-C", "target-feature=+crt-static", "-o", "main",
                                source="main.rs", text=RUST_SOURCE), "rustc")

GO_SOURCE = """
package main

import (
	"fmt"
	"os"
)

func main() {
	for i := 0; i < 4; i++ {
		go func() { select {} }()
	}
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
"""
for _name, _cgo, *_options in (("go", 0), ("go-pie", 0, "-buildmode=pie"),
                               ("go-cgo", 1, "-ldflags=-linkmode=external"),
                               ("go-race", 1, "-race"), ("go-32", 0)):
    program(_name, compiled(
        "go", "build", *_options, "-o", "main", source="main.go", text=GO_SOURCE,
        env={"CGO_ENABLED": str(_cgo), "GOFLAGS": "", "GOARCH": "386" if _name == "go-32" else "",
             "GOCACHE": str(ROOT / "build/tests/programs/go")}), "golang-go gcc libc6-dev",
            ci=_name in ("go", "go-pie"))
program("gccgo", compiled("gccgo", "-o", "main", source="main.go", text=GO_SOURCE), "gccgo")
HASKELL = 'import System.IO\nmain = putStrLn "ready" >> hFlush stdout >> getLine >>= putStrLn\n'
program("haskell", compiled("ghc", "-v0", "-o", "main", source="main.hs", text=HASKELL), "ghc")
program("haskell-threaded", compiled("ghc", "-v0", "-threaded", "-o", "main", source="main.hs",
                                     text=HASKELL), "ghc")
program("ocamlopt", compiled("ocamlopt", "-o", "main", source="main.ml", text=
                             'let () = print_endline "ready"; ignore (read_line ())'), "ocaml")
program("fortran", compiled("gfortran", "-o", "main", source="main.f90", text="""
print '(a)', 'ready'
flush(6)
read *
end
"""), "gfortran")
program("pascal", compiled("fpc", "-v0", "-omain", "main", source="main.pas", text="""
begin writeln('ready'); flush(output); readln; end.
"""), "fp-compiler")
program("ada", compiled("gnatmake", "-q", "-o", "main", source="main.adb", text="""
with Ada.Text_IO; use Ada.Text_IO;
procedure Main is begin Put_Line ("ready"); Flush; Skip_Line; end Main;
"""), "gnat")


@program("mono", packages="mono-runtime mono-mcs")
def mono_start(group):
    group.write("main.cs", "class M { static void Main() { System.Console.WriteLine(\"ready\"); "
                           "System.Console.ReadLine(); } }")
    mono, compiler = find("mono"), find("mcs")
    group.run(compiler, "-out:main.exe", "main.cs")
    return says_ready(mono, "main.exe")(group)


# Programs that trace or emulate others, and those.

@program("strace", packages="strace", ci=True)
def strace_start(group):
    tracer = group.start(find("strace"), "-o", "trace", find("cat"))
    target = settle(child_of(tracer.pid, find("cat")))
    return {"strace": settle(tracer.pid), "target": target}


@program("gdb", packages="gdb", ci=True)
def gdb_start(group):
    """The target stands still where it reads, with ASLR off: gdb's doing, and no fault."""
    debugger = group.start(find("gdb"), "-nx", "-q", "-ex", "set confirm off",
                           "-ex", "catch syscall read", "-ex", "run </dev/zero >/dev/null",
                           find("cat"))
    debugger.stdin.flush()
    wait_line(debugger, debugger.stdout, "^Catchpoint 1 \\(call")
    for _ in range(4):  # the loader reads too; the last ones are cat's
        debugger.stdin.write("continue\n")
    debugger.stdin.write('printf "%s\\n", "stands"\n')
    wait_line(debugger, debugger.stdout, "stands$")
    return {"gdb": settle(debugger.pid), "target": settle(child_of(debugger.pid, find("cat")))}


program("gdb-server", server("gdbserver", "--once", "127.0.0.1:0", "/bin/cat", n_least=2),
        "gdbserver")
program("ltrace", server("ltrace", "-o", "trace", "/bin/cat", n_least=2), "ltrace")


@program("valgrind", packages="valgrind", ci=True)
def valgrind_start(group):
    return {"": settle(group.start(find("valgrind"), "-q", find("cat")).pid)}


for _tool in ("massif", "helgrind", "none"):
    @program(f"valgrind-{_tool}", packages="valgrind")
    def valgrind_tool_start(group, tool=_tool):
        return {"": settle(group.start(find("valgrind"), "-q", f"--tool={tool}",
                                       find("cat")).pid)}


# Debian's proot has it from its assembler sources, and hands it on by the loader that it executes.
@program("proot", packages="proot", expected={
    "exec-stack": "PT_GNU_STACK of the program asks for it: readelf -lW /usr/bin/proot",
    "wx-mapping": "the same stack"})
def proot_start(group):
    tracer = group.start(find("proot"), find("cat"))
    wait_until(lambda: len(descendants(tracer.pid)) > 1, tracer, "starts nothing")
    return settle_tree(tracer.pid)


program("bwrap", server("bwrap", "--bind", "/", "/", "--unshare-all", "/bin/cat", n_least=2),
        "bubblewrap")
program("dumb-init", server("dumb-init", "/bin/cat", n_least=2), "dumb-init")
program("faketime", says_ready("faketime", "2020-01-01", "bash", "-c", SHELL), "faketime")


@program("qemu-user-32", packages="qemu-user gcc-multilib")
def qemu_user_32_start(group):
    qemu = find("qemu-i386")
    group.write("main.c", C_SOURCE)
    group.run(find("gcc"), "-m32", "-o", "main", "main.c")
    return says_ready(qemu, "./main")(group)


@program("qemu-user", packages="qemu-user")
def qemu_user_start(group):
    return {"": settle(group.start(find("qemu-x86_64"), find("cat")).pid)}
