/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with more than one copy of malloc in use; says what mallinfo2() says of the one that
 * serves the program, and waits until standard input ends.
 *
 *     copies dlmopen    libc once more, in a name space of its own
 *     copies dlopen     libc, loaded by a static program
 *     copies libc       libc's own malloc beside the one that is preloaded
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Until then its numbers were of int: enough for what is done here. */
#if !__GLIBC_PREREQ(2, 33)
#define mallinfo2 mallinfo
#endif

typedef void *allocate(size_t n);

extern void *__libc_malloc(size_t n);

static void *need(void *p, const char *what)
{
    if (!p) {
        printf("skip %s: %s\n", what, dlerror());
        fflush(stdout);
        _exit(0);
    }
    return p;
}

static allocate *other_malloc(const char *how)
{
    void *library;

    if (strcmp(how, "libc") == 0)
        return __libc_malloc;
    library = strcmp(how, "dlmopen") == 0 ? dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW)
                                          : dlopen("libc.so.6", RTLD_NOW);
    return (allocate *)need(dlsym(need(library, how), "malloc"), "malloc");
}

int main(int argc, char **argv)
{
    static char buffer[4096];
    struct mallinfo2 info;
    allocate *other;

    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    if (argc != 2)
        return 2;
    other = other_malloc(argv[1]);
    for (int i = 0; i < 3000; i++) {
        need(malloc((size_t)i), "malloc");
        need(other((size_t)i * 2), "malloc");
    }
    info = mallinfo2();
    printf("mallinfo arena %zu\nmallinfo uordblks %zu\nmallinfo fordblks %zu\nready\n",
           (size_t)info.arena, (size_t)info.uordblks, (size_t)info.fordblks);
    fflush(stdout);
    return read(STDIN_FILENO, buffer, 1) != 0;
}
