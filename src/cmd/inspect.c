/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inspect.h"

#include "cmd/command.h"
#include "source/privilege.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

bool inspection_init(struct inspection *inspection, struct err *err)
{
    *inspection = (struct inspection){0};
    return capture_open_host(&inspection->host, "/proc", err);
}

void inspection_deinit(struct inspection *inspection)
{
    capture_close(inspection->host);
}

static bool parse_target(const char *target, pid_t *pid, struct err *err)
{
    uint64_t number;

    if (strcmp(target, "self") == 0) {
        *pid = getpid();
        return true;
    }
    if (!str_to_u64(str_of(target), &number) || number == 0 || number > INT_MAX)
        return err_set(err,
                       "\"%s\" is no PID: give the number of a process, or self (a "
                       "command comes first)",
                       target);
    *pid = (pid_t)number;
    return true;
}

/* Who a process's files below /proc belong to: root, when it is not dumpable. */
static uint64_t owner_of(struct capture *process)
{
    struct stat st;

    if (fstatat(capture_directory(process), "maps", &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    return st.st_uid;
}

static bool explain_denial(const struct inspection *inspection, struct err *err)
{
    const struct image *image = &inspection->image;
    char why[1600];

    privilege_explain(image->status.uid, owner_of(inspection->process), why, sizeof(why));
    return err_set(err, "cannot read the memory map of PID %d (%s): %s", (int)image->pid,
                   image->comm, why);
}

static bool is_ignored(const struct options *options, const struct rule *rule)
{
    for (unsigned int i = 0; i < options->n_ignored; i++)
        if (options->ignored[i] == rule)
            return true;
    return false;
}

/* Takes ignored findings out of the list and counts them. */
static void take_findings(struct inspection *inspection, const struct options *options)
{
    struct checker *checker = &inspection->checker;
    struct report *report = &inspection->report;
    uint32_t n = 0;

    for (uint32_t i = 0; i < checker->n_findings; i++)
        if (!is_ignored(options, checker->findings[i].rule))
            checker->findings[n++] = checker->findings[i];
    report->findings = checker->findings;
    report->n_findings = n;
    report->n_ignored = checker->n_findings - n;
    report->not_run = checker->not_run;
    report->n_not_run = checker->n_not_run;
}

static void analyze(struct inspection *inspection, const struct options *options)
{
    struct image *image = &inspection->image;
    struct report *report = &inspection->report;

    if (options->with_memory)
        image_read_memory(image, NULL); /* the reason stands among what is missing */
    if (options->json) {
        image_read_cgroup(image);
        image_read_ancestors(image);
    }
    facts_compute(&inspection->facts, image);
    check_run(&inspection->checker, image, &inspection->facts);
    *report = (struct report){
        .image = image,
        .facts = &inspection->facts,
        .path = inspection->path,
        .with_memory = options->with_memory,
        .with_mappings = options->with_mappings,
    };
    take_findings(inspection, options);
}

bool inspection_begin(struct inspection *inspection, const char *target,
                      const struct options *options, struct err *err)
{
    enum image_state state;
    pid_t pid;

    if (!parse_target(target, &pid, err) ||
        !capture_open_process(&inspection->process, inspection->host, pid, err))
        return false;
    snprintf(inspection->path, sizeof(inspection->path), "/proc/%d", (int)pid);
    state = image_init(&inspection->image, inspection->process, pid, err);
    if (state == IMAGE_READY) {
        analyze(inspection, options);
        return true;
    }
    if (state == IMAGE_DENIED)
        explain_denial(inspection, err);
    inspection_end(inspection);
    return false;
}

void inspection_end(struct inspection *inspection)
{
    image_deinit(&inspection->image);
    capture_close(inspection->process);
    inspection->process = NULL;
}

static bool is_incomplete(const struct report *report)
{
    return report->image->n_missing > 0 || !report->image->consistent || report->n_not_run > 0;
}

int inspection_status(const struct inspection *inspection, const struct options *options)
{
    const struct report *report = &inspection->report;

    if (options->strict && is_incomplete(report))
        return EXIT_TROUBLE;
    if (!options->never_fail && report->n_findings > 0 &&
        report->findings[0].severity >= options->fail_on)
        return EXIT_FINDING;
    return EXIT_CLEAN;
}
