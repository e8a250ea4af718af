/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as a person reads it: who, the picture, the heap in one line, findings. */
#include "render/evidence.h"
#include "render/paper.h"
#include "render/safe.h"
#include "render/who.h"

#include <pwd.h>

static const char *type_text(const struct image *image)
{
    static const char *const names[] = {
        [PROGRAM_UNKNOWN] = "program",
        [PROGRAM_EXEC] = "non-PIE program",
        [PROGRAM_PIE] = "PIE program",
        [PROGRAM_STATIC] = "static program",
        [PROGRAM_STATIC_PIE] = "static PIE program",
    };

    return names[image->program_type];
}

/* Names of users are those of this machine, so that only its own processes' are looked up. */
static const char *user_text(struct image *image)
{
    struct arena *arena = &image->arena;
    uint64_t uid;
    bool known = image_uid(image, &uid);
    const struct passwd *user = image_is_live(image) ? getpwuid((uid_t)uid) : NULL;

    if (!known)
        return "";
    if (image->user)
        return arena_printf(arena, ", user %s", safe_text(arena, str_of(image->user)));
    if (user)
        return arena_printf(&image->arena, ", user %s", user->pw_name);
    return arena_printf(&image->arena, ", uid %llu", (unsigned long long)uid);
}

static const char *pid_text(struct image *image)
{
    uint64_t ns_pid = image->status.ns_pid;

    if (!image->pid)
        return "";
    if (!ns_pid || ns_pid == (uint64_t)image->pid)
        return arena_printf(&image->arena, "PID %d, ", (int)image->pid);
    return arena_printf(&image->arena, "PID %d (%llu in its PID namespace), ", (int)image->pid,
                        (unsigned long long)ns_pid);
}

/* Of text: where that was read. */
static const char *source_text(const struct report *report)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    const char *path =
        strcmp(report->path, "-") == 0 ? "standard input" : safe_text(arena, str_of(report->path));

    if (capture_kind(image->capture) != CAPTURE_TEXT)
        return "";
    return arena_printf(arena, ", from %s (%s%s)", path, image->pasted.format,
                        image_incomplete(image) ? ", not all mappings" : "");
}

/* "arm", "arm (by the name /lib/ld-linux-armhf.so.3)" */
static const char *machine_text(struct image *image)
{
    struct arena *arena = &image->arena;
    char buf[24];
    const char *name = elf_machine_name(image->machine, buf);

    if (!image->machine_evidence)
        return arena_strndup(arena, name, strlen(name));
    return arena_printf(arena, "%s (by %s)", name,
                        safe_text(arena, str_of(image->machine_evidence)));
}

static void print_who(const struct report *report, const struct style *style, FILE *out)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    const char *bits = image->elf_class ? arena_printf(arena, "%u-bit ", image->elf_class) : "";
    struct str path = who_program(image);
    const char *comm,
        *text =
            arena_printf(arena, "%s%s%s%s%s%s%s%s", pid_text(image), bits, type_text(image),
                         image->machine ? " for " : "", image->machine ? machine_text(image) : "",
                         user_text(image), image->via_loader ? ", run through its loader" : "",
                         source_text(report));

    if (path.n > 0)
        text = arena_printf(arena, "%s: %s", text, safe_text(arena, path));
    comm = safe_text(arena, who_full_name(image));
    fprintf(out, "%s%s%s  ", paper_bold_on(style), comm, paper_off(style));
    paper_wrap_from(out, style, safe_width(str_of(comm)) + 2, 0, text);
}

static const char *death_text(const struct report *report, struct arena *arena)
{
    const struct death_facts *death = &report->facts->death;
    char address[UNITS_TEXT];
    const char *name = death->name ? death->name : arena_printf(arena, "signal %u", death->signal);

    if (!death->known)
        return "";
    if (!death->has_address)
        return arena_printf(arena, "; ended by %s", name);
    return arena_printf(arena, "; ended by %s at %s, %s", name,
                        address_text(death->address, address),
                        safe_text(arena, str_of(death->place)));
}

static const char *cut_text(const struct core *core, const struct style *style, struct arena *arena)
{
    char cut[UNITS_TEXT], whole[UNITS_TEXT];

    if (core->whole_bytes <= core->file_bytes)
        return "";
    return arena_printf(arena, "; %s of %s are cut off",
                        paper_size(style, core->whole_bytes - core->file_bytes, cut),
                        paper_size(style, core->whole_bytes, whole));
}

/* What a core is of its own: who wrote it, how the process ended, and what is missing of it. */
static void print_core(const struct report *report, const struct style *style, FILE *out)
{
    static const char *const writers[] = {
        [CORE_WRITER_UNKNOWN] = "written by an unknown program",
        [CORE_WRITER_KERNEL] = "written by the kernel",
        [CORE_WRITER_GDB] = "written by gdb",
    };
    struct image *image = report->image;
    const struct core *core = image->core;
    struct arena *arena = &image->arena;
    const char *path =
        strcmp(report->path, "-") == 0 ? "standard input" : safe_text(arena, str_of(report->path));
    const char *whose = image->pid ? arena_printf(arena, " of PID %d", (int)image->pid) : "";
    uint64_t n;

    image_n_threads(image, &n);
    paper_wrap(
        out, style, 0, "",
        arena_printf(arena, "core%s in %s, %s%s%s%s%s", whose, path, writers[core->writer],
                     death_text(report, arena),
                     n > 1 ? arena_printf(arena, "; %llu threads", (unsigned long long)n) : "",
                     cut_text(core, style, arena),
                     core->incomplete ? "; there may be more mappings than it shows" : ""));
}

/* Where that comes from, when it is not of a process that runs here. */
static void print_moment(const struct report *report, const struct style *style, FILE *out)
{
    const struct moment *moment = report->moment;
    struct arena *arena = &report->image->arena;
    char asked[UNITS_TEXT], kept[UNITS_TEXT], more[UNITS_TEXT];

    if (moment->has_brk)
        paper_wrap(out, style, 0, "",
                   arena_printf(arena,
                                "as brk() was refused: it asked for %s, %s more than the break at "
                                "%s, which stays",
                                address_text(moment->brk_asked, asked),
                                paper_size(style, moment->brk_asked - moment->brk_kept, more),
                                address_text(moment->brk_kept, kept)));
    else
        paper_wrap(out, style, 0, "", arena_printf(arena, "at %s", moment->point));
}

static void print_source(const struct report *report, const struct style *style, FILE *out)
{
    struct image *image = report->image;
    struct arena *arena = &image->arena;
    const char *text = "snapshot";

    if (report->moment)
        print_moment(report, style, out);
    if (image->core)
        print_core(report, style, out);
    if (capture_kind(image->capture) != CAPTURE_SNAPSHOT)
        return;
    if (image->pid)
        text = arena_printf(arena, "snapshot of PID %d", (int)image->pid);
    text = arena_printf(arena, "%s in %s", text, safe_text(arena, str_of(report->path)));
    if (image->taken)
        text = arena_printf(arena, "%s, taken %s", text, image->taken);
    paper_wrap(out, style, 0, "", text);
}

static const char *aslr_text(enum aslr aslr)
{
    static const char *const names[] = {
        [ASLR_UNKNOWN] = "not known",
        [ASLR_FULL] = "on",
        [ASLR_NO_BRK] = "on, but not for the heap",
        [ASLR_OFF] = "off",
    };

    return names[aslr];
}

/* "default 64-bit layout, with 42T for the heap: " */
static const char *textbook_text(const struct report *report, const struct style *style)
{
    static const char *const names[] = {
        [TEXTBOOK_DEFAULT_64] = "default 64-bit",
        [TEXTBOOK_CLASSIC_64] = "classic 64-bit",
        [TEXTBOOK_DEFAULT_32] = "default 32-bit",
        [TEXTBOOK_CLASSIC_32] = "classic 32-bit",
    };
    struct image *image = report->image;
    const struct brk_facts *brk = &report->facts->brk;
    const char *name = names[image->layout.textbook];
    char window[UNITS_TEXT];

    if (!name)
        return "";
    if (brk->normal_window == 0)
        return arena_printf(&image->arena, "%s layout: ", name);
    return arena_printf(&image->arena, "%s layout, normally about %s for the heap: ", name,
                        paper_size(style, brk->normal_window, window));
}

/* "1-7, 40-44 (no mapping), 60 (another map)": the first of them. */
static const char *rejected_text(const struct image *image, struct arena *arena)
{
    enum { SHOWN = 8 };
    const char *text = "";

    for (size_t i = 0; i < image->pasted.n_spans && i < SHOWN; i++) {
        const struct paste_span *span = &image->pasted.spans[i];
        bool is_last = i + 1 == image->pasted.n_spans || i + 1 == SHOWN;

        text = arena_printf(arena, "%s%s%llu", text, i > 0 ? ", " : "",
                            (unsigned long long)span->first);
        if (span->last > span->first)
            text = arena_printf(arena, "%s-%llu", text, (unsigned long long)span->last);
        if (is_last || image->pasted.spans[i + 1].reason != span->reason)
            text = arena_printf(arena, "%s (%s)", text, paste_reason_text(span->reason));
    }
    return image->pasted.n_spans > SHOWN
               ? arena_printf(arena, "%s and %zu more places", text, image->pasted.n_spans - SHOWN)
               : text;
}

static void print_rejected(struct image *image, const struct style *style, FILE *out)
{
    uint64_t n = image->pasted.n_rejected;

    if (n > 0)
        paper_wrap(out, style, 0, "",
                   arena_printf(&image->arena, "%llu line%s not taken: %s", (unsigned long long)n,
                                n == 1 ? "" : "s", rejected_text(image, &image->arena)));
}

static void print_order(const struct image *image, const struct style *style, FILE *out)
{
    if (image->pasted.is_reordered)
        paper_wrap(
            out, style, 0, "",
            "The lines were in another order than that of their addresses, which is restored "
            "here; they fit together as those of one process");
}

static void print_layout(const struct report *report, const struct style *style, FILE *out)
{
    const struct image *image = report->image;
    const struct layout *layout = &image->layout;
    static const char *const modes[] = {"placed by rules not known here", "top-down", "bottom-up"};

    paper_wrap(out, style, 0, "",
               arena_printf(&report->image->arena, "%smmap %s (%s); ASLR %s; %u mappings",
                            textbook_text(report, style), modes[layout->mode], layout->reason,
                            aslr_text(layout->aslr), image->n_counted));
    print_rejected(report->image, style, out);
    print_order(report->image, style, out);
    if (!image->consistent)
        paper_wrap(out, style, 0, "",
                   arena_printf(&report->image->arena,
                                "! not consistent: after %u readings, %s. Figures may belong to "
                                "different moments.",
                                image->n_reads,
                                safe_text(&report->image->arena, str_of(image->inconsistency))));
    else if (image->execed)
        paper_wrap(out, style, 0, "",
                   "It executed another program while it was read; this is the new one.");
}

/* What stands above the heap, for a sentence. */
static const char *next_text(const struct report *report)
{
    const struct brk_facts *brk = &report->facts->brk;
    struct image *image = report->image;
    const struct mapping *next;
    const char *title;
    char start[UNITS_TEXT], end[UNITS_TEXT];

    if (brk->next == NONE)
        return "the end of the address space";
    next = &image->mappings[brk->next];
    address_text(next->range.start, start);
    if (brk->meets_mmap_area)
        return arena_printf(&image->arena, "the mmap area at %s", start);
    title = report->blocker ? report->blocker : mapping_title(image, next);
    title = safe_text(&image->arena, str_of(title));
    if (next->range.start < brk->end)
        return arena_printf(&image->arena, "%s, which lies over the break from %s to %s", title,
                            start, address_text(next->range.end, end));
    return arena_printf(&image->arena, "%s at %s", title, start);
}

/* "stopped by libtinfo.so.5 at 0x886000", "stopped by rlimit-as 4G (...)" */
static const char *limit_text(const struct report *report, const struct limit_fact *limit)
{
    struct image *image = report->image;

    if (limit->kind == LIMIT_NEXT_MAPPING || limit->kind == LIMIT_TASK_SIZE)
        return next_text(report);
    return arena_printf(&image->arena, "%s %s (%s)", limit_name(limit->kind), limit->value,
                        limit->detail);
}

/*
 * Of a map and of a core one sentence at the end tells what is not known of the limits; a break
 * that was not read is worth saying here.
 */
static const char *doubt_text(const struct report *report, const struct style *style)
{
    const struct brk_facts *brk = &report->facts->brk;

    if (style->verbose)
        return brk->growth.uncertain;
    if (brk->exact || report->image->lacks)
        return NULL;
    return report->image->core ? report->image->brk.uncertain : brk->growth.uncertain;
}

static void print_brk(const struct report *report, const struct style *style, FILE *out)
{
    const struct brk_facts *brk = &report->facts->brk;
    struct arena *arena = &report->image->arena;
    char room[UNITS_TEXT], max[UNITS_TEXT], steps[UNITS_TEXT];
    const char *text, *most = "", *doubt = doubt_text(report, style);

    if (!brk->known) {
        paper_wrap(out, style, 6, "heap", safe_text(arena, str_of(report->image->brk.missing)));
        return;
    }
    paper_size(style, brk->growth.room, room);
    address_text(brk->max, max);
    if (brk->growth.unknown || image_incomplete(report->image))
        most = "at most ";
    if (brk->growth.room == 0)
        text = arena_printf(arena, "cannot grow beyond %s: stopped by %s", max,
                            limit_text(report, growth_binding(&brk->growth)));
    else if (brk->growth.room_in_steps == brk->growth.room)
        text = arena_printf(arena, "can grow %s%s to %s, stopped by %s", most, room, max,
                            limit_text(report, growth_binding(&brk->growth)));
    else
        text = arena_printf(arena,
                            "can grow %s in all, %s in one call (all of memory and swap), stopped "
                            "by %s",
                            paper_size(style, brk->growth.room_in_steps, steps), room,
                            limit_text(report, growth_binding_in_steps(&brk->growth)));
    /* Of little more than a map one sentence at the end tells what is not known. */
    if (doubt)
        text = arena_printf(arena, "%s (%s)", text, safe_text(arena, str_of(doubt)));
    paper_wrap(out, style, 6, "heap", text);
}

/* Also of notes: where the heap cannot grow, a reader wants to know why that is no more. */
static bool malloc_matters(const struct report *report)
{
    for (uint32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].is_about_malloc)
            return true;
    return false;
}

static void print_runtimes(const struct report *report, const struct style *style, FILE *out)
{
    struct image *image = report->image;
    const char *text = "";

    for (int i = 0; i < N_RUNTIMES; i++)
        if (image_has_runtime(image, (enum runtime)i))
            text = arena_printf(&image->arena, "%s%s%s", text, *text ? ", " : "",
                                runtime_name((enum runtime)i));
    if (style->verbose && image->has_allocator && *text)
        paper_wrap(out, style, 10, "runtime", text);
}

static void print_malloc(const struct report *report, const struct style *style, FILE *out)
{
    static const char *const uses[] = {
        [BREAK_USE_UNKNOWN] = "what it does when brk is refused is not known",
        [BREAK_USE_NONE] = "does not use brk",
        [BREAK_USE_FIRST] = "goes on with mmap when brk is refused",
        [BREAK_USE_ONLY] = "out of memory when brk is refused",
    };
    struct image *image = report->image;
    const struct allocator *allocator = &image->allocator;
    struct str object = STR("no object");

    if (!image->has_allocator || (!style->verbose && !malloc_matters(report)))
        return;
    if (allocator->instance != NONE)
        object = short_name(image->objects[image->instances[allocator->instance].object].path);
    paper_wrap(out, style, 8, "malloc",
               allocator->name
                   ? arena_printf(&image->arena, "%s (%s): %s", allocator->name,
                                  safe_text(&image->arena, object), uses[allocator->use])
                   : arena_printf(&image->arena, "not known: %s",
                                  safe_text(&image->arena, str_of(allocator->evidence))));
}

static void print_evidence(const struct report *report, const struct evidence *evidence,
                           const struct style *style, FILE *out)
{
    for (uint32_t i = 0; i < evidence_n_lines(evidence); i++)
        fprintf(out, "          %s\n", evidence_line(evidence, i, style, &report->image->arena));
}

static bool same_evidence(const struct evidence *a, const struct evidence *b)
{
    if (strcmp(a->key, b->key) != 0 || a->type != b->type || a->type == EVIDENCE_PLACES)
        return false;
    return a->type == EVIDENCE_TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

/* Whether a finding before it in the same story has shown that. */
static bool is_shown_before(const struct report *report, uint32_t n,
                            const struct evidence *evidence)
{
    for (uint32_t i = n; i-- > 0 && report->findings[i].story == report->findings[n].story;)
        for (unsigned int k = 0; k < report->findings[i].n_evidence; k++)
            if (same_evidence(&report->findings[i].evidence[k], evidence))
                return true;
    return false;
}

static bool is_advised_before(const struct report *report, uint32_t n)
{
    for (uint32_t i = n; i-- > 0 && report->findings[i].story == report->findings[n].story;)
        if (strcmp(report->findings[i].remedy, report->findings[n].remedy) == 0)
            return true;
    return false;
}

static void print_all_evidence(const struct report *report, uint32_t n, const struct style *style,
                               FILE *out)
{
    const struct finding *finding = &report->findings[n];

    for (unsigned int i = 0; style->verbose && i < finding->n_evidence; i++)
        if (!is_shown_before(report, n, &finding->evidence[i]))
            print_evidence(report, &finding->evidence[i], style, out);
}

/* In full: a finding by itself, or the root cause of others. */
static void print_root(const struct report *report, uint32_t n, const struct style *style,
                       FILE *out)
{
    const struct finding *finding = &report->findings[n];
    struct arena *arena = &report->image->arena;

    paper_wrap(out, style, 6, "", safe_text(arena, str_of(finding->title)));
    if (*finding->detail)
        paper_wrap(out, style, 6, " why", safe_text(arena, str_of(finding->detail)));
    if (*finding->remedy)
        paper_wrap(out, style, 6, " do", safe_text(arena, str_of(finding->remedy)));
    print_all_evidence(report, n, style, out);
}

/*
 * What follows from it or has the same origin, a paragraph each; its details repeat the story, so
 * only with --verbose.
 */
static void print_effect(const struct report *report, uint32_t n, const struct style *style,
                         FILE *out)
{
    const struct finding *finding = &report->findings[n];
    struct arena *arena = &report->image->arena;

    paper_wrap(out, style, 6, finding->n_causes > 0 ? "  so" : " and",
               arena_printf(arena, "%s (%s): %s", finding->rule->id,
                            severity_name(finding->severity),
                            safe_text(arena, str_of(finding->title))));
    if (!style->verbose)
        return;
    if (*finding->detail)
        paper_wrap(out, style, 6, "", safe_text(arena, str_of(finding->detail)));
    if (*finding->remedy && !is_advised_before(report, n))
        paper_wrap(out, style, 6, "", safe_text(arena, str_of(finding->remedy)));
    print_all_evidence(report, n, style, out);
}

/* A note is shown where it decides the exit status, or is the root cause of something worse. */
static bool is_shown(const struct report *report, const struct finding *finding,
                     const struct style *style)
{
    if (style->verbose || finding->severity > SEVERITY_INFO ||
        (!report->never_fail && report->fail_on == SEVERITY_INFO))
        return true;
    return finding->story_severity > SEVERITY_INFO && finding->n_causes == 0 && !finding->twin;
}

/*
 * Findings that explain each other are one story, told from the root cause on; its severity is that
 * of the worst.
 */
static void print_finding(const struct report *report, uint32_t n, const struct style *style,
                          FILE *out)
{
    const struct finding *finding = &report->findings[n];

    if (finding->n_causes > 0 || finding->twin) {
        print_effect(report, n, style, out);
        return;
    }
    fprintf(out, "\n%s%s%s %s%s%s%s\n", paper_severity_on(style, finding->story_severity),
            severity_name(finding->story_severity), paper_off(style), paper_bold_on(style),
            finding->rule->id, paper_off(style),
            finding->severity < finding->story_severity ? ", by what follows from it" : "");
    print_root(report, n, style, out);
}

static void print_findings(const struct report *report, const struct style *style, FILE *out)
{
    bool about_lineage = false;

    for (uint32_t i = 0; i < report->n_findings; i++) {
        if (!is_shown(report, &report->findings[i], style))
            continue;
        print_finding(report, i, style, out);
        about_lineage |= report->findings[i].is_about_lineage;
    }
    if (about_lineage)
        render_lineage(report->image, style, out);
}

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

static const char *ignorer_text(const struct report *report)
{
    return report->verdict ? "--ignore or the policy" : "--ignore";
}

static uint32_t count_hidden(const struct report *report, const struct style *style)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < report->n_findings; i++)
        n += !is_shown(report, &report->findings[i], style);
    return n;
}

/* One sentence instead of a list of all that little more than a map does not tell. */
static void print_lacks(struct image *image, const struct style *style, FILE *out)
{
    const char *all = style->verbose ? "" : "; -v lists all";

    if (image->core)
        paper_wrap(out, style, 0, "",
                   arena_printf(&image->arena,
                                "A core holds neither limits nor settings of the kernel%s.", all));
    if (!image->lacks)
        return;
    if (capture_kind(image->capture) == CAPTURE_TEXT)
        paper_wrap(out, style, 0, "",
                   arena_printf(&image->arena,
                                "A memory map alone tells neither limits and settings of the "
                                "kernel nor ELF headers%s. A directory that also holds %s of "
                                "/proc/PID tells more, one that \"layoutcheck save\" made tells "
                                "all.",
                                all, image->lacks));
    else
        paper_wrap(out, style, 0, "",
                   arena_printf(&image->arena,
                                "The directory does not hold all that is asked for%s: %s of "
                                "/proc/PID would tell more.",
                                all, image->lacks));
}

static void print_summary(const struct report *report, const struct style *style, FILE *out)
{
    struct arena *arena = &report->image->arena;
    uint32_t n[3] = {0, 0, 0}, n_hidden = count_hidden(report, style);
    const char *text;

    for (uint32_t i = 0; i < report->n_findings; i++)
        n[report->findings[i].severity]++;
    if (report->n_findings == 0 && report->n_not_run > 0 && !report->image->consistent)
        text = "not everything could be checked";
    else if (n[SEVERITY_ERROR] + n[SEVERITY_WARNING] == 0)
        text = "nothing wrong found";
    else
        text = arena_printf(arena, "%u error%s, %u warning%s", n[SEVERITY_ERROR],
                            plural(n[SEVERITY_ERROR]), n[SEVERITY_WARNING],
                            plural(n[SEVERITY_WARNING]));
    if (n[SEVERITY_INFO] > 0)
        text = arena_printf(arena, "%s; %u note%s%s", text, n[SEVERITY_INFO],
                            plural(n[SEVERITY_INFO]), n_hidden > 0 ? " (-v shows them)" : "");
    if (report->n_ignored > 0)
        text = arena_printf(arena, "%s; %u finding%s ignored by %s", text, report->n_ignored,
                            plural(report->n_ignored), ignorer_text(report));
    if (report->n_not_run > 0)
        text = arena_printf(arena, "%s; %u check%s could not be made%s", text, report->n_not_run,
                            plural(report->n_not_run), style->verbose ? "" : " (-v says why)");
    if (report->image->n_missing > 0 && !report->image->lacks && !report->image->core)
        text = arena_printf(arena, "%s; %u input%s could not be read%s", text,
                            report->image->n_missing, plural(report->image->n_missing),
                            style->verbose ? "" : " (-v says which and why)");
    putc('\n', out);
    paper_wrap(out, style, 0, "", text);
    print_lacks(report->image, style, out);
}

static void print_gaps_in_knowledge(const struct report *report, const struct style *style,
                                    FILE *out)
{
    struct arena *arena = &report->image->arena;
    const struct image *image = report->image;

    for (uint32_t i = 0; i < report->n_not_run; i++)
        paper_wrap(out, style, 2, "",
                   arena_printf(arena, "not checked: %s: %s", report->not_run[i].rule->id,
                                safe_text(arena, str_of(report->not_run[i].reason))));
    for (uint32_t i = 0; i < image->n_missing; i++)
        paper_wrap(out, style, 2, "",
                   arena_printf(arena, "not read: %s: %s",
                                safe_text(arena, str_of(image->missing[i].what)),
                                safe_text(arena, str_of(image->missing[i].reason))));
}

static void print_memory(const struct report *report, const struct style *style, FILE *out)
{
    const struct memory_facts *memory = &report->facts->memory;
    char rss[UNITS_TEXT], pss[UNITS_TEXT], swap[UNITS_TEXT];

    if (!report->with_memory || !memory->known)
        return;
    fprintf(out, "\n%-14s %9s %9s %9s\n", "memory", "resident", "pss", "swap");
    for (int role = 0; role < N_ROLES; role++) {
        const struct usage *usage = &memory->by_role[role];

        if (usage->rss_bytes == 0 && usage->swap_bytes == 0)
            continue;
        fprintf(out, "  %-12s %9s %9s %9s\n", role_name((enum role)role),
                paper_size(style, usage->rss_bytes, rss), paper_size(style, usage->pss_bytes, pss),
                paper_size(style, usage->swap_bytes, swap));
    }
    fprintf(out, "  %-12s %9s %9s %9s\n", "all", paper_size(style, memory->total.rss_bytes, rss),
            paper_size(style, memory->total.pss_bytes, pss),
            paper_size(style, memory->total.swap_bytes, swap));
}

void render_quiet(const struct report *report, const char *who, const struct style *style,
                  FILE *out)
{
    struct arena *arena = &report->image->arena;

    for (uint32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        if (is_shown(report, finding, style))
            fprintf(out, "%s: %s: %s: %s\n", who, severity_name(finding->severity),
                    finding->rule->id, safe_text(arena, str_of(finding->title)));
    }
    if (report->n_ignored > 0)
        fprintf(out, "%s: %u finding%s ignored by %s\n", who, report->n_ignored,
                plural(report->n_ignored), ignorer_text(report));
    render_verdict_quiet(report, who, out);
}

void render_findings(const struct report *report, const struct style *style, FILE *out)
{
    print_findings(report, style, out);
    print_summary(report, style, out);
    if (style->verbose)
        print_gaps_in_knowledge(report, style, out);
    if (style->verbose && report->access)
        paper_wrap(out, style, 2, "", report->access);
    render_verdict(report, style, out);
}

/* Who begins each line of --quiet. */
static const char *prefix_text(struct image *image)
{
    struct arena *arena = &image->arena;
    const char *name = safe_text(arena, who_name(image));

    return image->pid ? arena_printf(arena, "%d %s", (int)image->pid, name) : name;
}

void render_text(const struct report *report, const struct style *style, FILE *out)
{
    const struct moment *moment = report->moment;

    if (style->quiet) {
        if (moment && moment->repetition)
            render_repetition_quiet(report, prefix_text(report->image), out);
        render_quiet(report, prefix_text(report->image), style, out);
        return;
    }
    if (moment && moment->repetition)
        render_repetition(report, style, out);
    print_source(report, style, out);
    print_who(report, style, out);
    print_layout(report, style, out);
    putc('\n', out);
    render_picture(report, style, out);
    putc('\n', out);
    print_brk(report, style, out);
    print_malloc(report, style, out);
    print_runtimes(report, style, out);
    print_memory(report, style, out);
    if (report->with_heap) {
        putc('\n', out);
        render_heap(report, style, out);
    }
    render_findings(report, style, out);
}
