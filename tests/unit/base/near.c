/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/near.h"

#include "../rows.h"

/* What can be meant; each row says which of them a slip leads to, by what a reader would say. */
static const char *const names[] = {"room",  "limit", "limits", "start",      "end", "gap",
                                    "exact", "size",  "window", "wx-mapping", "max", "exec-stack"};

static const struct {
    const char *name; /* the slip */
    const char *best;
} slips[] = {
    {"room", "room"},
    {"rooom", "room"},
    {"rom", "room"},
    {"moor", ""},
    {"romo", "room"},
    {"limt", "limit"},
    {"limist", "limit"},
    {"limitss", "limits"},
    {"w-xmapping", "wx-mapping"},
    {"wxmapping", "wx-mapping"},
    {"wx_mapping", "wx-mapping"},
    {"exec_stac", "exec-stack"},
    {"mxa", "max"},
    {"en", "end"},
    {"xy", ""},
    {"", ""},
    {"e", ""},
    {"backtrace", ""},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
};

START_TEST(test_slip)
{
    struct near near;

    near_init(&near, str_of(slips[_i].name));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        near_try(&near, str_of(names[i]));
    ROW_STR(&slips[_i], near.best, slips[_i].best);
}
END_TEST

Suite *near_suite(void)
{
    Suite *suite = suite_create("near");
    TCase *tcase = tcase_create("slips");

    ROWS_ADD(tcase, test_slip, slips);
    suite_add_tcase(suite, tcase);
    return suite;
}
