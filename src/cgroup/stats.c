/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics: each controller is read where this cgroup has it. */
#include "cgroup/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cgroup/stats_reader.h"
#include "io/file.h"

#define FILE_LIMIT     (1u << 20) /* of a file, bytes */
#define PAGE_SIZES_MAX 16

void *stats_new(struct stats_reader *reader, size_t size)
{
    void *object = oci_arena_alloc(reader->arena, size);

    if (object == NULL)
        reader->failed = true;
    return object;
}

const char *stats_file(struct stats_reader *reader, unsigned hierarchy, const char *file)
{
    int directory = cgroup_directory(reader->cgroup, hierarchy), r;
    char *text;
    size_t length;

    if (directory < 0)
        return "";
    r = file_read_all_at(directory, file, FILE_LIMIT, reader->arena, &text, &length);
    if (r == -ENOMEM)
        reader->failed = true;
    return r < 0 ? "" : text;
}

uint64_t stats_number(struct stats_reader *reader, unsigned hierarchy, const char *file)
{
    char text[32];
    const char *digits = text;
    uint64_t number = 0;

    if (cgroup_read(reader->cgroup, hierarchy, file, text, sizeof(text)) < 0)
        return 0;
    if (strncmp(text, "max", 3) == 0)
        return UINT64_MAX;
    parse_u64_prefix(&digits, &number);
    return number;
}

uint64_t stats_key(const char *text, const char *key)
{
    uint64_t number;

    return cgroup_find_key(text, key, &number) == 0 ? number : 0;
}

void stats_add_io(struct stats_io_entry *list, size_t *count, uint64_t major, uint64_t minor,
                  const char *op, uint64_t value)
{
    list[(*count)++] =
        (struct stats_io_entry){.major = major, .minor = minor, .op = op, .value = value};
}

void stats_each_page_size(struct stats_reader *reader, unsigned hierarchy, const char *suffix,
                          void (*add)(struct stats_reader *reader, unsigned hierarchy,
                                      const char *size, struct stats_hugetlb *entry))
{
    static const char prefix[] = "hugetlb.";
    int directory = cgroup_directory(reader->cgroup, hierarchy);
    int fd = directory >= 0 ? openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    _cleanup_closedir_ DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    struct stats_hugetlb *list;

    if (stream == NULL) {
        close_fd(fd);
        return;
    }
    list = stats_new(reader, PAGE_SIZES_MAX * sizeof(*list));
    while (list != NULL && reader->stats->hugetlb_count < PAGE_SIZES_MAX) {
        const struct dirent *entry = readdir(stream);
        const char *size, *end;

        if (entry == NULL)
            break;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        size = entry->d_name + strlen(prefix);
        end = strchr(size, '.');
        if (end == NULL || strcmp(end, suffix) != 0)
            continue;
        list[reader->stats->hugetlb_count].key =
            oci_arena_copy(reader->arena, size, (size_t)(end - size));
        if (list[reader->stats->hugetlb_count].key == NULL) {
            reader->failed = true;
            break;
        }
        add(reader, hierarchy, list[reader->stats->hugetlb_count].key,
            &list[reader->stats->hugetlb_count]);
        reader->stats->hugetlb = list;
        reader->stats->hugetlb_count++;
    }
}

void stats_read_pids(struct stats_reader *reader, unsigned hierarchy)
{
    struct stats_pids *pids = stats_new(reader, sizeof(*pids));

    if (pids == NULL)
        return;
    pids->current = stats_number(reader, hierarchy, "pids.current");
    pids->limit = stats_number(reader, hierarchy, "pids.max");
    if (pids->limit == UINT64_MAX)
        pids->limit = 0;
    reader->stats->pids = pids;
}

/* Where one controller is: a v1 hierarchy, or else cgroup2. */
static void read_controller(struct stats_reader *reader, enum host_cgroup_controller controller,
                            void (*v1)(struct stats_reader *, unsigned),
                            void (*v2)(struct stats_reader *))
{
    int hierarchy = cgroup_hierarchy_of(reader->cgroup, controller);

    if (hierarchy >= 0)
        v1(reader, (unsigned)hierarchy);
    else if (cgroup_hierarchy_of(reader->cgroup, CGROUP_UNIFIED) >= 0)
        v2(reader);
}

static void read_pids_v2(struct stats_reader *reader)
{
    stats_read_pids(reader, CGROUP_UNIFIED);
}

static void read_cpu(struct stats_reader *reader)
{
    int cpu = cgroup_hierarchy_of(reader->cgroup, HOST_CGROUP_CPU);
    int cpuacct = cgroup_hierarchy_of(reader->cgroup, HOST_CGROUP_CPUACCT);

    if (cpuacct >= 0)
        stats_read_cpu_v1(reader, cpu >= 0 ? (unsigned)cpu : (unsigned)cpuacct, (unsigned)cpuacct);
    else if (cgroup_hierarchy_of(reader->cgroup, CGROUP_UNIFIED) >= 0)
        stats_read_cpu_v2(reader);
}

int cgroup_read_stats(struct cgroup *cgroup, struct oci_arena *arena, struct cgroup_stats *ret,
                      struct error *error)
{
    struct cgroup_stats stats = {0};
    struct stats_reader reader = {.cgroup = cgroup, .arena = arena, .stats = &stats};

    read_cpu(&reader);
    read_controller(&reader, HOST_CGROUP_CPUSET, stats_read_cpuset_v1, stats_read_cpuset_v2);
    read_controller(&reader, HOST_CGROUP_MEMORY, stats_read_memory_v1, stats_read_memory_v2);
    read_controller(&reader, HOST_CGROUP_PIDS, stats_read_pids, read_pids_v2);
    read_controller(&reader, HOST_CGROUP_BLKIO, stats_read_blkio_v1, stats_read_blkio_v2);
    read_controller(&reader, HOST_CGROUP_HUGETLB, stats_read_hugetlb_v1, stats_read_hugetlb_v2);
    if (cgroup_hierarchy_of(cgroup, CGROUP_UNIFIED) >= 0)
        stats_read_pressure(&reader);
    if (reader.failed)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot read statistics");
    *ret = stats;
    return 0;
}
