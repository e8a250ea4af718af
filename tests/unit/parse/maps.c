/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/maps.h"

#include "../rows.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    const char *line;
    struct maps_line expected;
    const char *path;
} good[] = {
    {"64-bit, padded to column 73",
     "7f1000000000-7f1000021000 r-xp 00026000 fe:01 332835                     /usr/lib/libc.so.6",
     {{0x7f1000000000, 0x7f1000021000}, 0x26000, 332835, 0xfe, 1, PERM_READ | PERM_EXEC, {0}},
     "/usr/lib/libc.so.6"},
    {"8 digits, padded to column 49",
     "08048000-080f6000 r-xp 00000000 ca:00 809        /usr/sbin/proftpd",
     {{0x8048000, 0x80f6000}, 0, 809, 0xca, 0, PERM_READ | PERM_EXEC, {0}},
     "/usr/sbin/proftpd"},
    {"short addresses of an emulator",
     "10000-7c000 r-xp 00000000 00:19 8275924 /home/u/repro",
     {{0x10000, 0x7c000}, 0, 8275924, 0, 0x19, PERM_READ | PERM_EXEC, {0}},
     "/home/u/repro"},
    {"16 digits and wide offset and device of some kernels",
     "0000000055636000-0000000055637000 rw-p 00000000e1000 00000000fe:00000001 17  /bin/busybox",
     {{0x55636000, 0x55637000}, 0xe1000, 17, 0xfe, 1, PERM_READ | PERM_WRITE, {0}},
     "/bin/busybox"},
    {"anonymous, with the kernel's blank at the end",
     "7f1000000000-7f1000001000 rw-p 00000000 00:00 0 ",
     {{0x7f1000000000, 0x7f1000001000}, 0, 0, 0, 0, PERM_READ | PERM_WRITE, {0}},
     ""},
    {"anonymous, blanks at the end lost",
     "7f1000000000-7f1000001000 ---p 00000000 00:00 0",
     {{0x7f1000000000, 0x7f1000001000}, 0, 0, 0, 0, 0, {0}},
     ""},
    {"all permissions, shared",
     "1000-2000 rwxs 00000000 00:05 1056 /SYSV00000000 (deleted)",
     {{0x1000, 0x2000}, 0, 1056, 0, 5, PERM_READ | PERM_WRITE | PERM_EXEC | PERM_SHARED, {0}},
     "/SYSV00000000 (deleted)"},
    {"blanks in a name and after it",
     "1000-2000 r--p 00000000 fe:00 7                          /tmp/a  b ",
     {{0x1000, 0x2000}, 0, 7, 0xfe, 0, PERM_READ, {0}},
     "/tmp/a  b "},
    {"backslashes stay, escaped newline or not",
     "1000-2000 r--p 00000000 fe:00 7                          /tmp/oct\\012x\\y",
     {{0x1000, 0x2000}, 0, 7, 0xfe, 0, PERM_READ, {0}},
     "/tmp/oct\\012x\\y"},
    {"a file that is really called so",
     "1000-2000 r--p 00000000 fe:00 7                          /tmp/x (deleted) (deleted)",
     {{0x1000, 0x2000}, 0, 7, 0xfe, 0, PERM_READ, {0}},
     "/tmp/x (deleted) (deleted)"},
    {"the gate page, at the top of all addresses",
     "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
     {{0xffffffffff600000, 0xffffffffff601000}, 0, 0, 0, 0, PERM_EXEC, {0}},
     "[vsyscall]"},
    {"largest numbers",
     "fffffffffffff000-ffffffffffffffff r--p ffffffffffffffff ffffffff:ffffffff "
     "18446744073709551615 /x",
     {{0xfffffffffffff000, UINT64_MAX},
      UINT64_MAX,
      UINT64_MAX,
      UINT32_MAX,
      UINT32_MAX,
      PERM_READ,
      {0}},
     "/x"},
    {"a name without a slash",
     "1000-2000 rw-s 10000000 00:0f 1033 anon_inode:[io_uring]",
     {{0x1000, 0x2000}, 0x10000000, 1033, 0, 0xf, PERM_READ | PERM_WRITE | PERM_SHARED, {0}},
     "anon_inode:[io_uring]"},
};

START_TEST(test_good_line)
{
    const struct maps_line *expected = &good[_i].expected;
    struct maps_line line;

    ROW_TRUE(&good[_i], maps_parse_line(str_of(good[_i].line), &line));
    ROW_NUMBER(&good[_i], line.range.start, expected->range.start);
    ROW_NUMBER(&good[_i], line.range.end, expected->range.end);
    ROW_NUMBER(&good[_i], line.offset, expected->offset);
    ROW_NUMBER(&good[_i], line.inode, expected->inode);
    ROW_NUMBER(&good[_i], line.dev_major, expected->dev_major);
    ROW_NUMBER(&good[_i], line.dev_minor, expected->dev_minor);
    ROW_NUMBER(&good[_i], line.perms, expected->perms);
    ROW_STR(&good[_i], line.name, good[_i].path);
}
END_TEST

static const struct {
    const char *name;
    const char *line;
} bad[] = {
    {"empty", ""},
    {"text", "Size:                  8 kB"},
    {"one blank before", " 1000-2000 r--p 00000000 fe:00 7 /x"},
    {"no end", "1000 r--p 00000000 fe:00 7 /x"},
    {"no start", "-2000 r--p 00000000 fe:00 7 /x"},
    {"0x is not the kernel's", "0x1000-0x2000 r--p 00000000 fe:00 7 /x"},
    {"ends before it starts", "2000-1000 r--p 00000000 fe:00 7 /x"},
    {"17 digits that matter", "10000000000000000-20000000000000000 r--p 00000000 fe:00 7 /x"},
    {"three permissions", "1000-2000 r-- 00000000 fe:00 7 /x"},
    {"five permissions", "1000-2000 r--pp 00000000 fe:00 7 /x"},
    {"permissions in another order", "1000-2000 -r-p 00000000 fe:00 7 /x"},
    {"neither private nor shared", "1000-2000 r--- 00000000 fe:00 7 /x"},
    {"no device", "1000-2000 r--p 00000000 7 /x"},
    {"device beyond 32 bits", "1000-2000 r--p 00000000 100000000:00 7 /x"},
    {"inode is decimal", "1000-2000 r--p 00000000 fe:00 7f /x"},
    {"no inode", "1000-2000 r--p 00000000 fe:00 /x"},
    {"inode beyond 64 bits", "1000-2000 r--p 00000000 fe:00 18446744073709551616 /x"},
    {"cut after the device", "1000-2000 r--p 00000000 fe:00 "},
    {"cut in the permissions", "1000-2000 r-"},
};

START_TEST(test_bad_line)
{
    struct maps_line line;

    ROW_TRUE(&bad[_i], !maps_parse_line(str_of(bad[_i].line), &line));
}
END_TEST

/* Each cut of a good line is a line with a shorter name, or none: no read beyond the end. */
START_TEST(test_cut_line)
{
    size_t n = strlen(good[_i].line);

    for (size_t i = 0; i <= n; i++) {
        char *copy = malloc(i > 0 ? i : 1);
        struct maps_line line;

        memcpy(copy, good[_i].line, i);
        if (maps_parse_line((struct str){copy, i}, &line))
            ROW_TRUE(&good[_i], line.name.n <= strlen(good[_i].path));
        free(copy);
    }
}
END_TEST

/* What Linux 6.18 wrote, byte by byte. */
static const struct {
    const char *name;
    const char *text;
} kernels[] = {
    {"a file", "55dcabe5c000-55dcabe8b000 r--p 00000000 fe:00 247101                     "
               "/usr/bin/bash"},
    {"anonymous", "55dcabf92000-55dcabf9d000 rw-p 00000000 00:00 0 "},
    {"low", "00400000-0040a000 r-xp 00001000 fe:00 12                                 /x y"},
    {"the gate page",
     "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]"},
    {"as wide as the column of names",
     "7f0000000000-7f0000001000 rw-s 7ffffffff000 fe:123 12345678901234567890  /a"},
};

START_TEST(test_print_line)
{
    struct textbuf text = {0};
    struct maps_line line;

    ROW_TRUE(&kernels[_i], maps_parse_line(str_of(kernels[_i].text), &line));
    maps_print_line(&text, &line);
    ROW_TRUE(&kernels[_i], text.n > 0 && text.bytes[text.n - 1] == '\n');
    ROW_STR(&kernels[_i], ((struct str){text.bytes, text.n - 1}), kernels[_i].text);
    textbuf_deinit(&text);
}
END_TEST

START_TEST(test_perms_text)
{
    char buf[5];

    ck_assert_str_eq(perms_text(0, buf), "---p");
    ck_assert_str_eq(perms_text(PERM_READ | PERM_EXEC, buf), "r-xp");
    ck_assert_str_eq(perms_text(PERM_WRITE | PERM_SHARED, buf), "-w-s");
    ck_assert_str_eq(perms_text(PERM_READ | PERM_SHARING_UNKNOWN, buf), "r--?");
    ck_assert_str_eq(perms_text(PERM_EXEC | PERM_READ_UNKNOWN, buf), "?-xp");
    ck_assert_str_eq(perms_text(PERM_UNKNOWN, buf), "????");
}
END_TEST

/* What the parser gives away, written down. */
struct record {
    char text[4096];
    size_t n;
    unsigned int n_lines;
};

static void record_line(void *context, const struct maps_line *line)
{
    struct record *record = context;
    size_t room = sizeof(record->text) - record->n;
    int n = snprintf(record->text + record->n, room, "%llx-%llx %u %.*s;",
                     (unsigned long long)line->range.start, (unsigned long long)line->range.end,
                     line->perms, (int)line->name.n, line->name.n ? line->name.p : "");

    ck_assert_int_lt(n, (int)room);
    record->n += (size_t)n;
    record->n_lines++;
}

/* Feeds copies of the exact size, so that a sanitizer sees a read beyond a piece. */
static void feed(struct maps_parser *parser, const char *p, size_t n)
{
    char *piece = malloc(n > 0 ? n : 1);

    memcpy(piece, p, n);
    maps_feed(parser, (struct str){piece, n});
    free(piece);
}

static const char dump[] = "00400000-00401000 r-xp 00000000 fe:00 11          /bin/a b\n"
                           "00401000-00402000 rw-p 00000000 00:00 0           [heap]\n"
                           "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"
                           "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0   [stack]";
static const char dump_record[] = "400000-401000 5 /bin/a b;401000-402000 3 [heap];"
                                  "7f0000000000-7f0000001000 3 ;7ffe00000000-7ffe00021000 3 "
                                  "[stack];";

/* Two cuts at all possible places; the last line has no newline. */
START_TEST(test_pieces)
{
    size_t n = sizeof(dump) - 1;
    struct maps_parser parser;

    for (size_t i = 0; i <= n; i++)
        for (size_t k = i; k <= n; k += k % 7 + 1) {
            struct record record = {.n = 0};

            maps_parser_init(&parser, record_line, &record);
            feed(&parser, dump, i);
            feed(&parser, dump + i, k - i);
            feed(&parser, dump + k, n - k);
            ck_assert_msg(maps_finish(&parser, NULL), "cut at %zu and %zu", i, k);
            ck_assert_str_eq(record.text, dump_record);
        }
}
END_TEST

START_TEST(test_byte_by_byte)
{
    struct record record = {.n = 0};
    struct maps_parser parser;

    maps_parser_init(&parser, record_line, &record);
    for (size_t i = 0; i < sizeof(dump) - 1; i++)
        feed(&parser, dump + i, 1);
    ck_assert(maps_finish(&parser, NULL));
    ck_assert_str_eq(record.text, dump_record);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    unsigned int line;    /* the first bad one; 0: none */
    unsigned int n_taken; /* the others are taken all the same */
    bool overlaps;        /* torn: the kernel merged or moved mappings between two reads */
} dumps[] = {
    {"nothing", "", 0, 0, false},
    {"newline at the end", "1000-2000 r--p 00000000 00:00 0 \n", 0, 1, false},
    {"no newline at the end", "1000-2000 r--p 00000000 00:00 0 ", 0, 1, false},
    {"bad first line", "Permission denied\n1000-2000 r--p 00000000 00:00 0 \n", 1, 1, false},
    {"bad last line", "1000-2000 r--p 00000000 00:00 0 \n2000-3", 2, 1, false},
    {"the first of two is named", "1000-2000 r--p 00000000 00:00 0 \nx\ny\n", 2, 1, false},
    {"an empty line is none", "1000-2000 r--p 00000000 00:00 0 \n\n", 2, 1, false},
    {"touching mappings", "1000-2000 r--p 00000000 00:00 0 \n2000-3000 r--p 00000000 00:00 0 \n", 0,
     2, false},
    {"overlapping mappings", "1000-3000 r--p 00000000 00:00 0 \n2000-4000 r--p 00000000 00:00 0 \n",
     0, 1, true},
    {"addresses go backwards",
     "4000-5000 r--p 00000000 00:00 0 \n1000-2000 r--p 00000000 00:00 0 \n", 0, 1, true},
};

START_TEST(test_dump)
{
    struct record record = {.n = 0};
    struct maps_parser parser;
    struct err err = {""};
    char wanted[32];

    maps_parser_init(&parser, record_line, &record);
    feed(&parser, dumps[_i].text, strlen(dumps[_i].text));
    ROW_NUMBER(&dumps[_i], maps_finish(&parser, &err), dumps[_i].line == 0);
    ROW_NUMBER(&dumps[_i], record.n_lines, dumps[_i].n_taken);
    ROW_NUMBER(&dumps[_i], parser.overlaps, dumps[_i].overlaps);
    snprintf(wanted, sizeof(wanted), "line %u of maps", dumps[_i].line);
    if (dumps[_i].line)
        ROW_SAYS(&dumps[_i], err.text, wanted);
}
END_TEST

static void note_name_size(void *context, const struct maps_line *line)
{
    *(size_t *)context = line->name.n;
}

static const struct {
    const char *name;
    size_t n_bytes; /* of the path after its slash, each of them a newline, which is written \012 */
} long_names[] = {
    {"short", 1},
    {"about a page of text", 1005},
    {"more than a page of text", 1024},
    {"two pages of text", 2030},
    {"PATH_MAX less the slash and the zero", 4094},
};

/* Comes in pages, as from the kernel. */
START_TEST(test_long_name)
{
    static const char head[] = "1000-2000 r-xp 00000000 fe:00 7                          /";
    size_t n = sizeof(head) - 1, size = n + 4 * long_names[_i].n_bytes + 1, taken = 0;
    struct maps_parser parser;
    char *text = malloc(size);
    struct err err = {""};

    memcpy(text, head, n);
    for (; n < size - 1; n += 4)
        memcpy(text + n, "\\012", 4);
    text[n] = '\n';
    maps_parser_init(&parser, note_name_size, &taken);
    for (size_t i = 0; i < size; i += 4096)
        feed(&parser, text + i, size - i < 4096 ? size - i : 4096);
    free(text);
    ck_assert_msg(maps_finish(&parser, &err), "%s: %.60s", long_names[_i].name, err.text);
    ROW_NUMBER(&long_names[_i], taken, 1 + 4 * long_names[_i].n_bytes);
}
END_TEST

/* A line without end is an error with its number, not memory; what follows it is taken. */
START_TEST(test_endless_line)
{
    struct record record = {.n = 0};
    struct maps_parser parser;
    struct err err = {""};
    char page[4096];

    memset(page, 'x', sizeof(page));
    maps_parser_init(&parser, record_line, &record);
    feed(&parser, "1000-2000 r--p 00000000 00:00 0 \n", 33);
    for (int i = 0; i < 100; i++)
        feed(&parser, page, sizeof(page));
    feed(&parser, "\n2000-3000 r--p 00000000 00:00 0 \n", 34);
    ck_assert(!maps_finish(&parser, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "line 2 of maps"));
    ck_assert_str_eq(record.text, "1000-2000 1 ;2000-3000 1 ;");
}
END_TEST

Suite *maps_suite(void)
{
    Suite *suite = suite_create("maps");
    TCase *line = tcase_create("line"), *text = tcase_create("text");

    ROWS_ADD(line, test_good_line, good);
    ROWS_ADD(line, test_print_line, kernels);
    ROWS_ADD(line, test_bad_line, bad);
    ROWS_ADD(line, test_cut_line, good);
    tcase_add_test(line, test_perms_text);
    tcase_add_test(text, test_pieces);
    tcase_add_test(text, test_byte_by_byte);
    ROWS_ADD(text, test_dump, dumps);
    ROWS_ADD(text, test_long_name, long_names);
    tcase_add_test(text, test_endless_line);
    suite_add_tcase(suite, line);
    suite_add_tcase(suite, text);
    return suite;
}
