/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor PID...   reads what a check of these processes reads, and does nothing with it
 * floor scan     the same of all processes, for a scan
 *
 * The least that any such tool can cost, for scripts/bench to divide by; the lists are to follow
 * what layoutcheck reads of every process, or the ratio says nothing. For a check stat and status
 * are read before and after maps, as that is how a torn read of maps is noticed, and every file
 * until read() says 0: /proc gives no sizes, and maps comes a page at a time whatever the buffer. A
 * scan asks for each file once, and not again for its end where the kernel gives it whole; limits
 * and the one word of memory need no file.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const files[] = {
    "stat", "status", "maps", "stat", "status", "limits", "auxv", "personality",
};

static char buf[64 * 1024];

/* What a user may not read (personality under Yama, say) costs the tool the attempt, too. */
static void file_read(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    while (read(fd, buf, sizeof(buf)) > 0)
        ;
    close(fd);
}

static void check_read(int proc, const char *pid)
{
    int dir = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        err(EXIT_FAILURE, "/proc/%s", pid);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        file_read(dir, files[i]);
    if (readlinkat(dir, "exe", buf, sizeof(buf)) < 0)
        err(EXIT_FAILURE, "/proc/%s/exe", pid);
    close(dir);
}

/* With one read(), or as many as it takes until the gate page comes, which ends maps on x86-64. */
static ssize_t file_read_once(int dir, const char *name, bool is_maps)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -1;
    do
        n = read(fd, buf, sizeof(buf) - 1);
    while (is_maps && n > 0 && !memmem(buf, (size_t)n, "[vsyscall]", 10));
    close(fd);
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

static void limits_read(pid_t pid)
{
    static const int resources[] = {RLIMIT_STACK, RLIMIT_DATA, RLIMIT_AS, RLIMIT_MEMLOCK};
    struct rlimit limit;

    for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
        if (prlimit(pid, resources[i], NULL, &limit) < 0)
            return;
}

/* A word of memory that is there: what stat says the code begins with (field 26). */
static void word_read(pid_t pid)
{
    uint64_t word, address = 0;
    const char *field = strrchr(buf, ')');
    struct iovec to = {&word, sizeof(word)}, from = {NULL, sizeof(word)};

    for (int i = 2; i < 26 && field; i++)
        field = strchr(field + 1, ' ');
    if (field)
        address = strtoull(field, NULL, 10);
    from.iov_base = (void *)(uintptr_t)address;
    if (process_vm_readv(pid, &to, 1, &from, 1, 0) < 0)
        return;
}

/* Kernel threads, which have no memory, are known by status. */
static void scan_read(int proc, const char *pid)
{
    int dir = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t number = (pid_t)strtol(pid, NULL, 10);

    if (dir < 0)
        return; /* it has ended */
    if (file_read_once(dir, "status", false) > 0 && strstr(buf, "VmSize:") &&
        file_read_once(dir, "maps", true) > 0) {
        limits_read(number);
        file_read_once(dir, "auxv", false);
        if (readlinkat(dir, "exe", buf, sizeof(buf)) > 0 &&
            readlinkat(dir, "ns/mnt", buf, sizeof(buf)) > 0 &&
            file_read_once(dir, "stat", false) > 0)
            word_read(number);
    }
    close(dir);
}

static void scan_all(int proc)
{
    DIR *list = fdopendir(proc);
    const struct dirent *entry;

    if (!list)
        err(EXIT_FAILURE, "/proc");
    while ((entry = readdir(list)))
        if (*entry->d_name >= '1' && *entry->d_name <= '9')
            scan_read(proc, entry->d_name);
    closedir(list);
}

int main(int argc, char **argv)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (proc < 0)
        err(EXIT_FAILURE, "/proc");
    if (argc == 2 && !strcmp(argv[1], "scan"))
        scan_all(proc);
    else
        for (int i = 1; i < argc; i++)
            check_read(proc, argv[i]);
    return EXIT_SUCCESS;
}
