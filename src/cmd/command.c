/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"

#include <stdarg.h>

const struct command *const commands[] = {
#define COMMAND(symbol) &command_##symbol,
#include "cmd/commands.list"
#undef COMMAND
    NULL,
};

void complain(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fputs("layoutcheck: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    putc('\n', stderr);
}

void complain_usage(const char *text)
{
    complain("%s\nTry \"layoutcheck --help\".", text);
}
