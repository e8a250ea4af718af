/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scan.h"
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "cmd/progress.h"
#include "cmd/scanquick.h"
#include "cmd/scanrow.h"
#include "model/filecache.h"
#include "model/quick.h"
#include "parse/cgroup.h"
#include "render/safe.h"
#include "source/pace.h"
#include "source/pool.h"
#include "source/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct scanner {
    const struct options *options;
    const struct scan_request *request;
    struct inspection inspection; /* each worker goes on with a copy of its own */
    pid_t *pids;
    uint32_t n_pids, n_room;
    struct arena arena;    /* the rows' */
    struct scan_row *rows; /* that may be told of */
    uint32_t n_rows, n_rows_room;
    struct scan scan;
    struct image host;
    struct quick_memo memo; /* a worker's own, too */
    struct progress progress;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* In a worker. */

/* A reason begins as complaints do: with the process. */
static void describe_failure(const struct inspection *inspection, struct scan_row *row)
{
    row->reason = inspection->failure;
    switch (inspection->state) {
    case IMAGE_DENIED:
        row->state = SCAN_DENIED;
        break;
    case IMAGE_NO_MEMORY:
        row->state = inspection->is_kernel_thread ? SCAN_KERNEL_THREAD
                     : inspection->has_threads    ? SCAN_FAILED
                                                  : SCAN_ENDED;
        if (row->state != SCAN_FAILED)
            row->reason = NULL;
        break;
    default:
        row->state = SCAN_FAILED;
    }
}

/* It has ended meanwhile, whatever the reading said of it. */
static bool is_gone(const struct scanner *scanner, pid_t pid)
{
    char name[16];

    snprintf(name, sizeof(name), "%d", (int)pid);
    return faccessat(capture_directory(scanner->inspection.host), name, F_OK, 0) != 0 &&
           errno == ENOENT;
}

/* What stops it in the end, which one call may not come to. */
static const char *last_limit(const struct growth *growth)
{
    const struct limit_fact *last = growth_last(growth);

    return last ? limit_name(last->kind) : NULL;
}

static void describe_room(const struct facts *facts, struct scan_row *row)
{
    const struct growth *brk = &facts->brk.growth;

    row->has_room = facts->brk.known && brk->known;
    if (row->has_room) {
        row->room = brk->room;
        row->room_in_steps = brk->room_in_steps;
        row->limit = last_limit(brk);
    }
    row->has_mmap_room = facts->mmap.growth.known;
    row->mmap_room = facts->mmap.growth.room;
}

static void describe_findings(const struct report *report, struct scan_row *row)
{
    struct arena *arena = &report->image->arena;
    struct scan_finding *list = arena_alloc(arena, (report->n_findings + 1) * sizeof(*list));

    row->severity = -1;
    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        list[i] = (struct scan_finding){finding->rule, finding->severity, finding->title};
        if ((int)finding->severity > row->severity)
            row->severity = (int)finding->severity;
    }
    row->findings = list;
    row->n_findings = report->n_findings;
}

static void describe_unmet(const struct report *report, struct scan_row *row)
{
    const struct verdict *verdict = report->verdict;
    struct arena *arena = &report->image->arena;

    if (!verdict)
        return;
    row->unmet = arena_alloc(arena, (verdict->n_failed + 1) * sizeof(*row->unmet));
    for (uint32_t i = 0; i < verdict->n_assertions; i++) {
        const struct assertion *assertion = &verdict->assertions[i];

        if (assertion->outcome != OUTCOME_PASSED)
            row->unmet[row->n_unmet++] =
                arena_printf(arena, "%s: %s%s%s", assertion->text, assertion->found ? "found " : "",
                             assertion->found ? assertion->found : "",
                             assertion->found ? "" : assertion->reason);
    }
}

static const struct vitals *read_vitals(const struct report *report)
{
    struct vitals *vitals = arena_alloc(&report->image->arena, sizeof(*vitals));

    vitals_take(vitals, report->image, report->facts);
    vitals->seen_ns = pace_now_ns();
    return vitals;
}

/* Where it is shown, or looked for: it costs a file of each process. */
static bool wants_cgroup(const struct options *options)
{
    if (options->cgroup || options->by == SCAN_BY_UNIT || options->by == SCAN_BY_CGROUP)
        return true;
    return options->format == &format_text ? scan_columns_tell_cgroup(options->style.columns)
                                           : options->format != &format_prometheus;
}

static void describe(const struct inspection *inspection, const struct options *options,
                     struct scan_row *row)
{
    const struct report *report = &inspection->report;
    struct image *image = report->image;

    if (wants_cgroup(options))
        image_read_cgroup(image);
    row->state = SCAN_READ;
    row->has_uid = image_uid(image, &row->uid);
    row->comm = image->comm;
    row->exe = image->exe;
    row->cgroup = image->cgroup;
    row->elf_class = image->elf_class;
    row->mode = image->layout.mode;
    row->n_mappings = image->n_counted;
    row->is_incomplete = report_is_incomplete(report);
    describe_room(report->facts, row);
    describe_findings(report, row);
    describe_unmet(report, row);
    row->fails = inspection_fails(inspection, options);
    if (options->with_vitals)
        row->vitals = read_vitals(report);
}

/* Who it is, anybody may know. */
static void pack_unread(const struct scanner *scanner, struct scan_row *row, struct textbuf *result)
{
    struct owner owner = {0};
    struct capture *process;
    struct image image;
    struct err err;

    if ((row->state != SCAN_DENIED && row->state != SCAN_FAILED) ||
        !capture_open_process(&process, scanner->inspection.host, row->pid, &err)) {
        row->has_uid = row->state == SCAN_DENIED &&
                       process_is_closed(scanner->inspection.host, row->pid, &owner);
        row->uid = owner.uids[1];
        scanrow_pack(result, row);
        return;
    }
    quick_identify(&image, process, row->pid);
    row->comm = image.comm;
    row->exe = image.exe;
    row->cgroup = image.cgroup;
    row->has_uid = image_uid(&image, &row->uid);
    scanrow_pack(result, row);
    image_deinit(&image);
    capture_close(process);
}

static void look(void *context, uint32_t item, struct textbuf *result)
{
    struct scanner *scanner = context;
    struct inspection *inspection = &scanner->inspection;
    struct scan_row row = {.pid = scanner->pids[item], .severity = -1};
    char target[16];

    if (scanner->options->quick &&
        scanquick_look(&scanner->host, &scanner->memo, row.pid, scanner->options, result))
        return;
    snprintf(target, sizeof(target), "%d", (int)row.pid);
    if (inspection_begin(inspection, target, scanner->options)) {
        describe(inspection, scanner->options, &row);
        scanrow_pack(result, &row);
        inspection_end(inspection);
        return;
    }
    describe_failure(inspection, &row);
    if (row.state != SCAN_KERNEL_THREAD && is_gone(scanner, row.pid)) {
        row.state = SCAN_ENDED;
        row.reason = NULL;
    }
    pack_unread(scanner, &row, result);
}

/* In the process that prints. */

/* What is not known of one that was not read does not leave it out. */
static bool matches(const char *pattern, const char *text, const struct scan_row *row)
{
    return !pattern || (text ? fnmatch(pattern, text, 0) == 0 : row->state != SCAN_READ);
}

static bool passes_filters(const struct options *options, const struct scan_row *row)
{
    return matches(options->name, row->comm, row) && matches(options->user, row->user, row) &&
           (matches(options->cgroup, row->cgroup, row) ||
            (row->unit && matches(options->cgroup, row->unit, row)));
}

/* What may not be looked at is no news in a table; where lines are counted, it would be missed. */
static bool is_told(const struct options *options, const struct scan_row *row, bool all)
{
    switch (row->state) {
    case SCAN_READ:
        return all || row->fails || row->n_unmet > 0 ||
               row->severity >= (options->has_least ? (int)options->least : (int)SEVERITY_WARNING);
    case SCAN_DENIED:
        return all || options->format->has_denied_rows;
    case SCAN_STUCK:
    case SCAN_FAILED:
        return true;
    default:
        return false;
    }
}

static bool is_wanted(const struct options *options, const struct scan_row *row)
{
    return passes_filters(options, row) &&
           is_told(options, row, options->all || options->format->has_all_rows);
}

/* By its number, or for it had a row before. */
static bool is_asked_for(const struct scanner *scanner, pid_t pid)
{
    const struct scan_request *request = scanner->request;

    return request &&
           (request->pids || (request->is_kept && request->is_kept(request->context, pid)));
}

static bool is_kept(const struct scanner *scanner, const struct scan_row *row)
{
    return is_wanted(scanner->options, row) || is_asked_for(scanner, row->pid);
}

/* Those that have ended, and threads of the kernel, have nothing to be read. */
static bool is_unread(const struct scan_row *row)
{
    return row->state == SCAN_DENIED || row->state == SCAN_STUCK || row->state == SCAN_FAILED;
}

static void count(struct scanner *scanner, const struct scan_row *row)
{
    bool passes = passes_filters(scanner->options, row);

    scanner->scan.n_by_state[row->state]++;
    scanner->scan.n_matching += row->state == SCAN_READ && passes;
    scanner->scan.n_missed += is_unread(row) && passes;
}

/* Of most nothing is told: that they are there is enough.  Users have no names yet. */
static void take(struct scanner *scanner, const struct scan_row *row)
{
    if (!scanner->options->user && !is_kept(scanner, row)) {
        count(scanner, row);
        return;
    }
    if (scanner->n_rows == scanner->n_rows_room) {
        scanner->n_rows_room = scanner->n_rows_room ? scanner->n_rows_room * 2 : 64;
        scanner->rows = xreallocarray(scanner->rows, scanner->n_rows_room, sizeof(*scanner->rows));
    }
    scanner->rows[scanner->n_rows++] = *row;
}

static const char *name_of(struct scanner *scanner, pid_t pid)
{
    char name[PROCESS_NAME];

    process_name(scanner->inspection.host, pid, name);
    return name[0] ? arena_strndup(&scanner->arena, name, strlen(name)) : NULL;
}

/* It can have ended since. */
static void name_failed(struct scanner *scanner, struct scan_row *row)
{
    row->comm = name_of(scanner, row->pid);
    if (row->comm || !is_gone(scanner, row->pid))
        return;
    row->state = SCAN_ENDED;
    row->reason = NULL;
}

static void note_row(void *context, uint32_t item, struct str bytes)
{
    struct scanner *scanner = context;
    struct scan_row row;

    if (bytes.n == 0) /* scanquick_look() */
        row = (struct scan_row){.pid = scanner->pids[item], .state = SCAN_READ, .severity = -1};
    else if (!scanrow_unpack(&scanner->arena, bytes, &row))
        row = (struct scan_row){.pid = scanner->pids[item],
                                .state = SCAN_FAILED,
                                .severity = -1,
                                .reason = "what the helper process said of it was cut off"};
    if (row.state == SCAN_FAILED && !row.comm)
        name_failed(scanner, &row);
    if (row.cgroup) {
        struct str unit = cgroup_unit(str_of(row.cgroup));

        row.unit = unit.n > 0 ? arena_strndup(&scanner->arena, unit.p, unit.n) : NULL;
    }
    take(scanner, &row);
}

static const char *loss_text(struct scanner *scanner, const struct scan_row *row)
{
    const char *comm = row->comm ? row->comm : "?";
    unsigned int ms = scanner->options->timeout_ms;

    if (row->state == SCAN_STUCK)
        return arena_printf(&scanner->arena,
                            "PID %d (%s) could not be read within %u.%03u seconds: it, or a file "
                            "system that it uses, hangs in the kernel",
                            (int)row->pid, comm, ms / 1000, ms % 1000);
    return arena_printf(&scanner->arena, "the helper process that read PID %d (%s) was ended",
                        (int)row->pid, comm);
}

static void note_loss(void *context, uint32_t item, enum pool_loss loss)
{
    struct scanner *scanner = context;
    pid_t pid = scanner->pids[item];
    struct scan_row row = {.pid = pid,
                           .state = loss == POOL_TIMEOUT ? SCAN_STUCK : SCAN_FAILED,
                           .severity = -1,
                           .comm = name_of(scanner, pid)};

    row.reason = loss_text(scanner, &row);
    take(scanner, &row);
}

static bool show_progress(void *context, uint32_t n_done)
{
    struct scanner *scanner = context;
    const struct scan_request *request = scanner->request;
    char text[64];

    if (request) {
        scanner->scan.is_interrupted = !request->goes_on(request->context);
        return !scanner->scan.is_interrupted;
    }
    snprintf(text, sizeof(text), "%u of %u processes", n_done, scanner->n_pids);
    progress_show(&scanner->progress, n_done, text);
    return true;
}

static void add_pid(void *context, pid_t pid)
{
    struct scanner *scanner = context;

    if (scanner->n_pids == scanner->n_room) {
        scanner->n_room = scanner->n_room ? scanner->n_room * 2 : 1024;
        scanner->pids = xreallocarray(scanner->pids, scanner->n_room, sizeof(*scanner->pids));
    }
    scanner->pids[scanner->n_pids++] = pid;
}

/* Users' names; the last one is remembered, for neighbours are often the same user's. */
static void name_users(struct scanner *scanner)
{
    const char *name = NULL;
    uint64_t last = UINT64_MAX;

    for (uint32_t i = 0; i < scanner->n_rows; i++) {
        struct scan_row *row = &scanner->rows[i];

        if (!row->has_uid)
            continue;
        if (!name || row->uid != last) {
            const struct passwd *user = getpwuid((uid_t)row->uid);

            last = row->uid;
            name = user ? arena_strndup(&scanner->arena, user->pw_name, strlen(user->pw_name))
                        : arena_printf(&scanner->arena, "%llu", (unsigned long long)row->uid);
        }
        row->user = name;
    }
}

/* What is not known comes last. */
static uint64_t room_of(const struct scan_row *row)
{
    return row->has_room ? row->room_in_steps : UINT64_MAX;
}

/* What fails, then the severest, then what has the least room, then by number. */
static int by_weight(const void *a, const void *b)
{
    const struct scan_row *x = a, *y = b;

    if (x->fails != y->fails)
        return (x->fails < y->fails) - (x->fails > y->fails);
    if (x->severity != y->severity)
        return (x->severity < y->severity) - (x->severity > y->severity);
    if (room_of(x) != room_of(y))
        return (room_of(x) > room_of(y)) - (room_of(x) < room_of(y));
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static void sift(struct scanner *scanner)
{
    struct scan *scan = &scanner->scan;
    uint32_t n = 0;

    name_users(scanner);
    for (uint32_t i = 0; i < scanner->n_rows; i++) {
        struct scan_row *row = &scanner->rows[i];

        count(scanner, row);
        row->is_filtered = !is_wanted(scanner->options, row);
        if (is_kept(scanner, row))
            scanner->rows[n++] = *row;
    }
    if (n > 0)
        qsort(scanner->rows, n, sizeof(*scanner->rows), by_weight);
    scan->rows = scanner->rows;
    scan->n_rows = n;
}

/* Told once, however many looks there are. */
static void note_alone(void *context, int error)
{
    static bool is_told;

    (void)context;
    if (!is_told)
        complain("cannot start a helper process: %s; without one, --timeout ends nothing",
                 strerror(error));
    is_told = true;
}

/* CPUs that it may run on, of however many there are. */
static unsigned int count_cpus(void)
{
    enum { N_SETS = 64 };
    cpu_set_t sets[N_SETS];

    if (sched_getaffinity(0, sizeof(sets), sets) != 0)
        return 1;
    return (unsigned int)CPU_COUNT_S(sizeof(sets), sets);
}

/* Eight are quick enough on any host; each takes 0.8 MiB, and locks that others wait for. */
static unsigned int workers_for(uint32_t n_items)
{
    enum { MAX_WORKERS = 8 };
    unsigned int n = count_cpus();

    n = n < MAX_WORKERS ? n : MAX_WORKERS;
    return n < n_items ? n : n_items;
}

/*
 * To start and end a worker costs as much as the few questions to thirty processes, and each looks
 * anew at the files of what has to be looked at as a whole.
 */
static uint32_t worth_of_worker(const struct options *options)
{
    return options->quick ? 2000 : 1;
}

static bool collect(struct scanner *scanner, struct err *err)
{
    const struct pool_spec spec = {
        .n_items = scanner->n_pids,
        .n_workers = workers_for(scanner->n_pids / worth_of_worker(scanner->options)),
        .n_when_stuck = workers_for(scanner->n_pids),
        .timeout_ms = scanner->options->timeout_ms,
        .context = scanner,
        .work = look,
        .done = note_row,
        .lost = note_loss,
        .goes_on = show_progress,
        .alone = note_alone,
    };
    bool ok;

    progress_begin(&scanner->progress, scanner->n_pids);
    ok = pool_run(&spec, err);
    progress_end(&scanner->progress);
    if (ok && scanner->scan.is_interrupted)
        err->text[0] = '\0'; /* whoever asked for that knows why */
    return ok && !scanner->scan.is_interrupted;
}

static int status_of(const struct scanner *scanner)
{
    const struct scan *scan = &scanner->scan;

    if (scanner->options->strict && scan->n_by_state[SCAN_DENIED] + scan->n_by_state[SCAN_FAILED] +
                                            scan->n_by_state[SCAN_STUCK] >
                                        0)
        return EXIT_TROUBLE;
    /* Not even this program's own, or none of those that were asked for. */
    if (scan->n_by_state[SCAN_READ] == 0 || (scan->n_matching == 0 && scan->n_missed > 0))
        return EXIT_TROUBLE;
    for (uint32_t i = 0; i < scan->n_rows; i++)
        if (scan->rows[i].fails)
            return EXIT_FINDING;
    return EXIT_CLEAN;
}

static bool list(struct scanner *scanner, struct err *err)
{
    const struct scan_request *request = scanner->request;

    if (!request || !request->pids)
        return processes_list(scanner->inspection.host, add_pid, scanner, err);
    for (uint32_t i = 0; i < request->n_pids; i++)
        add_pid(scanner, request->pids[i]);
    return true;
}

/* Where they decide what is shown, or the exit status, they are told. */
static bool wants_notes(const struct options *options)
{
    return options->style.verbose || (options->has_least && options->least == SEVERITY_INFO) ||
           (!options->never_fail && options->fail_on == SEVERITY_INFO);
}

static bool scan(struct scanner *scanner, struct err *err)
{
    uint64_t begin = now_ms();

    if (!inspection_open_host(&scanner->inspection, err))
        return false;
    capture_file_access(scanner->inspection.host)->deadline_ms = scanner->options->timeout_ms / 2;
    image_init_host(&scanner->host, scanner->inspection.host);
    scanner->scan.host = &scanner->host;
    scanner->scan.is_quick = scanner->options->quick;
    if (!list(scanner, err))
        return false;
    if (!scanner->options->quick)
        cgroups_survey(scanner->inspection.files, scanner->inspection.host, scanner->n_pids);
    if (!collect(scanner, err))
        return false;
    sift(scanner);
    scanner->scan.by = scanner->options->by;
    scanner->scan.has_all = scanner->options->all;
    scanner->scan.has_notes = wants_notes(scanner->options);
    scanner->scan.ended_at = (uint64_t)time(NULL);
    scanner->scan.duration_ms = now_ms() - begin;
    return true;
}

static void scanner_init(struct scanner *scanner, const struct options *options)
{
    *scanner = (struct scanner){.options = options};
    arena_init(&scanner->arena);
    inspection_init(&scanner->inspection);
    scanner->inspection.files = filecache_new();
}

static void scanner_deinit(struct scanner *scanner)
{
    if (scanner->scan.host)
        image_deinit(&scanner->host);
    filecache_free(scanner->inspection.files);
    inspection_deinit(&scanner->inspection);
    arena_deinit(&scanner->arena);
    free(scanner->pids);
    free(scanner->rows);
}

bool scan_look(const struct options *options, const struct scan_request *request, struct err *err)
{
    struct scanner scanner;
    bool ok;

    scanner_init(&scanner, options);
    scanner.request = request;
    ok = scan(&scanner, err);
    if (ok)
        request->feed(request->context, &scanner.scan);
    scanner_deinit(&scanner);
    return ok;
}

/* Columns that were asked for are whole where no terminal limits them: for awk, and for grep. */
static struct style style_for(const struct options *options, FILE *out)
{
    enum { WIDE = 4096 }; /* libsmartcols makes room for a whole line */
    struct style style = options->style;

    if (style.columns && isatty(fileno(out)) != 1)
        style.width = WIDE;
    return style;
}

static int run(const struct options *options, FILE *out)
{
    const struct options quick = scanquick_options(options);
    const struct style style = style_for(options, out);
    struct scanner scanner;
    struct err err;
    int status;

    if (options->n_arguments > 0) {
        complain_usage("scan takes no target: it looks at every process; for one: layoutcheck PID");
        return trouble_status(options, "scan takes no target", out);
    }
    if (!scan_columns_check(options->style.columns, &err)) {
        complain_usage(err.text);
        return trouble_status(options, err.text, out);
    }
    scanner_init(&scanner, options->quick ? &quick : options);
    if (scan(&scanner, &err) && options->format->scan(&scanner.scan, &style, out, &err)) {
        status = status_of(&scanner);
    } else {
        complain("%s", err.text);
        status = trouble_status(options, err.text, out);
    }
    scanner_deinit(&scanner);
    return status;
}

static void print_details(FILE *out)
{
    fputs("\nColumns:\n", out);
    render_scan_columns(out);
}

const struct command command_scan = {
    .name = "scan",
    .options = FOR_SCAN,
    .usage = "",
    .summary = "Look at every process of the host",
    .run = run,
    .print_details = print_details,
};
