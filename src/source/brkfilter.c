/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/brkfilter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number of brk() by the kind of program; x32 sets another bit in that of x86-64. */
#if defined(__x86_64__) || defined(__i386__)
#define KINDS(KIND)                     \
    KIND(AUDIT_ARCH_X86_64, 12)         \
    KIND(AUDIT_ARCH_X86_64, 0x4000000c) \
    KIND(AUDIT_ARCH_I386, 45)
#elif defined(__aarch64__) || defined(__arm__)
#define KINDS(KIND)               \
    KIND(AUDIT_ARCH_AARCH64, 214) \
    KIND(AUDIT_ARCH_ARM, 45)
#else
#define KINDS(KIND)
#endif

/* Each kind is five instructions: it returns, or the next one looks. */
#define IS_BRK(kind, number)                                                   \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),   \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kind, 0, 3),                       \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                     \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),

bool brkfilter_install(void)
{
    struct sock_filter code[] = {KINDS(IS_BRK) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    if (sizeof(code) == sizeof(code[0])) {
        errno = ENOSYS; /* the numbers of this machine are not known */
        return false;
    }
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        return true;
    /* Without CAP_SYS_ADMIN it takes the promise that set-user-ID programs gain nothing. */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
