/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every live fixture shares. A fixture builds one situation on itself, says on standard output
 * what must be reported about it (from sbrk, getrlimit, the addresses it mapped: never from the
 * tool's rules), and waits.
 *
 * Protocol, one line each, `ready` last (tests/live/run reads it):
 *
 *     expect PATH OP VALUE    PATH into the JSON report, VALUE in JSON,
 *                             OP one of == != >= <= > < contains matches
 *     finding ID SEVERITY     must be among the findings
 *     no-finding ID           must not
 *     quiet                   no finding above info
 *     text REGEX              must match the text report
 *     exit N                  exit status, of the JSON and of the text form
 *     skip REASON             this situation cannot be built here
 *     broken REASON           the fixture itself failed
 *     ready PID               the process to inspect
 *
 * Nothing here calls malloc or stdio before `ready`: a heap would be part of the situation.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE   ((uintptr_t)4096)
#define KIB(n) ((uintptr_t)(n) << 10)
#define MIB(n) ((uintptr_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

struct scenario {
    const char *name;
    void (*build)(long arg);
    long arg;
    bool root; /* needs a privilege */
};

/*
 * The fixture's main(): `PROGRAM --list` names the scenarios, `PROGRAM NAME` builds one, prints
 * `ready` and blocks until standard input ends. The table ends with a row without a name.
 */
int fixture_main(int argc, char **argv, const struct scenario *table);

/* One line of the protocol. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* `skip` and `broken` end the program; the latter adds errno's text. */
void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void broken(const char *what) __attribute__((noreturn));

/*
 * Runs this program again, same scenario, so that what is decided at exec (layout, limits,
 * personality) follows what was just set. True in the second run. `fixture_again_as` runs another
 * copy of it; `fixture_again_via` runs `argv` with the second run's command line added.
 */
bool fixture_is_again(void);
void fixture_again(void) __attribute__((noreturn));
void fixture_again_as(const char *path) __attribute__((noreturn));
void fixture_again_via(const char *const *argv) __attribute__((noreturn));

/* The same in a child, so that this process stays its parent. Does not return in either of them. */
void fixture_again_in_child(void) __attribute__((noreturn));

/*
 * The path of another program of this build, "NAME.FLAVOUR"; skips, with the reason, when it could
 * not be built.
 */
const char *fixture_sibling(const char *name);

/* The path of this program. */
const char *fixture_self(void);

long sysctl_read(const char *name); /* -1 if there is none */

#endif
