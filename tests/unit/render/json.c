/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json.h"

#include "../fake.h"
#include "../rows.h"

#include <stdlib.h>

static struct fake fake;
static struct image image;
static struct facts facts;
static struct checker checker;
static struct report report;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

/* The document after it was printed and read again. */
static json_t *make(const struct fake_process *process)
{
    json_t *document;
    json_error_t error;
    size_t n;
    char *text;
    FILE *out = open_memstream(&text, &n);

    fake_ready(&fake, process, &image);
    facts_compute(&facts, &image);
    check_run(&checker, &image, &facts, NULL);
    report = (struct report){.image = &image,
                             .facts = &facts,
                             .findings = checker.findings,
                             .n_findings = checker.n_findings,
                             .not_run = checker.not_run,
                             .n_not_run = checker.n_not_run,
                             .path = "/proc/4321",
                             .with_mappings = true};
    json_print(json_report(&report), out);
    fclose(out);
    document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(document, "line %d: %s", error.line, error.text);
    ck_assert_uint_eq(strlen(text), n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f), "byte %02x",
                      (unsigned char)text[i]);
    free(text);
    return document;
}

/* "brk.room" */
static const json_t *at(const json_t *document, const char *path)
{
    char copy[64], *rest = copy, *key;

    strcpy(copy, path);
    while (document && (key = strsep(&rest, ".")))
        document = json_object_get(document, key);
    return document;
}

static const struct {
    const char *name; /* the key */
    json_type type;
} keys[] = {
    {"schema", JSON_INTEGER},
    {"tool.name", JSON_STRING},
    {"tool.version", JSON_STRING},
    {"source.kind", JSON_STRING},
    {"source.path", JSON_STRING},
    {"source.complete", JSON_TRUE},
    {"source.consistent", JSON_TRUE},
    {"source.missing", JSON_ARRAY},
    {"host.kernel", JSON_STRING},
    {"host.machine", JSON_STRING},
    {"host.page_size", JSON_INTEGER},
    {"host.memory_bytes", JSON_INTEGER},
    {"host.max_map_count", JSON_INTEGER},
    {"process.pid", JSON_INTEGER},
    {"process.ppid", JSON_INTEGER},
    {"process.comm", JSON_STRING},
    {"process.exe", JSON_STRING},
    {"process.uid", JSON_INTEGER},
    {"process.elf.class", JSON_INTEGER},
    {"process.elf.machine", JSON_STRING},
    {"process.elf.type", JSON_STRING},
    {"process.elf.interp", JSON_STRING},
    {"process.personality", JSON_ARRAY},
    {"process.capabilities", JSON_ARRAY},
    {"process.ancestors", JSON_ARRAY},
    {"layout.mode", JSON_STRING},
    {"layout.reason", JSON_STRING},
    {"layout.mmap_base", JSON_STRING},
    {"layout.task_size", JSON_STRING},
    {"layout.aslr", JSON_STRING},
    {"regions", JSON_ARRAY},
    {"mappings", JSON_ARRAY},
    {"brk.start", JSON_STRING},
    {"brk.end", JSON_STRING},
    {"brk.exact", JSON_FALSE},
    {"brk.size", JSON_INTEGER},
    {"brk.gap", JSON_INTEGER},
    {"brk.next.start", JSON_STRING},
    {"brk.next.perms", JSON_STRING},
    {"brk.next.name", JSON_STRING},
    {"brk.next.role", JSON_STRING},
    {"brk.room", JSON_INTEGER},
    {"brk.max", JSON_STRING},
    {"brk.limit", JSON_STRING},
    {"brk.limits", JSON_ARRAY},
    {"mmap.largest_gap", JSON_INTEGER},
    {"mmap.low_2g_gap", JSON_INTEGER},
    {"stack.start", JSON_STRING},
    {"stack.end", JSON_STRING},
    {"counts.mappings", JSON_INTEGER},
    {"counts.max_map_count", JSON_INTEGER},
    {"findings", JSON_ARRAY},
    {"not_run", JSON_ARRAY},
};

static const struct fake_process ordinary = {.maps = FAKE_MAPS, .start_brk = FAKE_BREAK};

START_TEST(test_keys)
{
    json_t *document = make(&ordinary);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *value = at(document, keys[i].name);

        ROW_TRUE(&keys[i], value != NULL);
        ROW_NUMBER(&keys[i], json_typeof(value), keys[i].type);
    }
    json_decref(document);
}
END_TEST

START_TEST(test_values)
{
    json_t *document = make(&ordinary);

    ck_assert_str_eq(json_string_value(at(document, "brk.start")), "0x1000000");
    ck_assert_str_eq(json_string_value(at(document, "brk.end")), "0x1021000");
    ck_assert_str_eq(json_string_value(at(document, "brk.next.start")), "0x7ffff7c00000");
    ck_assert_int_eq(json_integer_value(at(document, "brk.room")),
                     0x7ffff7c00000 - FAKE_HEAP_END - 4096);
    ck_assert_str_eq(json_string_value(at(document, "brk.limit")), "next-mapping");
    ck_assert_str_eq(json_string_value(at(document, "layout.mode")), "top-down");
    ck_assert_str_eq(json_string_value(at(document, "process.elf.type")), "exec");
    ck_assert_int_eq(json_integer_value(at(document, "counts.mappings")), 16);
    ck_assert_uint_eq(json_array_size(at(document, "mappings")), 17);
    json_decref(document);
}
END_TEST

START_TEST(test_finding)
{
    json_t *document = make(&(struct fake_process){
        .maps = FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 00:00 0 \n" FAKE_AREA,
        .start_brk = FAKE_BREAK});
    const json_t *first = json_array_get(at(document, "findings"), 0);
    const json_t *last = json_array_get(at(document, "findings"), 2);

    ck_assert_str_eq(json_string_value(at(first, "id")), "brk-page-guard");
    ck_assert_str_eq(json_string_value(at(first, "severity")), "info");
    ck_assert_uint_eq(json_array_size(at(first, "causes")), 0);
    ck_assert_str_eq(json_string_value(at(last, "id")), "brk-blocked");
    ck_assert_str_eq(json_string_value(json_array_get(at(last, "causes"), 1)), "brk-page-guard");
    ck_assert_str_eq(json_string_value(at(first, "evidence.break")), "0x1021000");
    ck_assert_int_eq(json_integer_value(at(first, "evidence.room")), 0);
    ck_assert(json_is_string(at(first, "title")) && json_is_string(at(first, "detail")) &&
              json_is_string(at(first, "remedy")));
    json_decref(document);
}
END_TEST

/* Unknown is null, and the reason stands among what is missing. */
START_TEST(test_unknown)
{
    json_t *document;

    fake_remove(&fake, "sys/vm/max_map_count");
    fake_remove(&fake, "sys/kernel/osrelease");
    document = make(&(struct fake_process){.maps = FAKE_PROG FAKE_AREA, .denied_addresses = true});
    ck_assert(json_is_null(at(document, "brk")));
    ck_assert(json_is_null(at(document, "host.max_map_count")));
    ck_assert(json_is_null(at(document, "host.kernel")));
    ck_assert(json_is_false(at(document, "source.complete")));
    ck_assert_uint_ge(json_array_size(at(document, "source.missing")), 2);
    json_decref(document);
}
END_TEST

/* Bytes that a process may give itself as name; what json_print() puts out is ASCII in any case. */
static const struct {
    const char *name;
    const char *comm, *shown;
} names[] = {
    {"quotes and backslash", "a\"b\\c", "a\"b\\c"},
    {"ends the document", "\"}],\n", "\"}],\\x0a"},
    {"terminal escape", "\033[2J", "\\x1b[2J"},
    {"not UTF-8", "\xff\xfe", "\\xff\\xfe"},
    {"right to left",
     "\xe2\x80\xae"
     "gpj",
     "\\xe2\\x80\\xaegpj"},
    {"parentheses", ") R 1 (", ") R 1 ("},
    {"percent", "%s%n%d", "%s%n%d"},
    {"other scripts", "\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac"},
};

START_TEST(test_hostile_comm)
{
    struct fake_process process = ordinary;
    json_t *document;

    process.comm = names[_i].comm;
    document = make(&process);
    ROW_TEXT(&names[_i], json_string_value(at(document, "process.comm")), names[_i].shown);
    json_decref(document);
}
END_TEST

/* The same in the name of the mapping that stops the break: in the report and in a finding. */
START_TEST(test_hostile_file)
{
    struct fake_process process = {.start_brk = FAKE_BREAK};
    json_t *document;
    char maps[1024];

    snprintf(maps, sizeof(maps),
             FAKE_PROG FAKE_HEAP "1021000-1022000 r--p 00000000 fe:00 9 /tmp/%s\n" FAKE_AREA,
             _i == 1 ? "\"}],\\012" : names[_i].comm); /* the kernel escapes newlines */
    process.maps = maps;
    document = make(&process);
    ROW_TRUE(&names[_i], json_is_string(at(document, "brk.next.name")));
    ROW_TRUE(&names[_i], json_array_size(at(document, "findings")) > 0);
    json_decref(document);
}
END_TEST

START_TEST(test_failure)
{
    json_t *document = json_failure("live", "/proc/\"1", "no \"process\"");

    ck_assert_ptr_nonnull(document);
    ck_assert_str_eq(json_string_value(at(document, "error")), "no \"process\"");
    ck_assert_str_eq(json_string_value(at(document, "source.path")), "/proc/\"1");
    json_decref(document);
}
END_TEST

Suite *json_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("document");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_keys);
    tcase_add_test(tcase, test_values);
    tcase_add_test(tcase, test_finding);
    tcase_add_test(tcase, test_unknown);
    ROWS_ADD(tcase, test_hostile_comm, names);
    ROWS_ADD(tcase, test_hostile_file, names);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("failure");
    tcase_add_test(tcase, test_failure);
    suite_add_tcase(suite, tcase);
    return suite;
}
