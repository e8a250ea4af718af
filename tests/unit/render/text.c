/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every report on paper, whatever the process is called and however wide it is. */
#include "render/report.h"

#include "../fake.h"
#include "../rows.h"
#include "render/safe.h"

#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;
static struct checker checker;
static char *text;
static size_t n_bytes;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    free(text);
    image_deinit(&image);
    fake_deinit(&fake);
}

/* Of the image as it is. */
static void report_make(struct report *report)
{
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, NULL);
    *report = (struct report){.image = &image,
                              .facts = &facts,
                              .findings = checker.findings,
                              .n_findings = checker.n_findings,
                              .not_run = checker.not_run,
                              .n_not_run = checker.n_not_run,
                              .fail_on = SEVERITY_ERROR,
                              .path = "/proc/4321"};
}

static void prepare(const struct fake_process *process, struct report *report)
{
    fake_ready(&fake, process, &image);
    report_make(report);
}

static void print(const struct report *report, const struct style *style)
{
    FILE *out = open_memstream(&text, &n_bytes);

    render_text(report, style, out);
    fclose(out);
}

/* A page on the break; names with all that a terminal obeys. */
static const struct fake_process hostile = {
    .maps = FAKE_PROG FAKE_HEAP
    "1021000-1022000 r--p 00000000 fe:00 9 /tmp/\033[31m\xe2\x80\xae\xff\r\n" FAKE_AREA,
    .comm = "\033]0;x\007\xc2\x9b",
    .start_brk = FAKE_BREAK,
};

START_TEST(test_no_control_characters)
{
    struct style style = {.width = 80, .verbose = true, .quiet = _i};
    struct report report;

    prepare(&hostile, &report);
    print(&report, &style);
    ck_assert_uint_gt(n_bytes, 0);
    for (size_t i = 0; i < n_bytes; i++)
        ck_assert_msg(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f), "byte %02x at %zu",
                      (unsigned char)text[i], i);
}
END_TEST

START_TEST(test_says)
{
    struct style style = {.width = 80};
    struct report report;

    prepare(&hostile, &report);
    print(&report, &style);
    ck_assert_ptr_nonnull(strstr(text, "PID 4321"));
    ck_assert_ptr_nonnull(strstr(text, "brk-blocked"));
    ck_assert_ptr_nonnull(strstr(text, "0x1021000"));
    ck_assert_ptr_nonnull(strstr(text, "1 error, 1 warning"));
}
END_TEST

/* Who handed a flag down, with all that a name can have; who is not known, and why. */
START_TEST(test_lineage)
{
    struct style style = {.width = 80};
    struct report report;
    struct str rest, line;

    fake_add(&fake, &(struct fake_process){.pid = 20,
                                           .ppid = 77, /* which is not there */
                                           .comm = "\033]0;x\007",
                                           .maps = FAKE_MAPS,
                                           .stack_limit = "unlimited",
                                           .personality = 0x0240000});
    prepare(
        &(struct fake_process){
            .maps = FAKE_MAPS, .start_brk = FAKE_BREAK, .ppid = 20, .personality = 0x0240000},
        &report);
    image.layout.aslr = ASLR_OFF;
    image.layout.aslr_cause = CAUSE_PERSONALITY;
    check_run(&checker, &image, &facts, NULL);
    report.findings = checker.findings;
    report.n_findings = checker.n_findings;
    print(&report, &style);
    ck_assert_ptr_nonnull(strstr(text, "\nwarning aslr-off\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nlineage "));
    ck_assert_ptr_nonnull(strstr(text, "\n?  "));
    ck_assert_ptr_nonnull(strstr(text, "PID 77: /proc does not show it"));
    ck_assert_ptr_nonnull(strstr(text, "\n`-\\x1b]0;x\\x07 "));
    ck_assert_ptr_nonnull(strstr(text, " unlimited top-down ADDR_NO_RANDOMIZE\n"));
    rest = (struct str){text, n_bytes};
    while (str_next_line(&rest, &line))
        ck_assert_msg(line.n <= 80, "%.*s", (int)line.n, line.p);
}
END_TEST

/* A note is shown when it is the root cause of an error, and says how bad that is. */
START_TEST(test_story)
{
    struct style style = {.width = 80};
    struct report report;
    const char *root, *effect;

    prepare(&(struct fake_process){.maps = FAKE_PROG FAKE_HEAP
                                   "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
                                   .start_brk = FAKE_BREAK},
            &report);
    print(&report, &style);
    root = strstr(text, "\nerror brk-page-guard, by what follows from it\n");
    effect = strstr(text, "\n  so  brk-blocked (error): ");
    ck_assert_msg(root && effect && root < effect, "%s", text);
    ck_assert_ptr_null(strstr(text, "\nerror brk-blocked"));
}
END_TEST

/* One limit with two effects: its remedy is told once. */
START_TEST(test_twins)
{
    struct style style = {.width = 80, .verbose = _i};
    struct report report;
    const char *root, *twin, *remedy;

    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    image.limits.address_space = (struct limit){true, image.size_bytes + (32 << 20), 1 << 30};
    report_make(&report);
    print(&report, &style);
    root = strstr(text, "\nwarning brk-limit-low\n");
    remedy = strstr(text, "--as=BYTES");
    twin = strstr(text, "\n and  mmap-room-low (warning): ");
    ck_assert_msg(root && remedy && twin && root < remedy && remedy < twin, "%s", text);
    ck_assert_ptr_null(strstr(remedy + 1, "--as=BYTES"));
    ck_assert_ptr_null(strstr(text, "\n  so  "));
}
END_TEST

/* A twin that was judged to be a note is one. */
START_TEST(test_twin_is_note)
{
    struct style style = {.width = 80};
    struct report report;

    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
    image.limits.address_space = (struct limit){true, image.size_bytes + (32 << 20), 1 << 30};
    report_make(&report);
    checker.findings[1].severity = SEVERITY_INFO;
    print(&report, &style);
    ck_assert_ptr_nonnull(strstr(text, "\nwarning brk-limit-low\n"));
    ck_assert_ptr_null(strstr(text, "mmap-room-low"));
}
END_TEST

START_TEST(test_healthy)
{
    struct style style = {.width = 80};
    struct report report;

    prepare(&(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &report);
    print(&report, &style);
    ck_assert_ptr_nonnull(strstr(text, "nothing wrong found"));
}
END_TEST

START_TEST(test_quiet_and_healthy)
{
    struct style style = {.width = 80, .quiet = true};
    struct report report;

    prepare(&(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &report);
    print(&report, &style);
    ck_assert_str_eq(text, "");
}
END_TEST

/* The picture at every width: no line beyond it, once it is wide enough for the boxes. */
START_TEST(test_picture_width)
{
    struct report report;

    prepare(&(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &report);
    for (unsigned int width = 46; width <= 120; width++) {
        struct style style = {.width = width};
        FILE *out = open_memstream(&text, &n_bytes);
        struct str rest, line;

        render_picture(&report, &style, out);
        fclose(out);
        rest = (struct str){text, n_bytes};
        while (str_next_line(&rest, &line))
            ck_assert_msg(safe_width(line) <= width, "width %u: %.*s", width, (int)line.n, line.p);
        free(text);
        text = NULL;
    }
}
END_TEST

Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("report");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_no_control_characters, 0, 2);
    tcase_add_test(tcase, test_says);
    tcase_add_test(tcase, test_lineage);
    tcase_add_test(tcase, test_story);
    tcase_add_loop_test(tcase, test_twins, 0, 2);
    tcase_add_test(tcase, test_twin_is_note);
    tcase_add_test(tcase, test_healthy);
    tcase_add_test(tcase, test_quiet_and_healthy);
    tcase_add_test(tcase, test_picture_width);
    suite_add_tcase(suite, tcase);
    return suite;
}
