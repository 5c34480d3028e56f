/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the mounted resctrl; runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "rdt/rdt.h"

#define RESCTRL_PLACE "/sys/fs/resctrl"
#define RESCTRL_MAGIC 0x7655821 /* RDTGROUP_SUPER_MAGIC, linux/magic.h */
#define TABLE_LIMIT   (64u << 20)

static int open_at(const char *path)
{
    _cleanup_close_ int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs status;

    if (fd < 0)
        return -errno;
    if (fstatfs(fd, &status) < 0)
        return -errno;
    return (unsigned long)status.f_type == RESCTRL_MAGIC ? take_fd(&fd) : -ENODEV;
}

/* proc_pid_mountinfo(5): octal escapes for what separates fields */
static void unescape(char *path)
{
    char *out = path;

    for (const char *c = path; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' &&
            c[3] >= '0' && c[3] <= '7') {
            *out++ = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
            c += 3;
        } else {
            *out++ = *c;
        }
    }
    *out = '\0';
}

/* The mount point of a line of the mount table, when it is of the type. */
static char *mount_point(char *line)
{
    char *separator = strstr(line, " - "), *place = line;

    if (separator == NULL || strncmp(separator + 3, "resctrl ", 8) != 0)
        return NULL;
    for (int field = 0; field < 4 && place != NULL; field++) {
        place = strchr(place, ' ');
        place = place != NULL ? place + 1 : NULL;
    }
    if (place == NULL)
        return NULL;
    place[strcspn(place, " ")] = '\0';
    unescape(place);
    return place;
}

static int open_by_table(void)
{
    _cleanup_free_ char *table = NULL;
    char *saved = NULL;
    size_t length;
    int r = file_read_all_at(AT_FDCWD, "/proc/self/mountinfo", TABLE_LIMIT, NULL, &table, &length);

    if (r < 0)
        return r;
    for (char *line = strtok_r(table, "\n", &saved); line != NULL;
         line = strtok_r(NULL, "\n", &saved)) {
        const char *place = mount_point(line);
        int fd = place != NULL ? open_at(place) : -1;

        if (fd >= 0)
            return fd;
    }
    return -ENOENT;
}

static bool kernel_knows_it(void)
{
    _cleanup_free_ char *types = NULL;
    size_t length;

    return file_read_all_at(AT_FDCWD, "/proc/filesystems", 1u << 16, NULL, &types, &length) == 0 &&
           strstr(types, "\tresctrl\n") != NULL;
}

int rdt_open(struct error *error)
{
    int fd = open_at(RESCTRL_PLACE);

    if (fd >= 0)
        return fd;
    if (fd == -EACCES)
        return error_set(error, ERROR_RDT_HOST, EACCES, "cannot open \"" RESCTRL_PLACE "\"");
    fd = open_by_table();
    if (fd >= 0)
        return fd;
    if (kernel_knows_it())
        return error_set(error, ERROR_RDT_HOST, ENOENT,
                         "no resctrl is mounted: do so with "
                         "mount -t resctrl resctrl " RESCTRL_PLACE);
    return error_set(error, ERROR_RDT_HOST, ENODEV,
                     "this machine has no resctrl: it takes a processor that can share out caches "
                     "or memory bandwidth, and a kernel with CONFIG_X86_CPU_RESCTRL or its like");
}
