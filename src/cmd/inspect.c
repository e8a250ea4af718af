/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inspect.h"

#include "cmd/command.h"
#include "cmd/verdict.h"
#include "parse/keyed.h"
#include "render/safe.h"
#include "source/processes.h"
#include "source/stop.h"
#include "source/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

void inspection_init(struct inspection *inspection)
{
    *inspection = (struct inspection){0};
}

void inspection_deinit(struct inspection *inspection)
{
    capture_close(inspection->host);
}

/* Without this a directory that is no procfs looks like a host without processes. */
static bool is_procfs(const struct capture *host)
{
    struct statfs fs;

    return (fstatfs(capture_directory(host), &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) ||
           faccessat(capture_directory(host), "self", F_OK, 0) == 0;
}

bool inspection_open_host(struct inspection *inspection, struct err *err)
{
    if (!inspection->host && !capture_open_host(&inspection->host, "/proc", err))
        return false;
    inspection->has_procfs = inspection->has_procfs || is_procfs(inspection->host);
    return inspection->has_procfs ||
           err_set(err, "/proc is not a proc file system: mount -t proc proc /proc");
}

/* By the link and not getpid(): /proc can be that of another PID namespace than ours. */
static bool find_self(const struct inspection *inspection, pid_t *pid, struct err *err)
{
    char text[16];
    ssize_t n = readlinkat(capture_directory(inspection->host), "self", text, sizeof(text));
    uint64_t number;

    if (n < 0)
        return err_set(err,
                       "cannot follow /proc/self: %s (is /proc that of another PID namespace?)",
                       strerror(errno));
    if (!str_to_u64((struct str){text, (size_t)n}, &number) || number > INT_MAX)
        return err_set(err, "/proc/self does not lead to a PID");
    *pid = (pid_t)number;
    return true;
}

/* "Uid:" and "Gid:" of status: real, effective, saved, and that of the file system. */
static void read_ids(struct str status, struct str key, uint64_t ids[static 3])
{
    struct str value, word;

    keyed_find(status, key, &value);
    for (int i = 0; i < 3 && str_next_word(&value, &word); i++)
        str_to_u64(word, &ids[i]);
}

static struct owner owner_of(struct capture *process)
{
    struct str status = capture_get(process, CAPTURE_STATUS)->bytes;
    struct owner owner = {0};
    struct stat st;

    read_ids(status, STR("Uid"), owner.uids);
    read_ids(status, STR("Gid"), owner.gids);
    if (fstatat(capture_directory(process), "maps", &st, AT_SYMLINK_NOFOLLOW) == 0)
        owner.files_uid = st.st_uid;
    return owner;
}

static void explain_denial(struct inspection *inspection)
{
    const struct image *image = &inspection->image;
    struct owner owner = owner_of(inspection->process);
    char why[PRIVILEGE_TEXT];
    struct err err;

    privilege_explain(&owner, why);
    err_format(&err, "cannot read the memory map of PID %d (%s)", (int)image->pid, image->comm);
    snprintf(inspection->failure, sizeof(inspection->failure), "%s: %s", err.text, why);
}

/* With hidepid=1 it can be seen that it is there and whose it is, and nothing else. */
static void explain_closed(struct inspection *inspection, pid_t pid)
{
    size_t n = strlen(inspection->failure);
    char why[PRIVILEGE_TEXT];
    struct owner owner;

    if (!inspection->host || !process_is_closed(inspection->host, pid, &owner))
        return;
    inspection->state = IMAGE_DENIED;
    privilege_explain(&owner, why);
    snprintf(inspection->failure + n, sizeof(inspection->failure) - n, ": %s", why);
}

static void take_findings(struct inspection *inspection)
{
    const struct checker *checker = &inspection->checker;
    struct report *report = &inspection->report;

    report->findings = checker->findings;
    report->n_findings = checker->n_findings;
    report->n_ignored = checker->n_ignored;
    report->blocker = checker->blocker;
    report->not_run = checker->not_run;
    report->n_not_run = checker->n_not_run;
}

/* What the options make of the findings. */
static void take_options(struct inspection *inspection, const struct options *options)
{
    struct report *report = &inspection->report;

    report->strict = options->strict;
    report->never_fail = options->never_fail;
    report->fail_on = options->fail_on;
    report->policy = &options->policy;
    if (options->style.verbose)
        report->access = inspection_access(inspection);
}

static bool has_policy(const struct options *options)
{
    return options->demands && options->demands->n > 0;
}

/*
 * A policy is held against the document, whatever is printed.  Many have one of their own, of a row
 * each.
 */
static bool needs_document(const struct inspection *inspection, const struct options *options)
{
    return (options->json && !inspection->files) || options->keep || has_policy(options);
}

static void analyze(struct inspection *inspection, const struct options *options)
{
    struct image *image = &inspection->image;
    struct report *report = &inspection->report;

    if (options->with_memory || options->keep ||
        (options->demands && options->demands->needs_memory))
        image_read_memory(image, NULL); /* the reason stands among what is missing */
    if (needs_document(inspection, options)) {
        image_read_cgroup(image);
        image_read_ancestors(image);
    }
    if (needs_document(inspection, options) || options->style.verbose)
        image_read_allocator(image);
    facts_compute(&inspection->facts, image);
    check_run(&inspection->checker, image, &inspection->facts, &options->policy);
    *report = (struct report){
        .image = image,
        .facts = &inspection->facts,
        .path = inspection->path,
        .moment = inspection->moment,
        .with_memory = options->with_memory,
        .with_mappings = options->with_mappings,
        .with_heap = options->with_heap,
    };
    take_findings(inspection);
    take_options(inspection, options);
}

/* Not among the denied: what is missing for another reason. */
static bool is_denied(const struct missing *missing)
{
    return strcasestr(missing->reason, "permission denied") ||
           strcasestr(missing->reason, "operation not permitted");
}

const char *inspection_access(const struct inspection *inspection)
{
    struct image *image = inspection->report.image;
    char text[PRIVILEGE_TEXT];

    if (!image_is_live(image))
        return NULL;
    for (uint32_t i = 0; i < image->n_missing; i++) {
        if (!is_denied(&image->missing[i]))
            continue;
        privilege_explain_inputs(text);
        return safe_text(&image->arena, str_of(text));
    }
    return NULL;
}

static void name_directory(struct inspection *inspection, pid_t pid)
{
    snprintf(inspection->directory, sizeof(inspection->directory), "/proc/%d", (int)pid);
    inspection->path = inspection->directory;
}

static bool open_process(struct inspection *inspection, const struct target *target, pid_t *pid,
                         struct err *err)
{
    *pid = target->pid;
    if (target->kind == TARGET_PID)
        name_directory(inspection, *pid);
    if (!inspection_open_host(inspection, err) ||
        (target->kind == TARGET_SELF && !find_self(inspection, pid, err)))
        return false;
    name_directory(inspection, *pid);
    return capture_open_process(&inspection->process, inspection->host, *pid, err);
}

static bool open_target(struct inspection *inspection, const char *name, pid_t *pid,
                        struct err *err)
{
    struct target target;

    inspection->path = name;
    inspection->kind = NULL;
    if (!privilege_lower(err) || !target_look(&target, name, err))
        return false;
    switch (target.kind) {
    case TARGET_SNAPSHOT:
        inspection->kind = capture_kind_name(CAPTURE_SNAPSHOT);
        return capture_open_snapshot(&inspection->process, name, err);
    case TARGET_TEXT:
        inspection->kind = capture_kind_name(CAPTURE_TEXT);
        inspection->process = capture_open_text(target.text, target.n_text);
        return true;
    case TARGET_CORE:
        inspection->kind = capture_kind_name(CAPTURE_CORE);
        inspection->process = capture_open_core(&target.core);
        return true;
    default:
        privilege_raise();
        inspection->kind = capture_kind_name(CAPTURE_LIVE);
        return open_process(inspection, &target, pid, err);
    }
}

static bool fail(struct inspection *inspection, const struct err *err)
{
    snprintf(inspection->failure, sizeof(inspection->failure), "%s", err->text);
    return false;
}

/* What is wrong with a file or directory, whose name the error does not have. */
static void fail_files(struct inspection *inspection, const struct err *err)
{
    bool is_input = strcmp(inspection->path, "-") == 0;

    snprintf(inspection->failure, sizeof(inspection->failure), "%s: %s",
             is_input ? "standard input" : inspection->path, err->text);
}

/* Whether maps, its sums, smaps and libc's break were read of one moment. */
static bool is_settled(struct image *image)
{
    return image->consistent && !image->brk.moved &&
           (image->usage || capture_get(image->capture, CAPTURE_SMAPS)->missing);
}

/* One of many, of which nothing is wanted but the findings and a few figures. */
static bool is_in_passing(const struct inspection *inspection, const struct options *options)
{
    return inspection->files && !options->keep && !has_policy(options) && !options->strict;
}

/* Image and heap; with --stop of one moment. */
static enum image_state read_process(struct inspection *inspection, pid_t pid,
                                     const struct options *options, struct err *err)
{
    struct image *image = &inspection->image;
    struct stop *stop = NULL;
    enum image_state state;
    bool is_held = options->stop && capture_kind(inspection->process) == CAPTURE_LIVE;

    inspection->slept = is_held && threads_sleep(inspection->process);
    if (is_held && !stop_begin(&stop, inspection->process, err)) {
        *image = (struct image){.pid = pid, .capture = inspection->process};
        return IMAGE_FAILED;
    }
    state = image_init_sharing(image, inspection->process, pid, inspection->files,
                               is_in_passing(inspection, options), err);
    if (state == IMAGE_READY &&
        (options->with_heap || (options->demands && options->demands->needs_heap)))
        image_read_heap(image, (struct heap_wish){!options->no_walk, options->keep});
    if (state == IMAGE_READY)
        state = image_confirm_heap(image, err);
    if (stop && state == IMAGE_READY && image->heap)
        image->heap->n_unstopped = stop_missed(stop);
    stop_end(stop);
    return state;
}

static bool is_heap_settled(const struct image *image)
{
    uint64_t address;

    return !image->heap ||
           (!image->heap->is_of_another && !heap_inconsistency(image->heap, &address));
}

/* What did not fit together in the heap, try by try. */
struct fault {
    const char *what; /* NULL: all did */
    uint64_t address;
    bool is_alike; /* in all of them, and no thread was within malloc */
};

/* A process that waits for something else leaves no such trace, at the same place each time. */
static void fault_note(struct fault *fault, struct inspection *inspection, bool is_first)
{
    const struct heap *heap = inspection->image.heap;
    uint64_t address = 0;
    const char *what = heap ? heap_inconsistency(heap, &address) : NULL;
    bool is_same =
        is_first || (fault->is_alike && fault->what == what && fault->address == address);

    fault->is_alike = what && is_same && !heap_is_beyond(what) && !heap_is_locked(heap) &&
                      (inspection->slept || threads_sleep(inspection->process));
    fault->what = what;
    fault->address = address;
}

/* Threads that --stop woke have to get to sleep again, on a machine that may be busy. */
static void await_sleep(const struct inspection *inspection)
{
    enum { PATIENCE_MS = 50 };

    for (int i = 0; inspection->slept && i < PATIENCE_MS; i++) {
        if (threads_sleep(inspection->process))
            return;
        capture_wait(1);
    }
}

/*
 * What is to be saved is read again as a whole when it is not of one moment, and so is what does
 * not fit together in the heap.
 */
static enum image_state inspect(struct inspection *inspection, pid_t pid,
                                const struct options *options, struct err *err)
{
    enum { TRIES = 5 };
    struct image *image = &inspection->image;
    struct fault fault = {0};

    for (int i = 1;; i++) {
        enum image_state state = read_process(inspection, pid, options, err);
        bool is_done;

        if (state != IMAGE_READY)
            return state;
        if (image->heap)
            image->heap->n_tries = (unsigned int)i;
        if (image_is_live(image))
            fault_note(&fault, inspection, i == 1);
        if (i == TRIES && fault.is_alike)
            image->heap->is_corrupt = true;
        is_done = !image_is_live(image) || i == TRIES;
        if (is_done || is_heap_settled(image)) {
            analyze(inspection, options);
            if (is_done || !options->keep || is_settled(image))
                return state;
        }
        image_deinit(image);
        capture_forget(inspection->process);
        if (!options->keep)
            capture_wait(i);
        await_sleep(inspection);
    }
}

struct report inspection_report_in_full(const struct inspection *inspection,
                                        const struct options *options)
{
    struct report report = inspection->report;

    if (options->demands) {
        report.with_memory |= options->demands->needs_memory;
        report.with_heap |= options->demands->needs_heap;
        report.with_mappings |= options->demands->needs_mappings;
    }
    return report;
}

void inspection_judge(struct inspection *inspection, const struct options *options,
                      json_t *document)
{
    struct report *report = &inspection->report;

    if (options->demands)
        report->verdict = verdict_reach(options->demands, report, document);
    json_decref(document);
}

static void judge(struct inspection *inspection, const struct options *options)
{
    struct report report = inspection_report_in_full(inspection, options);

    if (options->demands && !options->judges_itself)
        inspection_judge(inspection, options, json_report(&report));
}

bool inspection_begin(struct inspection *inspection, const char *target,
                      const struct options *options)
{
    enum image_state state;
    struct err err;
    pid_t pid = 0;

    inspection->state = IMAGE_FAILED;
    if (!open_target(inspection, target, &pid, &err)) {
        fail(inspection, &err);
        explain_closed(inspection, pid);
        return false;
    }
    if (options->keep)
        capture_keep(inspection->process);
    inspection->state = state = inspect(inspection, pid, options, &err);
    if (state == IMAGE_READY) {
        judge(inspection, options);
        return true;
    }
    if (state == IMAGE_DENIED)
        explain_denial(inspection);
    else if (image_is_live(&inspection->image))
        fail(inspection, &err);
    else
        fail_files(inspection, &err);
    inspection->is_kernel_thread = image_is_kernel_thread(&inspection->image);
    inspection->has_threads = image_has_threads_alone(&inspection->image);
    inspection_end(inspection);
    return false;
}

bool inspection_begin_host(struct inspection *inspection, struct host_memory *memory,
                           const struct options *options)
{
    struct image *image = &inspection->image;
    struct err err;

    inspection->path = "/proc";
    if (!inspection_open_host(inspection, &err))
        return fail(inspection, &err);
    image_init_host(image, inspection->host);
    hostmem_read(memory, image);
    check_run_host(&inspection->checker, &image->arena, memory, &options->policy);
    inspection->report = (struct report){.image = image, .path = inspection->path};
    take_findings(inspection);
    take_options(inspection, options);
    return true;
}

void inspection_fail(const struct inspection *inspection, struct document *document)
{
    complain("%s", inspection->failure);
    document_failure(document,
                     &(struct failure){inspection->kind, inspection->path, inspection->failure});
}

json_t *inspection_failure(const struct inspection *inspection, const struct options *options)
{
    json_t *document = NULL;
    struct arena arena;

    complain("%s", inspection->failure);
    arena_init(&arena);
    if (options->json)
        document = json_failure(inspection->kind, safe_text(&arena, str_of(inspection->path)),
                                safe_text(&arena, str_of(inspection->failure)));
    arena_deinit(&arena);
    return document;
}

void inspection_end(struct inspection *inspection)
{
    image_deinit(&inspection->image);
    capture_close(inspection->process);
    inspection->process = NULL;
}

bool inspection_policy_failed(const struct inspection *inspection, const struct options *options)
{
    const struct verdict *verdict = inspection->report.verdict;

    return !options->never_fail && verdict && verdict->n_failed > 0;
}

bool inspection_fails(const struct inspection *inspection, const struct options *options)
{
    const struct report *report = &inspection->report;

    /* The story of the worst finding comes first. */
    return inspection_policy_failed(inspection, options) ||
           (!options->never_fail && report->n_findings > 0 &&
            report->findings[0].story_severity >= options->fail_on);
}

int inspection_status(const struct inspection *inspection, const struct options *options)
{
    const struct report *report = &inspection->report;

    if (options->strict && report_is_incomplete(report))
        return EXIT_TROUBLE;
    return inspection_fails(inspection, options) ? EXIT_FINDING : EXIT_CLEAN;
}
