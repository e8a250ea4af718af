/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that a process maps, opened so that nothing can block or fool the reader:
 *  - where the process sees them, with no symbolic link followed on the way (mounts.h);
 *  - first as a mere path, so that a FIFO or a device is recognised before anything is opened;
 *  - by a helper process with a deadline where the file system may wait for somebody.
 */
#ifndef SOURCE_OBJFILE_H
#define SOURCE_OBJFILE_H

#include "base/reader.h"
#include "source/capture.h"

struct objfile {
    int fd;              /* -1 when only the head is there */
    unsigned char *head; /* the first bytes, when they were read; or NULL */
    size_t n_head;
};

/* What a path of the target names now. */
struct file_id {
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
};

/* The file that the process executes, even when it was removed. */
bool objfile_open_exe(struct capture *process, struct objfile *file, struct err *err);

/*
 * The regular file at `path`, when it is still the one with that inode number.  Device numbers are
 * not compared: on overlayfs and btrfs those of maps are not those of stat(2).
 */
bool objfile_open(struct capture *process, struct str path, uint64_t inode, struct objfile *file,
                  struct err *err);

/*
 * The regular file that is at `path` on this machine, whichever it is: the process of the core may
 * have run elsewhere, or long ago.
 */
bool objfile_open_here(struct capture *core, struct str path, struct objfile *file,
                       struct err *err);

void objfile_close(struct objfile *file);

/* Reads of a file; beyond a head they fail when there is nothing else. */
struct reader objfile_reader(struct objfile *file);

enum path_state { PATH_HERE, PATH_GONE, PATH_UNKNOWN };

/*
 * What is at `path` where the process sees it: PATH_HERE fills *id; PATH_UNKNOWN when permission
 * is missing or the file system may block.
 */
enum path_state objfile_identify(struct capture *process, struct str path, struct file_id *id);

#endif
