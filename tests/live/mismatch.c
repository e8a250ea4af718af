/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries whose mappings are no longer what their program headers ask for, and the changes that
 * are normal.
 */
#include "fixture.h"
#include "memory.h"
#include "object.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const char library[] = "libm.so.6"; /* enough text to cut pieces from */

static struct object load(void)
{
    return object_load(library_path(library), 0);
}

static void say_mismatch(const char *found)
{
    say("finding elf-mismatch warning");
    say("expect findings[id=elf-mismatch] contains \"%s\"", library);
    say("expect findings[id=elf-mismatch].detail contains \"there is %s.\"", found);
    say("exit 0");
}

static void say_none(void)
{
    say("no-finding elf-mismatch");
    say("quiet");
    say("exit 0");
}

static void need(bool ok, const char *what)
{
    if (!ok)
        broken(what);
}

static void text_unmapped(long page)
{
    struct object o = load();

    need(munmap((void *)(o.text_start + (uintptr_t)page * PAGE), PAGE) == 0, "munmap");
    say_mismatch("nothing");
}

static void text_end_unmapped(long arg)
{
    struct object o = load();

    need(munmap((void *)(o.text_end - PAGE), PAGE) == 0, "munmap");
    say_mismatch("nothing");
}

static void text_replaced(long arg)
{
    struct object o = load();
    void *page = (void *)(o.text_start + 3 * PAGE);
    char found[64];

    need(munmap(page, PAGE) == 0, "munmap");
    place_file((uintptr_t)page, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fixture_self());
    snprintf(found, sizeof(found), "another file, %s", strrchr(fixture_self(), '/') + 1);
    say_mismatch(found);
}

static void untouched(long arg)
{
    load();
    say_none();
}

static void relro(long arg)
{
    struct object o = load();

    need(mprotect((void *)o.data_start, PAGE, PROT_READ) == 0, "mprotect");
    say_none();
}

/* As hot patching and function tracing do: the page becomes private, the mapping may stay split. */
static void text_patched(long arg)
{
    struct object o = load();
    volatile char *page = (char *)(o.text_start + 3 * PAGE);

    need(mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "mprotect");
    page[0] ^= 0; /* a write, so that the page is copied */
    need(mprotect((void *)page, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
    say_none();
}

/* As programs do that copy their text to huge pages. */
static void text_copied(long pages)
{
    struct object o = load();
    size_t len = pages == 0 ? o.text_end - o.text_start : (size_t)pages * PAGE;
    void *copy = place(0, len, PROT_READ | PROT_WRITE);

    memcpy(copy, (void *)o.text_start, len);
    need(mprotect(copy, len, PROT_READ | PROT_EXEC) == 0, "mprotect");
    need(mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)o.text_start) != MAP_FAILED,
         "mremap");
    say_none();
}

#ifdef __LP64__
/* Segments apart, as linkers for 2 MiB pages lay them out, and all in one as before 2018. */
static void link_layout(long holes)
{
    object_load(fixture_sibling(holes ? "sample.holes.so" : "sample.text-first.so"), 0);
    say_none();
}
#endif

int main(int argc, char **argv)
{
    static const struct scenario table[] = {
        {"text-start-unmapped", text_unmapped},
        {"text-middle-unmapped", text_unmapped, 3},
        {"text-end-unmapped", text_end_unmapped},
        {"text-replaced", text_replaced},
        {"untouched", untouched},
        {"relro", relro},
        {"text-patched", text_patched},
        {"text-page-copied", text_copied, 1},
        {"text-copied", text_copied},
#ifdef __LP64__
        {"segments-apart", link_layout, true},
        {"text-first", link_layout, false},
#endif
        {0},
    };

    return fixture_main(argc, argv, table);
}
