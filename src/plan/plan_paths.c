/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as the planner writes them.  Runs in dray. */
#include <string.h>

#include "plan/plan_rootfs_parts.h"

/* Writes @path, cleaned, to @out, which may be @path itself when that begins with a slash. */
static void clean(const char *path, char *out)
{
    size_t used = 0;

    while (path[0] != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && memcmp(path, "..", 2) == 0) {
            while (used > 0 && out[--used] != '/')
                ;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            out[used++] = '/';
            memmove(out + used, path, length);
            used += length;
        }
        path += length;
        path += strspn(path, "/");
    }
    if (used == 0)
        out[used++] = '/';
    out[used] = '\0';
}

plan_string plan_add_clean_path(struct plan_builder *builder, const char *path)
{
    plan_string string = plan_add_format(builder, "/%s", path);

    if (string != 0) {
        char *copy = (char *)builder->plan + string;

        clean(copy, copy);
    }
    return string;
}

bool plan_path_is(const char *path, const char *clean_path)
{
    const char *rest = clean_path;

    while (path[0] != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && memcmp(path, "..", 2) == 0)
            return false; /* not worth following: such a path is made clean before it counts */
        if (length > 0 && !(length == 1 && path[0] == '.')) {
            if (rest[0] != '/' || strncmp(rest + 1, path, length) != 0)
                return false;
            rest += length + 1;
            if (rest[0] != '\0' && rest[0] != '/')
                return false;
        }
        path += length;
        path += strspn(path, "/");
    }
    return rest[0] == '\0' || strcmp(rest, "/") == 0;
}

plan_string plan_add_host_path(const struct plan_input *input, struct plan_builder *builder,
                               const char *path)
{
    if (path[0] == '/')
        return plan_add_string(builder, path);
    return plan_add_format(builder, "%s/%s", input->bundle, path);
}
