/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the names of users and hosts out of what is given away, the same name always for the same
 * other one: "/home/mary/lib/a.so" becomes "/home/user1/lib/a.so", and so does mary in all other
 * paths.  A name is what stands after "home" in a path; whoever knows more tells it.
 */
#ifndef RENDER_DISGUISE_H
#define RENDER_DISGUISE_H

#include "model/image.h"

struct disguise {
    struct arena *arena;
    struct str *names;
    const char **aliases;
    unsigned int n, n_users;
};

void disguise_init(struct disguise *disguise, struct arena *arena);

/* A name to be taken out; NULL and names that say nothing ("root", "localhost") are not. */
void disguise_user(struct disguise *disguise, const char *name);
void disguise_host(struct disguise *disguise, const char *name);

/*
 * The names in the paths of all mappings, of the executable and of the cgroup.  False when there
 * are more than anybody has: whoever made so many would make the reader work.
 */
bool disguise_learn(struct disguise *disguise, const struct image *image, struct err *err);

/* A text in which every such name is another, where it is a word of its own. */
struct str disguise_text(const struct disguise *disguise, struct str text);

/* The same of a mapping's name: "[heap]", "/memfd:x (deleted)" stay what they are. */
struct str disguise_path(const struct disguise *disguise, struct str path);

#endif
