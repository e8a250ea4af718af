/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu's user mode, which has a break of its own beside the one that it emulates. The scenario that
 * is called guest is the guest: it says that it is ready by the PID that it shares with qemu.
 */
#include "fixture.h"
#include "memory.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/personality.h>
#include <unistd.h>

#define QEMU "/usr/bin/qemu-x86_64"

/* As a program, it is one like any other. */
static void guest(long arg)
{
    if (!fixture_is_again())
        say("quiet");
}

#ifdef __PIE__
/* Where the kernel puts a PIE without randomisation: two thirds of the address space. */
enum { PIE_BASE_PAGES = 0x555555554 };

/* Where qemu's heap begins then: after its bss. */
static uint64_t qemu_break(void)
{
    int fd = open(QEMU, O_RDONLY | O_CLOEXEC);
    uint64_t end = 0;
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr;

    if (fd < 0)
        skip(QEMU " is not installed");
    if (read(fd, &ehdr, sizeof(ehdr)) != sizeof(ehdr) || ehdr.e_type != ET_DYN)
        skip(QEMU " is no PIE");
    for (int i = 0; i < ehdr.e_phnum; i++) {
        off_t at = (off_t)(ehdr.e_phoff + (uint64_t)i * sizeof(phdr));

        if (pread(fd, &phdr, sizeof(phdr), at) != sizeof(phdr))
            broken("read " QEMU);
        if (phdr.p_type == PT_LOAD)
            end = phdr.p_vaddr + phdr.p_memsz;
    }
    close(fd);
    return (PIE_BASE_PAGES * PAGE + end + PAGE - 1) & ~(PAGE - 1);
}

static void run_guest(const char *base)
{
    const char *guest_path = fixture_sibling("qemu.static64");

    personality(ADDR_NO_RANDOMIZE);
    if (base != NULL)
        execl(QEMU, QEMU, "-B", base, guest_path, "guest", "again", (char *)NULL);
    else
        execl(QEMU, QEMU, guest_path, "guest", "again", (char *)NULL);
    skip(QEMU " does not run");
}

static void say_qemu(void)
{
    say("expect process.runtimes contains \"qemu-user\"");
    say("expect process.malloc.name == \"glibc\"");
}

/* The guest is linked at 4 MiB of its own addresses. */
static void guest_above_break(long bytes)
{
    uint64_t base = (qemu_break() + (uint64_t)bytes) & ~(uint64_t)(MIB(2) - 1);
    char text[32];

    snprintf(text, sizeof(text), "%#" PRIx64, base);
    say_qemu();
    say("expect brk.next.start == \"%#" PRIx64 "\"", base + MIB(4));
    say("finding brk-room-low warning");
    say("expect findings[0].title contains \"memory of the emulated program\"");
    say("expect findings[0].remedy contains \"-B\"");
    say("expect findings[id=brk-window-shrunken].evidence.cause == \"emulator\"");
    run_guest(text);
}

/* As the remedy says. */
static void guest_apart(long arg)
{
    qemu_break();
    say_qemu();
    say("quiet");
    run_guest(NULL);
}
#endif

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"guest", guest},
#ifdef __PIE__
        {"guest-above-break", guest_above_break, MIB(16)},
        {"guest-apart", guest_apart},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
