/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scanrow.h"

#include "../rows.h"

static struct scan_row sample(void)
{
    static const char *unmet[] = {"brk.room >= 64M: found 4096 (4K)", ""};
    static struct scan_finding findings[2];
    static struct vitals vitals = {.brk_limit = LIMIT_TASK_SIZE, .seen_ns = UINT64_MAX};

    findings[0] = (struct scan_finding){rules[0], SEVERITY_ERROR, "title \x1b[31m \xff"};
    findings[1] = (struct scan_finding){rules[1], SEVERITY_INFO, ""};
    return (struct scan_row){
        .pid = 4194304,
        .state = SCAN_READ,
        .comm = "a b",
        .exe = NULL,
        .cgroup = "/",
        .has_uid = true,
        .uid = UINT32_MAX,
        .elf_class = 64,
        .mode = MMAP_BOTTOM_UP,
        .has_room = true,
        .room = UINT64_MAX,
        .room_in_steps = 1,
        .limit = "next-mapping",
        .has_mmap_room = false,
        .mmap_room = 7,
        .n_mappings = UINT32_MAX,
        .is_incomplete = true,
        .findings = findings,
        .n_findings = 2,
        .severity = -1,
        .fails = true,
        .is_quick = true,
        .is_bound = true,
        .unmet = unmet,
        .n_unmet = 2,
        .vitals = &vitals,
    };
}

static void expect_text(const char *found, const char *wanted)
{
    ck_assert_msg(found == wanted || (found && wanted && strcmp(found, wanted) == 0),
                  "\"%s\", not \"%s\"", found ? found : "(NULL)", wanted ? wanted : "(NULL)");
}

START_TEST(test_there_and_back)
{
    const struct scan_row row = sample();
    struct textbuf bytes = {0};
    struct scan_row back;
    struct arena arena;

    arena_init(&arena);
    scanrow_pack(&bytes, &row);
    ck_assert(scanrow_unpack(&arena, textbuf_view(&bytes), &back));
    ck_assert_int_eq(back.pid, row.pid);
    ck_assert_int_eq(back.state, row.state);
    ck_assert_uint_eq(back.uid, row.uid);
    ck_assert(back.is_quick && back.is_bound);
    ck_assert_uint_eq(back.elf_class, row.elf_class);
    ck_assert_int_eq(back.mode, row.mode);
    ck_assert_uint_eq(back.room, row.room);
    ck_assert_uint_eq(back.room_in_steps, row.room_in_steps);
    ck_assert_uint_eq(back.mmap_room, row.mmap_room);
    ck_assert_uint_eq(back.n_mappings, row.n_mappings);
    ck_assert_int_eq(back.severity, row.severity);
    ck_assert(back.has_uid && back.has_room && !back.has_mmap_room && back.is_incomplete &&
              back.fails);
    expect_text(back.reason, row.reason);
    expect_text(back.comm, row.comm);
    expect_text(back.exe, row.exe);
    expect_text(back.cgroup, row.cgroup);
    expect_text(back.limit, row.limit);
    ck_assert_uint_eq(back.n_findings, row.n_findings);
    for (uint32_t i = 0; i < back.n_findings; i++) {
        ck_assert_ptr_eq(back.findings[i].rule, row.findings[i].rule);
        ck_assert_int_eq(back.findings[i].severity, row.findings[i].severity);
        expect_text(back.findings[i].title, row.findings[i].title);
    }
    ck_assert_uint_eq(back.n_unmet, row.n_unmet);
    for (uint32_t i = 0; i < back.n_unmet; i++)
        expect_text(back.unmet[i], row.unmet[i]);
    ck_assert(back.vitals);
    ck_assert_int_eq(back.vitals->brk_limit, row.vitals->brk_limit);
    ck_assert_uint_eq(back.vitals->seen_ns, row.vitals->seen_ns);
    textbuf_deinit(&bytes);
    arena_deinit(&arena);
}
END_TEST

/* Nobody asked for them. */
START_TEST(test_without_vitals)
{
    struct scan_row row = sample(), back;
    struct textbuf bytes = {0};
    struct arena arena;

    arena_init(&arena);
    row.vitals = NULL;
    scanrow_pack(&bytes, &row);
    ck_assert(scanrow_unpack(&arena, textbuf_view(&bytes), &back));
    ck_assert_ptr_null(back.vitals);
    textbuf_deinit(&bytes);
    arena_deinit(&arena);
}
END_TEST

/* The least and the most that a number can be. */
START_TEST(test_extremes)
{
    struct scan_row row = sample(), back;
    struct textbuf bytes = {0};
    struct arena arena;

    arena_init(&arena);
    row.severity = -1;
    row.uid = 0;
    row.room = UINT64_MAX;
    row.room_in_steps = UINT64_C(1) << 63;
    row.mmap_room = 127;
    row.n_mappings = 128;
    row.comm = "";
    row.exe = NULL;
    row.n_findings = row.n_unmet = 0;
    scanrow_pack(&bytes, &row);
    ck_assert(scanrow_unpack(&arena, textbuf_view(&bytes), &back));
    ck_assert_int_eq(back.severity, -1);
    ck_assert_uint_eq(back.uid, 0);
    ck_assert_uint_eq(back.room, UINT64_MAX);
    ck_assert_uint_eq(back.room_in_steps, UINT64_C(1) << 63);
    ck_assert_uint_eq(back.mmap_room, 127);
    ck_assert_uint_eq(back.n_mappings, 128);
    expect_text(back.comm, "");
    expect_text(back.exe, NULL);
    ck_assert_uint_eq(back.n_findings + back.n_unmet, 0);
    textbuf_deinit(&bytes);
    arena_deinit(&arena);
}
END_TEST

/* A number of more bytes than any has, and findings and severities that there are not. */
START_TEST(test_wild_bytes)
{
    char bytes[200];
    struct scan_row back;
    struct arena arena;

    for (int c = 0x7f; c < 0x100; c++) {
        arena_init(&arena);
        memset(bytes, c, sizeof(bytes));
        ck_assert_msg(!scanrow_unpack(&arena, (struct str){bytes, sizeof(bytes)}, &back), "%x", c);
        arena_deinit(&arena);
    }
}
END_TEST

/* A limit that there is not would be a name from anywhere. */
START_TEST(test_wild_limit)
{
    struct vitals vitals = {.brk_limit = (enum limit_kind)N_LIMIT_KINDS};
    struct scan_row row = sample(), back;
    struct textbuf bytes = {0};
    struct arena arena;

    arena_init(&arena);
    row.vitals = &vitals;
    scanrow_pack(&bytes, &row);
    ck_assert(!scanrow_unpack(&arena, textbuf_view(&bytes), &back));
    textbuf_deinit(&bytes);
    arena_deinit(&arena);
}
END_TEST

/* Of a helper that was ended in the middle. */
START_TEST(test_cut_off)
{
    const struct scan_row row = sample();
    struct textbuf bytes = {0};
    struct str view;

    scanrow_pack(&bytes, &row);
    view = textbuf_view(&bytes);
    for (size_t n = 0; n < view.n; n++) {
        struct scan_row back;
        struct arena arena;

        arena_init(&arena);
        ck_assert_msg(!scanrow_unpack(&arena, (struct str){view.p, n}, &back), "%zu bytes", n);
        arena_deinit(&arena);
    }
    textbuf_deinit(&bytes);
}
END_TEST

Suite *scanrow_suite(void)
{
    Suite *suite = suite_create("scanrow");
    TCase *tcase = tcase_create("scanrow");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, test_there_and_back);
    tcase_add_test(tcase, test_without_vitals);
    tcase_add_test(tcase, test_extremes);
    tcase_add_test(tcase, test_wild_bytes);
    tcase_add_test(tcase, test_wild_limit);
    tcase_add_test(tcase, test_cut_off);
    return suite;
}
