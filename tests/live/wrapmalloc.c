/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A malloc to preload that only hands on to the next, as tools that watch allocations do. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef LIVE_COUNTS
/*
 * Also looks where the break is, which takes no memory, and has for others what they may ask for:
 * one function of each of some allocators makes it none of them.
 */
static void *highest;

void mallctl(void);
void tc_malloc(void);
void mi_malloc(void);
void gnu_get_libc_version(void);

void mallctl(void)
{
}

void tc_malloc(void)
{
}

void mi_malloc(void)
{
}

void gnu_get_libc_version(void)
{
}
#endif

void *malloc(size_t size)
{
    static void *(*next)(size_t);

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "malloc");
#ifdef LIVE_COUNTS
    highest = sbrk(0);
#endif
    return next(size);
}
