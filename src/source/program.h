/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOURCE_PROGRAM_H
#define SOURCE_PROGRAM_H

/*
 * As execvp(), but without giving a program of another machine to the shell, which would take it
 * for a script.  Returns only when it fails, with errno.
 */
void program_execute(char **argv);

#endif
