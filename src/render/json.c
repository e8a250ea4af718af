/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json.h"

#include "base/units.h"
#include "parse/smaps.h"
#include "render/jsonparts.h"
#include "render/safe.h"

#include <sys/capability.h>

json_t *json_address(uint64_t address)
{
    char text[UNITS_TEXT];

    return json_string(address_text(address, text));
}

/*
 * jansson's integers are signed; no size of a target comes near 2^63, but a hostile file can say
 * so.
 */
json_t *json_bytes(uint64_t bytes)
{
    return json_integer(bytes <= INT64_MAX ? (json_int_t)bytes : INT64_MAX);
}

json_t *json_known(bool known, uint64_t number)
{
    return known ? json_bytes(number) : json_null();
}

/* Target's bytes as a JSON string; NULL becomes null. */
json_t *json_safe(struct image *image, const char *text)
{
    return text ? json_string(safe_text(&image->arena, str_of(text))) : json_null();
}

static json_t *json_safe_str(struct image *image, struct str s)
{
    return json_string(safe_text(&image->arena, s));
}

json_t *json_tool(void)
{
    return json_pack("{s:s, s:s}", "name", "layoutcheck", "version", LAYOUTCHECK_VERSION);
}

json_t *json_missing(struct image *image)
{
    json_t *missing = json_array();

    for (uint32_t i = 0; i < image->n_missing; i++)
        json_array_append_new(missing, json_pack("{s:o, s:o}", "what",
                                                 json_safe(image, image->missing[i].what), "reason",
                                                 json_safe(image, image->missing[i].reason)));
    return missing;
}

/* A snapshot's map is the kernel's. */
static const char *text_format(const struct image *image)
{
    return capture_kind(image->capture) == CAPTURE_TEXT ? image->pasted.format : NULL;
}

static json_t *json_rejected(const struct image *image)
{
    json_t *list = json_array();

    for (size_t i = 0; i < image->pasted.n_spans; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "first",
                                              json_bytes(image->pasted.spans[i].first), "last",
                                              json_bytes(image->pasted.spans[i].last), "reason",
                                              paste_reason_text(image->pasted.spans[i].reason)));
    return list;
}

static json_t *json_source(const struct report *report)
{
    struct image *image = report->image;

    return json_pack("{s:s, s:o, s:o, s:s?, s:b, s:o, s:i, s:b, s:o, s:o}", "kind",
                     capture_kind_name(capture_kind(image->capture)), "path",
                     json_safe(image, report->path), "time", json_safe(image, image->taken),
                     "format", text_format(image), "complete", image->n_missing == 0, "consistent",
                     image->has_sums || image->core ? json_boolean(image->consistent) : json_null(),
                     "reads", (int)image->n_reads, "reordered", image->pasted.is_reordered,
                     "rejected", json_rejected(image), "missing", json_missing(image));
}

json_t *json_host(const struct report *report)
{
    struct image *image = report->image;
    const struct host *host = &image->host;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel",
                     json_safe(image, host->kernel), "machine", json_safe(image, host->machine),
                     "page_size", json_bytes(image->page_size), "memory_bytes",
                     json_known(host->has_memory, host->memory_bytes), "swap_bytes",
                     json_known(host->has_swap, host->swap_bytes), "randomize_va_space",
                     json_known(host->has_randomize, host->randomize_va_space), "legacy_va_layout",
                     json_known(host->has_legacy, host->legacy_va_layout), "overcommit_memory",
                     json_known(host->has_overcommit, host->overcommit_memory), "max_map_count",
                     json_known(host->has_max_map_count, host->max_map_count), "mmap_min_addr",
                     json_known(host->has_mmap_min_addr, host->mmap_min_addr),
                     "stack_guard_gap_bytes",
                     json_known(host->has_cmdline, host->stack_guard_gap_bytes));
}

static json_t *json_personality(bool known, uint32_t personality)
{
    const char *name;
    json_t *flags;

    if (!known)
        return json_null();
    flags = json_array();
    for (unsigned int i = 0; (name = personality_name(personality, i)); i++)
        json_array_append_new(flags, json_string(name));
    return flags;
}

static json_t *json_capabilities(bool known, uint64_t mask)
{
    json_t *names;

    if (!known)
        return json_null();
    names = json_array();

    for (unsigned int i = 0; i < 64; i++) {
        char *name;

        if (!(mask >> i & 1))
            continue;
        name = cap_to_name(i);
        json_array_append_new(names, name ? json_string(name) : json_null());
        cap_free(name);
    }
    return names;
}

static const char *const mode_names[] = {"unknown", "top-down", "bottom-up"};
static const char *const aslr_names[] = {"unknown", "full", "no-brk", "off"};

static json_t *json_ancestor(struct image *image, const struct ancestor *ancestor)
{
    const struct limit *stack = &ancestor->stack_limit;
    bool unlimited = stack->known && stack->soft == LIMIT_INFINITY;

    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "pid", (int)ancestor->pid,
                     "comm", json_safe(image, ancestor->comm), "elf_class",
                     json_known(ancestor->elf_class != 0, ancestor->elf_class), "personality",
                     json_personality(ancestor->has_personality, ancestor->personality),
                     "stack_limit", json_known(stack->known && !unlimited, stack->soft),
                     "stack_unlimited", stack->known ? json_boolean(unlimited) : json_null(),
                     "mode", mode_names[ancestor->mode], "aslr", aslr_names[ancestor->aslr],
                     "missing", json_safe(image, ancestor->missing));
}

static json_t *json_ancestors(struct image *image)
{
    json_t *list;

    if (!image->has_stat)
        return json_null();
    list = json_array();

    for (uint32_t i = 0; i < image->n_ancestors; i++)
        json_array_append_new(list, json_ancestor(image, &image->ancestors[i]));
    return list;
}

static json_t *json_path_of(struct image *image, uint32_t instance)
{
    if (instance == NONE)
        return json_null();
    return json_safe_str(image, image->objects[image->instances[instance].object].path);
}

/* What the program asks for; without its headers, what is mapped as its interpreter. */
static json_t *json_interp(struct image *image)
{
    const struct object *object;

    if (image->program == NONE)
        return json_null();
    object = &image->objects[image->instances[image->program].object];
    return object->has_head ? json_safe(image, object->head.interp)
                            : json_path_of(image, image->interp);
}

static json_t *json_elf(struct image *image)
{
    static const char *const types[] = {NULL, "exec", "pie", "static", "static-pie"};
    const char *type = types[image->program_type];
    bool is_loader_told = image->exe || image->via_loader;
    char machine[24];

    return json_pack("{s:o, s:o, s:s?, s:o, s:o}", "class",
                     json_known(image->elf_class != 0, image->elf_class), "machine",
                     image->machine ? json_string(elf_machine_name(image->machine, machine))
                                    : json_null(),
                     "type", type, "interp", json_interp(image), "via_loader",
                     is_loader_told ? json_boolean(image->via_loader) : json_null());
}

static json_t *json_malloc(struct image *image)
{
    static const char *const uses[] = {NULL, "none", "first", "only"};
    const struct allocator *allocator = &image->allocator;
    uint32_t instance = allocator->instance;

    return json_pack(
        "{s:s?, s:o, s:s?, s:o}", "name", allocator->name, "object",
        instance == NONE
            ? json_null()
            : json_safe_str(image, image->objects[image->instances[instance].object].path),
        "break_use", uses[allocator->use], "evidence", json_safe(image, allocator->evidence));
}

static json_t *json_runtimes(const struct image *image)
{
    json_t *names = json_array();

    for (int i = 0; i < N_RUNTIMES; i++)
        if (image_has_runtime(image, (enum runtime)i))
            json_array_append_new(names, json_string(runtime_name((enum runtime)i)));
    return names;
}

static json_t *json_process(const struct report *report)
{
    struct image *image = report->image;
    const struct status_record *status = &image->status;
    bool told = image->has_status, has_uid, has_threads;
    uint64_t uid, n_threads;

    has_uid = image_uid(image, &uid);
    has_threads = image_n_threads(image, &n_threads);

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid",
        json_known(image->pid != 0, (uint64_t)image->pid), "ppid",
        json_known(image->has_stat, (uint64_t)image->stat.ppid), "ns_pid",
        json_known(told, status->ns_pid), "comm", json_safe(image, image->comm), "exe",
        json_safe(image, image->exe), "program", json_path_of(image, image->program),
        "program_evidence", image->program_evidence, "uid", json_known(has_uid, uid), "threads",
        json_known(has_threads, n_threads), "elf", json_elf(image), "cgroup",
        json_safe(image, image->cgroup), "personality",
        json_personality(image->has_personality, image->personality), "capabilities",
        json_capabilities(told, status->cap_effective), "ancestors", json_ancestors(image),
        "malloc", json_malloc(image), "runtimes", json_runtimes(image));
}

/* Whether a 32-bit program runs on a 64-bit kernel. */
static json_t *json_compat(const struct image *image)
{
    if (!image->arch || !image->is_kernel_width_known)
        return json_null();
    return json_boolean(image->arch->elf_class == 32 && image->arch->on_64bit_kernel);
}

static json_t *json_layout(const struct image *image)
{
    static const char *const textbooks[] = {
        [TEXTBOOK_DEFAULT_64] = "default-64-bit",
        [TEXTBOOK_CLASSIC_64] = "classic-64-bit",
        [TEXTBOOK_DEFAULT_32] = "default-32-bit",
        [TEXTBOOK_CLASSIC_32] = "classic-32-bit",
    };
    const struct layout *layout = &image->layout;

    return json_pack("{s:s?, s:o, s:s, s:s, s:o, s:o, s:s}", "textbook",
                     textbooks[layout->textbook], "compat", json_compat(image), "mode",
                     mode_names[layout->mode], "reason", layout->reason, "mmap_base",
                     layout->has_base ? json_address(layout->base) : json_null(), "task_size",
                     layout->task_size ? json_address(layout->task_size) : json_null(), "aslr",
                     aslr_names[layout->aslr]);
}

static json_t *json_region(const struct report *report, const struct region *region)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "role", region_name(region->role),
                     "name", json_safe(report->image, region->name), "start",
                     json_address(region->range.start), "end", json_address(region->range.end),
                     "size", json_bytes(range_size(region->range)), "mapped",
                     json_bytes(region->mapped_bytes), "mappings", (int)region->n_mappings, "rss",
                     json_known(region->has_rss, region->rss_bytes));
}

static json_t *json_regions(const struct report *report)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < report->facts->n_regions; i++)
        json_array_append_new(list, json_region(report, &report->facts->regions[i]));
    return list;
}

static json_t *json_perms(unsigned int perms)
{
    char text[5];

    return perms & PERM_UNKNOWN ? json_null() : json_string(perms_text(perms, text));
}

static json_t *json_device(const struct mapping *mapping)
{
    char text[24];

    if (mapping->unknown & MAPPING_DEVICE_UNKNOWN)
        return json_null();
    snprintf(text, sizeof(text), "%02x:%02x", mapping->dev_major, mapping->dev_minor);
    return json_string(text);
}

static json_t *json_mapping(const struct report *report, uint32_t i)
{
    struct image *image = report->image;
    const struct mapping *mapping = &image->mappings[i];
    const struct object *object = mapping_object(image, mapping);
    struct usage usage = image->usage ? image->usage[i] : (struct usage){0};

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "start",
        json_address(mapping->range.start), "end", json_address(mapping->range.end), "size",
        json_bytes(range_size(mapping->range)), "perms", json_perms(mapping->perms), "offset",
        mapping->unknown & MAPPING_OFFSET_UNKNOWN ? json_null() : json_address(mapping->offset),
        "device", json_device(mapping), "inode",
        json_known(!(mapping->unknown & MAPPING_INODE_UNKNOWN), mapping->inode), "role",
        role_name(mapping->role), "name",
        mapping->unknown & MAPPING_NAME_UNKNOWN
            ? json_null()
            : json_safe_str(image, mapping_name(image, mapping)),
        "object", object ? json_safe_str(image, short_name(object->path)) : json_null(), "rss",
        json_known(usage.has & SMAPS_RSS, usage.rss_bytes), "pss",
        json_known(usage.has & SMAPS_PSS, usage.pss_bytes), "swap",
        json_known(usage.has & SMAPS_SWAP, usage.swap_bytes));
}

static json_t *json_mappings(const struct report *report)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < report->image->n_mappings; i++)
        json_array_append_new(list, json_mapping(report, i));
    return list;
}

static json_t *json_next(const struct report *report)
{
    struct image *image = report->image;
    const struct mapping *next;

    if (report->facts->brk.next == NONE)
        return json_null();
    next = &image->mappings[report->facts->brk.next];
    return json_pack("{s:o, s:o, s:o, s:o, s:s}", "start", json_address(next->range.start), "end",
                     json_address(next->range.end), "perms", json_perms(next->perms), "name",
                     json_safe_str(image, mapping_name(image, next)), "role",
                     role_name(next->role));
}

static json_t *json_limits(struct image *image, const struct growth *growth)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < growth->n_limits; i++) {
        const struct limit_fact *limit = &growth->limits[i];

        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:o, s:o, s:b, s:o}", "name", limit_name(limit->kind), "value",
                      json_safe(image, limit->value), "room", json_bytes(limit->room), "tolerance",
                      json_bytes(limit->tolerance), "per_call", limit->room_in_steps == UINT64_MAX,
                      "detail", json_safe(image, limit->detail)));
    }
    return list;
}

static json_t *json_unknown_limits(const struct growth *growth)
{
    json_t *names = json_array();

    for (int kind = 0; kind < N_LIMIT_KINDS; kind++)
        if (growth->unknown & 1U << kind)
            json_array_append_new(names, json_string(limit_name((enum limit_kind)kind)));
    return names;
}

/* Adds room, what binds it, and what may be wrong with it. */
static void add_growth(json_t *object, struct image *image, const struct growth *growth)
{
    json_object_set_new(object, "room", json_known(growth->known, growth->room));
    json_object_set_new(object, "room_in_steps", json_known(growth->known, growth->room_in_steps));
    json_object_set_new(object, "uncertain", json_safe(image, growth->uncertain));
    json_object_set_new(object, "limit",
                        growth->known ? json_string(limit_name(growth->limit)) : json_null());
    json_object_set_new(object, "limits", json_limits(image, growth));
    json_object_set_new(object, "unknown_limits", json_unknown_limits(growth));
}

static json_t *json_brk(const struct report *report)
{
    const struct brk_facts *brk = &report->facts->brk;
    json_t *object;

    if (!brk->known)
        return json_null();
    object = json_pack(
        "{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "start",
        brk->is_start_known ? json_address(brk->start) : json_null(), "end", json_address(brk->end),
        "exact", (int)brk->exact, "size", json_known(brk->is_start_known, brk->size), "gap",
        json_bytes(brk->gap), "next", json_next(report), "window",
        json_known(brk->is_start_known, brk->window), "normal_window",
        json_known(brk->normal_window > 0, brk->normal_window), "max", json_address(brk->max));
    add_growth(object, report->image, &brk->growth);
    return object;
}

static json_t *json_mmap(const struct report *report)
{
    const struct facts *facts = report->facts;
    const struct mmap_facts *mmap = &facts->mmap;
    uint64_t task_size = report->image->layout.task_size;
    json_t *object = json_pack(
        "{s:o, s:o, s:o}", "address", mmap->has_address ? json_address(mmap->address) : json_null(),
        "largest_gap", json_known(task_size > 0, range_size(facts->largest_gap)), "low_2g_gap",
        json_known(task_size > 0 && facts->has_low_2g, range_size(facts->low_2g_gap)));

    add_growth(object, report->image, &mmap->growth);
    return object;
}

static json_t *json_stack(const struct report *report)
{
    const struct stack_facts *stack = &report->facts->stack_growth;
    json_t *object;

    if (!report->facts->has_stack)
        return json_null();
    object =
        json_pack("{s:o, s:o, s:s, s:o, s:o}", "start", json_address(stack->range.start), "end",
                  json_address(stack->range.end), "grows", stack->grows_up ? "up" : "down",
                  "lowest", stack->known ? json_address(stack->reach.start) : json_null(),
                  "highest", stack->known ? json_address(stack->reach.end) : json_null());
    add_growth(object, report->image, &stack->growth);
    return object;
}

static json_t *json_counts(const struct report *report)
{
    const struct image *image = report->image;
    const struct facts *facts = report->facts;
    bool has_perms = image->n_mappings > 0 && !(image->mappings[0].perms & PERM_UNKNOWN);

    return json_pack("{s:i, s:o, s:i, s:i, s:o}", "mappings", (int)image->n_counted,
                     "max_map_count",
                     json_known(image->host.has_max_map_count, image->host.max_map_count),
                     "anonymous", (int)facts->n_anonymous, "file", (int)facts->n_file, "executable",
                     json_known(has_perms, facts->n_executable));
}

static json_t *json_usage(const struct usage *usage)
{
    unsigned int has = usage->has;
    bool has_private = has & SMAPS_PRIVATE_CLEAN && has & SMAPS_PRIVATE_DIRTY;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "rss",
                     json_known(has & SMAPS_RSS, usage->rss_bytes), "pss",
                     json_known(has & SMAPS_PSS, usage->pss_bytes), "private",
                     json_known(has_private, usage->private_bytes), "anonymous",
                     json_known(has & SMAPS_ANONYMOUS, usage->anonymous_bytes), "swap",
                     json_known(has & SMAPS_SWAP, usage->swap_bytes), "locked",
                     json_known(has & SMAPS_LOCKED, usage->locked_bytes));
}

static json_t *json_memory(const struct memory_facts *memory)
{
    json_t *document, *by_role;

    if (!memory->known)
        return json_null();
    document = json_usage(&memory->total);
    by_role = json_object();

    for (int role = 0; role < N_ROLES; role++)
        if (memory->n_by_role[role] > 0)
            json_object_set_new(by_role, role_name((enum role)role),
                                json_usage(&memory->by_role[role]));
    json_object_set_new(document, "by_role", by_role);
    return document;
}

static json_t *json_places(struct image *image, const struct evidence *evidence)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < evidence->n_places; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "name",
                                              json_safe(image, evidence->places[i].name), "start",
                                              json_address(evidence->places[i].range.start), "end",
                                              json_address(evidence->places[i].range.end)));
    return list;
}

static json_t *json_evidence(struct image *image, const struct evidence *evidence)
{
    switch (evidence->type) {
    case EVIDENCE_ADDRESS:
        return json_address(evidence->number);
    case EVIDENCE_TEXT:
        return json_safe(image, evidence->text);
    case EVIDENCE_PLACES:
        return json_places(image, evidence);
    default:
        return json_bytes(evidence->number);
    }
}

static json_t *json_causes(const struct finding *finding)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < finding->n_causes; i++)
        json_array_append_new(list, json_string(finding->causes[i]->id));
    return list;
}

json_t *json_finding(struct image *image, const struct finding *finding)
{
    json_t *evidence = json_object();

    for (unsigned int i = 0; i < finding->n_evidence; i++)
        json_object_set_new(evidence, finding->evidence[i].key,
                            json_evidence(image, &finding->evidence[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", finding->rule->id, "severity",
                     severity_name(finding->severity), "causes", json_causes(finding), "title",
                     json_safe(image, finding->title), "detail", json_safe(image, finding->detail),
                     "evidence", evidence, "remedy", json_safe(image, finding->remedy));
}

json_t *json_findings(const struct report *report)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < report->n_findings; i++)
        json_array_append_new(list, json_finding(report->image, &report->findings[i]));
    return list;
}

json_t *json_not_run(const struct report *report)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < report->n_not_run; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "id", report->not_run[i].rule->id,
                                              "reason", report->not_run[i].reason));
    return list;
}

static json_t *json_assertion(const struct assertion *assertion)
{
    static const char *const outcomes[] = {
        [OUTCOME_PASSED] = "passed", [OUTCOME_FAILED] = "failed", [OUTCOME_UNKNOWN] = "unknown"};

    return json_pack("{s:s?, s:i, s:i, s:s, s:s, s:s?, s:s?}", "file", assertion->file, "line",
                     (int)assertion->line, "column", (int)assertion->column, "text",
                     assertion->text, "outcome", outcomes[assertion->outcome], "found",
                     assertion->found, "reason", assertion->reason);
}

json_t *json_policy(const struct report *report)
{
    const struct verdict *verdict = report->verdict;
    json_t *list;

    if (!verdict)
        return json_null();
    list = json_array();
    for (uint32_t i = 0; i < verdict->n_assertions; i++)
        json_array_append_new(list, json_assertion(&verdict->assertions[i]));
    return json_pack("{s:o, s:i}", "assertions", list, "failed", (int)verdict->n_failed);
}

static json_t *json_cgroup(struct image *image)
{
    const struct cgroup_level *level = image->cgroup_limit;

    if (!level)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "path", json_safe(image, level->path), "limit",
                     json_bytes(level->limit_bytes), "used", json_bytes(level->used_bytes),
                     "reclaimable", json_bytes(level->reclaimable_bytes), "room",
                     json_bytes(cgroup_room(level)));
}

static json_t *json_signal(const struct death_facts *death, const struct core *core)
{
    if (!death->known)
        return json_null();
    return json_pack("{s:i, s:s?, s:o, s:o, s:s?, s:o}", "number", (int)death->signal, "name",
                     death->name, "code",
                     core->has_siginfo ? json_integer(core->signal_code) : json_null(), "address",
                     death->has_address ? json_address(death->address) : json_null(), "place",
                     death->place, "thread", json_known(death->tid != 0, death->tid));
}

/* What is known of the core itself. */
static json_t *json_core(const struct report *report)
{
    static const char *const writers[] = {
        [CORE_WRITER_UNKNOWN] = NULL, [CORE_WRITER_KERNEL] = "kernel", [CORE_WRITER_GDB] = "gdb"};
    struct image *image = report->image;
    const struct core *core = image->core;
    uint64_t cut;

    if (!core)
        return json_null();
    cut = core->whole_bytes > core->file_bytes ? core->whole_bytes - core->file_bytes : 0;
    return json_pack("{s:s?, s:s?, s:o, s:o, s:o, s:o, s:o}", "writer", writers[core->writer],
                     "packed_by", capture_corefile(image->capture)->packed_by, "size",
                     json_bytes(core->file_bytes), "cut_off", json_bytes(cut), "incomplete",
                     json_safe(image, core->incomplete), "arguments", json_safe(image, core->args),
                     "signal", json_signal(&report->facts->death, core));
}

static json_t *json_moment(const struct report *report)
{
    const struct moment *moment = report->moment;
    json_t *command;

    if (!moment)
        return json_null();
    command = json_array();
    for (char *const *word = moment->command; *word; word++)
        json_array_append_new(command, json_safe(report->image, *word));
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "point", moment->point, "command", command,
                     "brk_asked", moment->has_brk ? json_address(moment->brk_asked) : json_null(),
                     "brk_kept", moment->has_brk ? json_address(moment->brk_kept) : json_null(),
                     "repeat", json_repetition(report));
}

json_t *json_report(const struct report *report)
{
    json_t *document = json_object();

    json_object_set_new(document, "schema", json_integer(1));
    json_object_set_new(document, "tool", json_tool());
    json_object_set_new(document, "source", json_source(report));
    json_object_set_new(document, "core", json_core(report));
    json_object_set_new(document, "run", json_moment(report));
    json_object_set_new(document, "host", json_host(report));
    json_object_set_new(document, "process", json_process(report));
    json_object_set_new(document, "layout", json_layout(report->image));
    json_object_set_new(document, "regions", json_regions(report));
    if (report->with_mappings)
        json_object_set_new(document, "mappings", json_mappings(report));
    json_object_set_new(document, "brk", json_brk(report));
    json_object_set_new(document, "mmap", json_mmap(report));
    json_object_set_new(document, "stack", json_stack(report));
    json_object_set_new(document, "cgroup", json_cgroup(report->image));
    json_object_set_new(document, "counts", json_counts(report));
    if (report->with_memory)
        json_object_set_new(document, "memory", json_memory(&report->facts->memory));
    if (report->with_heap)
        json_object_set_new(document, "heap", json_heap(report));
    json_object_set_new(document, "findings", json_findings(report));
    json_object_set_new(document, "ignored", json_integer(report->n_ignored));
    json_object_set_new(document, "not_run", json_not_run(report));
    json_object_set_new(document, "policy", json_policy(report));
    return document;
}

static json_t *json_fit(const struct fit *fit)
{
    if (!fit->asked)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:s?}", "size", json_bytes(fit->size), "fits",
                     fit->known ? json_boolean(fit->fits) : json_null(), "address",
                     fit->has_address ? json_address(fit->address) : json_null(), "limit",
                     fit->limit ? limit_name(fit->limit->kind) : NULL);
}

static json_t *json_occupancy(const struct report *report, const struct occupancy *occupancy)
{
    json_t *mappings = json_array();

    for (uint32_t i = 0; i < occupancy->n_mappings; i++)
        json_array_append_new(mappings, json_mapping(report, occupancy->first_mapping + i));
    return json_pack("{s:s, s:o, s:o, s:b, s:o, s:o}", "name", occupancy->name, "start",
                     json_address(occupancy->range.start), "end",
                     json_address(occupancy->range.end), "usable", (int)occupancy->usable, "free",
                     occupancy->known ? json_boolean(occupancy->is_free) : json_null(), "mappings",
                     mappings);
}

json_t *json_room(const struct report *report, const struct answers *answers)
{
    json_t *document = json_report(report), *at = json_array();

    for (unsigned int i = 0; i < answers->n_ranges; i++)
        json_array_append_new(at, json_occupancy(report, &answers->ranges[i]));
    json_object_set_new(document, "query",
                        json_pack("{s:o, s:o, s:o}", "brk", json_fit(&answers->brk), "mmap",
                                  json_fit(&answers->mmap), "at", at));
    return document;
}

json_t *json_failure(const char *kind, const char *path, const char *error)
{
    return json_pack("{s:i, s:o, s:{s:s?, s:s}, s:s}", "schema", 1, "tool", json_tool(), "source",
                     "kind", kind, "path", path, "error", error);
}

void json_print(json_t *document, FILE *out)
{
    json_dumpf(document, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putc('\n', out);
    json_decref(document);
}
