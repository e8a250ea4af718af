/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which mmap layout the kernel chose, and why.  The choice is made at exec (mmap_is_legacy(),
 * mmap_base()) and not exported; what was placed first shows it: the interpreter, or the vdso of a
 * program that has none.
 */
#include "model/build.h"

#include "base/units.h"

#include <elf.h>

/* Where the kernel put vdso and vvar; an empty range without them. */
static struct range vdso_range(const struct image *image)
{
    struct range range = {UINT64_MAX, 0};

    for (uint32_t i = 0; i < image->n_mappings; i++) {
        const struct mapping *mapping = &image->mappings[i];

        if (mapping->role != ROLE_VDSO && mapping->role != ROLE_VVAR)
            continue;
        if (mapping->range.start < range.start)
            range.start = mapping->range.start;
        if (mapping->range.end > range.end)
            range.end = mapping->range.end;
    }
    return range.end > range.start ? range : (struct range){0, 0};
}

static const struct mapping *main_stack(const struct image *image)
{
    for (uint32_t i = image->n_mappings; i-- > 0;)
        if (image->mappings[i].role == ROLE_STACK)
            return &image->mappings[i];
    return NULL;
}

/*
 * Kernels before 6.18 (and its stable relatives) put the vdso of a 64-bit program above the stack.
 */
static bool is_above_stack(const struct image *image, struct range vdso)
{
    const struct mapping *stack = main_stack(image);

    return stack && vdso.start >= stack->range.end;
}

/*
 * How far from mmap's base a static PIE can lie, which some kernels align to what its segments ask
 * for (maximum_alignment() of fs/binfmt_elf.c, which takes powers of two alone).
 */
static uint64_t alignment_slack(const struct image *image)
{
    const struct elfhead *head = &image->objects[image->instances[image->program].object].head;
    uint64_t most = image->page_size;

    for (unsigned int i = 0; i < head->n_segments; i++) {
        const struct segment *segment = &head->segments[i];

        if (segment->type == PT_LOAD && segment->align > most &&
            (segment->align & (segment->align - 1)) == 0)
            most = segment->align;
    }
    return most - image->page_size;
}

/* A static PIE that the kernel loads like a library has the vdso beside it. */
static bool is_loaded_as_library(const struct image *image, struct range vdso)
{
    struct range seen;
    uint64_t slack;

    if (image->program_type != PROGRAM_STATIC_PIE || range_size(vdso) == 0)
        return false;
    seen = image->instances[image->program].seen;
    slack = alignment_slack(image);
    return (vdso.start <= seen.end || vdso.start - seen.end <= slack) &&
           (vdso.end >= seen.start || seen.start - vdso.end <= slack);
}

/*
 * Whether the program may lie some pages from the base, which are free then.  Were there room for
 * the vdso in them, the kernel would have put it there, right at the base.
 */
static bool hides_base(const struct image *image, enum mmap_mode mode)
{
    struct range vdso = vdso_range(image), seen;

    if (!is_loaded_as_library(image, vdso) || alignment_slack(image) == 0)
        return false;
    seen = image->instances[image->program].seen;
    return mode == MMAP_TOP_DOWN ? vdso.start < seen.end : vdso.end > seen.start;
}

/* The program, and the vdso where that may have come first into what alignment left free. */
static struct range program_range(const struct image *image, struct range vdso)
{
    struct range range = image->instances[image->program].seen;

    if (alignment_slack(image) == 0)
        return range;
    return (struct range){vdso.start < range.start ? vdso.start : range.start,
                          vdso.end > range.end ? vdso.end : range.end};
}

/*
 * The first mapping that mmap placed: its end is the top-down base, its start the bottom-up one.
 * That is the interpreter; a static PIE, when the kernel loads it like a library; the vdso of a
 * program without interpreter.
 */
static struct range anchor_of(const struct image *image)
{
    struct range vdso = vdso_range(image);

    if (image->interp != NONE)
        return image->instances[image->interp].seen;
    if (is_loaded_as_library(image, vdso))
        return program_range(image, vdso);
    if ((image->program_type == PROGRAM_STATIC || image->program_type == PROGRAM_STATIC_PIE) &&
        !is_above_stack(image, vdso))
        return vdso;
    return (struct range){0, 0};
}

/* Where mmap_base() leaves the least and the most room for the stack and is moved at random. */
static struct range top_down_bases(const struct image *image)
{
    const struct arch *arch = image->arch;
    uint64_t top = arch_stack_top(arch), least = 128 * MIB, most = top / 6 * 5;
    uint64_t gap = image->limits.stack.known ? image->limits.stack.soft : least;
    uint64_t random_bytes = arch_mmap_random_bytes(arch, image->page_size) +
                            arch->stack_random_bytes + arch->vdso_bytes + arch->vdso_random_bytes;
    struct range bases;

    gap = gap < least ? least : gap > most ? most : gap;
    if (image->rules->stack_grows_up)
        gap = 0;
    bases.end = top - gap + 1;
    bases.start = bases.end > random_bytes ? bases.end - random_bytes : 0;
    return bases;
}

/* Where the random bottom-up bases lie. */
static struct range bottom_up_bases(const struct image *image)
{
    uint64_t start = image->layout.legacy_base;

    return (struct range){start, start + arch_mmap_random_bytes(image->arch, image->page_size)};
}

static bool has_legacy_flag(struct image *image)
{
    return image_read_personality(image) && (image->personality & PERSONALITY_COMPAT_LAYOUT);
}

static bool legacy_is_asked_for(struct image *image)
{
    return has_legacy_flag(image) || (image->host.has_legacy && image->host.legacy_va_layout);
}

/*
 * Without anything to compare with: the base alone.  A stack limit of many TiB can put a top-down
 * base among the bottom-up ones.
 */
static enum mmap_mode mode_by_position(struct image *image, struct range anchor)
{
    if (!image->arch || !image->layout.task_size)
        return MMAP_UNKNOWN;
    if (!range_has(bottom_up_bases(image), anchor.start))
        return MMAP_TOP_DOWN;
    if (!range_has(top_down_bases(image), anchor.end))
        return MMAP_BOTTOM_UP;
    return legacy_is_asked_for(image) ? MMAP_BOTTOM_UP : MMAP_TOP_DOWN;
}

/* The vdso comes right after what was placed first, since 6.18 and its stable kernels. */
static enum mmap_mode mode_by_vdso(const struct image *image, struct range anchor)
{
    struct range vdso = vdso_range(image);

    if (range_size(vdso) > 0 && vdso.end == anchor.start)
        return MMAP_TOP_DOWN;
    if (range_size(vdso) > 0 && vdso.start == anchor.end)
        return MMAP_BOTTOM_UP;
    return MMAP_UNKNOWN;
}

/*
 * Libraries come after the interpreter: below it top-down, above it bottom-up.  Those that were put
 * elsewhere on purpose are outvoted.
 */
static enum mmap_mode mode_by_libraries(const struct image *image, struct range anchor)
{
    uint32_t below = 0, above = 0;

    for (uint32_t i = 0; i < image->n_instances; i++) {
        if (i == image->program || i == image->interp)
            continue;
        if (image->instances[i].range.start < anchor.start)
            below++;
        else
            above++;
    }
    if (below == above)
        return MMAP_UNKNOWN;
    return below > above ? MMAP_TOP_DOWN : MMAP_BOTTOM_UP;
}

/* mmap_is_legacy() of this machine and kernel takes an unlimited stack for a reason. */
static bool stack_limit_counts(const struct image *image)
{
    unsigned int version = image->host.kernel_version;
    unsigned int ignored_since = image->rules->unlimited_stack_ignored_since;

    return image->limits.stack.known && image->limits.stack.soft == LIMIT_INFINITY &&
           image->rules->machine && (!ignored_since || (version && version < ignored_since));
}

static const char *why_bottom_up_is_not_known(struct image *image)
{
    unsigned int since = image->rules->top_down_since;

    if (since && !image->host.kernel_version)
        return arena_printf(&image->arena,
                            "its kernel's version is not known, and before %u.%u kernels always "
                            "went bottom-up on this machine",
                            since >> 8, since & 0xff);
    return image_read_personality(image) ? "what asked for it at exec is not in force any more"
                                         : "its personality could not be read";
}

static void explain_bottom_up(struct image *image)
{
    struct layout *layout = &image->layout;
    unsigned int version = image->host.kernel_version;

    if (version && version < image->rules->top_down_since) {
        layout->cause = CAUSE_OLD_KERNEL;
        layout->reason = "this kernel always goes bottom-up on this machine";
    } else if (has_legacy_flag(image)) {
        layout->cause = CAUSE_PERSONALITY;
        layout->reason = "its personality has ADDR_COMPAT_LAYOUT";
    } else if (image->host.has_legacy && image->host.legacy_va_layout) {
        layout->cause = CAUSE_SYSCTL;
        layout->reason = "the sysctl vm.legacy_va_layout is set";
    } else if (stack_limit_counts(image)) {
        layout->cause = CAUSE_STACK_LIMIT;
        layout->reason = "its stack limit is unlimited, and this kernel goes bottom-up then";
    } else {
        layout->cause = CAUSE_NOT_KNOWN;
        layout->reason = why_bottom_up_is_not_known(image);
    }
    /* A lower base than the newest kernel's: it is that of another. */
    if (layout->has_base && layout->base < layout->legacy_base)
        layout->legacy_base = layout->base;
}

/*
 * mmap_base() leaves room for the stack limit at exec, at most five sixths of the address space:
 * a base in the lowest quarter is only reached with a limit that is unlimited or nearly so, and one
 * below a sixth less the random part not even then.
 */
static bool is_at_lowest(const struct image *image)
{
    const struct layout *layout = &image->layout;
    uint64_t random_bytes;

    if (!layout->has_base || !image->arch || !layout->task_size)
        return false;
    random_bytes = arch_mmap_random_bytes(image->arch, image->page_size) + image->page_size;
    return layout->base < layout->task_size / 4 &&
           layout->base + random_bytes >= layout->task_size / 6;
}

static void explain_top_down(struct image *image)
{
    struct layout *layout = &image->layout;

    layout->cause = CAUSE_DEFAULT;
    layout->reason = "the kernel's default";
    if (is_at_lowest(image)) {
        layout->cause = CAUSE_STACK_LIMIT;
        layout->unlimited_stack_at_exec = true;
        layout->reason =
            "the kernel's default, but its stack limit was unlimited or nearly so when it was "
            "executed, so that mmap begins at a sixth of the address space";
    }
}

/*
 * Of the upper end alone: what lies below the stack where top-down bases are, terabytes above the
 * bottom-up ones, was put there from the top.
 */
static bool tail_is_top_down(const struct image *image)
{
    const struct mapping *stack = main_stack(image);

    return image->program == NONE && image->elf_class == 64 && image->arch &&
           image->layout.task_size && stack && stack > image->mappings &&
           range_has(top_down_bases(image), stack[-1].range.end) &&
           stack[-1].range.start > bottom_up_bases(image).end + TIB;
}

/*
 * A static program whose vdso is above the stack: nothing was placed at the base.  What decides at
 * exec tells which way mmap goes, as long as it is still as it was then.
 */
static enum mmap_mode mode_by_settings(struct image *image)
{
    const struct machine *rules = image->rules;
    unsigned int version = image->host.kernel_version;
    bool is_static =
        image->program_type == PROGRAM_STATIC || image->program_type == PROGRAM_STATIC_PIE;
    bool unlimited = !image->limits.stack.known || image->limits.stack.soft == LIMIT_INFINITY;

    if (!rules->machine || !version || !is_static || !image->host.has_legacy ||
        !image_read_personality(image))
        return MMAP_UNKNOWN;
    if (legacy_is_asked_for(image) || stack_limit_counts(image) || version < rules->top_down_since)
        return MMAP_BOTTOM_UP;
    if (unlimited &&
        (!rules->unlimited_stack_ignored_since || version < rules->unlimited_stack_ignored_since))
        return MMAP_UNKNOWN;
    return MMAP_TOP_DOWN;
}

static enum mmap_mode mode_by_anchor(struct image *image, struct range anchor)
{
    enum mmap_mode mode = mode_by_libraries(image, anchor);

    if (mode == MMAP_UNKNOWN)
        mode = mode_by_vdso(image, anchor);
    return mode == MMAP_UNKNOWN ? mode_by_position(image, anchor) : mode;
}

/*
 * Bottom-up, what lies lowest shows the base: without an interpreter the kernel's data before the
 * vdso, which gdb leaves out of its cores.
 */
static bool shows_base(const struct image *image)
{
    return image->layout.mode == MMAP_TOP_DOWN || image->interp != NONE || !image->core ||
           !image->core->incomplete;
}

static void infer_mode(struct image *image)
{
    struct layout *layout = &image->layout;
    struct range anchor = anchor_of(image);

    if (anchor.end == 0 && tail_is_top_down(image)) {
        layout->mode = MMAP_TOP_DOWN;
        layout->cause = CAUSE_NOT_KNOWN;
        layout->reason = "mappings lie right below the room of the stack";
        return;
    }
    layout->has_base = anchor.end != 0;
    layout->mode = layout->has_base ? mode_by_anchor(image, anchor) : mode_by_settings(image);
    if (layout->mode == MMAP_UNKNOWN) {
        layout->reason = !layout->has_base ? "nothing shows where the kernel put the first mapping"
                         : image->arch     ? "the end of its address space is not known"
                                           : "this architecture's rules are not known";
        layout->cause = CAUSE_NOT_KNOWN;
        layout->has_base = false;
        return;
    }
    layout->has_base &= shows_base(image) && !hides_base(image, layout->mode);
    if (layout->has_base)
        layout->base = layout->mode == MMAP_TOP_DOWN ? anchor.end : anchor.start;
    if (layout->mode == MMAP_BOTTOM_UP)
        explain_bottom_up(image);
    else
        explain_top_down(image);
}

/* Linux commit 2a5eb9995528 left a page free between bss and an unrandomised break. */
static bool brk_follows_bss(const struct image *image)
{
    const struct instance *program;
    uint64_t end;

    if (!image->brk.known || !image->brk.is_start_known || image->program == NONE)
        return false;
    program = &image->instances[image->program];
    end = program->range.end;
    return program->has_bias && image->brk.start >= end - image->page_size &&
           image->brk.start <= end + image->page_size;
}

/*
 * Where everything is randomised, a break right after bss was drawn by chance.  A static PIE's
 * break is somewhere else altogether, so that only the setting tells.
 */
static bool brk_is_fixed(const struct image *image)
{
    if (!image->host.has_randomize)
        return brk_follows_bss(image);
    return image->host.randomize_va_space == 1 &&
           (brk_follows_bss(image) || image->program_type == PROGRAM_STATIC_PIE);
}

/* Not randomised, the stack ends at the top, or below the pages that the kernel has there. */
static bool stack_is_at_top(const struct image *image, const struct mapping *stack)
{
    uint64_t top = arch_stack_top(image->arch);

    return stack->range.end <= top && top - stack->range.end <= image->arch->vdso_bytes;
}

/*
 * What the process shows counts more than what the settings are now.  The start of a stack that
 * grows up follows from its limit at exec, which is not known.
 */
static enum aslr aslr_shown(const struct image *image)
{
    const struct mapping *stack = main_stack(image);

    if (!stack || !image->arch || !image->layout.task_size || stack->grows_up)
        return ASLR_UNKNOWN;
    if (stack_is_at_top(image, stack))
        return ASLR_OFF;
    return brk_is_fixed(image) ? ASLR_NO_BRK : ASLR_FULL;
}

static void infer_aslr(struct image *image)
{
    struct layout *layout = &image->layout;
    bool flag = false;

    layout->aslr = aslr_shown(image);
    if (layout->aslr == ASLR_UNKNOWN || layout->aslr == ASLR_OFF)
        flag = image_read_personality(image) && (image->personality & PERSONALITY_NO_RANDOMIZE);
    if (layout->aslr == ASLR_UNKNOWN && flag)
        layout->aslr = ASLR_OFF;
    if (layout->aslr == ASLR_OFF && flag)
        layout->aslr_cause = CAUSE_PERSONALITY;
    else if (layout->aslr == ASLR_OFF && image->host.has_randomize &&
             image->host.randomize_va_space == 0)
        layout->aslr_cause = CAUSE_SYSCTL;
    else
        layout->aslr_cause = layout->aslr == ASLR_OFF ? CAUSE_NOT_KNOWN : CAUSE_DEFAULT;
}

/*
 * mmap_base(): base = task_size - gap - random, where gap is the stack limit of exec and a pad for
 * the stack's guard and its random start, within [128 MiB, 5/6 of the address space].
 */
bool layout_random_bytes(const struct image *image, uint64_t *bytes)
{
    const struct layout *layout = &image->layout;
    uint64_t pad = image->host.stack_guard_gap_bytes, limit = image->limits.stack.soft, gap, base;
    uint64_t most = layout->task_size / 6 * 5;

    if (!image->arch || !layout->task_size || !layout->has_base || layout->mode != MMAP_TOP_DOWN ||
        !image->limits.stack.known)
        return false;
    if (layout->aslr != ASLR_OFF)
        pad += align_down(image->arch->stack_random_bytes, image->page_size);
    gap = limit + pad < limit ? limit : limit + pad;
    gap = gap < 128 * MIB ? 128 * MIB : gap > most ? most : gap;
    base = align_up(layout->task_size - gap, image->page_size);
    if (base < layout->base ||
        base - layout->base >= arch_mmap_random_bytes(image->arch, image->page_size))
        return false;
    *bytes = base - layout->base;
    return true;
}

static enum textbook textbook_of(const struct image *image)
{
    enum mmap_mode mode = image->layout.mode;

    if (mode == MMAP_UNKNOWN || image->elf_class == 0)
        return TEXTBOOK_NONE;
    if (image->elf_class == 64)
        return mode == MMAP_TOP_DOWN ? TEXTBOOK_DEFAULT_64 : TEXTBOOK_CLASSIC_64;
    return mode == MMAP_TOP_DOWN ? TEXTBOOK_DEFAULT_32 : TEXTBOOK_CLASSIC_32;
}

void layout_infer(struct image *image)
{
    if (image->arch && image->is_arch_sure) {
        image->layout.task_size = image->arch->task_size;
        image->layout.legacy_base = align_up(image->arch->legacy_base, image->page_size);
    }
    infer_mode(image);
    infer_aslr(image);
    image->layout.textbook = textbook_of(image);
}
