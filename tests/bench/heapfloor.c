/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heapfloor PID - reads all memory of a process that is anonymous, writable and there, in blocks
 * of 256 KiB, and does nothing with it.
 *
 * The least that walking its heap can cost, for scripts/bench to hold it against.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, MAX_BLOCK_PAGES = 64, PRESENT_BIT = 63 };

static char block[BLOCK];
static uint64_t entries[MAX_BLOCK_PAGES];

static void run_read(pid_t pid, uint64_t start, size_t n)
{
    struct iovec to = {block, n}, from = {(void *)(uintptr_t)start, n};

    if (n > 0 && process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)n)
        err(EXIT_FAILURE, "%" PRIx64, start);
}

/* In one piece if all of it is there. */
static void block_read(pid_t pid, int pagemap, uint64_t start, size_t n_pages, size_t page)
{
    uint64_t run = start;

    if (pread(pagemap, entries, n_pages * 8, (off_t)(start / page * 8)) != (ssize_t)n_pages * 8)
        err(EXIT_FAILURE, "pagemap");
    for (size_t i = 0; i < n_pages; i++) {
        uint64_t at = start + i * page;

        if (entries[i] >> PRESENT_BIT)
            continue;
        run_read(pid, run, at - run);
        run = at + page;
    }
    run_read(pid, run, start + n_pages * page - run);
}

static void range_read(pid_t pid, int pagemap, uint64_t start, uint64_t end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    while (start < end) {
        size_t n = end - start < BLOCK ? end - start : BLOCK;

        block_read(pid, pagemap, start, n / page, page);
        start += n;
    }
}

int main(int argc, char **argv)
{
    char path[64], line[512];
    uint64_t start, end;
    unsigned long inode;
    char perms[5];
    int pagemap;
    FILE *maps;
    pid_t pid;

    if (argc != 2)
        errx(2, "usage: heapfloor PID");
    pid = (pid_t)strtol(argv[1], NULL, 10);
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
    if ((pagemap = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        err(EXIT_FAILURE, "%s", path);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    if (!(maps = fopen(path, "re")))
        err(EXIT_FAILURE, "%s", path);
    while (fgets(line, sizeof(line), maps))
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %lu", &start, &end, perms, &inode) ==
                4 &&
            perms[1] == 'w' && inode == 0)
            range_read(pid, pagemap, start, end);
    fclose(maps);
    close(pagemap);
    return EXIT_SUCCESS;
}
