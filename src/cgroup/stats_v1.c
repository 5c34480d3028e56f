/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of v1 controllers (kernel documentation, admin-guide/cgroup-v1).  Runs in dray only.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cgroup/stats_reader.h"
#include "cgroup/stats_text.h"

#define NANOSECONDS 1000000000u

/* Clock ticks, as cpuacct.stat counts, in nanoseconds. */
static uint64_t of_ticks(uint64_t ticks)
{
    long second = sysconf(_SC_CLK_TCK);

    return second > 0 ? ticks * (NANOSECONDS / (uint64_t)second) : 0;
}

void stats_read_cpu_v1(struct stats_reader *reader, unsigned cpu, unsigned cpuacct)
{
    struct stats_cpu *out = stats_new(reader, sizeof(*out));
    struct stats_cpu_usage *usage = stats_new(reader, sizeof(*usage));
    struct stats_throttling *throttling = stats_new(reader, sizeof(*throttling));
    const char *text;

    if (out == NULL || usage == NULL || throttling == NULL)
        return;
    usage->total = stats_number(reader, cpuacct, "cpuacct.usage");
    usage->percpu =
        stats_text_numbers(stats_file(reader, cpuacct, "cpuacct.usage_percpu"), reader->arena);
    text = stats_file(reader, cpuacct, "cpuacct.usage_all"); /* cpu user system */
    usage->percpu_user = stats_text_column(text, 1, reader->arena);
    usage->percpu_kernel = stats_text_column(text, 2, reader->arena);
    text = stats_file(reader, cpuacct, "cpuacct.stat");
    usage->kernel = of_ticks(stats_key(text, "system"));
    usage->user = of_ticks(stats_key(text, "user"));
    text = stats_file(reader, cpu, "cpu.stat");
    throttling->periods = stats_key(text, "nr_periods");
    throttling->throttled_periods = stats_key(text, "nr_throttled");
    throttling->throttled_time = stats_key(text, "throttled_time");
    out->usage = usage;
    out->throttling = throttling;
    reader->stats->cpu = out;
}

/* A file with one number, and where that goes in a struct. */
struct number {
    const char *file;
    size_t offset; /* of a uint64_t */
};

static void read_numbers(struct stats_reader *reader, unsigned hierarchy, const char *prefix,
                         const struct number *numbers, size_t count, void *object)
{
    for (size_t i = 0; i < count; i++) {
        char file[64];
        uint64_t value;

        snprintf(file, sizeof(file), "%s%s", prefix, numbers[i].file);
        value = stats_number(reader, hierarchy, file);
        memcpy((char *)object + numbers[i].offset, &value, sizeof(value));
    }
}

void stats_read_cpuset_v1(struct stats_reader *reader, unsigned hierarchy)
{
    static const struct number numbers[] = {
        {"cpuset.cpu_exclusive", offsetof(struct stats_cpuset, cpu_exclusive)},
        {"cpuset.mem_hardwall", offsetof(struct stats_cpuset, mem_hardwall)},
        {"cpuset.mem_exclusive", offsetof(struct stats_cpuset, mem_exclusive)},
        {"cpuset.memory_migrate", offsetof(struct stats_cpuset, memory_migrate)},
        {"cpuset.memory_spread_page", offsetof(struct stats_cpuset, memory_spread_page)},
        {"cpuset.memory_spread_slab", offsetof(struct stats_cpuset, memory_spread_slab)},
        {"cpuset.memory_pressure", offsetof(struct stats_cpuset, memory_pressure)},
        {"cpuset.sched_load_balance", offsetof(struct stats_cpuset, sched_load_balance)},
    };
    struct stats_cpuset *cpuset = stats_new(reader, sizeof(*cpuset));
    const char *text;
    char level[24];

    if (cpuset == NULL)
        return;
    read_numbers(reader, hierarchy, "", numbers, ARRAY_SIZE(numbers), cpuset);
    text = stats_file(reader, hierarchy, "cpuset.sched_relax_domain_level"); /* "-1\n" */
    snprintf(level, sizeof(level), "%.*s", (int)strcspn(text, "\n"), text);
    parse_i64(level, &cpuset->sched_relax_domain_level);
    cpuset->cpus = stats_text_ranges(stats_file(reader, hierarchy, "cpuset.cpus"), reader->arena);
    cpuset->mems = stats_text_ranges(stats_file(reader, hierarchy, "cpuset.mems"), reader->arena);
    reader->stats->cpuset = cpuset;
}

/* @kind, "memory.kmem", + ".usage_in_bytes" and its neighbours. */
static struct stats_memory_entry *read_entry(struct stats_reader *reader, unsigned hierarchy,
                                             const char *kind)
{
    static const struct number numbers[] = {
        {".usage_in_bytes", offsetof(struct stats_memory_entry, usage)},
        {".max_usage_in_bytes", offsetof(struct stats_memory_entry, max)},
        {".limit_in_bytes", offsetof(struct stats_memory_entry, limit)},
        {".failcnt", offsetof(struct stats_memory_entry, failcnt)},
    };
    struct stats_memory_entry *entry = stats_new(reader, sizeof(*entry));

    if (entry != NULL)
        read_numbers(reader, hierarchy, kind, numbers, ARRAY_SIZE(numbers), entry);
    return entry;
}

void stats_read_memory_v1(struct stats_reader *reader, unsigned hierarchy)
{
    struct stats_memory *memory = stats_new(reader, sizeof(*memory));
    const char *text = stats_file(reader, hierarchy, "memory.stat");

    if (memory == NULL)
        return;
    memory->raw = stats_text_flat_keyed(text, reader->arena);
    memory->cache = stats_key(text, "cache");
    memory->usage = read_entry(reader, hierarchy, "memory");
    memory->swap = read_entry(reader, hierarchy, "memory.memsw");
    memory->kernel = read_entry(reader, hierarchy, "memory.kmem");
    memory->kernel_tcp = read_entry(reader, hierarchy, "memory.kmem.tcp");
    memory->event_count =
        stats_text_flat_keyed(stats_file(reader, hierarchy, "memory.oom_control"), reader->arena);
    reader->stats->memory = memory;
}

/* "8:0 Read 4096" */
static bool parse_io_line(const char *line, size_t length, struct stats_io_entry *ret,
                          struct oci_arena *arena)
{
    const char *op, *end = line + length;

    if (parse_u64_prefix(&line, &ret->major) < 0 || *line++ != ':' ||
        parse_u64_prefix(&line, &ret->minor) < 0 || *line++ != ' ')
        return false;
    op = line;
    line += strcspn(line, " \n");
    if (line >= end || *line != ' ')
        return false;
    ret->op = oci_arena_copy(arena, op, (size_t)(line - op));
    line++;
    return ret->op != NULL && parse_u64_prefix(&line, &ret->value) == 0;
}

static struct stats_io_entry *read_io(struct stats_reader *reader, unsigned hierarchy,
                                      const char *file, size_t *ret_count)
{
    const char *text = stats_file(reader, hierarchy, file);
    struct stats_io_entry *list, entry;
    size_t lines = 1, count = 0;

    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    list = stats_new(reader, lines * sizeof(*list));
    while (list != NULL && *text != '\0') {
        size_t line = strcspn(text, "\n");

        if (parse_io_line(text, line, &entry, reader->arena))
            list[count++] = entry;
        text += line;
        text += *text == '\n';
    }
    *ret_count = count;
    return count > 0 ? list : NULL;
}

/* The scheduler's figures where it counts, else those of the throttling layer. */
void stats_read_blkio_v1(struct stats_reader *reader, unsigned hierarchy)
{
    struct stats_blkio *blkio = stats_new(reader, sizeof(*blkio));

    if (blkio == NULL)
        return;
    blkio->service_bytes = read_io(reader, hierarchy, "blkio.bfq.io_service_bytes_recursive",
                                   &blkio->service_bytes_count);
    blkio->serviced =
        read_io(reader, hierarchy, "blkio.bfq.io_serviced_recursive", &blkio->serviced_count);
    if (blkio->serviced == NULL) {
        blkio->service_bytes =
            read_io(reader, hierarchy, "blkio.throttle.io_service_bytes_recursive",
                    &blkio->service_bytes_count);
        blkio->serviced = read_io(reader, hierarchy, "blkio.throttle.io_serviced_recursive",
                                  &blkio->serviced_count);
    }
    reader->stats->blkio = blkio;
}

static void add_page_size(struct stats_reader *reader, unsigned hierarchy, const char *size,
                          struct stats_hugetlb *entry)
{
    char file[64];

    snprintf(file, sizeof(file), "hugetlb.%s.usage_in_bytes", size);
    entry->usage = stats_number(reader, hierarchy, file);
    snprintf(file, sizeof(file), "hugetlb.%s.max_usage_in_bytes", size);
    entry->max = stats_number(reader, hierarchy, file);
    snprintf(file, sizeof(file), "hugetlb.%s.failcnt", size);
    entry->failcnt = stats_number(reader, hierarchy, file);
}

void stats_read_hugetlb_v1(struct stats_reader *reader, unsigned hierarchy)
{
    stats_each_page_size(reader, hierarchy, ".usage_in_bytes", add_page_size);
}
