/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/privilege.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

static const cap_value_t needed[] = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
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
    enum { N_NEEDED = sizeof(needed) / sizeof(needed[0]) };
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

static void set_write(cap_flag_value_t value)
{
    cap_t caps = cap_get_proc();

    if (!caps)
        return;
    if (cap_set_flag(caps, CAP_EFFECTIVE, 1, for_writing, value) == 0)
        (void)cap_set_proc(caps); /* without it, the kernel says what the user may not */
    cap_free(caps);
}

void privilege_write_begin(void)
{
    set_write(CAP_SET);
}

void privilege_write_end(void)
{
    set_write(CAP_CLEAR);
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

static void user_text(uint64_t uid, char *buf, size_t size)
{
    const struct passwd *user = getpwuid((uid_t)uid);

    if (user)
        snprintf(buf, size, "user %s (uid %llu)", user->pw_name, (unsigned long long)uid);
    else
        snprintf(buf, size, "uid %llu", (unsigned long long)uid);
}

void privilege_explain(uint64_t uid, uint64_t owner, char *buf, size_t size)
{
    char user[320], self[1024];
    ssize_t n;

    if (have(CAP_SYS_PTRACE)) {
        snprintf(buf, size,
                 "the kernel denies it although CAP_SYS_PTRACE is there: the process is "
                 "outside this user namespace, or a security module (SELinux, AppArmor, Yama, "
                 "Landlock) forbids it");
        return;
    }
    user_text(uid, user, sizeof(user));
    n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    if (uid != geteuid())
        snprintf(buf, size,
                 "it belongs to %s. Run layoutcheck as root or as that user, or give it "
                 "the right: sudo setcap cap_sys_ptrace,cap_dac_read_search=ep %s",
                 user, self);
    else if (owner != uid)
        snprintf(
            buf, size,
            "it is yours, but not dumpable (it changed its user, was executed with "
            "file capabilities, or asked for it by prctl). Run layoutcheck as root, or give it "
            "the right: sudo setcap cap_sys_ptrace,cap_dac_read_search=ep %s",
            self);
    else
        snprintf(buf, size,
                 "it is yours, but has capabilities that you have not, or a security "
                 "module forbids it. Run layoutcheck as root, or give it the right: sudo setcap "
                 "cap_sys_ptrace,cap_dac_read_search=ep %s",
                 self);
}
