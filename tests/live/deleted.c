/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code whose file is gone, and the many mappings that /proc calls "(deleted)" without that. */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (!ok)
        broken(what);
}

/* A copy of a real library in the current directory, loaded. */
static void load_copy(const char *name)
{
    file_copy(library_path("libresolv.so.2"), name);
    object_load(name, 0);
}

static void say_deleted(const char *name)
{
    say("finding deleted-object warning");
    say("expect findings[id=deleted-object] contains \"%s\"", name);
    say("exit 0");
}

static void say_none(void)
{
    say("no-finding deleted-object");
    say("quiet");
    say("exit 0");
}

static void load_and_remove(void)
{
    load_copy("libremoved.so");
    need(unlink("libremoved.so") == 0, "unlink");
}

/* As a package upgrade does. */
static void load_and_replace(void)
{
    load_copy("libreplaced.so");
    file_copy(library_path("libresolv.so.2"), "libreplaced.so.new");
    need(rename("libreplaced.so.new", "libreplaced.so") == 0, "rename");
}

static void removed(long arg)
{
    load_and_remove();
    say_deleted("libremoved.so");
}

static void replaced(long arg)
{
    load_and_replace();
    say_deleted("libreplaced.so");
}

/* One of each: neither is called what the other is. */
static void replaced_and_removed(long arg)
{
    load_and_replace();
    load_and_remove();
    say("expect findings[0].title == \"libreplaced.so: replaced on disk since it was mapped\"");
    say("expect findings[0].evidence.fate == \"replaced\"");
    say("expect findings[1].title == \"libremoved.so: removed on disk since it was mapped\"");
    say("expect findings[1].evidence.fate == \"removed\"");
}

/* As JNA and netty unpack, load and remove what they bring along. */
static void temporary_removed(long arg)
{
    need(mkdir("tmp", 0700) == 0, "mkdir");
    load_copy("tmp/jna16847024891436192803.tmp");
    need(unlink("tmp/jna16847024891436192803.tmp") == 0, "unlink");
    say("finding deleted-object info");
    say("expect findings[id=deleted-object] contains \"jna16847024891436192803.tmp\"");
    say("expect findings[id=deleted-object].evidence.fate == \"temporary\"");
    say("exit 0");
}

/* Another file in its place: it was meant for more than one process. */
static void temporary_replaced(long arg)
{
    need(mkdir("tmp", 0700) == 0, "mkdir");
    load_copy("tmp/libdaily20261122.so");
    file_copy(library_path("libresolv.so.2"), "tmp/new");
    need(rename("tmp/new", "tmp/libdaily20261122.so") == 0, "rename");
    say_deleted("libdaily20261122.so");
}

static void program_removed(long arg)
{
    if (!fixture_is_again()) {
        file_copy(fixture_self(), "program-copy");
        fixture_again_as("./program-copy");
    }
    need(unlink("program-copy") == 0, "unlink");
    say_deleted("program-copy");
}

static void odd_name_removed(long arg)
{
    load_copy("libodd.so (deleted)");
    need(unlink("libodd.so (deleted)") == 0, "unlink");
    say_deleted("libodd.so (deleted)");
}

static void odd_name(long arg)
{
    load_copy("libodd.so (deleted)");
    say_none();
}

static void renamed(long arg)
{
    load_copy("libbefore.so");
    need(rename("libbefore.so", "libafter.so") == 0, "rename");
    say_none();
}

/*
 * The name was gone for a moment and leads to the same file again: /proc says "(deleted)", device
 * and inode do not.
 */
static void relinked(long arg)
{
    load_copy("librelinked.so");
    need(link("librelinked.so", "keep") == 0 && unlink("librelinked.so") == 0 &&
             link("keep", "librelinked.so") == 0,
         "link");
    say_none();
}

static void memfd(long arg)
{
    const char *path = library_path("libresolv.so.2");
    int in = open(path, O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("libcode.so", MFD_CLOEXEC);
    char name[64];
    struct stat st;

    need(in >= 0 && fstat(in, &st) == 0, path);
    need(fd >= 0 && sendfile(fd, in, NULL, (size_t)st.st_size) == st.st_size, "memfd");
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    object_load(name, 0);
    say_none();
}

static void sysv(long arg)
{
    const char *path = library_path("libresolv.so.2");
    int in = open(path, O_RDONLY | O_CLOEXEC);
    int id = shmget(IPC_PRIVATE, 16 * PAGE, 0700);
    void *p;

    need(id >= 0, "shmget");
    p = shmat(id, NULL, 0);
    if (p == (void *)-1 || read(in, p, 16 * PAGE) < (ssize_t)PAGE ||
        shmat(id, NULL, SHM_RDONLY | SHM_EXEC) == (void *)-1) {
        shmctl(id, IPC_RMID, NULL);
        broken("shmat");
    }
    need(shmctl(id, IPC_RMID, NULL) == 0, "shmctl");
    say_none();
}

static void jit_scratch(long views)
{
    const char *name = file_make("jit-scratch", 4 * PAGE);
    int prot = PROT_READ | PROT_EXEC | (views == 1 ? PROT_WRITE : 0);

    place_file(0, 4 * PAGE, prot, MAP_SHARED, name);
    if (views == 2)
        place_file(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, name);
    need(unlink(name) == 0, "unlink");
    say("no-finding deleted-object");
    if (views == 2)
        say("quiet");
    say("exit 0");
}

static void data_file(long prot)
{
    const char *name = file_make("data", 4 * PAGE);

    place_file(0, 4 * PAGE, (int)prot, MAP_SHARED, name);
    need(unlink(name) == 0, "unlink");
    say_none();
}

/* A library that is only read, as by a debugger. */
static void library_as_data(long arg)
{
    file_copy(library_path("libresolv.so.2"), "libdata.so");
    place_file(0, 4 * PAGE, PROT_READ, MAP_PRIVATE, "libdata.so");
    need(unlink("libdata.so") == 0, "unlink");
    say_none();
}

/* As container runtimes execute themselves out of a sealed copy. */
static void memfd_executed(long arg)
{
    char path[32];
    int program, copy;

    if (!fixture_is_again()) {
        program = open(fixture_self(), O_RDONLY);
        copy = memfd_create("sealed", 0);
        need(program >= 0 && copy >= 0, "memfd_create");
        while (sendfile(copy, program, NULL, 1 << 20) > 0)
            ;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
        fixture_again_as(path);
    }
    say("expect process.exe contains \"/memfd:sealed\"");
    say_none();
}

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"removed", removed},
        {"replaced", replaced},
        {"replaced-and-removed", replaced_and_removed},
        {"temporary-removed", temporary_removed},
        {"temporary-replaced", temporary_replaced},
        {"program-removed", program_removed},
        {"odd-name-removed", odd_name_removed},
        {"odd-name", odd_name},
        {"renamed", renamed},
        {"relinked", relinked},
        {"memfd", memfd},
        {"memfd-executed", memfd_executed},
        {"sysv", sysv},
        {"jit-scratch", jit_scratch, 1},
        {"jit-scratch-two-views", jit_scratch, 2},
        {"data-read", data_file, PROT_READ},
        {"data-write", data_file, PROT_READ | PROT_WRITE},
        {"library-as-data", library_as_data},
        {0},
    };

    return fixture_main(argc, argv, table);
}
