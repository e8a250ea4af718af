/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/output.h"

#include "source/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_temporary(struct output *output, struct err *err)
{
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0)
        return err_set(err, "out of memory");
    privilege_write_begin();
    fd = mkostemp(output->temporary, O_CLOEXEC);
    privilege_write_end();
    if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0)
        output->stream = fdopen(fd, "w");
    if (output->stream)
        return true;
    err_format(err, "cannot write beside %s: %s", output->path, strerror(errno));
    free(output->temporary);
    return false;
}

bool output_open(struct output *output, const char *path, struct err *err)
{
    *output = (struct output){.path = path};
    if (path)
        return open_temporary(output, err);
    output->stream = stdout;
    return true;
}

static bool flush(struct output *output, struct err *err)
{
    const char *name = output->path ? output->path : "standard output";
    bool failed = ferror(output->stream) || fflush(output->stream) != 0;
    int error = errno;

    if (output->path && fclose(output->stream) != 0)
        failed = true;
    return !failed || err_set(err, "cannot write to %s: %s", name, strerror(error));
}

bool output_close(struct output *output, bool keep, struct err *err)
{
    bool ok = flush(output, err);

    if (!output->path)
        return ok;
    privilege_write_begin();
    if (ok && keep && rename(output->temporary, output->path) < 0)
        ok = err_set(err, "cannot rename to %s: %s", output->path, strerror(errno));
    if (!ok || !keep)
        unlink(output->temporary);
    privilege_write_end();
    free(output->temporary);
    return ok;
}
