/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/status: it has what its lines say, the first one of each key; lines that are not known
 * change nothing; printed and read again it is the same.
 */
#include "lib/fuzz.h"

#include "parse/status.h"

#include <inttypes.h>

static bool has_key(struct str text, const char *key)
{
    size_t at = 0, n = strlen(key);
    struct str line;

    while (plain_line(text, &at, &line))
        if (line.n > n && memcmp(line.p, key, n) == 0 && line.p[n] == ':')
            return true;
    return false;
}

static struct text print(const struct status_record *s)
{
    struct text text = {NULL, 0, 0};

    text_add(&text, "Tgid:\t%" PRIu64 "\nPid:\t7\nUid:\t1\t%" PRIu64 "\t2\t3\n", s->tgid, s->uid);
    text_add(&text, "NSpid:\t9\t%" PRIu64 "\nThreads:\t%" PRIu64 "\n", s->ns_pid, s->n_threads);
    text_add(&text, "CapEff:\t%016" PRIx64 "\n", s->cap_effective);
    if (s->has_vm)
        text_add(&text, "VmSize:\t       1 kB\n");
    text_add(&text, "VmStk:\t%8" PRIu64 " kB\n", s->vm_stack_bytes >> 10);
    text_add(&text, "VmLck:\t%8" PRIu64 " kB\n", s->vm_locked_bytes >> 10);
    if (s->has_anonymous)
        text_add(&text, "RssAnon:\t%8" PRIu64 " kB\n", s->anonymous_bytes >> 10);
    text_add(&text, "VmSwap:\t%8" PRIu64 " kB\n", s->swap_bytes >> 10);
    return text;
}

static void same(struct str text, const struct status_record *expected)
{
    struct text printed = print(expected), reprinted;
    struct status_record again;
    struct err err;

    must(status_parse(text, &again, &err));
    reprinted = print(&again);
    must(str_eq(text_str(&printed), text_str(&reprinted)));
    text_free(&printed);
    text_free(&reprinted);
}

void fuzz_input(struct str input)
{
    struct status_record status;
    struct err err = {""};
    struct text text;

    if (!status_parse(input, &status, &err)) {
        must(*err.text);
        must(!has_key(input, "Pid") || has_key(input, "CapEff"));
        return;
    }
    must(has_key(input, "Pid"));
    must(status.has_vm == has_key(input, "VmSize"));
    must(status.has_anonymous == has_key(input, "RssAnon"));
    text = print(&status);
    same(text_str(&text), &status);
    text_free(&text);
    text_add(&text, "Vm:\t1 kB\nVmSizes:\t2 kB\nVmStks:\t2 kB\n%c\nPi\n", '\0');
    text_add_str(&text, input);
    text_add(&text, "\nVmStk\nTgid\n");
    same(text_str(&text), &status);
    text_free(&text);
}
