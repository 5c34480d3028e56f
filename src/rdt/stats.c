/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a group of resctrl may use and uses, as runc's events show it; runs in dray. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "ocispec/ocispec.h"
#include "rdt/rdt.h"
#include "rdt/schemata.h"

#define DOMAINS_MAX    1024
#define SCHEMATA_LIMIT 65536

struct cache_info {
    const char *cbm_mask;
    uint64_t min_cbm_bits;
    uint64_t num_closids;
};

struct bandwidth_info {
    uint64_t bandwidth_gran;
    uint64_t delay_linear;
    uint64_t min_bandwidth;
    uint64_t num_closids;
};

struct bandwidth_use {
    uint64_t total;
    uint64_t local;
};

struct cache_use {
    uint64_t llc_occupancy;
};

struct rdt_stats {
    struct cache_info *cache_info;
    const char *cache_schema_root;
    const char *cache_schema;
    struct bandwidth_info *bandwidth_info;
    const char *bandwidth_schema_root;
    const char *bandwidth_schema;
    struct bandwidth_use *bandwidth;
    size_t bandwidth_count;
    struct cache_use *cache;
    size_t cache_count;
};

static const struct oci_row cache_info_rows[] = {
    OCI_ROW_STRING(struct cache_info, "cbm_mask", cbm_mask, 0),
    OCI_ROW_U64(struct cache_info, "min_cbm_bits", min_cbm_bits, 0),
    OCI_ROW_U64(struct cache_info, "num_closids", num_closids, 0),
};
static const struct oci_table cache_info_table =
    OCI_TABLE(struct cache_info, "l3 cache info", cache_info_rows);

static const struct oci_row bandwidth_info_rows[] = {
    OCI_ROW_U64(struct bandwidth_info, "bandwidth_gran", bandwidth_gran, 0),
    OCI_ROW_U64(struct bandwidth_info, "delay_linear", delay_linear, 0),
    OCI_ROW_U64(struct bandwidth_info, "min_bandwidth", min_bandwidth, 0),
    OCI_ROW_U64(struct bandwidth_info, "num_closids", num_closids, 0),
};
static const struct oci_table bandwidth_info_table =
    OCI_TABLE(struct bandwidth_info, "memory bandwidth info", bandwidth_info_rows);

static const struct oci_row bandwidth_use_rows[] = {
    OCI_ROW_U64(struct bandwidth_use, "mbm_total_bytes", total, OCI_ALWAYS),
    OCI_ROW_U64(struct bandwidth_use, "mbm_local_bytes", local, OCI_ALWAYS),
};
static const struct oci_table bandwidth_use_table =
    OCI_TABLE(struct bandwidth_use, "memory bandwidth", bandwidth_use_rows);

static const struct oci_row cache_use_rows[] = {
    OCI_ROW_U64(struct cache_use, "llc_occupancy", llc_occupancy, OCI_ALWAYS),
};
static const struct oci_table cache_use_table =
    OCI_TABLE(struct cache_use, "cache occupancy", cache_use_rows);

static const struct oci_row stats_rows[] = {
    OCI_ROW_OBJECT(struct rdt_stats, "l3_cache_info", cache_info, 0, struct cache_info,
                   &cache_info_table),
    OCI_ROW_STRING(struct rdt_stats, "l3_cache_schema_root", cache_schema_root, 0),
    OCI_ROW_STRING(struct rdt_stats, "l3_cache_schema", cache_schema, 0),
    OCI_ROW_OBJECT(struct rdt_stats, "mem_bw_info", bandwidth_info, 0, struct bandwidth_info,
                   &bandwidth_info_table),
    OCI_ROW_STRING(struct rdt_stats, "mem_bw_schema_root", bandwidth_schema_root, 0),
    OCI_ROW_STRING(struct rdt_stats, "mem_bw_schema", bandwidth_schema, 0),
    OCI_ROW_OBJECTS(struct rdt_stats, "mbm_stats", bandwidth, 0, struct bandwidth_use,
                    &bandwidth_use_table),
    OCI_ROW_OBJECTS(struct rdt_stats, "cmt_stats", cache, 0, struct cache_use, &cache_use_table),
};
static const struct oci_table stats_table =
    OCI_TABLE(struct rdt_stats, "resctrl statistics", stats_rows);

/* The one number of a file; 0 when it is not there, or cannot be told just now. */
static bool read_number(int dir, const char *path, uint64_t *ret)
{
    char text[64];

    *ret = 0;
    if (file_read_at(dir, path, text, sizeof(text)) <= 0)
        return false;
    text[strcspn(text, "\n")] = '\0';
    return parse_u64(text, ret) == 0;
}

static void read_cache_info(int root, struct rdt_stats *stats, struct oci_arena *arena)
{
    struct cache_info *info = oci_arena_new(arena, struct cache_info);
    char mask[256];

    if (info == NULL || file_read_at(root, "info/L3/cbm_mask", mask, sizeof(mask)) <= 0)
        return;
    info->cbm_mask = oci_arena_copy(arena, mask, strcspn(mask, "\n"));
    read_number(root, "info/L3/min_cbm_bits", &info->min_cbm_bits);
    read_number(root, "info/L3/num_closids", &info->num_closids);
    stats->cache_info = info;
}

static void read_bandwidth_info(int root, struct rdt_stats *stats, struct oci_arena *arena)
{
    struct bandwidth_info *info = oci_arena_new(arena, struct bandwidth_info);

    if (info == NULL || !read_number(root, "info/MB/num_closids", &info->num_closids))
        return;
    read_number(root, "info/MB/bandwidth_gran", &info->bandwidth_gran);
    read_number(root, "info/MB/delay_linear", &info->delay_linear);
    read_number(root, "info/MB/min_bandwidth", &info->min_bandwidth);
    stats->bandwidth_info = info;
}

static void read_schemata(int group, const char **ret_cache, const char **ret_bandwidth,
                          struct oci_arena *arena)
{
    char *schemata;
    const char *line;
    size_t length;

    if (file_read_all_at(group, "schemata", SCHEMATA_LIMIT, arena, &schemata, &length) < 0)
        return;
    line = schemata_find_line(schemata, "L3:", &length);
    if (line != NULL)
        *ret_cache = oci_arena_copy(arena, line, length);
    line = schemata_find_line(schemata, "MB:", &length);
    if (line != NULL)
        *ret_bandwidth = oci_arena_copy(arena, line, length);
}

/* One directory of mon_data is one cache with its memory. */
static void read_domain(int data, const char *name, struct rdt_stats *stats)
{
    _cleanup_close_ int domain = openat(data, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct bandwidth_use use;
    struct cache_use cache;
    bool has_total, has_local;

    if (domain < 0)
        return;
    if (read_number(domain, "llc_occupancy", &cache.llc_occupancy))
        stats->cache[stats->cache_count++] = cache;
    has_total = read_number(domain, "mbm_total_bytes", &use.total);
    has_local = read_number(domain, "mbm_local_bytes", &use.local);
    if (has_total || has_local)
        stats->bandwidth[stats->bandwidth_count++] = use;
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* @group: of control or monitoring; both measure. */
static void read_use(int group, struct rdt_stats *stats, struct oci_arena *arena)
{
    int data = openat(group, "mon_data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *directory = data >= 0 ? fdopendir(data) : NULL;
    const char **names = oci_arena_alloc_array(arena, DOMAINS_MAX, sizeof(*names));
    const struct dirent *entry;
    size_t count = 0;

    if (directory == NULL)
        close_fd(data);
    if (directory == NULL || names == NULL)
        return;
    while (count < DOMAINS_MAX && (entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, "mon_L3_", 7) != 0)
            continue;
        names[count] = oci_arena_strdup(arena, entry->d_name);
        count += names[count] != NULL;
    }
    qsort(names, count, sizeof(*names), compare_names);
    stats->bandwidth = oci_arena_alloc_array(arena, count + 1, sizeof(*stats->bandwidth));
    stats->cache = oci_arena_alloc_array(arena, count + 1, sizeof(*stats->cache));
    if (stats->bandwidth == NULL || stats->cache == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        read_domain(dirfd(directory), names[i], stats);
    /* nothing measured is no list, rather than an empty one */
    if (stats->bandwidth_count == 0)
        stats->bandwidth = NULL;
    if (stats->cache_count == 0)
        stats->cache = NULL;
}

const char *rdt_read_stats(int root, const struct rdt_record *record, struct oci_arena *arena)
{
    _cleanup_close_ int group = rdt_open_group(root, record->group);
    _cleanup_close_ int monitor = rdt_open_monitor(root, record);
    struct rdt_stats stats = {0};
    const char *text;
    size_t length;

    if (group < 0)
        return NULL;
    read_cache_info(root, &stats, arena);
    read_bandwidth_info(root, &stats, arena);
    read_schemata(root, &stats.cache_schema_root, &stats.bandwidth_schema_root, arena);
    read_schemata(group, &stats.cache_schema, &stats.bandwidth_schema, arena);
    /* a class that others share measures more than this container */
    if (monitor >= 0)
        read_use(monitor, &stats, arena);
    else if ((record->flags & RDT_GROUP_IS_NAMED) == 0)
        read_use(group, &stats, arena);
    if (oci_write(&stats_table, &stats, OCI_WRITE_COMPACT, arena, &text, &length) < 0)
        return NULL;
    return text;
}
