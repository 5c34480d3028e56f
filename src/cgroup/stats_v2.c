/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of cgroup2 (kernel documentation, admin-guide/cgroup-v2).  Runs in dray only. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cgroup/stats_reader.h"
#include "cgroup/stats_text.h"

#define MICROSECOND 1000u /* nanoseconds */

void stats_read_cpu_v2(struct stats_reader *reader)
{
    struct stats_cpu *cpu = stats_new(reader, sizeof(*cpu));
    struct stats_cpu_usage *usage = stats_new(reader, sizeof(*usage));
    struct stats_throttling *throttling = stats_new(reader, sizeof(*throttling));
    const char *text = stats_file(reader, CGROUP_UNIFIED, "cpu.stat");

    if (cpu == NULL || usage == NULL || throttling == NULL)
        return;
    usage->total = stats_key(text, "usage_usec") * MICROSECOND;
    usage->user = stats_key(text, "user_usec") * MICROSECOND;
    usage->kernel = stats_key(text, "system_usec") * MICROSECOND;
    throttling->periods = stats_key(text, "nr_periods");
    throttling->throttled_periods = stats_key(text, "nr_throttled");
    throttling->throttled_time = stats_key(text, "throttled_usec") * MICROSECOND;
    cpu->usage = usage;
    cpu->throttling = throttling;
    reader->stats->cpu = cpu;
}

void stats_read_cpuset_v2(struct stats_reader *reader)
{
    struct stats_cpuset *cpuset = stats_new(reader, sizeof(*cpuset));

    if (cpuset == NULL)
        return;
    cpuset->cpus = stats_text_ranges(stats_file(reader, CGROUP_UNIFIED, "cpuset.cpus.effective"),
                                     reader->arena);
    cpuset->mems = stats_text_ranges(stats_file(reader, CGROUP_UNIFIED, "cpuset.mems.effective"),
                                     reader->arena);
    reader->stats->cpuset = cpuset;
}

/* The limits that nothing can exceed are given as v1 would: memory and swap together. */
static uint64_t add_limits(uint64_t memory, uint64_t swap)
{
    return memory == UINT64_MAX || swap >= UINT64_MAX - memory ? UINT64_MAX : memory + swap;
}

void stats_read_memory_v2(struct stats_reader *reader)
{
    struct stats_memory *memory = stats_new(reader, sizeof(*memory));
    struct stats_memory_entry *usage = stats_new(reader, sizeof(*usage));
    struct stats_memory_entry *swap = stats_new(reader, sizeof(*swap));
    const char *text = stats_file(reader, CGROUP_UNIFIED, "memory.stat"), *events;

    if (memory == NULL || usage == NULL || swap == NULL)
        return;
    events = stats_file(reader, CGROUP_UNIFIED, "memory.events");
    memory->raw = stats_text_flat_keyed(text, reader->arena);
    memory->event_count = stats_text_flat_keyed(events, reader->arena);
    memory->cache = stats_key(text, "file");
    usage->usage = stats_number(reader, CGROUP_UNIFIED, "memory.current");
    usage->max = stats_number(reader, CGROUP_UNIFIED, "memory.peak");
    usage->limit = stats_number(reader, CGROUP_UNIFIED, "memory.max");
    usage->failcnt = stats_key(events, "max");
    swap->usage = usage->usage + stats_number(reader, CGROUP_UNIFIED, "memory.swap.current");
    swap->limit = add_limits(usage->limit, stats_number(reader, CGROUP_UNIFIED, "memory.swap.max"));
    memory->usage = usage;
    memory->swap = swap;
    reader->stats->memory = memory;
}

/* What io.stat calls the figures, and what v1 does. */
static const struct {
    const char *key;
    const char *op;
    bool bytes;
} io_keys[] = {
    {"rbytes=", "Read", true}, {"wbytes=", "Write", true}, {"dbytes=", "Discard", true},
    {"rios=", "Read", false},  {"wios=", "Write", false},  {"dios=", "Discard", false},
};

/* " rbytes=1 wbytes=2 …" of one device */
static void read_io_words(struct stats_blkio *blkio, const char *text, uint64_t major,
                          uint64_t minor)
{
    while (*text == ' ') {
        text++;
        for (size_t i = 0; i < sizeof(io_keys) / sizeof(io_keys[0]); i++) {
            const char *number = text + strlen(io_keys[i].key);
            uint64_t value;

            if (strncmp(text, io_keys[i].key, strlen(io_keys[i].key)) != 0 ||
                parse_u64_prefix(&number, &value) < 0)
                continue;
            if (io_keys[i].bytes)
                stats_add_io(blkio->service_bytes, &blkio->service_bytes_count, major, minor,
                             io_keys[i].op, value);
            else
                stats_add_io(blkio->serviced, &blkio->serviced_count, major, minor, io_keys[i].op,
                             value);
        }
        text += strcspn(text, " \n");
    }
}

void stats_read_blkio_v2(struct stats_reader *reader)
{
    struct stats_blkio *blkio = stats_new(reader, sizeof(*blkio));
    const char *text = stats_file(reader, CGROUP_UNIFIED, "io.stat");
    size_t words = 1;

    for (const char *c = text; *c != '\0'; c++)
        words += *c == '=';
    if (blkio == NULL)
        return;
    blkio->service_bytes = stats_new(reader, words * sizeof(*blkio->service_bytes));
    blkio->serviced = stats_new(reader, words * sizeof(*blkio->serviced));
    while (blkio->service_bytes != NULL && blkio->serviced != NULL && *text != '\0') {
        const char *at = text;
        uint64_t major, minor;

        if (parse_u64_prefix(&at, &major) == 0 && *at++ == ':' &&
            parse_u64_prefix(&at, &minor) == 0)
            read_io_words(blkio, at, major, minor);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    if (blkio->service_bytes_count == 0)
        blkio->service_bytes = NULL;
    if (blkio->serviced_count == 0)
        blkio->serviced = NULL;
    reader->stats->blkio = blkio;
}

static void add_page_size(struct stats_reader *reader, unsigned hierarchy, const char *size,
                          struct stats_hugetlb *entry)
{
    char file[64];

    snprintf(file, sizeof(file), "hugetlb.%s.current", size);
    entry->usage = stats_number(reader, hierarchy, file);
    snprintf(file, sizeof(file), "hugetlb.%s.events", size);
    entry->failcnt = stats_key(stats_file(reader, hierarchy, file), "max");
}

void stats_read_hugetlb_v2(struct stats_reader *reader)
{
    stats_each_page_size(reader, CGROUP_UNIFIED, ".current", add_page_size);
}

static const char *read_pressure(struct stats_reader *reader, const char *file)
{
    const char *text = stats_file(reader, CGROUP_UNIFIED, file);

    return text[0] != '\0' ? stats_text_pressure(text, reader->arena) : NULL;
}

/* Pressure stall information; on hybrid hosts the cgroup2 counts what it can. */
void stats_read_pressure(struct stats_reader *reader)
{
    if (reader->stats->cpu != NULL)
        reader->stats->cpu->psi = read_pressure(reader, "cpu.pressure");
    if (reader->stats->memory != NULL)
        reader->stats->memory->psi = read_pressure(reader, "memory.pressure");
    if (reader->stats->blkio != NULL)
        reader->stats->blkio->psi = read_pressure(reader, "io.pressure");
}
