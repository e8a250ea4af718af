/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process in a state of which the growth can be foretold, and that knows the truth.
 *
 *     target [OPERATION...]      see state.c for the operations
 *
 * It prints `ready PID` (or `skip REASON`, `broken REASON`), and then answers each line of standard
 * input with one line, until that ends:
 *
 *     brk          BREAK MAX STEPS LIMIT    the break, and see truth.h
 *     mmap         LENGTH ADDRESS       the longest mmap() and where it lands
 *     place SIZE   ADDRESS              where that much would land, 0 if refused
 *     free ADDR LEN  1, 0 or -1         see truth.h
 *     stack        LOWEST               the lowest address of the stack that can be touched
 */
#include "fixture.h"
#include "state.h"
#include "truth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answer_brk(char *args)
{
    uint64_t now = raw_brk(0), max = truth_brk();
    const char *limit = truth_brk_limit(max);

    say("%#" PRIx64 " %#" PRIx64 " %#" PRIx64 " %s", now, max, truth_brk_steps(),
        limit ? limit : "-");
}

static void answer_mmap(char *args)
{
    uint64_t len = truth_mmap();

    say("%" PRIu64 " %#" PRIx64, len, truth_address(len));
}

static void answer_place(char *args)
{
    say("%#" PRIx64, truth_address(strtoull(args, NULL, 0)));
}

static void answer_free(char *args)
{
    uint64_t range[2];

    range[0] = strtoull(args, &args, 0);
    range[1] = strtoull(args, NULL, 0);
    say("%d", truth_is_free(range));
}

static void answer_stack(char *args)
{
    say("%#" PRIx64, truth_stack());
}

static void answer(char *question)
{
    static const struct {
        const char *word;
        void (*answer)(char *args);
    } table[] = {
        {"brk", answer_brk},   {"mmap", answer_mmap},   {"place", answer_place},
        {"free", answer_free}, {"stack", answer_stack},
    };
    const char *word = strsep(&question, " ");

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(word, table[i].word) == 0) {
            table[i].answer(question);
            return;
        }
    }
    say("broken no such question: %s", word);
}

/* One line of standard input, without its end; false when there is no more. */
static bool question_read(char *line, size_t size)
{
    size_t len = 0;

    while (len < size - 1 && read(STDIN_FILENO, line + len, 1) == 1) {
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

int main(int argc, char **argv)
{
    char line[128];

    stack_note();
    state_build(argv + 1);
    say("ready %d", (int)getpid());
    while (question_read(line, sizeof(line)))
        answer(line);
    return 0;
}
