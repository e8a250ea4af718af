/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/auxv.h"

#include "../rows.h"

/* Tags by number, as linux/auxvec.h has them: 3 phdr, 6 page size, 7 base, 9 entry, 33 vdso. */
static const uint64_t wide[] = {33, 0x7fff00000000, 16, 0x1f8bfbff, 6, 4096,
                                3,  0x400040,       7,  0x7ffff000, 8, 0,
                                9,  0x401000,       11, 0,          0, 0};
static const uint32_t narrow[] = {32, 0xf57fe414, 33, 0xf57fe000, 16, 0x1f898175, 6, 65536,
                                  3,  0x8048034,  7,  0xb77a3000, 8,  0,          9, 0x804b000,
                                  11, 0,          0,  0};

START_TEST(test_64bit)
{
    struct auxv_record auxv;

    auxv_parse((struct str){(const char *)wide, sizeof(wide)}, &auxv);
    ck_assert(auxv.known);
    ck_assert_uint_eq(auxv.word_bytes, 8);
    ck_assert_uint_eq(auxv.page_size, 4096);
    ck_assert_uint_eq(auxv.base, 0x7ffff000);
    ck_assert_uint_eq(auxv.entry, 0x401000);
}
END_TEST

START_TEST(test_32bit)
{
    struct auxv_record auxv;

    auxv_parse((struct str){(const char *)narrow, sizeof(narrow)}, &auxv);
    ck_assert(auxv.known);
    ck_assert_uint_eq(auxv.word_bytes, 4);
    ck_assert_uint_eq(auxv.page_size, 65536);
    ck_assert_uint_eq(auxv.base, 0xb77a3000);
    ck_assert_uint_eq(auxv.entry, 0x804b000);
}
END_TEST

/* The same pairs as a kernel of either word size and byte order writes them. */
static const struct {
    const char *name;
    unsigned int word_bytes;
    bool big_endian;
} kernels[] = {
    {"64-bit, little endian", 8, false},
    {"32-bit, little endian", 4, false},
    {"64-bit, big endian", 8, true},
    {"32-bit, big endian", 4, true},
};

START_TEST(test_byte_order)
{
    static const uint64_t pairs[] = {33, 0x7f000, 6, 65536, 7, 0x41000000, 9, 0x10400, 0, 0};
    enum { N = sizeof(pairs) / sizeof(pairs[0]) };
    unsigned int width = kernels[_i].word_bytes;
    unsigned char bytes[N * 8];
    struct auxv_record auxv;

    for (unsigned int i = 0; i < N * width; i++) {
        unsigned int rank = kernels[_i].big_endian ? width - 1 - i % width : i % width;

        bytes[i] = (unsigned char)(pairs[i / width] >> 8 * rank);
    }
    auxv_parse((struct str){(const char *)bytes, N * width}, &auxv);
    ROW_TRUE(&kernels[_i], auxv.known);
    ROW_NUMBER(&kernels[_i], auxv.word_bytes, width);
    ROW_NUMBER(&kernels[_i], auxv.big_endian, kernels[_i].big_endian);
    ROW_NUMBER(&kernels[_i], auxv.page_size, 65536);
    ROW_NUMBER(&kernels[_i], auxv.base, 0x41000000);
    ROW_NUMBER(&kernels[_i], auxv.entry, 0x10400);
}
END_TEST

/* Any cut before the end of AT_NULL leaves it unknown, at every byte and in both widths. */
START_TEST(test_cut)
{
    struct auxv_record auxv;

    for (size_t n = 0; n < sizeof(wide); n++) {
        auxv_parse((struct str){(const char *)wide, n}, &auxv);
        ck_assert_msg(!auxv.known && auxv.base == 0, "64-bit, %zu bytes", n);
    }
    for (size_t n = 0; n < sizeof(narrow); n++) {
        auxv_parse((struct str){(const char *)narrow, n}, &auxv);
        ck_assert_msg(!auxv.known && auxv.base == 0, "32-bit, %zu bytes", n);
    }
}
END_TEST

static const struct {
    const char *name;
    uint64_t page_size;
    bool known;
} sizes[] = {
    {"4 KiB", 4096, true},      {"64 KiB", 65536, true},           {"none", 0, false},
    {"too small", 2048, false}, {"no power of two", 12288, false}, {"too large", 1 << 21, false},
};

START_TEST(test_page_size)
{
    const uint64_t pairs[] = {6, sizes[_i].page_size, 0, 0};
    struct auxv_record auxv;

    auxv_parse((struct str){(const char *)pairs, sizeof(pairs)}, &auxv);
    ROW_NUMBER(&sizes[_i], auxv.known, sizes[_i].known);
    ROW_NUMBER(&sizes[_i], auxv.page_size, sizes[_i].known ? sizes[_i].page_size : 0);
}
END_TEST

Suite *auxv_suite(void)
{
    Suite *suite = suite_create("auxv");
    TCase *tcase = tcase_create("parse");

    tcase_add_test(tcase, test_64bit);
    tcase_add_test(tcase, test_32bit);
    ROWS_ADD(tcase, test_byte_order, kernels);
    tcase_add_test(tcase, test_cut);
    ROWS_ADD(tcase, test_page_size, sizes);
    suite_add_tcase(suite, tcase);
    return suite;
}
