/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/privilege.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <unistd.h>

static const cap_value_t needed[] = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
enum { N_NEEDED = sizeof(needed) / sizeof(needed[0]) };
static const cap_value_t for_writing[] = {CAP_DAC_OVERRIDE};

/* Keeps in `wanted` what `current` has of the values. */
static void keep(cap_t wanted, cap_t current, cap_flag_t flag, const cap_value_t *values, int n)
{
    for (int i = 0; i < n; i++) {
        cap_flag_value_t value = CAP_CLEAR;

        cap_get_flag(current, values[i], CAP_PERMITTED, &value);
        if (value == CAP_SET)
            cap_set_flag(wanted, flag, 1, &values[i], CAP_SET);
    }
}

bool privilege_drop(bool keep_write, struct err *err)
{
    cap_t current = cap_get_proc(), wanted = cap_init();
    bool ok = current && wanted;

    if (ok) {
        keep(wanted, current, CAP_PERMITTED, needed, N_NEEDED);
        keep(wanted, current, CAP_EFFECTIVE, needed, N_NEEDED);
        if (keep_write)
            keep(wanted, current, CAP_PERMITTED, for_writing, 1);
        ok = cap_set_proc(wanted) == 0;
    }
    if (!ok)
        err_format(err, "cannot drop capabilities: %s", strerror(errno));
    cap_free(current);
    cap_free(wanted);
    return ok;
}

/* AT_SECURE: execution gave rights that the user had not (security/commoncap.c). */
static bool are_rights_of_file(void)
{
    return getauxval(AT_SECURE) != 0;
}

static bool have(cap_value_t value)
{
    cap_t caps = cap_get_proc();
    cap_flag_value_t state = CAP_CLEAR;

    if (!caps)
        return false;
    cap_get_flag(caps, value, CAP_EFFECTIVE, &state);
    cap_free(caps);
    return state == CAP_SET;
}

bool privilege_traces_all(void)
{
    return have(CAP_SYS_PTRACE);
}

/* What privilege_put_aside() found. */
static cap_t inherited;

/*
 * Without CAP_SYS_PTRACE nothing is put aside, for the kernel then lets nobody trace who has not as
 * many effective ones as what he traces has permitted (security/commoncap.c).
 */
bool privilege_put_aside(struct err *err)
{
    cap_t lowered;
    bool ok;

    if (!privilege_traces_all() && !are_rights_of_file())
        return true;
    inherited = cap_get_proc();
    lowered = inherited ? cap_dup(inherited) : NULL;
    ok = lowered && cap_clear_flag(lowered, CAP_EFFECTIVE) == 0;
    if (ok) {
        keep(lowered, inherited, CAP_EFFECTIVE, needed, N_NEEDED);
        ok = cap_set_proc(lowered) == 0;
    }
    if (!ok)
        err_format(err, "cannot put capabilities aside: %s", strerror(errno));
    cap_free(lowered);
    return ok;
}

/* Rights that the file gave are not the caller's to run anything with. */
void privilege_return(void)
{
    if (!inherited)
        return;
    if (are_rights_of_file())
        (void)cap_clear(inherited);
    (void)cap_set_proc(inherited); /* what is left in it is permitted */
}

/* System calls alone, for a signal handler does it, too. */
static void set_write(bool is_effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (capget(&header, data) != 0)
        return;
    data[CAP_TO_INDEX(CAP_DAC_OVERRIDE)].effective &= ~CAP_TO_MASK(CAP_DAC_OVERRIDE);
    if (is_effective)
        data[CAP_TO_INDEX(CAP_DAC_OVERRIDE)].effective |= CAP_TO_MASK(CAP_DAC_OVERRIDE);
    (void)capset(&header, data); /* without it, the kernel says what the user may not */
}

void privilege_write_begin(void)
{
    set_write(true);
}

void privilege_write_end(void)
{
    set_write(false);
}

bool privilege_lower(struct err *err)
{
    cap_t caps;
    bool ok;

    if (!are_rights_of_file())
        return true;
    caps = cap_get_proc();
    ok = caps && cap_clear_flag(caps, CAP_EFFECTIVE) == 0 && cap_set_proc(caps) == 0;
    if (!ok)
        err_format(err, "cannot drop capabilities: %s", strerror(errno));
    cap_free(caps);
    return ok;
}

void privilege_raise(void)
{
    cap_t caps;

    if (!are_rights_of_file())
        return;
    caps = cap_get_proc();
    if (!caps)
        return;
    keep(caps, caps, CAP_EFFECTIVE, needed, N_NEEDED);
    (void)cap_set_proc(caps); /* without them, the kernel says what the user may not */
    cap_free(caps);
}

static void user_text(uint64_t uid, char *buf, size_t size)
{
    const struct passwd *user = getpwuid((uid_t)uid);

    if (user)
        snprintf(buf, size, "user %.200s (uid %llu)", user->pw_name, (unsigned long long)uid);
    else
        snprintf(buf, size, "uid %llu", (unsigned long long)uid);
}

/* Continues "Run layoutcheck ...". */
static void remedy_text(char *buf, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n < 0)
        n = stpcpy(self, "layoutcheck") - self;
    self[n] = '\0';
    snprintf(buf, size,
             "as root, or give it the right: sudo setcap cap_sys_ptrace,cap_dac_read_search=ep %s",
             self);
}

/* The index of an id that is not `own`, the effective one first, or -1. */
static int find_foreign(const uint64_t ids[static 3], uint64_t own)
{
    static const int order[] = {1, 0, 2};

    for (int i = 0; i < 3; i++)
        if (ids[order[i]] != own)
            return order[i];
    return -1;
}

/* kernel/ptrace.c __ptrace_may_access() in its order, but for a caller without CAP_SYS_PTRACE. */
static void explain_to_user(const struct owner *owner, char *buf, size_t size)
{
    int user = find_foreign(owner->uids, geteuid()), group = find_foreign(owner->gids, getegid());
    char name[256], remedy[PATH_MAX + 128];

    remedy_text(remedy, sizeof(remedy));
    if (user >= 0) {
        user_text(owner->uids[user], name, sizeof(name));
        snprintf(buf, size, "it belongs to %s. Run layoutcheck as that user, %s", name, remedy);
    } else if (owner->files_uid != geteuid()) {
        snprintf(buf, size,
                 "it is yours, but not dumpable (it changed its user, was executed with file "
                 "capabilities, or asked for it by prctl). Run layoutcheck %s",
                 remedy);
    } else if (group >= 0) {
        snprintf(buf, size,
                 "it is yours, but of another group: its gid is %llu, yours is %llu. Run "
                 "layoutcheck with that group, %s",
                 (unsigned long long)owner->gids[group], (unsigned long long)getegid(), remedy);
    } else {
        snprintf(buf, size,
                 "it is yours, but has capabilities that you have not, or a security module "
                 "forbids it. Run layoutcheck %s",
                 remedy);
    }
}

static void explain_to_root(const char *lacking, char buf[static PRIVILEGE_TEXT])
{
    snprintf(buf, PRIVILEGE_TEXT, "root here lacks CAP_%s (in a container: --cap-add %s)", lacking,
             lacking);
}

void privilege_explain(const struct owner *owner, char buf[static PRIVILEGE_TEXT])
{
    if (privilege_traces_all())
        snprintf(buf, PRIVILEGE_TEXT,
                 "the kernel denies it although CAP_SYS_PTRACE is there: the process is outside "
                 "this user namespace, or a security module (SELinux, AppArmor, Yama, Landlock) "
                 "forbids it");
    else if (geteuid() == 0)
        explain_to_root("SYS_PTRACE", buf);
    else
        explain_to_user(owner, buf, PRIVILEGE_TEXT);
}

void privilege_explain_inputs(char buf[static PRIVILEGE_TEXT])
{
    char remedy[PATH_MAX + 128];

    if (have(CAP_SYS_PTRACE) && have(CAP_DAC_READ_SEARCH)) {
        snprintf(buf, PRIVILEGE_TEXT,
                 "the kernel denies it although CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are there: "
                 "a security module (SELinux, AppArmor, Yama, Landlock) forbids it, or it lies "
                 "outside this user namespace");
    } else if (geteuid() == 0) {
        explain_to_root(have(CAP_SYS_PTRACE) ? "DAC_READ_SEARCH" : "SYS_PTRACE", buf);
    } else {
        remedy_text(remedy, sizeof(remedy));
        snprintf(buf, PRIVILEGE_TEXT, "to read what was denied, run layoutcheck %s", remedy);
    }
}
