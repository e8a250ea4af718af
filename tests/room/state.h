/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States that decide how far a process can grow. Each operation does one thing to this process; a
 * state is a list of them, in the order of the command line, each NAME or NAME:ARG:ARG.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True when a forked copy of this process would meet other limits than it does itself (locks are
 * not inherited), or when copying it is too slow: the truth is then found in place.
 */
extern bool state_is_in_place;

/* The lowest address of the main stack, as it was when the program began. */
extern uintptr_t stack_start;
void stack_note(void);

/* The break as the kernel knows it; libc neither asked nor told. */
uintptr_t raw_brk(uintptr_t addr);

/* Does all of OPS, up to a NULL. Operations that run the program again do not return. */
void state_build(char **ops);

#endif
