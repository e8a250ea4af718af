/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/subject.h"

#include "../fake.h"
#include "../rows.h"

static struct fake fake;
static struct image image;

static void setup(void)
{
    fake_init(&fake);
    fake_objects(&fake, 64);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS, .start_brk = FAKE_BREAK}, &image);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

static const struct {
    const char *name;
    struct meter meter;
    int n_granted; /* of reads of four bytes */
} meters[] = {
    {"reads", {.bytes_left = 1000, .reads_left = 3}, 3},
    {"bytes", {.bytes_left = 11, .reads_left = 100}, 2},
};

/* What one object has used up another one does not get. */
START_TEST(test_meter)
{
    struct meter meter = meters[_i].meter;
    struct subject subject;
    unsigned char word[4];
    int n = 0;

    for (int i = 0; i < 10; i++) {
        ck_assert(subject_open(&subject, &image, image.program, &meter));
        ck_assert_int_eq(meter.is_spent, n < i);
        n += reader_read(i % 2 ? &subject.file_reader : &subject.memory, i % 2 ? 0 : 0x400000, word,
                         sizeof(word));
        subject_close(&subject);
    }
    ROW_NUMBER(&meters[_i], n, meters[_i].n_granted);
}
END_TEST

Suite *subject_suite(void)
{
    Suite *suite = suite_create("subject");
    TCase *tcase = tcase_create("meter");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_meter, meters);
    suite_add_tcase(suite, tcase);
    return suite;
}
