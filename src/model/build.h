/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of image_init(), in their order; each needs what the ones before it found. */
#ifndef MODEL_BUILD_H
#define MODEL_BUILD_H

#include "model/about.h"

/* A sysctl file that holds one number; notes the reason when it cannot be read. */
bool sysctl_number(struct image *image, enum capture_row row, uint64_t *value);

/*
 * Reads maps, stat and status of a live process: of one moment, as far as can be had.  In passing,
 * when nothing is unusual, without stat; that is read by live_confirm(), after all that an execve()
 * could have replaced.
 */
enum image_state live_read(struct image *image, struct err *err);

/* False when the process is not, or may not be, what was read. */
bool live_confirm(struct image *image);

/*
 * Of a text that is an error log: what it tells of limits and the host beside the map.  Before
 * host_read(), which looks for the rest.
 */
void log_read(struct image *image);

/* ... of a snapshot, or text. */
enum image_state frozen_read(struct image *image, struct err *err);

/* ... of a core. */
enum image_state core_read(struct image *image, struct err *err);

/* The largest page size that all addresses fit. */
void page_size_guess(struct image *image);

/* What the two share.  Mappings come in address order. */
void mappings_add(struct image *image, const struct maps_line *line);

/* These read the file anew; false with a sentence when it is missing or makes no sense. */
bool stat_read(struct image *image, struct stat_record *stat, struct err *err);
bool status_read(struct image *image, struct status_record *status, struct err *err);

/* What the mappings add up to, to be held against what statm says. */
struct sums {
    uint64_t all_bytes;              /* total_vm */
    uint64_t private_writable_bytes; /* data_vm and stack_vm; of mappings, without odd stacks */
};
bool sums_read(struct image *image, struct sums *sums, struct err *err);
struct sums mappings_sum(const struct image *image);

/* NULL, or what differs. */
const char *sums_disagree(struct image *image, const struct sums *maps, const struct sums *statm);

/* Why there is no address space: IMAGE_NO_MEMORY, with a sentence. */
enum image_state no_memory(const struct image *image, struct err *err);

/*
 * Of a row that was there and is not now, or shows no memory any more: gone with its process, or
 * this program lacks something, which `err` then says already.
 */
enum image_state row_error(struct image *image, enum capture_row row, struct err *err);

/* Whether that is why something of a live process could not be read. */
bool image_has_ended(const struct image *image);

/* False when a snapshot has no list of objects, or this one is not on it. */
bool object_take_saved(struct image *image, struct object *object);

/* image.ancestors of a snapshot; false when they are not told there. */
bool ancestors_take_saved(struct image *image);

/* image.host from the sysctls and meminfo. */
void host_read(struct image *image);

/* image.host.stack_guard_gap_bytes, once the page size is known. */
void host_read_guard(struct image *image);

/* grows_down of the mappings that do so without being called [stack]. */
void stacks_find(struct image *image);

/*
 * Whether mappings that grow down and are not writable account for the size of data and stacks: the
 * kernel counts them whole.  Learns from smaps which ones grow.
 */
bool stacks_explain(struct image *image, uint64_t data_and_stack_bytes);

/* image.objects and image.instances, the program and its interpreter, each mapping's instance. */
void objects_read(struct image *image);

/* The segment of a type whose pages hold the address that it was linked at, or NULL. */
const struct segment *segment_at(const struct elfhead *head, uint32_t type, uint64_t vaddr,
                                 uint64_t page_size);

/*
 * Where the loading of a file lies that the mapping is a part of: by what is mapped around it, when
 * there are no program headers.
 */
struct range object_range_by_names(const struct image *image, uint32_t index);

/* Adds the bss to the ranges of instances without headers, which ends with the data. */
void instances_add_bss(struct image *image);

/*
 * What of program, interpreter, word size and type is not known yet, by names and addresses; says
 * so among what is missing.
 */
void program_infer(struct image *image);

/*
 * image.machine where no ELF header told it, and what depends on it: byte order, page size, which
 * way stacks grow.
 */
void machine_infer(struct image *image);

/* image.arch, by where the mappings end. */
void arch_find(struct image *image);

/* image.brk, from stat's start_brk, libc's memory and the [heap] mappings. */
void break_find(struct image *image);

/* Where the stack of a core's process began; false when nothing shows it. */
bool core_find_start_stack(const struct core *core, const struct reader *memory, uint64_t *address);

/* The same of a core, where nothing is labelled [heap] yet. */
void core_find_break(struct image *image);

/* libc's own copy of the break; false, with the reason, when it cannot be found or read. */
bool break_read_libc(struct image *image, uint64_t *value, const char **why_not);

/* Whether the sizes that maps added up to are still those of the process. */
bool image_sums_hold(struct image *image);

/* Each mapping's role. */
void roles_assign(struct image *image);

/* image.layout. */
void layout_infer(struct image *image);

#endif
