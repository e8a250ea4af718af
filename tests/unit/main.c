/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the unit tests: every suite below tests/unit/LAYER/, or those called as the arguments say:
 * SUITE, CASE or SUITE/CASE.  With `--part I/N` before these it is every N-th suite from the I-th
 * on, so that N such programs, side by side, run all.  A file NAME.c there defines
 * `Suite *NAME_suite(void)`; make writes the list of them, suites.h, from the file names, so that
 * none can be forgotten.
 *
 * TMPDIR is a new directory for the tests' files, which is removed at the end.
 *
 * Prints one line a test, `ok SUITE/CASE/TEST`, or `not ok ...` with the place and the reason below
 * it, then `N passed, N failed, N skipped`.  Exit status 0, 1 when a test failed, 2 when no test is
 * called so.
 */
#include <check.h>
#include <ftw.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUITE(name) Suite *name##_suite(void);
#include "suites.h"
#undef SUITE

struct suite_row {
    const char *name;
    Suite *(*create)(void);
};

#define SUITE(name) {#name, name##_suite},
static const struct suite_row suite_rows[] = {
#include "suites.h"
    {NULL, NULL},
};
#undef SUITE

struct counts {
    int passed;
    int failed;
};

/*
 * The library tells a test's name only in its log: FILE:LINE:TYPE:CASE:TEST:ITERATION: MESSAGE,
 * with TYPE P, F (failure) or E (error).  A message may go on over further lines.
 */
static void log_line_print(const char *suite, const char *line, bool *failing)
{
    char file[256], tcase[128], test[128], type;
    int line_number, iteration, n = 0;

    if (sscanf(line, "%255[^:]:%d:%c:%127[^:]:%127[^:]:%d: %n", file, &line_number, &type, tcase,
               test, &iteration, &n) < 6 ||
        n == 0) {
        if (*failing)
            printf("    %s", line);
        return;
    }
    *failing = type != 'P';
    printf("%s %s/%s/%s", *failing ? "not ok" : "ok", suite, tcase, test);
    if (iteration > 0)
        printf("[%d]", iteration);
    putchar('\n');
    if (*failing)
        printf("    %s:%d: %s", file, line_number, line + n);
}

static void log_print(const char *suite, const char *path)
{
    FILE *log = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    bool failing = false;

    if (!log)
        return;
    while (getline(&line, &size, log) > 0 && strcmp(line, "Results for all suites run:\n") != 0)
        log_line_print(suite, line, &failing);
    free(line);
    fclose(log);
}

/* `tcase` NULL: all of them.  A suite without tests is a failure: somebody forgot to add them. */
static void suite_run(const char *name, SRunner *runner, const char *tcase, struct counts *counts)
{
    char path[64];
    int fd = memfd_create("check log", MFD_CLOEXEC);
    int n_run, n_failed;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    srunner_set_log(runner, path);
    srunner_run(runner, NULL, tcase, CK_SILENT);
    n_run = srunner_ntests_run(runner);
    n_failed = srunner_ntests_failed(runner);
    log_print(name, path);
    close(fd);
    if (n_run == 0) {
        printf("not ok %s\n    has no tests\n", name);
        n_run = n_failed = 1;
    }
    counts->passed += n_run - n_failed;
    counts->failed += n_failed;
    fflush(stdout);
}

/* Does `wanted` name the suite (*tcase is set to NULL), or a test case of it? */
static bool suite_matches(const char *name, Suite *suite, const char *wanted, const char **tcase)
{
    size_t n = strlen(name);

    *tcase = NULL;
    if (!wanted || strcmp(wanted, name) == 0)
        return true;
    *tcase = wanted;
    if (strncmp(wanted, name, n) == 0 && wanted[n] == '/')
        *tcase = wanted + n + 1;
    return suite_tcase(suite, *tcase);
}

/* Every `step`-th suite from `first`, 0 for the first of them. */
struct part {
    int first;
    int step;
};

static bool suites_run(const struct part *part, const char *wanted, struct counts *counts)
{
    const int n_rows = sizeof(suite_rows) / sizeof(suite_rows[0]) - 1;
    bool found = false;

    for (int i = part->first; i < n_rows; i += part->step) {
        const struct suite_row *row = &suite_rows[i];
        Suite *suite = row->create();
        SRunner *runner = srunner_create(suite);
        const char *tcase;

        if (suite_matches(row->name, suite, wanted, &tcase)) {
            suite_run(row->name, runner, tcase, counts);
            found = true;
        }
        srunner_free(runner);
    }
    return found;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/*
 * Tried by another process: where the root is no mount point, in a chroot, nothing can be mounted,
 * and whoever left the namespace all the same would see the files it has mapped below other paths.
 */
static bool can_mount(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/*
 * Tests that fail are not there any more to clean up after themselves, so that they all have one
 * directory.  It is kept in memory when that is allowed, which is ten times as fast: by a mount in
 * a namespace of this program's own.  No link may lead to it, since the program follows none.
 */
static bool scratch_make(char path[static 128])
{
    const char *tmp = getenv("TMPDIR");

    snprintf(path, 128, "%s/layoutcheck-unit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path)) {
        fprintf(stderr, "unit: cannot make %s\n", path);
        return false;
    }
    if (can_mount() && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        mount("unit", path, "tmpfs", 0, NULL);
    setenv("TMPDIR", path, 1);
    /* Against tests that hang, and long enough for those that do not on a busy machine. */
    setenv("CK_DEFAULT_TIMEOUT", "120", 1);
    return true;
}

static void scratch_remove(const char *path)
{
    umount2(path, MNT_DETACH);
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* `wanted`, up to a NULL, are the names; all where there is none. */
static bool all_run(const struct part *part, char **wanted, struct counts *counts)
{
    do {
        if (!suites_run(part, *wanted, counts)) {
            fprintf(stderr, "unit: no suite or test case is called %s\n",
                    *wanted ? *wanted : "anything");
            return false;
        }
    } while (*wanted && *++wanted);
    return true;
}

/* How many of the arguments say which part is run; -1: they are wrong. */
static int part_parse(int argc, char **argv, struct part *part)
{
    char more;

    *part = (struct part){.step = 1};
    if (argc < 2 || strcmp(argv[1], "--part") != 0)
        return 0;
    if (argc < 3 || sscanf(argv[2], "%d/%d%c", &part->first, &part->step, &more) != 2 ||
        part->first-- < 1 || part->step <= part->first) {
        fprintf(stderr, "unit: --part takes I/N, from 1/N to N/N\n");
        return -1;
    }
    return 2;
}

int main(int argc, char **argv)
{
    /* The library's own selection would quietly run fewer tests, or none, and call it success. */
    static const char *const selections[] = {"CK_RUN_SUITE", "CK_RUN_CASE", "CK_INCLUDE_TAGS",
                                             "CK_EXCLUDE_TAGS"};
    struct counts counts = {0};
    struct part part;
    int n_taken = part_parse(argc, argv, &part);
    char scratch[128];
    bool found;

    if (n_taken < 0)
        return 2;

    for (size_t i = 0; i < sizeof(selections) / sizeof(selections[0]); i++)
        unsetenv(selections[i]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!scratch_make(scratch))
        return 1;
    found = all_run(&part, argv + 1 + n_taken, &counts);
    scratch_remove(scratch);
    if (!found)
        return 2;
    printf("%d passed, %d failed, 0 skipped\n", counts.passed, counts.failed);
    return counts.failed > 0;
}
