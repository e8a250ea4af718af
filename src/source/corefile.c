/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/corefile.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool is_elf_core(const unsigned char *bytes, size_t n)
{
    enum { AT_TYPE = EI_NIDENT, HEAD_BYTES = AT_TYPE + 2 };
    bool big;

    if (n < HEAD_BYTES || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return false;
    big = bytes[EI_DATA] == ELFDATA2MSB;
    return bytes[AT_TYPE + big] == ET_CORE && bytes[AT_TYPE + !big] == 0;
}

enum corefile_form corefile_look(const void *bytes, size_t n)
{
    if (is_elf_core(bytes, n))
        return COREFILE_ELF;
    return unpack_find(bytes, n) ? COREFILE_PACKED : COREFILE_NONE;
}

static void read_note(int fd, const char *name, char *text, size_t size)
{
    ssize_t n = fgetxattr(fd, name, text, size - 1);

    text[n > 0 ? n : 0] = '\0';
}

static void read_notes(int fd, struct corefile_notes *notes)
{
    read_note(fd, "user.coredump.exe", notes->exe, sizeof(notes->exe));
    read_note(fd, "user.coredump.comm", notes->comm, sizeof(notes->comm));
}

static bool accept_core(const void *head, size_t n)
{
    return is_elf_core(head, n);
}

/* Replaces the packed file by what it holds. */
static bool unpack_core(struct corefile *file, const struct unpacker *unpacker, struct err *err)
{
    struct unpacked unpacked;

    if (!unpack(unpacker, file->fd, &unpack_bounds, accept_core, &unpacked, err))
        return false;
    close(file->fd);
    file->fd = unpacked.fd;
    file->n_bytes = unpacked.n_bytes;
    file->packed_by = unpacker->program;
    memcpy(file->trouble, unpacked.trouble, sizeof(file->trouble));
    return true;
}

static bool take_content(struct corefile *file, struct err *err)
{
    unsigned char head[UNPACK_HEAD];
    ssize_t n = pread(file->fd, head, sizeof(head), 0);
    struct stat st;

    if (n < 0 || fstat(file->fd, &st) < 0)
        return err_set(err, "it cannot be read: %s", strerror(errno));
    if (n == 0)
        return err_set(err, "it is empty: the disk may have been full when it was written");
    file->n_bytes = (uint64_t)st.st_size;
    switch (corefile_look(head, (size_t)n)) {
    case COREFILE_ELF:
        return true;
    case COREFILE_PACKED:
        return unpack_core(file, unpack_find(head, (size_t)n), err);
    default:
        return err_set(err, "it is no ELF core, nor a packed one");
    }
}

bool corefile_take(struct corefile *file, int fd, struct err *err)
{
    *file = (struct corefile){.fd = fd};
    read_notes(file->fd, &file->notes);
    if (take_content(file, err))
        return true;
    corefile_close(file);
    return false;
}

void corefile_close(struct corefile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

static bool read_corefile(void *context, uint64_t offset, void *buf, size_t n)
{
    const struct corefile *file = context;
    unsigned char *to = buf;

    if (offset > file->n_bytes || n > file->n_bytes - offset)
        return false;
    while (n > 0) {
        ssize_t got = pread(file->fd, to, n, (off_t)offset);

        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            to += got;
            offset += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    return true;
}

struct reader corefile_reader(struct corefile *file)
{
    return (struct reader){.read = read_corefile, .context = file};
}
