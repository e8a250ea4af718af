/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture is what one target says of itself: for each row of a table (maps, stat, status, ...)
 * the bytes, or the reason why they are missing.  A file that could not be read is data, not an
 * error.  Rows are read when somebody asks for them, once, and kept.
 *
 * A live process is a directory, /proc/PID, held open: when the process dies and its PID is given
 * to another one, reads through the old directory fail and never show the newcomer.
 *
 * A snapshot is a directory with the same files, and those of its host below host/proc and
 * host/sys; what is a link in /proc may be a link there or a file with the link's text.  Text is
 * maps or smaps alone.  Nothing of the reader's own machine is ever read for these.
 *
 * A core holds none of these files.  Whoever reads it gives the capture what of it are rows, and
 * the process's memory.  Files of the reader's own machine can be asked for by path (objfile.h), to
 * be held against what the core itself holds of them.
 */
#ifndef SOURCE_CAPTURE_H
#define SOURCE_CAPTURE_H

#include "base/err.h"
#include "base/reader.h"
#include "base/str.h"
#include "source/corefile.h"

#include <sys/resource.h>
#include <sys/types.h>

enum capture_kind { CAPTURE_LIVE, CAPTURE_SNAPSHOT, CAPTURE_TEXT, CAPTURE_CORE };

enum capture_row {
    /* of the process */
    CAPTURE_MAPS,
    CAPTURE_SMAPS,
    CAPTURE_STAT,
    CAPTURE_STATM,
    CAPTURE_STATUS,
    CAPTURE_LIMITS,
    CAPTURE_AUXV,
    CAPTURE_PERSONALITY,
    CAPTURE_CGROUP,
    CAPTURE_UID_MAP,
    CAPTURE_MOUNTINFO,
    CAPTURE_MOUNT_NS, /* "mnt:[4026531841]" */
    CAPTURE_USER_NS,
    CAPTURE_EXE,       /* where the link points */
    CAPTURE_ROOT,      /* the same */
    CAPTURE_ARGUMENTS, /* the process's command line */
    CAPTURE_ABOUT,     /* of snapshots alone, as the next: what other files do not tell, by key */
    CAPTURE_OBJECTS,   /* headers of ELF objects, parse/objectlist.h */
    CAPTURE_ANCESTORS,
    CAPTURE_MEMORY, /* a few bytes of it, parse/memorylist.h */
    /* of the host */
    CAPTURE_MEMINFO,
    CAPTURE_OWN_MOUNTS, /* of the reader: its mountinfo, and so on */
    CAPTURE_OWN_MOUNT_NS,
    CAPTURE_OWN_USER_NS,
    CAPTURE_OWN_PID_NS,
    CAPTURE_CMDLINE, /* the kernel's, for stack_guard_gap= */
    CAPTURE_OSRELEASE,
    CAPTURE_MAX_MAP_COUNT,
    CAPTURE_MMAP_MIN_ADDR,
    CAPTURE_OVERCOMMIT_MEMORY,
    CAPTURE_ADMIN_RESERVE,
    CAPTURE_USER_RESERVE,
    CAPTURE_CPUS,               /* online, as "0-3,8" */
    CAPTURE_IGNORE_RLIMIT_DATA, /* a parameter of the kernel's boot line */
    CAPTURE_RANDOMIZE_VA_SPACE,
    CAPTURE_LEGACY_VA_LAYOUT,
    CAPTURE_MMAP_RND_BITS, /* for root only, as the next */
    CAPTURE_MMAP_RND_COMPAT_BITS,
    CAPTURE_OVERCOMMIT_RATIO,
    CAPTURE_OVERCOMMIT_KBYTES,
    CAPTURE_SLABINFO, /* for root only */
    CAPTURE_DENTRY_STATE,
    CAPTURE_VMSTAT,
    CAPTURE_ZONEINFO,
    N_CAPTURE_ROWS
};

struct blob {
    struct str bytes;
    const char *missing; /* NULL, or why there are no bytes: static or the capture's */
    int error;           /* the errno of `missing`, or 0 */
};

struct capture;

/*
 * The host's rows come from `root` ("/proc").  The caller closes it after its processes.
 * False when `root` cannot be opened or is no procfs.
 */
bool capture_open_host(struct capture **host, const char *root, struct err *err);

/*
 * A process of that host.  False, with a sentence, when there is none.  Of a thread's id the
 * kernel shows a directory too; capture_open_process() does not care.
 */
bool capture_open_process(struct capture **process, struct capture *host, pid_t pid,
                          struct err *err);

/*
 * The process that a snapshot shows, with a host of its own.  False, with a sentence, when there is
 * no such directory, or neither maps nor smaps in it.
 */
bool capture_open_snapshot(struct capture **process, const char *path, struct err *err);

/* A process of which there is only maps or smaps text: malloc()ed, freed with the capture. */
struct capture *capture_open_text(char *text, size_t n);

/* A process that was written into a core, which is closed with the capture. */
struct capture *capture_open_core(const struct corefile *file);

/* That core; NULL when the capture is of another kind. */
struct corefile *capture_corefile(struct capture *capture);

/* What a core was found to hold: a row's bytes, which are copied, and memory by address. */
void capture_put(struct capture *core, enum capture_row row, struct str bytes);
void capture_put_memory(struct capture *core, const struct reader *memory);

/* This machine as a live host, for its files; closed with `core`.  NULL, with the reason. */
struct capture *capture_here(struct capture *core, struct err *err);

void capture_close(struct capture *capture);

enum capture_kind capture_kind(const struct capture *capture);

/* "live", "snapshot", "maps", "core": as JSON calls it. */
const char *capture_kind_name(enum capture_kind kind);

/* The row as it was when first read.  Rows of the host may be asked of a process. */
const struct blob *capture_get(struct capture *capture, enum capture_row row);

/* The row as it is now; pointers into the former reading are dead. */
const struct blob *capture_again(struct capture *capture, enum capture_row row);

/* Forgets all rows of the process, so that each is read anew when it is asked for. */
void capture_forget(struct capture *process);

/*
 * From now on all is kept that is read of the process, smaps and the files of its cgroups too, so
 * that what is saved is what was judged.
 */
void capture_keep(struct capture *process);

/* Notes what a file of the host was found to hold; does nothing without capture_keep(). */
void capture_note_path(struct capture *process, const char *path, struct str bytes);

/* Tells of each, the newest first. */
void capture_each_path(const struct capture *process,
                       void (*feed)(void *context, const char *path, struct str bytes),
                       void *context);

/*
 * Gives a row's bytes to `feed` piece by piece, as the kernel hands them out (a page at most), and
 * keeps nothing.  Ends early when feed returns false.  False when the row cannot be read; *error is
 * then its errno.
 */
bool capture_stream(struct capture *capture, enum capture_row row,
                    bool (*feed)(void *context, struct str piece), void *context, int *error,
                    struct err *err);

/* "maps", "vm.max_map_count": the name that `missing` and messages use. */
const char *capture_row_name(enum capture_row row);

/* "maps", "host/proc/meminfo": the row's file in a snapshot. */
enum { CAPTURE_FILE_TEXT = 96 };
const char *capture_row_file(enum capture_row row, char buf[static CAPTURE_FILE_TEXT]);

/* A link, of which a snapshot holds the text. */
bool capture_row_is_link(enum capture_row row);

/*
 * Reads of the process's memory by address; the reader is valid as long as the capture.  Needs the
 * right to ptrace (PTRACE_MODE_ATTACH: unlike maps, also Yama's).  A read of an anonymous page that
 * was never touched makes the kernel map the zero page there: read only what the program uses.
 * False, with the reason.
 */
bool capture_memory(struct capture *process, struct reader *reader, struct err *err);

/*
 * The same without a file, and the process's resource limit, as getrlimit() has it: for a scan,
 * which looks at many.  False when the kernel does not let us, has another error, or knows the
 * process by another PID than ours; then memory, or the row, can tell it all the same, or why not.
 */
bool capture_peek(struct capture *process, uint64_t address, void *buf, size_t n);
bool capture_rlimit(struct capture *process, int resource, struct rlimit *limit);

/* Lets a live process run for some milliseconds: for what settles by itself. */
void capture_wait(int milliseconds);

/* The host that a process belongs to. */
struct capture *capture_host(struct capture *capture);

/* What mounts.c and objfile.c keep with a process or a host; zeros at first. */
struct file_access {
    struct mounts *mounts; /* until capture_forget() */
    int64_t waited_ms;     /* for file systems that may never answer */
    int64_t deadline_ms;   /* of a host: for one file of such; 0: what a person waits for */
};
struct file_access *capture_file_access(struct capture *capture);

/*
 * Whether the PIDs of a live host are those that system calls take: /proc can be mounted from
 * another PID namespace than this program's.
 */
bool capture_has_own_pids(struct capture *host);

/* The directory, for openat(); -1 when there is none. */
int capture_directory(const struct capture *capture);

/* Of a live host: the machine as uname -m says it, and the page size.  Else NULL and 0. */
const char *capture_machine(const struct capture *capture);
uint64_t capture_page_size(const struct capture *capture);

/*
 * A file of a snapshot for reading, by its path there; -1 with errno when the capture is none or
 * has no such file.  Only a regular file is opened, and no link leads out.
 */
int capture_open_saved(const struct capture *capture, const char *path);

/* Why something is not there, by the errno of asking for it. */
const char *capture_why_missing(const struct capture *capture, int error);

/* An absolute path of the host, for reading: that of this machine, or below a snapshot's host/. */
int capture_open_path(const struct capture *capture, const char *path);

#endif
