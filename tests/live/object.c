/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loader without relocation; see object.h. */
#include "object.h"

#include "fixture.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PHDRS_MAX 32

struct image {
    int fd;
    size_t n_phdrs;
    ElfW(Phdr) phdrs[PHDRS_MAX]; /* PT_LOAD only, in address order */
};

static uintptr_t page_down(uintptr_t addr)
{
    return addr & ~(PAGE - 1);
}

static uintptr_t page_up(uintptr_t addr)
{
    return page_down(addr + PAGE - 1);
}

static void image_open(struct image *image, const char *path)
{
    ElfW(Phdr) all[PHDRS_MAX];
    ElfW(Ehdr) ehdr;
    size_t len, i;

    image->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (image->fd < 0)
        broken(path);
    if (pread(image->fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr) || ehdr.e_phnum > PHDRS_MAX)
        broken(path);
    len = ehdr.e_phnum * sizeof(all[0]);
    if (pread(image->fd, all, len, (off_t)ehdr.e_phoff) != (ssize_t)len)
        broken(path);
    image->n_phdrs = 0;
    for (i = 0; i < ehdr.e_phnum; i++) {
        if (all[i].p_type == PT_LOAD)
            image->phdrs[image->n_phdrs++] = all[i];
    }
    if (image->n_phdrs == 0)
        broken(path);
}

static uintptr_t image_first(const struct image *image)
{
    return page_down(image->phdrs[0].p_vaddr);
}

static size_t image_span(const struct image *image)
{
    const ElfW(Phdr) *last = &image->phdrs[image->n_phdrs - 1];

    return page_up(last->p_vaddr + last->p_memsz) - image_first(image);
}

static int phdr_prot(const ElfW(Phdr) * phdr)
{
    return (phdr->p_flags & PF_R ? PROT_READ : 0) | (phdr->p_flags & PF_W ? PROT_WRITE : 0) |
           (phdr->p_flags & PF_X ? PROT_EXEC : 0);
}

static void map_fixed(uintptr_t addr, size_t len, int prot, int flags, int fd, uintptr_t offset)
{
    if (mmap((void *)addr, len, prot, MAP_PRIVATE | MAP_FIXED | flags, fd, (off_t)offset) ==
        MAP_FAILED)
        broken("mmap of a segment");
}

static void segment_load(const struct image *image, const ElfW(Phdr) * phdr, uintptr_t bias)
{
    uintptr_t start = bias + page_down(phdr->p_vaddr);
    uintptr_t file_end = bias + phdr->p_vaddr + phdr->p_filesz;
    uintptr_t end = page_up(bias + phdr->p_vaddr + phdr->p_memsz);

    map_fixed(start, page_up(file_end) - start, phdr_prot(phdr), 0, image->fd,
              page_down(phdr->p_offset));
    if (phdr->p_memsz > phdr->p_filesz)
        memset((void *)file_end, 0, page_up(file_end) - file_end);
    if (end > page_up(file_end))
        map_fixed(page_up(file_end), end - page_up(file_end), phdr_prot(phdr), MAP_ANONYMOUS, -1,
                  0);
}

/* The first segment over the whole span reserves the place, as ld.so does. */
static uintptr_t image_reserve(const struct image *image, uintptr_t addr)
{
    const ElfW(Phdr) *first = &image->phdrs[0];
    void *p = mmap((void *)addr, image_span(image), phdr_prot(first),
                   MAP_PRIVATE | (addr != 0 ? MAP_FIXED_NOREPLACE : 0), image->fd,
                   (off_t)page_down(first->p_offset));

    if (p == MAP_FAILED && errno == EPERM)
        skip("files of this directory may not be mapped executable");
    if (p == MAP_FAILED)
        broken("mmap of an object");
    return (uintptr_t)p;
}

struct object object_load(const char *path, uintptr_t addr)
{
    struct object object = {0};
    struct image image;
    uintptr_t bias, end;
    size_t i;

    image_open(&image, path);
    object.start = image_reserve(&image, addr);
    bias = object.start - image_first(&image);
    end = object.start;
    for (i = 0; i < image.n_phdrs; i++) {
        const ElfW(Phdr) *phdr = &image.phdrs[i];
        uintptr_t start = bias + page_down(phdr->p_vaddr);

        if (start > end && mprotect((void *)end, start - end, PROT_NONE) != 0)
            broken("mprotect");
        segment_load(&image, phdr, bias);
        end = page_up(bias + phdr->p_vaddr + phdr->p_memsz);
        if (phdr->p_flags & PF_X) {
            object.text_start = start;
            object.text_end = end;
        }
        if (phdr->p_flags & PF_W) {
            object.data_start = start;
            object.data_end = end;
        }
    }
    object.end = end;
    close(image.fd);
    return object;
}

size_t object_span(const char *path)
{
    struct image image;

    image_open(&image, path);
    close(image.fd);
    return image_span(&image);
}

void object_put(enum likeness likeness, const char *path, uintptr_t addr)
{
    if (likeness == OBJECT)
        object_load(path, addr);
    else if (likeness == FILE_READ)
        place_file(addr, object_span(path), PROT_READ, MAP_PRIVATE, path);
    else
        place(addr, object_span(path), PROT_READ | PROT_EXEC);
}

static int is_libc(struct dl_phdr_info *info, size_t size, void *dir)
{
    const char *slash = strrchr(info->dlpi_name, '/');

    (void)size;
    if (slash == NULL || strncmp(slash, "/libc.so.", 9) != 0)
        return 0;
    snprintf(dir, PATH_MAX, "%.*s", (int)(slash - info->dlpi_name), info->dlpi_name);
    return 1;
}

const char *library_path(const char *name)
{
    static char path[PATH_MAX + 64];
    char dir[PATH_MAX];

    if (dl_iterate_phdr(is_libc, dir) == 0)
        skip("the C library was not loaded as libc.so");
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (access(path, R_OK) != 0)
        skip("%s is not installed", path);
    return path;
}

void file_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    struct stat st;

    if (in < 0 || fstat(in, &st) != 0)
        broken(from);
    if (out < 0 || sendfile(out, in, NULL, (size_t)st.st_size) != st.st_size)
        broken(to);
    close(in);
    close(out);
}

const char *file_make(const char *name, size_t len)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

    if (fd < 0 || ftruncate(fd, (off_t)len) != 0)
        broken(name);
    close(fd);
    return name;
}
