/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a file that a process maps, wherever they can be had.  Of a live process that is the
 * file itself.  A core holds pieces of it: the kernel dumps the first page of what begins like an
 * ELF file (since 5.18; before, only of files that can be executed), and what the process wrote to.
 * The whole file is then one of this machine with the same path, if it has the build id that the
 * core holds.
 */
#ifndef MODEL_OBJECTFILE_H
#define MODEL_OBJECTFILE_H

#include "model/image.h"
#include "source/objfile.h"

/* Opens the file; its caller closes it with objfile_close().  False, with the reason. */
bool object_open(const struct image *image, const struct object *object, struct objfile *file,
                 struct err *err);

/* Of a core: whether the object's very file is at a path on this machine. */
bool object_is_here(const struct image *image, const struct object *object, struct str path);

/*
 * Fills object.head and, of a core, object.build_id; object.missing says why there is none.
 * `mapping` is one of the object's.
 */
void object_read_head(struct image *image, struct object *object, const struct mapping *mapping);

/* Whether the file begins as ELF files do, as far as that can be seen. */
bool mapping_is_of_elf(const struct image *image, const struct mapping *mapping);

#endif
