/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy.h"

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

enum { REPORT = IN_REPORT, ROOM = IN_REPORT | IN_ROOM, HOST = IN_HOST };

static const struct {
    const char *name; /* what is expected */
    unsigned int documents;
    const char *path; /* what it speaks of */
} good[] = {
    {"brk.room >= 64M", REPORT, "brk.room"},
    {"brk.room == null", REPORT, "brk.room"},
    {"regions[role=brk].size < 1", REPORT, "regions[].size"},
    {"regions.length < 1", REPORT, "regions"},
    {"regions[role=brk].length < 1", REPORT, "regions[]"},
    {"memory.by_role.lib-text.rss < 1", REPORT, "memory.by_role.lib-text.rss"},
    {"findings[id=wx-mapping].evidence.objects[0].name matches a*", REPORT,
     "findings[].evidence.objects[].name"},
    {"findings[0].causes contains aslr-off", REPORT, "findings[].causes"},
    {"query.brk.fits == true", ROOM, "query.brk.fits"},
    {"brk.room > 1", ROOM, "brk.room"},
    {"host_memory.account[name=unaccounted].bytes > -1M", HOST, "host_memory.account[].bytes"},
    {"findings.length == 0", HOST, "findings"},
    {"host.mmap_rnd_bits == 28", HOST, "host.mmap_rnd_bits"},
};

static bool resolve(const char *text, struct demand *demand, unsigned int documents)
{
    *demand = (struct demand){.line = &line};
    ck_assert_int_eq(policy_parse_expectation(&arena, str_of(text), 1, &line, &fault), POLICY_LINE);
    return demand_resolve(&arena, demand, documents, &fault);
}

START_TEST(test_good)
{
    struct demand demand;

    ck_assert_msg(resolve(good[_i].name, &demand, good[_i].documents), "%s: %s", good[_i].name,
                  fault.err.text);
    ROW_TEXT(&good[_i], demand.path, good[_i].path);
}
END_TEST

static const struct {
    const char *name;
    unsigned int documents;
    unsigned int column;
    const char *says;
} bad[] = {
    {"brk.rooom > 1", REPORT, 5, "no key brk.rooom in a report; did you mean brk.room?"},
    {"bkr.room > 1", REPORT, 1, "did you mean brk?"},
    {"room > 1", REPORT, 1, "did you mean brk.room, mmap.room, stack.room or cgroup.room?"},
    {"proces.comm == a", REPORT, 1, "did you mean process?"},
    {"cgroup.frobnicate == 1", REPORT, 8, "cgroup has path, limit, used, reclaimable and room"},
    {"brk.room.size > 1", REPORT, 10, "brk.room is a size and has no keys"},
    {"brk[0] == null", REPORT, 5, "brk is an object: nothing can be picked from it"},
    {"brk.room[0] > 1", REPORT, 10, "brk.room is a size: nothing can be picked"},
    {"regions.size > 1", REPORT, 9, "regions is a list: pick an element"},
    {"regions[rol=brk].size > 1", REPORT, 9, "did you mean regions[].role?"},
    {"regions[role=heap].size > 1", REPORT, 14, "regions[].role is never \"heap\""},
    {"regions[size=big].size > 1", REPORT, 14, "\"big\" is none"},
    {"regions[0].length > 1", REPORT, 12, "no key regions[].length"},
    {"process.personality[x=1] == null", REPORT, 21, "have no keys: use contains"},
    {"findings[id=wx-mappng] == null", REPORT, 13, "did you mean wx-mapping?"},
    {"findings[causes=aslr-off] == null", REPORT, 17, "equal to nothing but null"},
    {"findings[0].causes contains aslr-of", REPORT, 29, "did you mean aslr-off?"},
    {"findings[id=wx-mapping].evidence.romo > 1", REPORT, 34, "evidence.room?"},
    {"memory.by_role.lib-txt.rss > 1", REPORT, 16, "did you mean memory.by_role.lib-text?"},
    {"memory.by_role.x.rss > 1", REPORT, 16, "no key memory.by_role.x"},
    {"brk.room >= lots", REPORT, 13, "brk.room is a size, and \"lots\" is none"},
    {"brk.room >= 64X", REPORT, 13, "\"64X\" is none"},
    {"brk.room >= 1.5G", REPORT, 13, "\"1.5G\" is none"},
    {"brk.room >= 16E", REPORT, 13, "\"16E\" is none"},
    {"brk.room >= -", REPORT, 13, "\"-\" is none"},
    {"brk.end == main", REPORT, 12, "brk.end is an address"},
    {"brk.exact == yes", REPORT, 14, "true or false, never \"yes\""},
    {"layout.mode == topdown", REPORT, 16, "did you mean top-down?"},
    {"layout.mode == x", REPORT, 16, "it is top-down, bottom-up or unknown"},
    {"layout.mode > top-down", REPORT, 13, "layout.mode is a text, which has no order"},
    {"host.kernel >= 6.1", REPORT, 13, "host.kernel is a text, which has no order"},
    {"brk.exact > true", REPORT, 11, "has no order"},
    {"brk == 1", REPORT, 8, "brk is an object, which is equal to nothing but null"},
    {"brk.room contains 1", REPORT, 10, "contains goes with texts"},
    {"brk.room matches 1*", REPORT, 10, "matches goes with texts"},
    {"brk.limits contains x", REPORT, 12, "are objects: pick one"},
    {"brk.unknown_limits contains x", REPORT, 29, "is never \"x\""},
    {"regions.length == many", REPORT, 19, "a number, and \"many\" is none"},
    {"regions.length >= many", REPORT, 19, "a number, and \"many\" is none"},
    {"brk.room >= null", REPORT, 13, "only == null and != null"},
    {"brk.room > 1", HOST, 1, "brk is in the report of a process alone"},
    {"host_memory.total > 1", REPORT, 1, "host_memory is in the report of host alone"},
    {"query.brk.fits == true", REPORT, 1, "query is in the report of room alone"},
    {"memory.by_role.x.rss > 1", HOST, 1, "memory is in the report of a process alone"},
    {"findings[id=wx-mapping].length == 0", HOST, 13,
     "wx-mapping is looked for in processes alone"},
    {"findings[id=host-slab] == null", REPORT, 13, "host-slab is looked for by host alone"},
    {"not_run[id=host-slab].length == 0", REPORT, 12, "host-slab is looked for by host alone"},
    {"policy.failed == 0", REPORT, 1, "no key policy"},
};

START_TEST(test_bad)
{
    struct demand demand;

    ROW_TRUE(&bad[_i], !resolve(bad[_i].name, &demand, bad[_i].documents));
    ROW_SAYS(&bad[_i], fault.err.text, bad[_i].says);
    ROW_NUMBER(&bad[_i], fault.column, bad[_i].column);
}
END_TEST

Suite *policykeys_suite(void)
{
    Suite *suite = suite_create("policykeys");
    TCase *tcase = tcase_create("resolved");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_good, good);
    ROWS_ADD(tcase, test_bad, bad);
    suite_add_tcase(suite, tcase);
    return suite;
}
