/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/reportkeys.h"

#include "../rows.h"

enum { NO_KEY = -1 };

static const struct {
    const char *name; /* the path */
    int type;
} paths[] = {
    {"brk", KEY_OBJECT},
    {"brk.room", KEY_BYTES},
    {"brk.end", KEY_ADDRESS},
    {"brk.exact", KEY_BOOLEAN},
    {"regions", KEY_LIST},
    {"regions[]", KEY_OBJECT},
    {"regions[].size", KEY_BYTES},
    {"counts.mappings", KEY_COUNT},
    {"findings[].id", KEY_ID},
    {"findings[].evidence.blocker_start", KEY_ADDRESS},
    {"findings[].evidence.objects[].name", KEY_TEXT},
    {"memory.by_role.heap.rss", KEY_BYTES},
    {"host_memory.total", KEY_BYTES},
    {"", NO_KEY},
    {"room", NO_KEY},
    {"brk.", NO_KEY},
    {".brk", NO_KEY},
    {"brk.rooms", NO_KEY},
    {"brk.room.x", NO_KEY},
    {"regions.size", NO_KEY},
    {"policy", NO_KEY},
    {"error", NO_KEY},
};

START_TEST(test_find)
{
    const struct report_key *key = report_key_find(str_of(paths[_i].name));

    ROW_NUMBER(&paths[_i], key ? (int)key->type : NO_KEY, paths[_i].type);
}
END_TEST

START_TEST(test_below)
{
    const char *const expected[] = {"path", "limit", "used", "reclaimable", "room"};
    struct str name;
    size_t i = 0, n = 0;

    while (report_key_below(STR("cgroup"), &i, &name)) {
        ck_assert_uint_lt(n, 5);
        ck_assert_msg(str_eq(name, str_of(expected[n])), "%.*s", (int)name.n, name.p);
        n++;
    }
    ck_assert_uint_eq(n, 5);
    i = 0;
    ck_assert(report_key_below(STR(""), &i, &name) && str_eq(name, STR("schema")));
    i = 0;
    ck_assert(report_key_below(STR("memory.by_role"), &i, &name) && str_eq(name, STR("*")));
    i = 0;
    ck_assert(report_key_below(STR("memory.by_role.heap"), &i, &name) && str_eq(name, STR("rss")));
}
END_TEST

START_TEST(test_words)
{
    const struct report_key *key = report_key_find(STR("layout.mode"));

    ck_assert(report_key_has_word(key, STR("top-down")));
    ck_assert(report_key_has_word(key, STR("unknown")));
    ck_assert(!report_key_has_word(key, STR("top")));
    ck_assert(!report_key_has_word(key, STR("")));
    ck_assert(!report_key_has_word(key, STR("top-down bottom-up")));
}
END_TEST

START_TEST(test_documents)
{
    ck_assert_uint_eq(report_key_find(STR("brk"))->documents, IN_REPORT);
    ck_assert_uint_eq(report_key_find(STR("host_memory"))->documents, IN_HOST);
    ck_assert_uint_eq(report_key_find(STR("findings"))->documents, IN_REPORT | IN_HOST);
    ck_assert_uint_eq(report_key_find(STR("query.brk"))->documents, IN_ROOM);
}
END_TEST

Suite *reportkeys_suite(void)
{
    Suite *suite = suite_create("reportkeys");
    TCase *tcase = tcase_create("keys");

    ROWS_ADD(tcase, test_find, paths);
    tcase_add_test(tcase, test_below);
    tcase_add_test(tcase, test_words);
    tcase_add_test(tcase, test_documents);
    suite_add_tcase(suite, tcase);
    return suite;
}
