/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the readers of statistics share.  Runs in dray only. */
#ifndef DRAY_CGROUP_STATS_READER_H
#define DRAY_CGROUP_STATS_READER_H

#include "cgroup/cgroup_internal.h"
#include "cgroup/stats.h"

struct stats_reader {
    struct cgroup *cgroup;
    struct oci_arena *arena;
    struct cgroup_stats *stats;
    bool failed; /* something is missing for lack of memory; asked for once, at the end */
};

/* A zeroed object; *failed is set when there is none. */
void *stats_new(struct stats_reader *reader, size_t size);

/* A file's text, or "" when it cannot be read. */
const char *stats_file(struct stats_reader *reader, unsigned hierarchy, const char *file);

/* The number in a file: "max" is UINT64_MAX, what cannot be read 0. */
uint64_t stats_number(struct stats_reader *reader, unsigned hierarchy, const char *file);

/* The number behind "key " in a flat keyed text; 0 when there is none. */
uint64_t stats_key(const char *text, const char *key);

/* The page sizes that the huge page controller has files for, as its v1 or v2 half of the name says
 * ("hugetlb.2MB" + @suffix); calls @add for each. */
void stats_each_page_size(struct stats_reader *reader, unsigned hierarchy, const char *suffix,
                          void (*add)(struct stats_reader *reader, unsigned hierarchy,
                                      const char *size, struct stats_hugetlb *entry));

/* Appends an entry to a list with room for it. */
void stats_add_io(struct stats_io_entry *list, size_t *count, uint64_t major, uint64_t minor,
                  const char *op, uint64_t value);

/* One controller each, in that hierarchy. */
void stats_read_cpu_v1(struct stats_reader *reader, unsigned cpu, unsigned cpuacct);
void stats_read_cpuset_v1(struct stats_reader *reader, unsigned hierarchy);
void stats_read_memory_v1(struct stats_reader *reader, unsigned hierarchy);
void stats_read_blkio_v1(struct stats_reader *reader, unsigned hierarchy);
void stats_read_hugetlb_v1(struct stats_reader *reader, unsigned hierarchy);
void stats_read_pids(struct stats_reader *reader, unsigned hierarchy); /* v1 and v2 alike */
void stats_read_cpu_v2(struct stats_reader *reader);
void stats_read_cpuset_v2(struct stats_reader *reader);
void stats_read_memory_v2(struct stats_reader *reader);
void stats_read_blkio_v2(struct stats_reader *reader);
void stats_read_hugetlb_v2(struct stats_reader *reader);
void stats_read_pressure(struct stats_reader *reader);

#endif
