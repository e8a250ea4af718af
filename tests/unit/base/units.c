/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/units.h"

#include "../rows.h"

#include <stdlib.h>

static const struct {
    const char *name;
    uint64_t bytes;
    const char *text;
} texts[] = {
    {"nothing", 0, "0B"},
    {"one byte", 1, "1B"},
    {"last without unit", 1023, "1023B"},
    {"first K", 1024, "1K"},
    {"rounds down, not to 2.0K", 2047, "1.9K"},
    {"a tenth is 102.4 bytes", 1024 + 103, "1.1K"},
    {"just under a tenth", 1024 + 102, "1.0K"},
    {"868 KiB, a gap of 2016", 888832, "868K"},
    {"last K", (1 << 20) - 1, "1023.9K"},
    {"first M", 1 << 20, "1M"},
    {"one page short of 4M", (4 << 20) - 4096, "3.9M"},
    {"128 TiB", UINT64_C(128) << 40, "128T"},
    {"a tenth of M is 104857.6 bytes", (1 << 20) + 104858, "1.1M"},
    {"just under a tenth of M", (1 << 20) + 104857, "1.0M"},
    {"top of x86-64, never rounded up", 0x7ffffffff000, "127.9T"},
    {"first P", UINT64_C(1) << 50, "1P"},
    {"the largest", UINT64_MAX, "15.9E"},
    {"the largest unit's multiple", UINT64_C(15) << 60, "15E"},
};

START_TEST(test_size_text)
{
    char buf[UNITS_TEXT];

    ROW_TEXT(&texts[_i], size_text(texts[_i].bytes, buf), texts[_i].text);
}
END_TEST

/* The promise of size_text(): what it prints, read again, is never more than what there is. */
START_TEST(test_size_text_rounds_down)
{
    for (uint64_t bytes = 1; bytes < UINT64_MAX / 3; bytes = bytes * 3 + 7) {
        char buf[UNITS_TEXT], *end;
        double printed;

        size_text(bytes, buf);
        printed = strtod(buf, &end);
        for (const char *unit = "BKMGTPE"; *unit != *end; unit++)
            printed *= 1024;
        ck_assert_msg(printed <= (double)bytes && printed * 1.1 + 1 > (double)bytes,
                      "%llu is printed as %s", (unsigned long long)bytes, buf);
    }
}
END_TEST

START_TEST(test_address_text)
{
    char buf[UNITS_TEXT];

    ck_assert_str_eq(address_text(0, buf), "0x0");
    ck_assert_str_eq(address_text(0x7ac000, buf), "0x7ac000");
    ck_assert_str_eq(address_text(UINT64_MAX, buf), "0xffffffffffffffff");
}
END_TEST

#define BAD UINT64_C(0xbadbadbad)

static const struct {
    const char *name; /* and what is parsed */
    uint64_t bytes;   /* BAD: it is no size */
} sizes[] = {
    {"0", 0},
    {"1024", 1024},
    {"1k", 1024},
    {"1K", 1024},
    {"1KiB", 1024},
    {"64M", 64 << 20},
    {"64MiB", 64 << 20},
    {"3G", UINT64_C(3) << 30},
    {"2T", UINT64_C(2) << 40},
    {"512B", 512},
    {"0x1000", 0x1000},
    {"0XFF", BAD},
    {"0xffffffffffffffff", UINT64_MAX},
    {"0x10000000000000000", BAD},
    {"18446744073709551615", UINT64_MAX},
    {"18446744073709551616", BAD},
    {"16777215T", UINT64_C(16777215) << 40},
    {"16777216T", BAD},
    {"15E", UINT64_C(15) << 60},
    {"16E", BAD},
    {"99999999999999999999M", BAD},
    {"", BAD},
    {"M", BAD},
    {"0x", BAD},
    {"0xg", BAD},
    {"-1", BAD},
    {"+1", BAD},
    {" 1", BAD},
    {"1 ", BAD},
    {"1.5G", BAD},
    {"1MB", BAD},
    {"1Mi", BAD},
    {"1MiBx", BAD},
    {"1X", BAD},
    {"0x10M", BAD},
};

START_TEST(test_size_parse)
{
    uint64_t bytes = BAD;
    bool ok = size_parse(str_of(sizes[_i].name), &bytes);

    ROW_NUMBER(&sizes[_i], ok, sizes[_i].bytes != BAD);
    ROW_NUMBER(&sizes[_i], bytes, sizes[_i].bytes);
}
END_TEST

/* A zero byte inside a view is no end: "1\0" is not "1". */
START_TEST(test_size_parse_zero_byte)
{
    uint64_t bytes;

    ck_assert(!size_parse((struct str){"1\0", 2}, &bytes));
    ck_assert(!size_parse((struct str){"1M\0", 3}, &bytes));
}
END_TEST

Suite *units_suite(void)
{
    Suite *suite = suite_create("units");
    TCase *print = tcase_create("print"), *parse = tcase_create("parse");

    ROWS_ADD(print, test_size_text, texts);
    tcase_add_test(print, test_size_text_rounds_down);
    tcase_add_test(print, test_address_text);
    ROWS_ADD(parse, test_size_parse, sizes);
    tcase_add_test(parse, test_size_parse_zero_byte);
    suite_add_tcase(suite, print);
    suite_add_tcase(suite, parse);
    return suite;
}
