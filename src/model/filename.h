/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the name of a mapped file says of it, where nothing else does: its headers cannot be read.
 * Names are not proof; whoever goes by them says so.
 */
#ifndef MODEL_FILENAME_H
#define MODEL_FILENAME_H

#include "base/str.h"

#include <stdbool.h>

/* An ELF interpreter: ld-linux-x86-64.so.2, ld-2.31.so, ld64.so.1, ld-musl-arm.so.1, linker64. */
bool filename_is_loader(struct str path);

/* A shared object, loaders included: libc.so.6, mod_ssl.so. */
bool filename_is_library(struct str path);

/* What is mapped with code in it and is not executed: libraries, and code in other containers. */
bool filename_is_no_program(struct str path);

/*
 * What a program unpacked for itself alone, to be loaded and deleted at once, as JNA and netty do:
 * in a directory for temporary files, by a name of random digits.
 */
bool filename_is_temporary(struct str path);

/* 32 or 64, by a directory or a loader that only programs of one word size have; 0: no telling. */
unsigned int filename_class(struct str path);

#endif
