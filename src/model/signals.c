/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/signals.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * include/uapi/asm-generic/signal.h, of those that write a core.  The first Unix numbers are the
 * same everywhere; alpha, mips, parisc and sparc have others for the rest.
 */
static const struct {
    unsigned int number;
    const char *name;
    bool is_everywhere;
} signals[] = {
    {3, "SIGQUIT", true},   {4, "SIGILL", true},   {5, "SIGTRAP", true},  {6, "SIGABRT", true},
    {7, "SIGBUS", false},   {8, "SIGFPE", true},   {11, "SIGSEGV", true}, {24, "SIGXCPU", false},
    {25, "SIGXFSZ", false}, {31, "SIGSYS", false},
};

static bool has_own_numbers(uint16_t machine)
{
    return machine == EM_MIPS || machine == EM_PARISC || machine == EM_SPARC ||
           machine == EM_SPARC32PLUS || machine == EM_SPARCV9 || machine == EM_ALPHA;
}

const char *signal_name(uint16_t machine, unsigned int number)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (signals[i].number == number && (signals[i].is_everywhere || !has_own_numbers(machine)))
            return signals[i].name;
    return NULL;
}
