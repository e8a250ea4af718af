/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/policy.h"

#include "../rows.h"

static struct arena arena;
static struct policy_line line;
static struct policy_fault fault;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

static enum policy_state parse(const char *text)
{
    return policy_parse_line(&arena, str_of(text), 7, &line, &fault);
}

/* What is written beside it means the same. */
static const struct {
    const char *name;
    const char *plain; /* without what may be left out; NULL: nothing is said */
    unsigned int column;
} lines[] = {
    {"expect brk.room >= 64M", "expect brk.room >= 64M", 1},
    {"\t expect \t brk.room\t>=   64M  ", "expect brk.room >= 64M", 3},
    {"expect brk.room>=64M", "expect brk.room >= 64M", 1},
    {"expect brk.room >= 64M # why", "expect brk.room >= 64M", 1},
    {"expect brk.room >= 64M\r", "expect brk.room >= 64M", 1},
    {"expect brk.room >= 64M # why\r", "expect brk.room >= 64M", 1},
    {"expect process.comm == a#b", "expect process.comm == a#b", 1},
    {"expect process.comm == \"a # b\" # c", "expect process.comm == \"a # b\"", 1},
    {"expect process.comm == \"\\\" # \" # c", "expect process.comm == \"\\\" # \"", 1},
    {"expect process.comm matches lib*.so", "expect process.comm matches lib*.so", 1},
    {"expect process.comm contains \"\\u00e4\\n\\/\"",
     "expect process.comm contains \"\303\244\\n/\"", 1},
    {"expect process.comm == \"\\ud83d\\ude00\\u0001\"",
     "expect process.comm == \"\360\237\230\200\\u0001\"", 1},
    {"expect a[0].b[c=d].e[f=\"g]h\"] != null", "expect a[0].b[c=d].e[f=\"g]h\"] != null", 1},
    {"expect a[b=c=d].e < -5", "expect a[b=c=d].e < -5", 1},
    {"expect memory.by_role.lib-text.rss <= 0x1000", "expect memory.by_role.lib-text.rss <= 0x1000",
     1},
    {"forbid wx-mapping", "forbid wx-mapping", 1},
    {"allow \"wx-mapping\"", "allow \"wx-mapping\"", 1},
    {"severity aslr-off error", "severity aslr-off error", 1},
    {"fail-on warning", "fail-on warning", 1},
    {"", NULL, 0},
    {" \t\r", NULL, 0},
    {"# all of it", NULL, 0},
    {"  # all of it \"", NULL, 0},
};

START_TEST(test_line)
{
    struct textbuf text = {0};
    enum policy_state state = parse(lines[_i].name);

    ROW_NUMBER(&lines[_i], state, lines[_i].plain ? POLICY_LINE : POLICY_NOTHING);
    if (lines[_i].plain) {
        ROW_NUMBER(&lines[_i], line.number, 7);
        ROW_NUMBER(&lines[_i], line.column, lines[_i].column);
        policy_print_line(&text, &line);
        ck_assert_uint_gt(text.n, 0);
        text.n--; /* the newline */
        ROW_STR(&lines[_i], textbuf_view(&text), lines[_i].plain);
    }
    textbuf_deinit(&text);
}
END_TEST

/* Columns count from 1, characters, not bytes. */
static const struct {
    const char *name;
    unsigned int column;
    const char *says;
} faults[] = {
    {"expct brk.room > 1", 1, "did you mean expect?"},
    {" forbit wx-mapping", 2, "did you mean forbid?"},
    {"brk.room > 1", 1, "a line begins with expect, forbid"},
    {"ex\001pect brk.room > 1", 3, "a control character"},
    {"\"expect\" brk.room > 1", 1, "did you mean expect?"},
    {"expect", 7, "a path is missing"},
    {"expect  # brk.room", 7, "a path is missing"},
    {"expect forbid wx-mapping", 8, "and not \"forbid\", which begins a line"},
    {"expect > 1", 8, "a path begins with a key"},
    {"expect .room > 1", 8, "a path begins with a key"},
    {"expect brk. > 1", 12, "a key is missing after the dot"},
    {"expect brk..room > 1", 12, "a key is missing after the dot"},
    {"expect a[] > 1", 10, "after [ stands a number"},
    {"expect a[x] > 1", 10, "after [ stands a number"},
    {"expect a[x]=1", 10, "after [ stands a number"},
    {"expect a[1x] > 1", 10, "after [ stands a number"},
    {"expect a[-1] > 1", 10, "after [ stands a number"},
    {"expect a[99999999999999999999] > 1", 10, "after [ stands a number"},
    {"expect a[x=] > 1", 12, "a value is missing behind [x="},
    {"expect a[x=b c] > 1", 13, "] is missing"},
    {"expect a[x=\"b] > 1", 12, "a closing quote mark"},
    {"expect a[0 > 1", 10, "after [ stands a number"},
    {"expect a[0]b > 1", 12, "\"b\""},
    {"expect brk.room", 16, "an operator is missing behind the path"},
    {"expect brk.room = 1", 17, "\"=\""},
    {"expect brk.room => 1", 17, "\"=>\""},
    {"expect brk.room is 1", 17, "\"is\""},
    {"expect brk.room containsx 1", 17, "\"containsx\""},
    {"expect brk.room ==", 19, "a value is missing behind =="},
    {"expect brk.room == # 1", 19, "a value is missing behind =="},
    {"expect brk.room ==# 1", 19, "a value that begins with #"},
    {"expect brk.room == 1 2", 22, "\"2\""},
    {"expect brk.room == \"1\"2", 23, "\"2\""},
    {"expect brk.room == 1\"2\"", 21, "a quote mark within a word"},
    {"expect a == \"b\\x\"", 15, "no escape of JSON"},
    {"expect a == \"\\u0000\"", 14, "no escape of JSON"},
    {"expect a == \"\\u12\"", 14, "no escape of JSON"},
    {"expect a == \"\\u0x12\"", 14, "no escape of JSON"},
    {"expect a == \"\\ud800\"", 14, "no escape of JSON"},
    {"expect a == \"\\ude00\"", 14, "no escape of JSON"},
    {"expect a == \"\\ud800\\u0041\"", 14, "no escape of JSON"},
    {"expect a == \"b\\", 15, "no escape of JSON"},
    {"expect a == \"b\tc\"", 15, "a control character"},
    {"expect a == b\001", 14, "a control character"},
    {"expect a == \303\244\"", 14, "a quote mark within a word"},
    {"forbid", 7, "the finding is missing behind forbid"},
    {"allow a b", 9, "\"b\""},
    {"severity a", 11, "the level is missing behind severity"},
    {"severity a b c", 14, "\"c\""},
    {"fail-on", 8, "the level is missing behind fail-on"},
    {"expect a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q > 1", 39, "so deep"},
};

START_TEST(test_fault)
{
    ROW_NUMBER(&faults[_i], parse(faults[_i].name), POLICY_FAULT);
    ROW_NUMBER(&faults[_i], fault.column, faults[_i].column);
    ROW_SAYS(&faults[_i], fault.err.text, faults[_i].says);
}
END_TEST

START_TEST(test_words)
{
    ck_assert_int_eq(parse("expect regions[role=\"b\\u0072k\"].size<=0x10 # x"), POLICY_LINE);
    ck_assert_int_eq(line.verb, POLICY_EXPECT);
    ck_assert_uint_eq(line.n_steps, 3);
    ck_assert_int_eq(line.steps[1].kind, POLICY_STEP_MATCH);
    ck_assert(str_eq(line.steps[1].name.text, STR("role")));
    ck_assert(str_eq(line.steps[1].value.text, STR("brk")));
    ck_assert_uint_eq(line.steps[1].value.column, 21);
    ck_assert_uint_eq(line.steps[2].name.column, 33);
    ck_assert_int_eq(line.op, POLICY_AT_MOST);
    ck_assert_uint_eq(line.op_column, 37);
    ck_assert(str_eq(line.value.text, STR("0x10")));
    ck_assert_uint_eq(line.value.column, 39);
    ck_assert(str_eq(line.path.text, STR("regions[role=\"b\\u0072k\"].size")));
    ck_assert(str_eq(line.text, STR("expect regions[role=\"b\\u0072k\"].size<=0x10")));
}
END_TEST

/* What stands behind "expect" is an expectation, and nothing else is. */
START_TEST(test_expectation)
{
    ck_assert_int_eq(policy_parse_expectation(&arena, STR(" brk.room > 1"), 2, &line, &fault),
                     POLICY_LINE);
    ck_assert_uint_eq(line.number, 2);
    ck_assert_uint_eq(line.column, 2);
    ck_assert(str_eq(line.text, STR("brk.room > 1")));
    ck_assert_int_eq(policy_parse_expectation(&arena, STR(""), 1, &line, &fault), POLICY_FAULT);
    ck_assert_int_eq(policy_parse_expectation(&arena, STR(" forbid x"), 1, &line, &fault),
                     POLICY_FAULT);
    ck_assert_uint_eq(fault.column, 2);
    ck_assert_str_eq(fault.err.text, "here stands a path, such as brk.room, and not \"forbid\", "
                                     "which begins a line of a file");
    ck_assert_int_eq(policy_parse_expectation(&arena, STR("expect brk.room > 1"), 1, &line, &fault),
                     POLICY_FAULT);
    ck_assert_str_eq(fault.err.text, "here stands a path, such as brk.room, and not \"expect\", "
                                     "which begins a line of a file");
    ck_assert_int_eq(policy_parse_expectation(&arena, STR("expect.x > 1"), 1, &line, &fault),
                     POLICY_LINE);
}
END_TEST

Suite *policy_suite(void)
{
    Suite *suite = suite_create("policy");
    TCase *tcase = tcase_create("lines");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_line, lines);
    ROWS_ADD(tcase, test_fault, faults);
    tcase_add_test(tcase, test_words);
    tcase_add_test(tcase, test_expectation);
    suite_add_tcase(suite, tcase);
    return suite;
}
