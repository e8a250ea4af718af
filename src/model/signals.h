/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of signals, which differ among machines, by name. */
#ifndef MODEL_SIGNALS_H
#define MODEL_SIGNALS_H

#include <stdint.h>

/* "SIGSEGV"; NULL when the machine is not known to number that signal as most do. */
const char *signal_name(uint16_t machine, unsigned int number);

#endif
