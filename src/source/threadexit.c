/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/threadexit.h"

#include <dirent.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/* The numbers of exit() and exit_group(), by the registers of a thread. */
#if defined(__x86_64__)

/* In the first registers of a 32-bit program: 17 of four bytes, the eleventh is orig_eax. */
enum { WORDS_32 = 17, ORIG_EAX = 11 };

static enum threadexit_call call_of(const void *regs, size_t size)
{
    const struct user_regs_struct *wide = regs;
    const uint32_t *narrow = regs;

    if (size == WORDS_32 * sizeof(*narrow))
        return narrow[ORIG_EAX] == 1     ? THREADEXIT_EXIT
               : narrow[ORIG_EAX] == 252 ? THREADEXIT_GROUP
                                         : THREADEXIT_NONE;
    return wide->orig_rax == 60    ? THREADEXIT_EXIT
           : wide->orig_rax == 231 ? THREADEXIT_GROUP
                                   : THREADEXIT_NONE;
}

#elif defined(__aarch64__)

/* A 32-bit program has 18 of four bytes; its number is in r7. */
enum { WORDS_32 = 18, NUMBER_32 = 7, NUMBER = 8 };

static enum threadexit_call call_of(const void *regs, size_t size)
{
    const struct user_regs_struct *wide = regs;
    const uint32_t *narrow = regs;

    if (size == WORDS_32 * sizeof(*narrow))
        return narrow[NUMBER_32] == 1     ? THREADEXIT_EXIT
               : narrow[NUMBER_32] == 248 ? THREADEXIT_GROUP
                                          : THREADEXIT_NONE;
    return wide->regs[NUMBER] == 93   ? THREADEXIT_EXIT
           : wide->regs[NUMBER] == 94 ? THREADEXIT_GROUP
                                      : THREADEXIT_NONE;
}

#else

static enum threadexit_call call_of(const void *regs, size_t size)
{
    (void)regs, (void)size;
    return THREADEXIT_NONE;
}

#endif

enum threadexit_call threadexit_call(pid_t tid)
{
    struct user_regs_struct regs;
    struct iovec part = {&regs, sizeof(regs)};

    if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &part) != 0)
        return THREADEXIT_NONE;
    return call_of(&regs, part.iov_len);
}

/* As stat has it; 0: it is gone. */
static char state_of(pid_t pid, const char *tid)
{
    char path[64], text[512], *end;
    FILE *file;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", (int)pid, tid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    end = strrchr(text, ')');
    return end && end + 2 < text + n ? end[2] : '\0';
}

/*
 * Between exit_group() and its own stop there a thread does not sleep (kernel/exit.c); one in
 * de_thread() does, killable, which is shown as D.
 */
enum threadexit_others threadexit_others(pid_t pid)
{
    enum threadexit_others others = THREADEXIT_GONE;
    struct dirent *entry;
    char path[64];
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (!tasks)
        return THREADEXIT_GONE;
    while ((entry = readdir(tasks))) {
        char state;

        if (entry->d_name[0] == '.' || atoi(entry->d_name) == pid)
            continue;
        state = state_of(pid, entry->d_name);
        if (state == 'D' && others == THREADEXIT_GONE)
            others = THREADEXIT_EXECUTES;
        else if (state && !strchr("DZX", state))
            others = THREADEXIT_UNCLEAR;
    }
    closedir(tasks);
    return others;
}
