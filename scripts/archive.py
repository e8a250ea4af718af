# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's packages, fetched by apt into a folder and unpacked there: for the labs.

They come from the archive that this machine's own apt sources name, of any of its releases and
architectures, with their signatures checked; nothing is installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
UNSECURED = ("-backports", "sid")  # such releases have no security updates


class Missing(Exception):
    """Why what a lab looks at could not be had, or did not get through."""


def command(*argv, **how):
    """Its output. What it said is shown if it fails."""
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, text=True, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
    except FileNotFoundError as e:
        raise Missing(f"{e.filename} is not there: scripts/packages --install lab") from e
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise Missing(f"{argv[0]} failed with status {done.returncode}")
    return done.stdout


def say(text):
    print(text, flush=True)


def archive_find():
    """(address, pocket) of each part of Debian's archive in the machine's own apt sources; the
    pocket is what follows the release's name: "", "-security" ...
    """
    release = dict(line.split("=", 1) for line in
                   pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = release.get("VERSION_CODENAME", "").strip('"')
    targets = command("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                      "Identifier: Packages")
    found = set()
    for line in targets.splitlines():
        address, suite, component = line.split()
        if component == "main" and suite in (codename, f"{codename}-security"):
            found.add((address, suite.removeprefix(codename)))
    if release.get("ID") != "debian" or not found:
        raise Missing("the apt sources of this machine do not name Debian's archive")
    return sorted(found)


class Packages:
    """An apt of its own for one architecture, or two in one release; others have the first alone."""

    def __init__(self, folder, arch, release, others=(), foreign=""):
        self.folder, self.arch, self.foreign = folder, arch, foreign
        self.release, self.others = release, set(others) - {release}
        self.archives = self.folder / "cache/archives"
        self.env = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}

    def prepare(self, update):
        if (self.folder / "done").exists() and not update:
            return
        for directory in (self.folder / "state/lists/partial", self.archives / "partial"):
            directory.mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("".join(self.sources()))
        (self.folder / "apt.conf").write_text(self.config())
        say(f"# {self.folder.name}: fetching the lists of packages")
        done = subprocess.run(["apt-get", "-qq", "update"], env=self.env, text=True, check=False,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        sys.stderr.write(done.stderr)
        if not list((self.folder / "state/lists").glob("*_Packages*")):
            raise Missing(f"no list of packages for {self.folder.name}")
        (self.folder / "done").touch()

    def sources(self):
        for address, pocket in archive_find():
            for release in sorted({self.release, *self.others}):
                if pocket and release.endswith(UNSECURED):
                    continue
                arches = [self.arch]
                if self.foreign and release == self.release:
                    arches.append(self.foreign)
                yield (f"deb [arch={','.join(arches)} signed-by={KEYRING}] "
                       f"{address} {release}{pocket} main\n")

    def config(self):
        f = self.folder
        arches = " ".join(f'"{a}";' for a in (self.arch, self.foreign) if a)
        return f"""Dir::State "{f}/state";
Dir::State::status "{f}/status";
Dir::Cache "{f}/cache";
Dir::Etc::SourceList "{f}/sources.list";
Dir::Etc::SourceParts "-";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "{self.arch}";
APT::Architectures {{ {arches} }};
APT::Default-Release "{self.release}";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
"""

    def run(self, *argv, **how):
        return command(*argv, env=self.env, **how)

    def closure(self, packages):
        """The files of these packages and of all that they need, fetched."""
        plan = self.run("apt-get", "-s", "install", *packages)
        chosen = re.findall(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)", plan, re.MULTILINE)
        files = [self.place(name.split(":")[0], *rest) for name, *rest in chosen]
        if not all(f.exists() for f in files):
            self.run("apt-get", "-y", "--download-only", "install", *packages)
        return files

    def newest(self, package, release):
        """The version of a package in a release or its security updates."""
        table = self.run("apt-cache", "madison", package).splitlines()
        for _, version, place in (line.split("|") for line in table):
            suite = place.split()[1].partition("/")[0]
            if suite in (release, f"{release}-security"):
                return version.strip()
        raise Missing(f"no {package} in {release}")

    def place(self, name, version, arch):
        return self.archives / f"{name}_{version.replace(':', '%3a')}_{arch}.deb"

    def fetched(self, name, version):
        """The file of one package alone."""
        path = self.place(name, version, self.arch)
        if not path.exists():
            say(f"# fetching {name} {version}")
            self.run("apt-get", "download", f"{name}={version}", cwd=self.archives)
        return path

    def needs(self, name, version, wanted):
        """(name, version) of those that a package depends on by their exact version."""
        about = self.run("apt-cache", "show", f"{name}={version}")
        depends = re.search(r"^Depends:(.*)$", about, re.MULTILINE)
        return re.findall(rf"({wanted}) \(= (\S+?)\)", depends.group(1) if depends else "")


def unpack(files, tree):
    """All of these, once."""
    stamp, wanted = tree.with_suffix(".packages"), "".join(f"{f.name}\n" for f in files)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    say(f"# unpacking {len(files)} packages into {tree}")
    for f in files:
        command("dpkg-deb", "-x", f, tree)
    links_keep_inside(tree)
    stamp.write_text(wanted)


def links_keep_inside(tree):
    """An absolute link would lead a compiler or linker out of the tree."""
    for directory, folders, names in os.walk(tree):
        for path in (pathlib.Path(directory, n) for n in folders + names):
            if path.is_symlink() and os.path.isabs(os.readlink(path)):
                inside = os.path.relpath(tree / os.readlink(path).lstrip("/"), directory)
                path.unlink()
                path.symlink_to(inside)


# What a lab found.

def readme_table(readme, markers, lines):
    """Puts them between the markers."""
    text, (begin, end) = readme.read_text(), markers
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise Missing(f"{readme.name} has no place for the table")
    readme.write_text(before + begin + "".join(lines) + end + after)
