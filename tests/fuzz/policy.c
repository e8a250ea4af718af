/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of a policy: what is understood means the same when it is printed and read again,
 * alone, with other blanks, and with a comment behind it; what is not has a place in the line and a
 * sentence.  Then the keys in it: each exists, or is told with its place.
 */
#include "lib/fuzz.h"

#include "cmd/policy.h"

static void words_are_same(const struct policy_word *a, const struct policy_word *b)
{
    must(str_eq(a->text, b->text) && a->quoted == b->quoted);
    must((a->column > 0) == (b->column > 0));
}

static void lines_are_same(const struct policy_line *a, const struct policy_line *b)
{
    must(a->verb == b->verb && a->op == b->op && a->n_steps == b->n_steps);
    for (unsigned int i = 0; i < a->n_steps; i++) {
        must(a->steps[i].kind == b->steps[i].kind && a->steps[i].index == b->steps[i].index);
        words_are_same(&a->steps[i].name, &b->steps[i].name);
        words_are_same(&a->steps[i].value, &b->steps[i].value);
    }
    words_are_same(&a->value, &b->value);
    words_are_same(&a->id, &b->id);
    words_are_same(&a->level, &b->level);
}

static unsigned int characters(struct str s)
{
    unsigned int n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void fault_has_place(struct str text, const struct policy_fault *fault)
{
    must(fault->column >= 1 && fault->column <= characters(text) + 1);
    must(*fault->err.text);
}

/* With something around it that is no part of it. */
static void means_the_same(struct arena *arena, const struct policy_line *line, const char *before,
                           struct str text, const char *after)
{
    struct text longer = {0};
    struct policy_line again;
    struct policy_fault fault;

    text_add(&longer, "%s", before);
    text_add_str(&longer, text);
    text_add(&longer, "%s", after);
    must(policy_parse_line(arena, text_str(&longer), 1, &again, &fault) == POLICY_LINE);
    lines_are_same(line, &again);
    text_free(&longer);
}

static void print_is_same(struct arena *arena, const struct policy_line *line)
{
    struct textbuf printed = {0}, twice = {0};
    struct policy_line again;
    struct policy_fault fault;
    struct str text;

    policy_print_line(&printed, line);
    must(printed.n > 0 && printed.bytes[printed.n - 1] == '\n');
    text = (struct str){printed.bytes, printed.n - 1};
    must(!memchr(text.p, '\n', text.n));
    must(policy_parse_line(arena, text, 1, &again, &fault) == POLICY_LINE);
    lines_are_same(line, &again);
    must(str_eq(again.text, text) && again.column == 1);
    policy_print_line(&twice, &again);
    must(str_eq(textbuf_view(&printed), textbuf_view(&twice)));
    textbuf_deinit(&printed);
    textbuf_deinit(&twice);
}

/* Whatever is held against the keys that there are is one of them, or told with its place. */
static void is_resolved(struct arena *arena, struct str text, const struct policy_line *line)
{
    struct demand demand = {.line = line};
    struct policy_fault fault = {.err = {""}};

    if (demand_resolve(arena, &demand, IN_REPORT | IN_ROOM, &fault)) {
        must(demand.key && demand.path && report_key_find(str_of(demand.path)) == demand.key);
        must(!demand.is_length || line->n_steps >= 2);
    } else {
        fault_has_place(text, &fault);
    }
}

static void try_line(struct arena *arena, struct str text, unsigned int number)
{
    struct policy_line line, alone;
    struct policy_fault fault = {.err = {""}};

    switch (policy_parse_line(arena, text, number, &line, &fault)) {
    case POLICY_FAULT:
        fault_has_place(text, &fault);
        return;
    case POLICY_NOTHING:
        return;
    default:
        break;
    }
    must(line.number == number && line.column >= 1);
    must(line.text.p >= text.p && line.text.p + line.text.n <= text.p + text.n);
    print_is_same(arena, &line);
    means_the_same(arena, &line, "", line.text, "");
    means_the_same(arena, &line, " \t", line.text, "\t # \" comment\r");
    if (line.verb == POLICY_EXPECT) {
        struct str rest = {line.text.p + strlen("expect"), line.text.n - strlen("expect")};

        must(policy_parse_expectation(arena, rest, 1, &alone, &fault) == POLICY_LINE);
        lines_are_same(&line, &alone);
        is_resolved(arena, text, &line);
    }
}

void fuzz_input(struct str input)
{
    struct arena arena;
    unsigned int number = 0;
    struct str line;
    size_t at = 0;

    arena_init(&arena);
    while (plain_line(input, &at, &line))
        try_line(&arena, line, ++number);
    arena_deinit(&arena);
}
