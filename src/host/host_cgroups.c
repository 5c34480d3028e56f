/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the cgroup controllers are, from the conventional places below /sys/fs/cgroup: one statfs
 * and one directory listing, no mount table.  Runs in dray only.
 */
#include "host/host_cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "io/file.h"

static const struct {
    const char *v1;
    const char *v2;
} controller_names[HOST_CGROUP_CONTROLLERS] = {
    [HOST_CGROUP_CPU] = {"cpu", "cpu"},
    [HOST_CGROUP_CPUACCT] = {"cpuacct", NULL},
    [HOST_CGROUP_CPUSET] = {"cpuset", "cpuset"},
    [HOST_CGROUP_MEMORY] = {"memory", "memory"},
    [HOST_CGROUP_DEVICES] = {"devices", NULL},
    [HOST_CGROUP_FREEZER] = {"freezer", NULL},
    [HOST_CGROUP_BLKIO] = {"blkio", "io"},
    [HOST_CGROUP_PIDS] = {"pids", "pids"},
    [HOST_CGROUP_HUGETLB] = {"hugetlb", "hugetlb"},
    [HOST_CGROUP_NET_CLS] = {"net_cls", NULL},
    [HOST_CGROUP_NET_PRIO] = {"net_prio", NULL},
    [HOST_CGROUP_PERF_EVENT] = {"perf_event", NULL},
    [HOST_CGROUP_RDMA] = {"rdma", "rdma"},
    [HOST_CGROUP_MISC] = {"misc", "misc"},
    [HOST_CGROUP_SYSTEMD] = {"systemd", NULL},
};

const char *host_cgroup_controller_name(enum host_cgroup_controller controller)
{
    return controller_names[controller].v1;
}

const char *host_cgroup_controller_name_v2(enum host_cgroup_controller controller)
{
    return controller_names[controller].v2;
}

static bool is_word(const char *name, size_t length, const char *word)
{
    return word != NULL && strlen(word) == length && memcmp(word, name, length) == 0;
}

int host_cgroup_controller_find(const char *name, size_t length)
{
    static const char prefix[] = "name=";

    if (length > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0) {
        name += strlen(prefix);
        length -= strlen(prefix);
    }
    for (int i = 0; i < HOST_CGROUP_CONTROLLERS; i++)
        if (is_word(name, length, controller_names[i].v1))
            return i;
    return -1;
}

int host_cgroup_controller_find_v2(const char *name, size_t length)
{
    for (int i = 0; i < HOST_CGROUP_CONTROLLERS; i++)
        if (is_word(name, length, controller_names[i].v2))
            return i;
    return -1;
}

uint32_t host_cgroup_parse_controllers(const char *text)
{
    uint32_t controllers = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " \n");
        int controller = host_cgroup_controller_find_v2(text, length);

        if (controller >= 0)
            controllers |= 1u << controller;
        text += length;
        text += strspn(text, " \n");
    }
    return controllers;
}

void host_cgroup_add_directory(struct host_cgroups *cgroups, const char *name)
{
    size_t whole = strlen(name);

    if (whole >= sizeof(cgroups->directories[0]))
        return;
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, ",");
        int controller = host_cgroup_controller_find(part, length);

        if (controller >= 0 && (cgroups->controllers & 1u << controller) == 0) {
            cgroups->controllers |= 1u << controller;
            memcpy(cgroups->directories[controller], name, whole + 1);
        }
        part += length;
        if (*part == '\0')
            return;
    }
}

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/*
 * Directories are hierarchies, links ("cpu" to "cpu,cpuacct") only further names of them.
 * Returns whether there is one called "unified".
 */
static int list_hierarchies(struct host_cgroups *cgroups, bool *ret_unified)
{
    _cleanup_close_ int directory =
        openat(AT_FDCWD, HOST_CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
    _Alignas(struct directory_entry) char buffer[4096];

    *ret_unified = false;
    if (directory < 0)
        return -errno;
    for (;;) {
        long length = syscall(SYS_getdents64, directory, buffer, sizeof(buffer));

        if (length < 0)
            return -errno;
        if (length == 0)
            return 0;
        for (long at = 0; at < length;) {
            const struct directory_entry *entry = (const void *)(buffer + at);

            if (entry->type == DT_DIR && strcmp(entry->name, "unified") == 0)
                *ret_unified = true;
            else if (entry->type == DT_DIR)
                host_cgroup_add_directory(cgroups, entry->name);
            at += entry->length;
        }
    }
}

static bool is_cgroup2(const char *path)
{
    struct statfs status;

    return statfs(path, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

static int read_controllers(const char *path, uint32_t *ret)
{
    char text[1024];
    ssize_t length = file_read_once_at(AT_FDCWD, path, text, sizeof(text));

    if (length < 0)
        return (int)length;
    *ret = host_cgroup_parse_controllers(text);
    return 0;
}

int host_probe_cgroups(struct host_cgroups *ret, struct error *error)
{
    const char *controllers = HOST_CGROUP_ROOT "/cgroup.controllers";
    bool unified = false;
    int r;

    memset(ret, 0, sizeof(*ret));
    if (is_cgroup2(HOST_CGROUP_ROOT)) {
        ret->layout = HOST_CGROUP_V2;
    } else {
        r = list_hierarchies(ret, &unified);
        if (r < 0 && r != -ENOENT)
            return error_set(error, ERROR_CGROUP_HOST, -r,
                             "cannot list the cgroup hierarchies in \"" HOST_CGROUP_ROOT "\"");
        if (ret->controllers != 0)
            ret->layout = HOST_CGROUP_V1;
        if (unified && is_cgroup2(HOST_CGROUP_ROOT "/unified")) {
            ret->layout = HOST_CGROUP_HYBRID;
            controllers = HOST_CGROUP_ROOT "/unified/cgroup.controllers";
        }
    }
    if (ret->layout == HOST_CGROUP_V2 || ret->layout == HOST_CGROUP_HYBRID) {
        r = read_controllers(controllers, &ret->unified_controllers);
        if (r < 0)
            return error_set(error, ERROR_CGROUP_HOST, -r, "cannot read \"%s\"", controllers);
    }
    return 0;
}
