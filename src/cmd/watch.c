/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/command.h"
#include "cmd/scan.h"
#include "cmd/watched.h"
#include "parse/status.h"
#include "source/capture.h"
#include "source/pace.h"
#include "source/privilege.h"
#include "source/target.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

/* Those that are watched are in the order of their PIDs. */
struct watch {
    const struct options *options;
    struct options look_options; /* the same for a look, which needs not be told in full */
    struct teller teller;
    struct pace pace;
    uint64_t interval_ns;
    pid_t *pids; /* that were asked for; unused for a whole host */
    struct watched *list;
    uint32_t n, n_room;
    struct watch_total total;
    uint64_t begin_ns;
    uint64_t looked_ns; /* when it was time for a look, last */
    bool is_late;       /* that was told */
    bool has_begun;     /* with a target that was asked for, or of a host with any at all */
    bool has_no_reader;
    int status;
};

static int by_pid(const void *a, const void *b)
{
    const struct watched *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

static void sort(struct watch *watch)
{
    if (watch->n > 1)
        qsort(watch->list, watch->n, sizeof(*watch->list), by_pid);
}

static struct watched *add(struct watch *watch, pid_t pid)
{
    if (watch->n == watch->n_room) {
        watch->n_room = watch->n_room ? watch->n_room * 2 : 16;
        watch->list = xreallocarray(watch->list, watch->n_room, sizeof(*watch->list));
    }
    watch->list[watch->n] = (struct watched){.pid = pid};
    return &watch->list[watch->n++];
}

static struct watched *find(struct watch *watch, pid_t pid, uint32_t n_sorted)
{
    const struct watched key = {.pid = pid};

    return n_sorted > 0 ? bsearch(&key, watch->list, n_sorted, sizeof(key), by_pid) : NULL;
}

/* Those that are not there any more make room. */
static void drop_absent(struct watch *watch)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < watch->n; i++) {
        if (watch->list[i].is_present)
            watch->list[n++] = watch->list[i];
        else
            watched_deinit(&watch->list[i]);
    }
    watch->n = n;
}

static void note_status(struct watch *watch, int status)
{
    if (status > watch->status)
        watch->status = status;
}

/* A target that cannot be watched at all. */
static void refuse(struct watch *watch, const struct scan_row *row)
{
    if (row->state == SCAN_ENDED)
        complain("no process has PID %d, or it has ended", (int)row->pid);
    else if (row->state == SCAN_KERNEL_THREAD)
        complain("PID %d is a kernel thread: it has no memory of its own", (int)row->pid);
    else
        complain("%s", row->reason);
    note_status(watch, EXIT_TROUBLE);
}

static void update(struct watch *watch, struct watched *watched, const struct scan_row *row)
{
    if (!watch->teller.is_host && !watched->is_known && row->state != SCAN_READ) {
        refuse(watch, row);
        return;
    }
    watched->is_present = watched_update(watched, row, &watch->teller);
    watch->has_begun |= watched->is_known;
    if (watched->is_present && watched->is_known && watched->fails)
        note_status(watch, EXIT_FINDING);
}

/* A PID that another process has got is both an end and a beginning. */
static void take_row(struct watch *watch, const struct scan_row *row, uint32_t n_sorted)
{
    struct watched *watched = find(watch, row->pid, n_sorted);

    if (!watched) {
        watched = add(watch, row->pid);
        watch->total.n_seen++;
    }
    update(watch, watched, row);
    if (watched->is_present || !watch->teller.is_host || row->state != SCAN_READ ||
        row->is_filtered)
        return;
    watched_deinit(watched);
    *watched = (struct watched){.pid = row->pid};
    watch->total.n_seen++;
    update(watch, watched, row);
}

/* The host's own settings, by any process; the first that was read knows them all. */
static void tell_host(struct watch *watch, const struct vitals *now)
{
    struct teller *teller = &watch->teller;
    struct event event = {.type = EVENT_CHANGE};
    struct vitals before = {0}, after = {0};
    struct change changes[MAX_CHANGES];

    for (int i = SETTING_MAX_MAP_COUNT; i <= SETTING_OVERCOMMIT; i++) {
        before.settings[i] = teller->host.settings[i];
        after.settings[i] = now->settings[i];
    }
    teller->host = after;
    event.n_changes = vitals_compare(&before, &after, changes);
    event.changes = changes;
    if (event.n_changes > 0)
        teller_tell(teller, &event, false);
}

static void end_absent(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->n; i++)
        if (!watch->list[i].is_present)
            watched_end(&watch->list[i], &watch->teller);
    drop_absent(watch);
    sort(watch);
}

static void take_scan(void *context, const struct scan *scan)
{
    struct watch *watch = context;
    uint32_t n_sorted = watch->n;
    bool has_host = false;

    watch->has_begun |= watch->teller.is_host && scan->n_by_state[SCAN_READ] > 0;
    for (uint32_t i = 0; i < watch->n; i++)
        watch->list[i].is_present = false;
    for (uint32_t i = 0; i < scan->n_rows; i++) {
        const struct scan_row *row = &scan->rows[i];

        if (watch->teller.is_host && row->vitals && !has_host) {
            tell_host(watch, row->vitals);
            has_host = true;
        }
        take_row(watch, row, n_sorted);
    }
    end_absent(watch);
}

static bool goes_on(void *context)
{
    (void)context;
    return !pace_is_stopped();
}

static uint32_t list_pids(const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->n; i++)
        watch->pids[i] = watch->list[i].pid;
    return watch->n;
}

/* That the filters do not choose it any more, or that it cannot be read, is no end. */
static bool is_watched(void *context, pid_t pid)
{
    struct watch *watch = context;

    return find(watch, pid, watch->n);
}

static bool look(struct watch *watch, struct err *err)
{
    struct scan_request request = {
        .context = watch, .is_kept = is_watched, .goes_on = goes_on, .feed = take_scan};

    if (!watch->teller.is_host) {
        request.n_pids = list_pids(watch);
        request.pids = watch->pids;
    }
    if (scan_look(&watch->look_options, &request, err))
        watch->total.n_looks++;
    else if (!pace_is_stopped())
        return false;
    fflush(watch->teller.out);
    return true;
}

/* Told when it begins, not each time. */
static void note_pace(struct watch *watch)
{
    uint64_t now_ns = pace_now_ns();
    struct event event = {.type = EVENT_LATE,
                          .took = (double)(now_ns - watch->looked_ns) / 1e9,
                          .interval = (double)watch->interval_ns / 1e9};
    bool is_late = watch->pace.n_ticks > 1;

    watch->total.n_late += watch->pace.n_ticks - 1;
    if (is_late && !watch->is_late)
        teller_tell(&watch->teller, &event, false);
    watch->is_late = is_late;
    watch->looked_ns = now_ns;
}

/* Waits for the next look.  False, with the reason, when there is none to be. */
static bool await(struct watch *watch, uint64_t *n_looks)
{
    if (!watch->teller.is_host && watch->n == 0) {
        watch->total.reason = watch->has_begun ? "all have ended" : "none could be read";
        return false;
    }
    if (watch->options->count && *n_looks >= watch->options->count) {
        watch->total.reason = "done";
        return false;
    }
    switch (pace_wait(&watch->pace)) {
    case PACE_TICK:
        note_pace(watch);
        ++*n_looks;
        return true;
    case PACE_END:
        return true;
    case PACE_NO_READER:
        watch->has_no_reader = true;
        return false;
    default:
        watch->total.reason = "interrupted";
        return false;
    }
}

/* One that the end of a process brought forward does not count. */
static bool look_again_and_again(struct watch *watch, struct err *err)
{
    uint64_t n_looks = 1;

    do {
        if (!look(watch, err))
            return false;
    } while (!ferror(watch->teller.out) && await(watch, &n_looks));
    return true;
}

static void sum_up(struct watch *watch)
{
    struct event event = {.type = EVENT_TOTAL, .total = &watch->total};
    const struct options *options = watch->options;

    for (uint32_t i = 0; i < watch->n; i++) {
        watched_sum_up(&watch->list[i], &watch->teller);
        watch->total.n_processes += watch->list[i].is_known;
        watch->total.n_failing += watch->list[i].is_known && watch->list[i].fails;
        if (!watch->teller.is_host && watch->list[i].is_unreadable)
            note_status(watch, EXIT_TROUBLE);
    }
    watch->total.seconds = (double)(pace_now_ns() - watch->begin_ns) / 1e9;
    watch->total.n_findings = watch->teller.n_findings;
    if (watch->teller.is_host || options->n_arguments > 1 || options->format != formats[0])
        teller_tell(&watch->teller, &event, false);
}

static int watch_all(struct watch *watch, struct err *err)
{
    watch->begin_ns = watch->looked_ns = pace_now_ns();
    if (!pace_init(&watch->pace, watch->interval_ns, fileno(watch->teller.out), err))
        return EXIT_TROUBLE;
    for (uint32_t i = 0; i < watch->n; i++)
        pace_watch(&watch->pace, watch->list[i].pid);
    if (!look_again_and_again(watch, err))
        return EXIT_TROUBLE;
    if (watch->has_no_reader)
        return EXIT_PROGRAM | SIGPIPE; /* as if something had been written */
    sum_up(watch);
    if (!watch->has_begun && watch->total.n_looks > 0)
        note_status(watch, EXIT_TROUBLE); /* each has said why */
    return watch->status;
}

/* 0 when that cannot be read: the first look says why. */
static uint64_t group_of(struct capture *host, pid_t pid)
{
    struct status_record status = {0};
    struct capture *process;

    if (!capture_open_process(&process, host, pid, NULL))
        return 0;
    status_parse(capture_get(process, CAPTURE_STATUS)->bytes, &status, NULL);
    capture_close(process);
    return status.tgid;
}

/* There is a directory for each thread, too, which only the list of all leaves out. */
static bool is_process(pid_t pid, struct err *err)
{
    struct capture *host;
    uint64_t group;

    if (!capture_open_host(&host, "/proc", err))
        return false;
    group = group_of(host, pid);
    capture_close(host);
    return group == 0 || group == (uint64_t)pid ||
           err_set(err, "%d is a thread of process %llu: give that number", (int)pid,
                   (unsigned long long)group);
}

/* What is no live process does not change. */
static bool find_pid(const char *name, pid_t *pid, struct err *err)
{
    struct target target;

    if (!privilege_lower(err) || !target_look(&target, name, err))
        return false;
    privilege_raise();
    *pid = target.pid;
    if (target.kind == TARGET_PID)
        return is_process(*pid, err);
    if (target.kind == TARGET_TEXT)
        free(target.text);
    return err_set(err, "%s does not change: watch takes processes, by their PIDs", name);
}

static bool take_targets(struct watch *watch, struct err *err)
{
    const struct options *options = watch->options;
    pid_t pid;

    for (int i = 0; i < options->n_arguments; i++) {
        if (!find_pid(options->arguments[i], &pid, err))
            return false;
        add(watch, pid);
    }
    sort(watch);
    for (uint32_t i = 1; i < watch->n; i++)
        if (watch->list[i].pid == watch->list[i - 1].pid)
            return err_set(err, "PID %d is given twice", (int)watch->list[i].pid);
    watch->pids = xreallocarray(NULL, watch->n + 1, sizeof(*watch->pids));
    watch->total.n_seen = watch->n;
    return true;
}

static bool is_sensible(const struct options *options)
{
    if (options->all && options->n_arguments > 0)
        complain_usage("watch takes either targets or --all");
    else if (!options->all && options->n_arguments == 0)
        complain_usage("no target: give a PID, or --all");
    else if (!options->all && (options->name || options->user || options->cgroup))
        complain_usage("options --name, --user and --cgroup go with --all");
    else
        return true;
    return false;
}

static void watch_init(struct watch *watch, const struct options *options, FILE *out)
{
    bool is_terminal = isatty(fileno(out)) == 1;
    uint64_t usual_s = options->all ? 10 : 1;

    *watch = (struct watch){.options = options,
                            .look_options = *options,
                            .pace = {.timer = -1},
                            .interval_ns =
                                options->interval_ns ? options->interval_ns : usual_s * NS_PER_S};
    watch->look_options.with_vitals = true;
    watch->look_options.style.verbose = false;
    watch->teller = (struct teller){
        .options = options, .out = out, .style = options->style, .is_host = options->all};
    if (!is_terminal)
        watch->teller.style.width = UINT_MAX; /* a line each, for grep */
}

static void watch_deinit(struct watch *watch)
{
    pace_deinit(&watch->pace);
    for (uint32_t i = 0; i < watch->n; i++)
        watched_deinit(&watch->list[i]);
    free(watch->list);
    free(watch->pids);
}

static int run(const struct options *options, FILE *out)
{
    struct err err = {""};
    struct watch watch;
    int status = EXIT_TROUBLE;

    if (!is_sensible(options))
        return EXIT_TROUBLE;
    watch_init(&watch, options, out);
    if (take_targets(&watch, &err))
        status = watch_all(&watch, &err);
    if (err.text[0])
        complain("%s", err.text);
    watch_deinit(&watch);
    return status;
}

const struct command command_watch = {
    .name = "watch",
    .options = FOR_WATCH,
    .usage = "PID...|--all",
    .summary = "Tell what changes in processes, and when something will be full",
    .run = run,
};
