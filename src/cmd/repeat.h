/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program many times, for what is wrong only now and then. */
#ifndef CMD_REPEAT_H
#define CMD_REPEAT_H

#include "cmd/options.h"
#include "source/launch.h"

/*
 * options->repeat times; prints one report of all and returns the exit_status of the command.  The
 * caller ends the series once options->output is complete.
 */
int repeat(const struct options *options, const struct launch_spec *spec, FILE *out);

#endif
