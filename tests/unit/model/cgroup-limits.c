/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory cgroups below a mount point that the test makes. */
#include "../fake.h"
#include "../rows.h"

#include <stdio.h>

static struct fake fake;
static struct image image;

static void setup(void)
{
    fake_init(&fake);
}

static void teardown(void)
{
    image_deinit(&image);
    fake_deinit(&fake);
}

/* The process is in /a/b. Files that are NULL are not there; limits in bytes. */
static const struct row {
    const char *name;
    bool v1;
    const char *own_limit, *own_usage, *own_stat;
    const char *above_limit, *above_usage;
    const char *path; /* of the cgroup that leaves least, or NULL */
    uint64_t room;
} rows[] = {
    {"own", false, "1000\n", "400\n", "anon 1\n", NULL, NULL, "/a/b", 600},
    {"page cache and slab give way", false, "1000\n", "900\n",
     "file 9\ninactive_file 300\nactive_file 20\nslab_reclaimable 1\n", NULL, NULL, "/a/b", 421},
    {"more cache than usage", false, "1000\n", "900\n", "inactive_file 5000\n", NULL, NULL, "/a/b",
     1000},
    {"above its limit", false, "1000\n", "1200\n", NULL, NULL, NULL, "/a/b", 0},
    {"no limit", false, "max\n", "900\n", NULL, NULL, NULL, NULL, 0},
    {"the one above leaves less", false, "1000\n", "400\n", NULL, "2000\n", "1900\n", "/a", 100},
    {"the one above leaves more", false, "1000\n", "400\n", NULL, "2000\n", "1200\n", "/a/b", 600},
    {"only the one above has a limit", false, "max\n", "400\n", NULL, "500\n", "400\n", "/a", 100},
    {"no usage", false, "1000\n", NULL, NULL, NULL, NULL, NULL, 0},
    {"rubbish", false, "many\n", "few\n", NULL, NULL, NULL, NULL, 0},
    {"nothing", false, NULL, NULL, NULL, NULL, NULL, NULL, 0},
    {"version 1", true, "1000\n", "900\n",
     "inactive_file 7\ntotal_inactive_file 200\ntotal_active_file 50\n", NULL, NULL, "/a/b", 350},
    {"version 1 without a limit", true, "9223372036854771712\n", "900\n", NULL, NULL, NULL, NULL,
     0},
    {"version 1, the one above", true, "9223372036854771712\n", "900\n", NULL, "1000\n", "990\n",
     "/a", 10},
};

static void write_level(const char *path, const char *file, const char *text)
{
    char name[200];

    snprintf(name, sizeof(name), "cgroups%s/%s", path, file);
    if (text)
        fake_write(&fake, name, "%s", text);
}

static void write_levels(const struct row *row)
{
    const char *limit = row->v1 ? "memory.limit_in_bytes" : "memory.max";
    const char *usage = row->v1 ? "memory.usage_in_bytes" : "memory.current";

    write_level("/a/b", limit, row->own_limit);
    write_level("/a/b", usage, row->own_usage);
    write_level("/a/b", "memory.stat", row->own_stat);
    write_level("/a", limit, row->above_limit);
    write_level("/a", usage, row->above_usage);
}

START_TEST(test_levels)
{
    const struct row *row = &rows[_i];

    fake_write(&fake, "self/mountinfo", "30 1 0:26 / %s/cgroups rw shared:9 - %s cgroup %s\n",
               fake.root, row->v1 ? "cgroup" : "cgroup2", row->v1 ? "rw,memory" : "rw");
    write_levels(row);
    fake_ready(&fake, &(struct fake_process){.maps = FAKE_MAPS}, &image);
    fake_write(&fake, "4321/cgroup", "%s/a/b\n", row->v1 ? "4:memory:" : "0::");
    image_read_cgroup_limits(&image);
    ROW_TEXT(row, image.cgroup_limit ? image.cgroup_limit->path : NULL, row->path);
    if (row->path)
        ROW_NUMBER(row, cgroup_room(image.cgroup_limit), row->room);
}
END_TEST

Suite *cgroup_limits_suite(void)
{
    Suite *suite = suite_create("cgroup_limits");
    TCase *tcase = tcase_create("levels");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_levels, rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
