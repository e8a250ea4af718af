/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several rules ask. */
#include "check/rules.h"

#include "base/units.h"
#include "model/filename.h"

#include <elf.h>

const char *pid_text(struct checker *checker)
{
    if (checker->image->core)
        return "CORE";
    return checker->image->pid ? arena_printf(checker->arena, "%d", (int)checker->image->pid)
                               : "PID";
}

const char *break_missing(const struct checker *checker)
{
    return checker->image->brk.missing;
}

bool instance_is_library(const struct image *image, uint32_t instance)
{
    const struct object *object = &image->objects[image->instances[instance].object];

    if (instance == image->program || range_size(image->instances[instance].seen) == 0)
        return false;
    if (!object->has_head)
        return filename_is_library(object->path);
    /* Programs of an emulator's guest are of another machine or class: not this process's. */
    return object->head.machine == image->machine && object->head.elf_class == image->elf_class;
}

/*
 * Exec-shield's window in 2.6.32 of the CentOS 6 lineage: from 0x110000 to 16 MiB, then up to
 * 128 MiB.  The first executable mapping of a library goes there and takes its siblings along.
 */
static const struct range exec_window = {0x110000, 0x8000000};

bool instance_is_in_exec_window(const struct image *image, uint32_t instance)
{
    return instance_is_library(image, instance) &&
           range_has(exec_window, image->instances[instance].seen.start);
}

static bool has_high_mmap(const struct image *image)
{
    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->range.start >= 4 * GIB && mapping->role != ROLE_STACK &&
            mapping->role != ROLE_VSYSCALL && mapping->instance != image->program)
            return true;
    }
    return false;
}

bool program_is_static(const struct image *image)
{
    return image->program_type == PROGRAM_STATIC || image->program_type == PROGRAM_STATIC_PIE;
}

bool mmap_base_is_mixed(const struct image *image)
{
    if (image->machine != EM_X86_64 || image->elf_class != 64 || program_is_static(image) ||
        !has_high_mmap(image))
        return false;
    for (uint32_t i = 0; i < image->n_instances; i++)
        if (instance_is_in_exec_window(image, i))
            return true;
    return false;
}

uint64_t largest_hole_below_program(const struct image *image)
{
    uint64_t top = image->instances[image->program].seen.start, last = image->layout.base;
    uint64_t largest = 0;

    for (uint32_t i = image_find(image, last); i < image->n_mappings && last < top; i++) {
        uint64_t start = image->mappings[i].range.start;

        if (start > top)
            start = top;
        if (start > last && start - last > largest)
            largest = start - last;
        last = image->mappings[i].range.end;
    }
    return largest;
}

bool mmap_area_has_program(const struct image *image)
{
    return image->layout.mode == MMAP_BOTTOM_UP && image->program != NONE &&
           image->layout.base < image->instances[image->program].seen.start &&
           largest_hole_below_program(image) < image->layout.task_size / 64;
}

const char *misplaced_remedy(const struct image *image)
{
    return mmap_base_is_mixed(image) ? CURE_MIXED_BASE : "Find out who maps it: " FIND_MAPPER ".";
}

bool mmap_base_is_32bit(const struct image *image)
{
    return image->machine == EM_X86_64 && image->elf_class == 64 && image->layout.has_base &&
           image->layout.base <= 4 * GIB;
}

const struct ancestor *find_32bit_executor(struct image *image)
{
    const struct ancestor *executor;

    if (image->elf_class != 64)
        return NULL;
    executor = lineage_executor(image);
    return executor && executor->elf_class == 32 ? executor : NULL;
}

bool brk_follows_program(const struct image *image, uint64_t start_brk)
{
    /* Without rules for the machine: what powerpc draws, the farthest of all. */
    uint64_t most = image->elf_class == 64 ? TIB : GIB, floor = 0, end;

    if (image->program == NONE)
        return false;
    if (image->arch) {
        most = image->arch->brk_random_bytes;
        floor = image->arch->brk_floor;
    }
    end = image->instances[image->program].seen.end;
    if (start_brk < end)
        return false;
    return start_brk - end <= 2 * most ||
           (floor && start_brk >= floor && start_brk - floor <= most);
}

bool limit_is_doubtful(const struct checker *checker, const struct limit_fact *limit)
{
    return limit->kind == LIMIT_RLIMIT_MEMLOCK && !checker->facts->brk.lock_is_sure;
}

const char *blocker_title(struct checker *checker)
{
    const struct blocker *known = blocker_known(checker);
    uint32_t next = checker->facts->brk.next;

    if (next == NONE)
        return "the end of the address space";
    return known ? known->title : mapping_title(checker->image, &checker->image->mappings[next]);
}

void cause_by_blocker(const struct checker *checker, struct finding *finding)
{
    const struct image *image = checker->image;
    const struct brk_facts *brk = &checker->facts->brk;

    if (brk->next == NONE)
        return;
    if (mapping_is_library(image, &image->mappings[brk->next]))
        finding_cause(finding, &rule_lib_in_brk_gap);
    if (brk_has_page_guard(checker))
        finding_cause(finding, &rule_brk_page_guard);
    if (brk->meets_mmap_area && image->layout.mode == MMAP_BOTTOM_UP)
        finding_cause(finding, &rule_legacy_layout);
    finding_cause(finding, &rule_brk_in_mmap_area);
}

void cause_by_limit(struct finding *finding, enum limit_kind kind)
{
    if (kind == LIMIT_RLIMIT_MEMLOCK)
        finding_cause(finding, &rule_future_lock);
    else if (kind == LIMIT_MAX_MAP_COUNT)
        finding_cause(finding, &rule_map_count_high);
    else if (kind == LIMIT_OVERCOMMIT)
        finding_cause(finding, &rule_host_overcommit);
    else if (kind == LIMIT_RLIMIT_AS || kind == LIMIT_LARGEST_GAP || kind == LIMIT_TASK_SIZE)
        finding_cause(finding, &rule_address_space_full);
}

static const struct resource_texts {
    const char *option;    /* of prlimit */
    const char *letter;    /* of ulimit */
    const char *directive; /* of a systemd unit */
} resources[N_LIMIT_KINDS] = {
    [LIMIT_RLIMIT_STACK] = {"stack", "s", "LimitSTACK"},
    [LIMIT_RLIMIT_DATA] = {"data", "d", "LimitDATA"},
    [LIMIT_RLIMIT_AS] = {"as", "v", "LimitAS"},
    [LIMIT_RLIMIT_MEMLOCK] = {"memlock", "l", "LimitMEMLOCK"},
};

const char *limit_cure(struct checker *checker, enum limit_kind kind)
{
    const struct resource_texts *resource = &resources[kind];

    if (resource->option)
        return arena_printf(checker->arena,
                            "Raise it: \"prlimit --pid %s --%s=BYTES\" for this process, ulimit "
                            "-%s or %s= for the next.",
                            pid_text(checker), resource->option, resource->letter,
                            resource->directive);
    if (kind == LIMIT_NEXT_MAPPING)
        return "Find out who maps it: " FIND_MAPPER ".";
    if (kind == LIMIT_LARGEST_GAP)
        return "Reserve less: smaller thread stacks (ulimit -s), fewer malloc arenas "
               "(MALLOC_ARENA_MAX); or a 64-bit build of the program, which has more.";
    return arena_printf(checker->arena, "Change it: %s.", limit_remedy(kind));
}

void evidence_break(struct checker *checker, struct finding *finding)
{
    const struct brk_facts *brk = &checker->facts->brk;

    finding->is_about_blocker = true;
    checker->blocker = blocker_title(checker);
    if (brk->is_start_known)
        evidence_address(finding, "start_brk", brk->start);
    evidence_address(finding, "break", brk->end);
    evidence_bytes(finding, "gap", brk->gap);
    evidence_bytes(finding, "room", brk->growth.room);
    evidence_text(finding, "blocker", checker->blocker);
    if (brk->next != NONE)
        evidence_address(finding, "blocker_start", checker->image->mappings[brk->next].range.start);
}

/* Who handed a trait down; WHAT is "the flag", for example. */
static const char *origin_text(struct image *image, const struct origin *origin, const char *what)
{
    if (origin->ancestor)
        return arena_printf(
            &image->arena, "%s (PID %d) has %s, and everything that it starts inherits it.%s",
            origin->ancestor->comm, (int)origin->ancestor->pid, what,
            origin->is_cut_off ? " Whether those above it have it, too, could not be read." : "");
    if (image->stat.ppid == 1)
        return arena_printf(&image->arena,
                            "Its parent is PID 1, which may have adopted it: who started it with "
                            "%s is not known then.",
                            what);
    if (origin->is_cut_off || image->n_ancestors == 0)
        return arena_printf(&image->arena, "Whether its parent has %s could not be read.", what);
    return arena_printf(&image->arena,
                        "Its parent does not have %s: the process was started with it.", what);
}

void find_personality(struct checker *checker, enum trait trait, const char *effect,
                      const struct flag_texts *texts)
{
    struct origin origin = lineage_origin(checker->image, trait);
    struct finding *finding =
        finding_add(checker, origin.ancestor ? SEVERITY_WARNING : SEVERITY_INFO, "%s%s",
                    texts->title, origin.ancestor ? ", inherited" : "");

    finding_detail(checker, finding, "%s%s%s", effect, *effect ? " " : "",
                   origin_text(checker->image, &origin, "the flag"));
    finding_remedy(checker, finding, "%s",
                   origin.ancestor ? texts->remedy_inherited : texts->remedy_own);
    evidence_text(finding, "cause", "personality");
    evidence_origin(finding, origin.ancestor);
}

const struct ancestor *find_stack_origin(struct image *image, const char **text)
{
    struct origin origin = lineage_origin(image, TRAIT_UNLIMITED_STACK);

    *text = origin_text(image, &origin, "an unlimited stack limit");
    return origin.ancestor;
}

void evidence_origin(struct finding *finding, const struct ancestor *origin)
{
    if (!origin)
        return;
    finding->is_about_lineage = true;
    evidence_text(finding, "origin", origin->comm);
    evidence_count(finding, "origin_pid", (uint64_t)origin->pid);
}
