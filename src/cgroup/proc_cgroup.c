/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/cgroup (cgroups(7)): the cgroup of a process in each hierarchy; runs in dray only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/cgroup_internal.h"
#include "host/host_cgroups.h"
#include "io/file.h"

/*
 * Paths outside of our cgroup namespace ("/../x") and of removed cgroups lead nowhere.
 */
static bool is_usable(const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t length = strlen(path);

    if (path[0] != '/' || strncmp(path, "/..", 3) == 0)
        return false;
    return length < strlen(deleted) || strcmp(path + length - strlen(deleted), deleted) != 0;
}

/* "4:cpu,cpuacct:/path"; the line has been cut off.  "0::/path" is cgroup2. */
static void parse_line(struct proc_cgroup *proc, char *line)
{
    char *names = strchr(line, ':');
    char *path = names != NULL ? strchr(names + 1, ':') : NULL;

    if (path == NULL || !is_usable(path + 1))
        return;
    *path++ = '\0';
    names++;
    if (names[0] == '\0') {
        proc->paths[CGROUP_UNIFIED] = path;
        return;
    }
    for (const char *name = names;; name++) {
        size_t length = strcspn(name, ",");
        int controller = host_cgroup_controller_find(name, length);

        if (controller >= 0)
            proc->paths[controller] = path;
        name += length;
        if (*name == '\0')
            return;
    }
}

void cgroup_parse_proc(struct proc_cgroup *proc)
{
    char *line = proc->text;

    memset(proc->paths, 0, sizeof(proc->paths));
    while (*line != '\0') {
        char *end = line + strcspn(line, "\n");
        bool last = *end == '\0';

        *end = '\0';
        parse_line(proc, line);
        line = last ? end : end + 1;
    }
}

int cgroup_read_proc(pid_t pid, struct proc_cgroup *ret)
{
    char path[32] = "/proc/self/cgroup";
    ssize_t length;

    if (pid != 0)
        snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
    length = file_read_once_at(AT_FDCWD, path, ret->text, sizeof(ret->text));
    if (length < 0)
        return length == -ENOENT ? -ESRCH : (int)length;
    cgroup_parse_proc(ret);
    return 0;
}

bool cgroup_path_is_below(const char *path, const char *base)
{
    size_t length = strlen(base);

    return strncmp(path, base, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

const char *cgroup_path_in_mount(const struct cgroup_record *record, unsigned hierarchy,
                                 const char *path)
{
    const char *mount = record->text + record->mounts[hierarchy];
    const char *made = cgroup_path(record, hierarchy);
    char whole[CGROUP_HOST_PATH_MAX];
    int length;

    if (cgroup_path_is_below(path, made))
        return path;
    length = snprintf(whole, sizeof(whole), HOST_CGROUP_ROOT "%s%s%s", mount[0] != '\0' ? "/" : "",
                      mount, path);
    if (length >= (int)sizeof(whole) || access(whole, F_OK) == 0)
        return path;
    for (const char *part = path; (part = strstr(part, made)) != NULL; part++)
        if (cgroup_path_is_below(part, made))
            return part;
    return NULL;
}
