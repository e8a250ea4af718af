/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/breakpoint.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__) || defined(__i386__)

static bool poke(pid_t tid, size_t reg, uint64_t value)
{
    return ptrace(PTRACE_POKEUSER, tid,
                  (void *)(offsetof(struct user, u_debugreg) +
                           reg * sizeof(((struct user *)0)->u_debugreg[0])),
                  (void *)(uintptr_t)value) == 0;
}

/* DR7: bit 0 switches the first on for this task; no other bit of it stands for execution. */
static bool write_breakpoint(pid_t tid, uint64_t address, bool on)
{
    return poke(tid, 7, 0) && poke(tid, 0, address) && (!on || poke(tid, 7, 1));
}

#elif defined(__aarch64__)

#include <asm/ptrace.h>
#include <elf.h>

/* DBGBCR: the four bytes of the instruction, in user mode, on. */
enum { FOUR_BYTES = 0xf << 5, USER_MODE = 2 << 1, ENABLED = 1 };

static bool write_breakpoint(pid_t tid, uint64_t address, bool on)
{
    struct user_hwdebug_state state = {0};
    struct iovec part = {&state,
                         offsetof(struct user_hwdebug_state, dbg_regs) + sizeof(state.dbg_regs[0])};

    state.dbg_regs[0].addr = address;
    state.dbg_regs[0].ctrl = FOUR_BYTES | USER_MODE | (on ? ENABLED : 0);
    return ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_HW_BREAK, &part) == 0;
}

#else

static bool write_breakpoint(pid_t tid, uint64_t address, bool on)
{
    (void)tid, (void)address, (void)on;
    errno = ENOSYS;
    return false;
}

#endif

bool breakpoint_set(pid_t tid, uint64_t address, struct err *err)
{
    return write_breakpoint(tid, address, true) ||
           err_set(err,
                   "cannot stop PID %d at its entry point: no breakpoint of the processor can be "
                   "set (%s); --at exec needs none",
                   (int)tid, strerror(errno));
}

bool breakpoint_clear(pid_t tid, struct err *err)
{
    return write_breakpoint(tid, 0, false) ||
           err_set(err, "cannot take the breakpoint out of PID %d: %s", (int)tid, strerror(errno));
}
