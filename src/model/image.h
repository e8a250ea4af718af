/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image: everything that is known of one process, put together from one capture.  Its strings
 * and tables live in its arena or in the tables that image_deinit() frees; nobody frees parts.
 */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/intern.h"
#include "base/range.h"
#include "model/arch.h"
#include "model/runtime.h"
#include "parse/auxv.h"
#include "parse/buildid.h"
#include "parse/core.h"
#include "parse/elfhead.h"
#include "parse/limits.h"
#include "parse/maps.h"
#include "parse/objectlist.h"
#include "parse/paste.h"
#include "parse/stat.h"
#include "parse/status.h"
#include "source/capture.h"

enum region_role {
    REGION_TEXT,
    REGION_DATA,
    REGION_BSS,
    REGION_BRK,
    REGION_MMAP,
    REGION_THREAD_STACKS,
    REGION_STACK,
    REGION_VDSO,
    REGION_VSYSCALL,
    REGION_GAP
};

enum role {
#define ROLE(symbol, name, region) ROLE_##symbol,
#include "model/roles.list"
#undef ROLE
    N_ROLES
};

const char *role_name(enum role role);
enum region_role role_region(enum role role);

/* An index into a table of the image; NONE: not there. */
#define NONE UINT32_MAX

/* What the text does not tell that lists a mapping; 0 stands in its place. */
enum mapping_unknown {
    MAPPING_OFFSET_UNKNOWN = 1,
    MAPPING_DEVICE_UNKNOWN = 2,
    MAPPING_INODE_UNKNOWN = 4,
    MAPPING_NAME_UNKNOWN = 8,
};

struct mapping {
    struct range range;
    uint64_t offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t name;     /* in image.names */
    uint32_t instance; /* of the loaded object that it is a part of, or NONE */
    uint8_t perms;     /* enum perm */
    uint8_t role;      /* enum role */
    uint8_t unknown;   /* enum mapping_unknown */
    bool is_file;      /* of a file; its inode may be unknown: 0 */
    bool grows_down;   /* [stack]; others are told by smaps only */
    bool grows_up;     /* [stack] where stacks do */
    bool locked;       /* after image_read_locks() */
};

/* What smaps says of one mapping, in bytes. */
struct usage {
    unsigned int has; /* enum smaps_size: which of them it tells */
    uint64_t rss_bytes;
    uint64_t pss_bytes;
    uint64_t private_bytes;
    uint64_t swap_bytes;
    uint64_t anonymous_bytes;
    uint64_t locked_bytes;
};

/* A file with an executable mapping, or the executed file. */
struct object {
    struct str path;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    bool is_exe;
    bool has_head;
    struct elfhead head;
    const char *missing;     /* why there is no head */
    struct buildid build_id; /* of a core's objects; none: not known */
    enum file_fate fate;
    struct cached_file *shared; /* what other processes' images know of the file, or NULL */
};

/* One loading of an object: a file can be loaded twice. */
struct instance {
    uint32_t object;
    bool has_bias;      /* the program headers fit the mappings */
    uint64_t bias;      /* address = bias + p_vaddr */
    struct range range; /* from the first to the last segment, whole pages */
    struct range seen;  /* from its first to its last mapping, bss included */
};

enum program_type {
    PROGRAM_UNKNOWN,
    PROGRAM_EXEC, /* linked at a fixed address, with an interpreter */
    PROGRAM_PIE,
    PROGRAM_STATIC, /* fixed address, no interpreter */
    PROGRAM_STATIC_PIE
};

enum mmap_mode { MMAP_UNKNOWN, MMAP_TOP_DOWN, MMAP_BOTTOM_UP };
enum aslr { ASLR_UNKNOWN, ASLR_FULL, ASLR_NO_BRK, ASLR_OFF };

/* Why the kernel chose the layout: also what a remedy has to change. */
enum layout_cause {
    CAUSE_DEFAULT,
    CAUSE_PERSONALITY,
    CAUSE_SYSCTL,
    CAUSE_STACK_LIMIT,
    CAUSE_OLD_KERNEL, /* before it learned to go top-down on this machine */
    CAUSE_NOT_KNOWN
};

/* The layouts that a kernel gives an ordinary program. */
enum textbook {
    TEXTBOOK_NONE,
    TEXTBOOK_DEFAULT_64, /* top-down below the stack */
    TEXTBOOK_CLASSIC_64, /* bottom-up, from a third of the address space on x86 */
    TEXTBOOK_DEFAULT_32,
    TEXTBOOK_CLASSIC_32
};

struct layout {
    enum textbook textbook;
    uint64_t legacy_base; /* TASK_UNMAPPED_BASE, in whole pages; 0: unknown */
    enum mmap_mode mode;
    enum layout_cause cause;
    const char *reason; /* a sentence */
    bool has_base;
    uint64_t base;      /* mmap_base: where the first mapping was put (its end, top-down) */
    uint64_t task_size; /* 0: unknown */
    enum aslr aslr;
    enum layout_cause aslr_cause;
    bool unlimited_stack_at_exec; /* the base is where only a huge stack limit puts it */
};

struct break_state {
    bool known;
    uint64_t start;      /* start_brk, a byte address */
    bool is_start_known; /* else it is the least that it can be: bss and heap are one mapping */
    const char *missing; /* why it is not known */
    uint64_t value;      /* the break itself, a byte address; as good as `exact` says */
    uint64_t end;        /* the end of the heap's last page */
    bool exact;          /* read, not inferred */
    const char *uncertain;
    bool has_libc_value; /* libc keeps a copy of the break, and it was read */
    uint64_t libc_value;
    bool moved;                     /* while it was read: the copy means nothing */
    const char *not_read;           /* why that copy was not read, or means nothing; or NULL */
    uint32_t first_heap, last_heap; /* mappings, or NONE when there is no heap yet */
    bool merged_with_bss;
};

/* What is handed down through fork and exec, and what came of it. */
struct ancestor {
    pid_t pid;
    const char *comm;       /* NULL: /proc does not show it */
    unsigned int elf_class; /* 32, 64; 0: unknown */
    bool has_personality;
    uint32_t personality;
    struct limit stack_limit; /* now; its layout goes by that of its exec */
    enum mmap_mode mode;
    uint64_t mmap_base, start_brk; /* 0: unknown */
    enum aslr aslr;
    const char *missing; /* why something of it is not known, or NULL */
};

/* A memory cgroup with a limit. */
struct cgroup_level {
    const char *path; /* below the hierarchy's root */
    uint64_t limit_bytes;
    uint64_t used_bytes;
    uint64_t reclaimable_bytes; /* page cache and the like, which gives way */
};

struct missing {
    const char *what;
    const char *reason;
};

struct host {
    const char *kernel;          /* release, as uname -r */
    unsigned int kernel_version; /* KERNEL_VERSION(6, 1): major << 8 | minor; 0: unknown */
    const char *machine;
    bool has_memory, has_swap, has_max_map_count, has_mmap_min_addr, has_overcommit, has_randomize,
        has_legacy, has_cmdline;
    uint64_t memory_bytes;
    uint64_t swap_bytes;
    uint64_t max_map_count;
    uint64_t mmap_min_addr;
    uint64_t overcommit_memory;
    uint64_t randomize_va_space;
    uint64_t legacy_va_layout;
    uint64_t stack_guard_gap_bytes;
};

/* What strict overcommit (mode 2) goes by; read when it is in force. */
struct commit {
    bool known;
    uint64_t limit_bytes;         /* CommitLimit */
    uint64_t committed_bytes;     /* Committed_AS, the exact sum since 5.9 */
    uint64_t admin_reserve_bytes; /* kept from processes without CAP_SYS_ADMIN */
    uint64_t user_reserve_bytes;
    unsigned int n_cpus;
};

struct heap;

#define KERNEL(major, minor) ((unsigned int)(major) << 8 | (minor))

struct filecache;

struct image {
    struct arena arena;
    struct capture *capture; /* borrowed */
    struct filecache *files; /* borrowed; NULL: nothing is shared with other images */
    pid_t pid;               /* 0: unknown */
    bool in_passing;         /* one of many: files are read when something asks for them */
    bool is_doubtful;        /* in passing: to be read again with care */

    struct intern names;
    struct mapping *mappings; /* in address order */
    uint32_t n_mappings;
    uint32_t n_mappings_room;
    struct usage *usage; /* one a mapping, or NULL: image_read_memory() was not asked for */
    uint32_t n_counted;  /* what the kernel counts against max_map_count: all but [vsyscall] */

    struct object *objects;
    uint32_t n_objects;
    struct instance *instances; /* by address */
    uint32_t n_instances;
    uint32_t program; /* instance, or NONE */
    uint32_t interp;
    bool via_loader; /* the loader was executed, with the program as its argument */
    enum program_type program_type;
    const char *program_evidence; /* NULL, or a sentence: names and addresses told the program */
    bool is_go;                   /* the program was linked by Go */
    bool has_allocator;           /* image_read_allocator() was called, which fills the next two */
    struct allocator allocator;
    uint32_t runtimes;      /* 1 << enum runtime */
    struct heap *heap;      /* image_read_heap() was called; else NULL */
    bool has_jit;           /* image_find_jit() was called, which fills the next one */
    uint32_t jit;           /* instance, or NONE */
    unsigned int elf_class; /* 32 or 64; 0: unknown */
    uint16_t machine;       /* EM_*; 0: unknown */
    bool big_endian;
    const char *machine_evidence; /* what told the machine, if no ELF header; else NULL */

    bool has_stat, has_status; /* a live process has both */
    struct stat_record stat;
    struct status_record status;
    struct limits_record limits;
    struct auxv_record auxv;
    bool has_personality, personality_is_read; /* by image_read_personality() */
    uint32_t personality;
    const char *comm; /* NULL: unknown, when there is no stat */
    const char *exe;  /* NULL: unknown */
    const char *user; /* whose it is by name; NULL: not known, or to be asked of the host */
    uint64_t page_size;
    bool is_page_size_guessed;   /* nothing told it: the addresses fit it */
    const struct machine *rules; /* of its machine; never NULL */
    const struct arch *arch;     /* its address space; NULL: no rules for it */
    bool is_arch_sure;           /* else others end elsewhere and fit as well */
    bool is_kernel_width_known;  /* whether arch.on_64bit_kernel is more than a guess */

    struct layout layout;
    struct break_state brk;
    struct host host;
    const char *cgroup; /* that its memory is charged to; NULL: not known, or not read yet */
    bool has_cgroup_limits;
    struct cgroup_level *cgroup_limit; /* the one that leaves least, or NULL: none limits */
    bool has_ancestors;
    struct ancestor *ancestors; /* the parent first */
    uint32_t n_ancestors;

    uint64_t size_bytes;           /* total_vm, when maps was read */
    uint64_t data_and_stack_bytes; /* data_vm and stack_vm (since 4.5) */
    uint64_t stack_used_bytes;     /* after image_read_stack_use() */
    const char *statm;             /* of a live process: the text of these, when maps was read */
    bool consistent;
    bool has_sums;             /* ... was checked by the sums of statm */
    const char *inconsistency; /* what differed, when not consistent */
    unsigned int n_reads;      /* of maps, until it was consistent */
    bool execed;               /* the program was replaced while it was read */
    const char *taken;         /* when a snapshot was, "2026-11-22T02:56:45Z"; else NULL */
    struct objectlist *saved;  /* what a snapshot tells of objects; NULL: not asked for yet */
    uint32_t n_saved_taken;    /* of these, in their order */
    struct missing *missing;
    uint32_t n_missing;
    struct paste pasted; /* of no live process: what its map was read from */
    struct core *core;   /* that it was read from, or NULL */
    const char *lacks;   /* "stat, limits and auxv": files that would tell more; NULL: none */
};

/* linux/personality.h */
enum {
    PERSONALITY_NO_RANDOMIZE = 0x0040000,
    PERSONALITY_READ_IMPLIES_EXEC = 0x0400000,
    PERSONALITY_LIMIT_32BIT = 0x0800000,
    PERSONALITY_COMPAT_LAYOUT = 0x0200000,
    PERSONALITY_LIMIT_3GB = 0x8000000,
};

/* What there is instead of an address space. */
enum image_state {
    IMAGE_READY,
    IMAGE_FAILED,   /* see err */
    IMAGE_DENIED,   /* maps is not readable by us; image.status tells whose process it is */
    IMAGE_NO_MEMORY /* kernel thread, zombie, exiting: err says which */
};

/*
 * Builds the image of a process from whatever the capture is of.  `pid` is that of a live one; else
 * 0, and image.pid is what the files tell.  The caller calls image_deinit() whatever this returns;
 * on IMAGE_READY before it closes `capture`, which the image borrows.
 */
enum image_state image_init(struct image *image, struct capture *capture, pid_t pid,
                            struct err *err);

/*
 * The same of one of many processes: what ELF files say is read once for all (filecache.h).  In
 * passing, what nothing asks for is not read, nor told among what is missing, and what makes a
 * figure uncertain is not looked for.
 */
enum image_state image_init_sharing(struct image *image, struct capture *capture, pid_t pid,
                                    struct filecache *files, bool in_passing, struct err *err);
void image_deinit(struct image *image);

/* Valid after image_init(), whatever that returned. */
bool image_is_kernel_thread(const struct image *image);

/* The main thread has ended while others run: there is memory, which /proc/PID does not show. */
bool image_has_threads_alone(const struct image *image);

/* Fills image.personality; false when it is not known.  Idempotent. */
bool image_read_personality(struct image *image);

/*
 * Before the images of many processes, none of which may be younger: finds out which of them a
 * memory cgroup limits at all, so that the others need not be asked for theirs.  Does nothing where
 * that would cost more than asking.
 */
void cgroups_survey(struct filecache *files, struct capture *host, uint32_t n_processes);

/* Fills image.cgroup_limit: reads the cgroups up to the root.  Idempotent. */
void image_read_cgroup_limits(struct image *image);

/* Bytes that can still be touched below a cgroup's limit, once its page cache is dropped. */
uint64_t cgroup_room(const struct cgroup_level *level);

/* Fills image.cgroup.  Idempotent. */
void image_read_cgroup(struct image *image);

/*
 * Reads the ancestors, up to PID 1, the edge of the PID namespace or the first that /proc does not
 * show.  Takes a look at the maps of each.  Idempotent.
 */
void image_read_ancestors(struct image *image);

/* What a process hands down to all that it starts. */
enum trait { TRAIT_COMPAT_LAYOUT, TRAIT_NO_RANDOMIZE, TRAIT_UNLIMITED_STACK };

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };
enum answer ancestor_has(const struct ancestor *ancestor, enum trait trait);

/* From whom a process has a trait. */
struct origin {
    const struct ancestor
        *ancestor;   /* the farthest of an unbroken line; NULL: no ancestor has it */
    bool is_cut_off; /* whether the one above has it, too, is not known */
};

struct origin lineage_origin(struct image *image, enum trait trait);

/*
 * The one that executed the process's program, or that program's ancestor by fork(), which has the
 * same addresses; NULL when there is none to see.
 */
const struct ancestor *lineage_executor(struct image *image);

/*
 * "ADDR_COMPAT_LAYOUT": the name in <sys/personality.h> of the n-th flag that is set, "PER_LINUX32"
 * for the type of setarch linux32; NULL after the last.
 */
const char *personality_name(uint32_t personality, unsigned int n);

/*
 * Reads smaps, which takes ten times as long as maps and holds up the process's own mmap and brk
 * calls meanwhile.  False, with the reason, when it cannot be read or shows other mappings than
 * maps did; image.usage stays NULL then.
 */
bool image_read_memory(struct image *image, struct err *err);

/* How many CPUs a list such as "0-3,8" names; 1 at least. */
unsigned int cpulist_count(struct str list);

/* The settings and sums of strict overcommit; false when they cannot be read. */
bool image_read_commit(struct image *image, struct commit *commit);

/*
 * Whether the process has a capability that counts for the kernel's own limits: effective, and in
 * the first user namespace.
 */
bool image_has_capability(struct image *image, unsigned int capability);

/* Whether the kernel was told to ignore RLIMIT_DATA but for brk's own test. */
bool image_ignores_rlimit_data(struct image *image);

/*
 * Learns from smaps which mappings are locked, so that mapping.locked means something.  Read only
 * when VmLck says that some are.
 */
void image_read_locks(struct image *image);

/*
 * Learns from smaps how much of the main stack was ever touched: image.stack_used_bytes.  False
 * when it cannot be read.
 */
bool image_read_stack_use(struct image *image);

/*
 * The random part of a top-down mmap base, which the bottom-up base shares.  False when the stack
 * limit changed since exec, so that it cannot be told.
 */
bool layout_random_bytes(const struct image *image, uint64_t *bytes);

struct str mapping_name(const struct image *image, const struct mapping *mapping);

/* Whether it is private memory of huge pages, which maps shows with the name of a file. */
bool mapping_is_huge(const struct image *image, const struct mapping *mapping);

/* Whether the process runs while it is looked at, so that everything can be asked once more. */
bool image_is_live(const struct image *image);

/* Why the process may have mappings that the image has not, a phrase; NULL: it has all. */
const char *image_incomplete(const struct image *image);

/* Numbers that stat, status or the notes of a core tell; false where none does. */
bool image_uid(const struct image *image, uint64_t *uid);
bool image_n_threads(const struct image *image, uint64_t *n);

/* The mapping's loaded object, or NULL. */
const struct object *mapping_object(const struct image *image, const struct mapping *mapping);

/*
 * Whether a file mapping shows the object's file: by device and inode, for names can change, or by
 * name where nothing else is known.
 */
bool mapping_shows(const struct image *image, const struct mapping *mapping,
                   const struct object *object);

/* The first mapping that ends above `address`, or n_mappings. */
uint32_t image_find(const struct image *image, uint64_t address);

/* How close the break may not come to the mapping, beside the page that always stays free. */
uint64_t mapping_guard_bytes(const struct image *image, const struct mapping *mapping);

/* Whether that is among the rows of `missing`. */
bool image_lacks(const struct image *image, const char *what);

/* How far above the mapping mmap keeps away from it. */
uint64_t mapping_guard_above(const struct image *image, const struct mapping *mapping);

/* Adds a row to `missing`. */
void image_note_missing(struct image *image, const char *what, const char *reason);

/* The name a person calls a file by: its last component, without " (deleted)". */
struct str short_name(struct str path);

#endif
