/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"

#include "render/safe.h"

#include <stdarg.h>

const struct command *const commands[] = {
#define COMMAND(symbol) &command_##symbol,
#include "cmd/commands.list"
#undef COMMAND
    NULL,
};

/* Names of processes and files come from others: they never reach a terminal as they are. */
void complain(const char *fmt, ...)
{
    struct arena arena;
    const char *text;
    va_list ap;

    arena_init(&arena);
    va_start(ap, fmt);
    text = arena_vprintf(&arena, fmt, ap);
    va_end(ap);
    fflush(stdout);
    fprintf(stderr, "layoutcheck: %s\n", safe_text(&arena, str_of(text)));
    arena_deinit(&arena);
}

void complain_usage(const char *text)
{
    complain("%s", text);
    fputs("Try \"layoutcheck --help\".\n", stderr);
}

int trouble_status(const struct options *options, const char *text, FILE *out)
{
    struct document document;

    if (!options->format->has_own_status)
        return EXIT_TROUBLE;
    document_begin(&document, options->format, &options->style, 1, out);
    document_failure(&document, &(struct failure){NULL, "layoutcheck", text});
    return document_end(&document, EXIT_TROUBLE);
}
