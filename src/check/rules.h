/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_RULES_H
#define CHECK_RULES_H

#include "check/finding.h"

#define RULE(symbol) extern const struct rule rule_##symbol;
#include "check/rules.list"
#undef RULE

/*
 * Shows who maps, moves or protects what: each such call, also those that only 32-bit programs use
 * (mmap2), with the names of the files.  The class holds a '%': no part of a format.
 */
#define TRACE_MEMORY "strace -f -y -e trace=%memory"

/* To the end of a sentence: how to find the one who put a mapping where it is. */
#define FIND_MAPPER                                                                      \
    "start the program under \"" TRACE_MEMORY "\" and look for the mmap call that asks " \
    "for such an address: its first argument is not NULL"

#define CURE_MIXED_BASE "Cure mixed-mmap-base; then the libraries go to the mmap area."

/* For commands in a remedy: the PID, or "PID" where it is not known, "CORE" of a core. */
const char *pid_text(struct checker *checker);

/* For rule_not_run(): why the break is not known. */
const char *break_missing(const struct checker *checker);

/* What several rules ask about loaded objects. */

/* Loaded and neither the program nor its interpreter run as the program. */
bool instance_is_library(const struct image *image, uint32_t instance);

/* Addresses where exec-shield kernels put executable mappings: mixed-mmap-base.c says more. */
bool instance_is_in_exec_window(const struct image *image, uint32_t instance);

/* No interpreter: objects in such a process were loaded by itself (valgrind, emulators). */
bool program_is_static(const struct image *image);

/*
 * Whether nothing uses the break: it was never moved, and malloc does not use it, or the program is
 * one of Go, whose runtime puts its arena right above the break in 32-bit programs.
 */
bool brk_is_unused(const struct checker *checker);

/* How bad it is that the heap has little room: by the room, and by what malloc does without. */
enum severity brk_severity(const struct checker *checker);

/* A sentence: what malloc does when brk is refused. */
const char *allocator_text(const struct checker *checker);

/* Puts into the finding which malloc it is: allocator, allocator_object. */
void evidence_allocator(const struct checker *checker, struct finding *finding);

/* What is known of the mapping that stops the break: words to use of it. */
struct blocker {
    const char *id;
    const char *title;
    const char *why;
    const char *remedy;
    bool is_usual; /* each such process has it, and lives with it */
};

/* NULL when it is nothing special. */
const struct blocker *blocker_known(const struct checker *checker);

/* Whether the rule mixed-mmap-base holds: libraries low, the rest of the mmap area high. */
bool mmap_base_is_mixed(const struct image *image);

/*
 * Whether a bottom-up mmap area that begins below the program has grown around it, so that the
 * kernel itself places things above the heap.  In 32-bit programs there are 16 MiB below a PIE; in
 * 64-bit ones so much that nobody fills it.
 */
bool mmap_area_has_program(const struct image *image);

/* The largest hole between the start of such an area and the program. */
uint64_t largest_hole_below_program(const struct image *image);

/* What to do about libraries that lie where none belong. */
const char *misplaced_remedy(const struct image *image);

/* Whether the rule exec-stack holds: the main stack is executable. */
bool stack_is_executable(const struct checker *checker);

/* The kernel makes heap and stack executable by itself, or may do so on an unknown machine. */
bool data_may_be_executable(const struct image *image);

/* The 32-bit program that executed this 64-bit one, or NULL; reads ancestors. */
const struct ancestor *find_32bit_executor(struct image *image);

/*
 * Whether the mmap area of a 64-bit process begins below 4 GiB: Linux 4.12 to 4.16 chose so for a
 * program that a 32-bit one executed, until acf46020012c.
 */
bool mmap_base_is_32bit(const struct image *image);

/*
 * Whether the break starts where the kernel puts it: at a random distance above the program, at
 * most twice what any kernel draws.  False when it was moved far away.
 */
bool brk_follows_program(const struct image *image, uint64_t start_brk);

/* Whether the rule brk-in-mmap-area holds. */
bool brk_is_in_mmap_area(const struct checker *checker);

/* Whether one page is mapped exactly on the break: the rule brk-page-guard. */
bool brk_has_page_guard(const struct checker *checker);

/* What to do about that page. */
const char *page_guard_remedy(const struct checker *checker);

/* Whether a limit bounds growth only if a lock is what it looks like: future-lock says so. */
bool limit_is_doubtful(const struct checker *checker, const struct limit_fact *limit);

/* The mapping that stops the break, for sentences: "libtinfo.so.5". */
const char *blocker_title(struct checker *checker);

/*
 * Names what may explain that the mapping above the break is where it is: a misplaced library, the
 * page guard, the layout.
 */
void cause_by_blocker(const struct checker *checker, struct finding *finding);

/*
 * What to do about the limit that binds, as a sentence: for a resource limit the command for this
 * process, and how the next one gets it.
 */
const char *limit_cure(struct checker *checker, enum limit_kind kind);

/* Names what may explain that a limit binds. */
void cause_by_limit(struct finding *finding, enum limit_kind kind);

/* Puts the break's figures into the finding: break, gap, room, blocker, blocker_start. */
void evidence_break(struct checker *checker, struct finding *finding);

/* What a rule says about a personality flag that changed the layout. */
struct flag_texts {
    const char *title;            /* the state and the flag */
    const char *remedy_inherited; /* when the parent has the flag too */
    const char *remedy_own;
};

/*
 * The farthest ancestor of an unbroken line with an unlimited stack, or NULL, and a sentence on it;
 * and the ancestor as evidence of the finding (origin, origin_pid).
 */
const struct ancestor *find_stack_origin(struct image *image, const char **text);
void evidence_origin(struct finding *finding, const struct ancestor *origin);

/*
 * The finding of a personality flag: a warning when it was inherited, naming the farthest ancestor
 * of an unbroken line that has it; else info, for the program was started so on purpose.  `effect`
 * is a sentence on what follows from the flag, or "".
 */
void find_personality(struct checker *checker, enum trait trait, const char *effect,
                      const struct flag_texts *texts);

/*
 * What glibc's malloc holds, for a rule that runs where that was read; NULL where it was not asked
 * for, is another malloc's or was never used.  When it was asked for but could not be read, or does
 * not fit together, that is noted as why the rule was not run.
 */
const struct heap_facts *heap_to_judge(struct checker *checker);

/* A sentence: how to have malloc_trim(0) called. */
const char *trim_cure(struct checker *checker);

#endif
