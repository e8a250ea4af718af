/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refuse WHAT COMMAND...: executes the command where the kernel refuses something, as a container
 * can: ptrace (all of it), breakpoint (only what sets one), call (what is called: it
 * is unknown before Linux 5.3), seccomp (further filters).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSE              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(what)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

static struct sock_filter ptrace_code[] = {LOAD(nr), UNLESS(SYS_ptrace, 1), REFUSE, ALLOW};
static struct sock_filter breakpoint_code[] = {
    LOAD(nr), UNLESS(SYS_ptrace, 3), LOAD(args[0]), UNLESS(PTRACE_POKEUSER, 1), REFUSE, ALLOW};
static struct sock_filter call_code[] = {LOAD(nr),
                                         UNLESS(SYS_ptrace, 3),
                                         LOAD(args[0]),
                                         UNLESS(PTRACE_GET_SYSCALL_INFO, 1),
                                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
                                         ALLOW};
static struct sock_filter seccomp_code[] = {
    LOAD(nr), UNLESS(SYS_prctl, 3), LOAD(args[0]), UNLESS(PR_SET_SECCOMP, 1), REFUSE, ALLOW};

static const struct {
    const char *name;
    struct sock_fprog program;
} kinds[] = {
    {"ptrace", {sizeof(ptrace_code) / sizeof(ptrace_code[0]), ptrace_code}},
    {"breakpoint", {sizeof(breakpoint_code) / sizeof(breakpoint_code[0]), breakpoint_code}},
    {"call", {sizeof(call_code) / sizeof(call_code[0]), call_code}},
    {"seccomp", {sizeof(seccomp_code) / sizeof(seccomp_code[0]), seccomp_code}},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(argv[1], kinds[i].name) == 0) {
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &kinds[i].program) != 0)
                return 3;
            execvp(argv[2], argv + 2);
            return 127;
        }
    return 2;
}
