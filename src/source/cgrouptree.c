/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cgrouptree.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_DEPTH = 32 };

struct walk {
    struct cgroup_survey *survey;
    const char *limit_file;
    uint32_t n_left; /* cgroups that may still be looked at */
};

static int open_below(int directory, const char *name, int flags)
{
    return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);
}

/* *limited stays when the file does not exist: version 2 has none in its root. */
static bool read_limit(const struct walk *walk, int directory, bool *limited)
{
    int fd = open_below(directory, walk->limit_file, O_NONBLOCK);
    char text[32];
    uint64_t limit;
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT;
    n = read(fd, text, sizeof(text));
    close(fd);
    if (n <= 0)
        return false;
    if (str_to_u64(str_trim((struct str){text, (size_t)n}), &limit) && limit < (uint64_t)1 << 62)
        *limited = true;
    return true;
}

static void add_pid(struct cgroup_survey *survey, uint64_t pid)
{
    if (survey->n == survey->room) {
        survey->room = survey->room ? survey->room * 2 : 64;
        survey->pids = xreallocarray(survey->pids, survey->room, sizeof(*survey->pids));
    }
    survey->pids[survey->n++] = (pid_t)pid;
}

/* Those of a threaded cgroup (EOPNOTSUPP) are listed in the nearest one above that is none. */
static bool add_processes(struct cgroup_survey *survey, int directory)
{
    int fd = open_below(directory, "cgroup.procs", O_NONBLOCK);
    FILE *list = fd >= 0 ? fdopen(fd, "r") : NULL;
    char line[32];
    uint64_t pid;
    bool ok;

    if (!list) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    errno = 0;
    while (fgets(line, sizeof(line), list))
        if (str_to_u64(str_trim(str_of(line)), &pid) && pid > 0 && pid <= INT_MAX)
            add_pid(survey, pid);
    ok = !ferror(list) || errno == EOPNOTSUPP;
    fclose(list);
    return ok;
}

static bool look_at(struct walk *walk, int directory, bool limited, unsigned int depth);

/* One that was removed meanwhile had no process. */
static bool look_below(struct walk *walk, int directory, const char *name, bool limited,
                       unsigned int depth)
{
    int below = open_below(directory, name, O_DIRECTORY);

    if (below < 0)
        return errno == ENOENT;
    return look_at(walk, below, limited, depth + 1);
}

/* Closes `directory`. */
static bool look_at(struct walk *walk, int directory, bool limited, unsigned int depth)
{
    DIR *list = fdopendir(directory);
    const struct dirent *entry;
    bool ok;

    if (!list) {
        close(directory);
        return false;
    }
    ok = depth < MAX_DEPTH && walk->n_left > 0 && read_limit(walk, directory, &limited) &&
         (!limited || add_processes(walk->survey, directory));
    walk->n_left -= walk->n_left > 0;
    while (ok && (entry = readdir(list)))
        if (entry->d_type == DT_DIR && *entry->d_name != '.')
            ok = look_below(walk, directory, entry->d_name, limited, depth);
    closedir(list);
    return ok;
}

static int by_pid(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

    return (x > y) - (x < y);
}

bool cgroup_survey_init(struct cgroup_survey *survey, const char *mount_point,
                        const char *limit_file, uint32_t max_cgroups)
{
    struct walk walk = {survey, limit_file, max_cgroups};
    int directory = open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *survey = (struct cgroup_survey){.pids = NULL};
    if (directory < 0)
        return false;
    if (!look_at(&walk, directory, false, 0)) {
        cgroup_survey_deinit(survey);
        return false;
    }
    if (survey->n > 0)
        qsort(survey->pids, survey->n, sizeof(*survey->pids), by_pid);
    return true;
}

void cgroup_survey_deinit(struct cgroup_survey *survey)
{
    free(survey->pids);
    *survey = (struct cgroup_survey){.pids = NULL};
}

bool cgroup_survey_has(const struct cgroup_survey *survey, pid_t pid)
{
    return survey->n > 0 &&
           bsearch(&pid, survey->pids, survey->n, sizeof(*survey->pids), by_pid) != NULL;
}
