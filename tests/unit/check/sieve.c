/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/sieve.h"

#include "../rows.h"
#include "base/units.h"

#define PAGE   4096
#define HEAP   0x500000000000
#define ENOUGH (64 * GIB) /* as the manual says */

static const struct host usual = {
    .has_memory = true,
    .has_swap = true,
    .memory_bytes = 8 * GIB,
    .has_overcommit = true,
    .stack_guard_gap_bytes = MIB,
};

static const struct row {
    const char *name;
    uint64_t gap;
    bool is_stack;
    uint64_t data, address_space; /* 0: not known */
    uint64_t overcommit;
    uint64_t memory;
    bool passes;
    uint64_t in_call, in_steps;
} rows[] = {
    {"usual", ENOUGH + PAGE, false, UINT64_MAX, UINT64_MAX, 0, 8 * GIB, true, 8 * GIB, ENOUGH},
    {"one page less", ENOUGH, false, UINT64_MAX, UINT64_MAX, 0, 8 * GIB, false, 0, 0},
    {"stack", ENOUGH + PAGE + MIB, true, UINT64_MAX, UINT64_MAX, 0, 8 * GIB, true, 8 * GIB, ENOUGH},
    {"stack too near", ENOUGH + PAGE, true, UINT64_MAX, UINT64_MAX, 0, 8 * GIB, false, 0, 0},
    {"data", TIB, false, TIB, UINT64_MAX, 0, 8 * GIB, false, 0, 0},
    {"address space", TIB, false, UINT64_MAX, TIB, 0, 8 * GIB, false, 0, 0},
    {"unknown limit", TIB, false, 0, UINT64_MAX, 0, 8 * GIB, false, 0, 0},
    {"all granted", TIB + PAGE, false, UINT64_MAX, UINT64_MAX, 1, 8 * GIB, true, TIB, TIB},
    {"strict", TIB, false, UINT64_MAX, UINT64_MAX, 2, 8 * GIB, false, 0, 0},
    {"much memory", TIB + PAGE, false, UINT64_MAX, UINT64_MAX, 0, 2 * TIB, true, TIB, TIB},
    {"no memory", TIB, false, UINT64_MAX, UINT64_MAX, 0, 63 * MIB, false, 0, 0},
};

static struct limit limit_of(uint64_t soft)
{
    return (struct limit){.known = soft != 0, .soft = soft};
}

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    struct image host = {.page_size = PAGE, .host = usual};
    struct quick quick = {
        .heap = {HEAP, HEAP + MIB},
        .next = {HEAP + MIB + row->gap, HEAP + MIB + row->gap + PAGE},
        .next_is_stack = row->is_stack,
        .data = limit_of(row->data),
        .address_space = limit_of(row->address_space),
    };
    struct sieve_room room = {0, 0};

    host.host.overcommit_memory = row->overcommit;
    host.host.memory_bytes = row->memory;
    ROW_NUMBER(row, sieve_passes(&quick, &host, &room), row->passes);
    if (!row->passes)
        return;
    ROW_NUMBER(row, room.in_call, row->in_call);
    ROW_NUMBER(row, room.in_steps, row->in_steps);
}
END_TEST

START_TEST(test_unread_host)
{
    struct image host = {.page_size = PAGE};
    struct quick quick = {.heap = {HEAP, HEAP + MIB},
                          .next = {2 * (uint64_t)HEAP, 2 * (uint64_t)HEAP + PAGE},
                          .data = limit_of(UINT64_MAX),
                          .address_space = limit_of(UINT64_MAX)};
    struct sieve_room room;

    ck_assert(!sieve_passes(&quick, &host, &room));
}
END_TEST

START_TEST(test_most_mappings)
{
    struct host host = {.has_max_map_count = true, .max_map_count = 65530};

    ck_assert_uint_eq(sieve_most_mappings(&host), 52424);
    host.max_map_count = UINT64_MAX;
    ck_assert_uint_eq(sieve_most_mappings(&host), 0);
    host = (struct host){.max_map_count = 65530};
    ck_assert_uint_eq(sieve_most_mappings(&host), 0);
}
END_TEST

Suite *sieve_suite(void)
{
    Suite *suite = suite_create("sieve");
    TCase *tcase = tcase_create("sieve");

    ROWS_ADD(tcase, test_row, rows);
    tcase_add_test(tcase, test_unread_host);
    tcase_add_test(tcase, test_most_mappings);
    suite_add_tcase(suite, tcase);
    return suite;
}
