/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resource fields that have one value: one row each, from the OCI name to the files of v1 and
 * v2.  Rows stand in the order of writing.  Runs in dray only.
 *
 * Files and ranges: kernel documentation, admin-guide/cgroup-v1 and admin-guide/cgroup-v2.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan_cgroup_resources.h"

enum field_object {
    FIELD_MEMORY,
    FIELD_CPU,
    FIELD_PIDS,
    FIELD_BLOCK_IO,
    FIELD_NETWORK,
};

enum field_kind {
    FIELD_I64,
    FIELD_U64,
    FIELD_U32,
    FIELD_U16,
    FIELD_BOOL,
    FIELD_TEXT,
};

enum field_flags {
    FIELD_ZERO_UNSET = 1 << 0,   /* engines send 0 for what nobody asked for */
    FIELD_MINUS_MAX = 1 << 1,    /* -1 is no limit: "max" on v2; not an error without controller */
    FIELD_ZERO_DEFAULT = 1 << 2, /* 0 is what the kernel does anyway: no error where it cannot */
    FIELD_ONE_DEFAULT_V2 = 1 << 3, /* 1 is what cgroup2 does anyway */
    FIELD_V1_MAX_WORD = 1 << 4,    /* v1 writes "max" too */
    FIELD_USAGE = 1 << 5,          /* the kernel may refuse it because of the current usage */
};

/* neighbours that the kernel takes only in an order that depends on the old values */
enum field_group {
    GROUP_NONE,
    GROUP_MEMORY,
    GROUP_SHARES,
    GROUP_QUOTA,
    GROUP_REALTIME,
};

struct field {
    const char *path; /* below resources */
    enum field_object object;
    enum field_kind kind;
    size_t offset; /* of the optional in the object */
    enum host_cgroup_controller controller;
    uint32_t flags; /* enum field_flags */
    enum field_group group;
    int64_t minimum;
    int64_t maximum;
    const char *v1;
    const char *v1_alternative; /* the file's other name */
    const char *v2;             /* NULL: cgroup2 has nothing like it */
    const char *v2_alternative;
    uint64_t (*convert_v2)(uint64_t value); /* of the value for v2 (of v2_alternative, if any) */
    int (*plan_v2)(struct resources_writer *writer, const struct field *field, int64_t value);
    int (*check)(struct resources_writer *writer, const struct field *field, int64_t value);
};

static int check_swap(struct resources_writer *writer, const struct field *field, int64_t value);
static int check_limit(struct resources_writer *writer, const struct field *field, int64_t value);
static int check_burst(struct resources_writer *writer, const struct field *field, int64_t value);
static int plan_swap_v2(struct resources_writer *writer, const struct field *field, int64_t value);
static int plan_quota_v2(struct resources_writer *writer, const struct field *field, int64_t value);
static int plan_period_v2(struct resources_writer *writer, const struct field *field,
                          int64_t value);

#define MEMORY(kind, name, member) \
    name, FIELD_MEMORY, kind, offsetof(struct oci_linux_memory, member)
#define CPU(kind, name, member)  name, FIELD_CPU, kind, offsetof(struct oci_linux_cpu, member)
#define PIDS(kind, name, member) name, FIELD_PIDS, kind, offsetof(struct oci_linux_pids, member)
#define BLOCK_IO(kind, name, member) \
    name, FIELD_BLOCK_IO, kind, offsetof(struct oci_linux_block_io, member)
#define NETWORK(kind, name, member) \
    name, FIELD_NETWORK, kind, offsetof(struct oci_linux_network, member)

/* clang-format off */
static const struct field fields[] = {
    {CPU(FIELD_TEXT, "cpu/cpus", cpus), HOST_CGROUP_CPUSET,
     .v1 = "cpuset.cpus", .v2 = "cpuset.cpus"},
    {CPU(FIELD_TEXT, "cpu/mems", mems), HOST_CGROUP_CPUSET,
     .v1 = "cpuset.mems", .v2 = "cpuset.mems"},
    {MEMORY(FIELD_BOOL, "memory/useHierarchy", use_hierarchy), HOST_CGROUP_MEMORY,
     .flags = FIELD_ONE_DEFAULT_V2, .maximum = 1,
     .v1 = "memory.use_hierarchy"},
    {MEMORY(FIELD_I64, "memory/limit", limit), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX | FIELD_USAGE, .group = GROUP_MEMORY,
     .minimum = -1, .maximum = INT64_MAX, .check = check_limit,
     .v1 = "memory.limit_in_bytes", .v2 = "memory.max"},
    {MEMORY(FIELD_I64, "memory/swap", swap), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX, .group = GROUP_MEMORY,
     .minimum = -1, .maximum = INT64_MAX, .check = check_swap,
     .v1 = "memory.memsw.limit_in_bytes", .v2 = "memory.swap.max", .plan_v2 = plan_swap_v2},
    {MEMORY(FIELD_I64, "memory/reservation", reservation), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX, .minimum = -1, .maximum = INT64_MAX,
     .v1 = "memory.soft_limit_in_bytes", .v2 = "memory.low"},
    {MEMORY(FIELD_I64, "memory/kernel", kernel), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX, .minimum = -1, .maximum = INT64_MAX,
     .v1 = "memory.kmem.limit_in_bytes"},
    {MEMORY(FIELD_I64, "memory/kernelTCP", kernel_tcp), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX, .minimum = -1, .maximum = INT64_MAX,
     .v1 = "memory.kmem.tcp.limit_in_bytes"},
    {MEMORY(FIELD_U64, "memory/swappiness", swappiness), HOST_CGROUP_MEMORY,
     .maximum = 100,
     .v1 = "memory.swappiness"},
    {MEMORY(FIELD_BOOL, "memory/disableOOMKiller", disable_oom_killer), HOST_CGROUP_MEMORY,
     .flags = FIELD_ZERO_DEFAULT, .maximum = 1,
     .v1 = "memory.oom_control"},
    {CPU(FIELD_U64, "cpu/shares", shares), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_UNSET, .group = GROUP_SHARES, .maximum = INT64_MAX,
     .v1 = "cpu.shares", .v2 = "cpu.weight", .convert_v2 = plan_cgroup_weight_of_shares},
    {CPU(FIELD_I64, "cpu/idle", idle), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_DEFAULT, .group = GROUP_SHARES, .maximum = 1,
     .v1 = "cpu.idle", .v2 = "cpu.idle"},
    {CPU(FIELD_U64, "cpu/period", period), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_UNSET, .group = GROUP_QUOTA, .maximum = INT64_MAX,
     .v1 = "cpu.cfs_period_us", .v2 = "cpu.max", .plan_v2 = plan_period_v2},
    {CPU(FIELD_I64, "cpu/quota", quota), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_UNSET | FIELD_MINUS_MAX, .group = GROUP_QUOTA,
     .minimum = INT64_MIN, .maximum = INT64_MAX,
     .v1 = "cpu.cfs_quota_us", .v2 = "cpu.max", .plan_v2 = plan_quota_v2},
    {CPU(FIELD_U64, "cpu/burst", burst), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_DEFAULT, .group = GROUP_QUOTA, .maximum = INT64_MAX,
     .check = check_burst,
     .v1 = "cpu.cfs_burst_us", .v2 = "cpu.max.burst"},
    {CPU(FIELD_U64, "cpu/realtimePeriod", realtime_period), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_UNSET, .group = GROUP_REALTIME, .maximum = INT64_MAX,
     .v1 = "cpu.rt_period_us"},
    {CPU(FIELD_I64, "cpu/realtimeRuntime", realtime_runtime), HOST_CGROUP_CPU,
     .flags = FIELD_ZERO_UNSET, .group = GROUP_REALTIME, .minimum = -1, .maximum = INT64_MAX,
     .v1 = "cpu.rt_runtime_us"},
    {PIDS(FIELD_I64, "pids/limit", limit), HOST_CGROUP_PIDS,
     .flags = FIELD_MINUS_MAX | FIELD_V1_MAX_WORD, .minimum = INT64_MIN, .maximum = INT64_MAX,
     .v1 = "pids.max", .v2 = "pids.max"},
    {BLOCK_IO(FIELD_U16, "blockIO/weight", weight), HOST_CGROUP_BLKIO,
     .flags = FIELD_ZERO_UNSET, .minimum = 1, .maximum = 1000,
     .v1 = "blkio.weight", .v1_alternative = "blkio.bfq.weight",
     .v2 = "io.bfq.weight", .v2_alternative = "io.weight", .convert_v2 = resources_io_weight},
    {BLOCK_IO(FIELD_U16, "blockIO/leafWeight", leaf_weight), HOST_CGROUP_BLKIO,
     .flags = FIELD_ZERO_UNSET, .minimum = 1, .maximum = 1000,
     .v1 = "blkio.leaf_weight"},
    {NETWORK(FIELD_U32, "network/classID", class_id), HOST_CGROUP_NET_CLS,
     .flags = FIELD_ZERO_UNSET, .maximum = UINT32_MAX,
     .v1 = "net_cls.classid"},
};
/* clang-format on */

uint32_t resources_count_fields(void)
{
    /* each may have a second file name, and an unlimited memory limit brings that of swap */
    return 2 * (uint32_t)(sizeof(fields) / sizeof(fields[0])) + 1;
}

static const void *find_object(const struct oci_linux_resources *resources,
                               enum field_object object)
{
    switch (object) {
    case FIELD_MEMORY:
        return resources->memory;
    case FIELD_CPU:
        return resources->cpu;
    case FIELD_PIDS:
        return resources->pids;
    case FIELD_BLOCK_IO:
        return resources->block_io;
    case FIELD_NETWORK:
        return resources->network;
    }
    return NULL;
}

/* The object of that kind in @resources, made in @arena when it is missing; NULL: no memory. */
static void *make_object(struct oci_linux_resources *resources, enum field_object object,
                         struct oci_arena *arena)
{
#define MAKE_OBJECT(member)    \
    (resources->member != NULL \
         ? resources->member   \
         : (resources->member = oci_arena_alloc(arena, sizeof(*resources->member))))
    switch (object) {
    case FIELD_MEMORY:
        return MAKE_OBJECT(memory);
    case FIELD_CPU:
        return MAKE_OBJECT(cpu);
    case FIELD_PIDS:
        return MAKE_OBJECT(pids);
    case FIELD_BLOCK_IO:
        return MAKE_OBJECT(block_io);
    case FIELD_NETWORK:
        return MAKE_OBJECT(network);
    }
    return NULL;
#undef MAKE_OBJECT
}

/* The value of @member; above INT64_MAX it is given as INT64_MIN, which is out of any range. */
static bool read_number(const struct field *field, const void *member, int64_t *ret)
{
    switch (field->kind) {
    case FIELD_I64:
        *ret = ((const struct oci_optional_i64 *)member)->value;
        return ((const struct oci_optional_i64 *)member)->set;
    case FIELD_U64: {
        const struct oci_optional_u64 *number = member;

        *ret = number->value <= INT64_MAX ? (int64_t)number->value : INT64_MIN;
        return number->set;
    }
    case FIELD_U32:
        *ret = ((const struct oci_optional_u32 *)member)->value;
        return ((const struct oci_optional_u32 *)member)->set;
    case FIELD_U16:
        *ret = ((const struct oci_optional_u16 *)member)->value;
        return ((const struct oci_optional_u16 *)member)->set;
    case FIELD_BOOL:
        *ret = ((const struct oci_optional_bool *)member)->value;
        return ((const struct oci_optional_bool *)member)->set;
    case FIELD_TEXT:
        break;
    }
    return false;
}

/* Appends the write of @value, and of its other name where there is one. */
static int add_field(struct resources_writer *writer, const struct field *field,
                     enum resources_place place, uint32_t flags, const char *value,
                     const char *alternative_value)
{
    struct resources_write write = {
        .controller = field->controller,
        .place = place,
        .flags = flags,
        .group = (uint8_t)field->group,
        .file = place == RESOURCES_V2 ? field->v2 : field->v1,
        .value = value,
        .path = field->path,
    };
    const char *alternative = place == RESOURCES_V2 ? field->v2_alternative : field->v1_alternative;
    int r;

    if (place == RESOURCES_MISSING || alternative == NULL)
        return resources_add(writer, &write);
    write.flags |= PLAN_CGROUP_ALTERNATIVE;
    r = resources_add(writer, &write);
    if (r < 0)
        return r;
    write.flags = flags;
    write.file = alternative;
    write.value = alternative_value;
    return resources_add(writer, &write);
}

static uint32_t make_flags(const struct resources_writer *writer, const struct field *field,
                           enum resources_place place, int64_t value)
{
    const struct oci_linux_memory *memory = writer->resources->memory;
    bool update = (writer->flags & PLAN_CGROUP_UPDATE) != 0;
    uint32_t flags = 0;

    if ((field->flags & FIELD_MINUS_MAX) != 0 && value < 0)
        flags |= PLAN_CGROUP_OPTIONAL;
    if ((field->flags & FIELD_ZERO_DEFAULT) != 0 && value == 0)
        flags |= PLAN_CGROUP_OPTIONAL;
    /* v1 checks by itself and the flag only brings the figures; on v2 it is on request */
    if ((field->flags & FIELD_USAGE) != 0 && value > 0 && update &&
        (place == RESOURCES_V1 || memory->check_before_update.value))
        flags |= PLAN_CGROUP_CHECK_USAGE;
    return flags;
}

static int plan_number(struct resources_writer *writer, const struct field *field,
                       enum resources_place place, int64_t value)
{
    uint32_t flags = make_flags(writer, field, place, value);
    bool v2 = place == RESOURCES_V2;
    char text[24], alternative[24];
    int64_t converted = value;

    if (v2 && field->plan_v2 != NULL)
        return field->plan_v2(writer, field, value);
    if (v2 && field->convert_v2 != NULL)
        converted = (int64_t)field->convert_v2((uint64_t)value);
    snprintf(alternative, sizeof(alternative), "%lld", (long long)converted);
    if (field->v2_alternative == NULL || !v2)
        value = converted;
    if ((field->flags & FIELD_MINUS_MAX) != 0 && value < 0) {
        bool word = v2 || (field->flags & FIELD_V1_MAX_WORD) != 0;

        snprintf(text, sizeof(text), "%s", word ? "max" : "-1");
    } else {
        snprintf(text, sizeof(text), "%lld", (long long)value);
    }
    return add_field(writer, field, place, flags, text, v2 ? alternative : text);
}

static bool is_default_v2(const struct field *field, int64_t value)
{
    return ((field->flags & FIELD_ZERO_DEFAULT) != 0 && value == 0) ||
           ((field->flags & FIELD_ONE_DEFAULT_V2) != 0 && value == 1) ||
           ((field->flags & FIELD_MINUS_MAX) != 0 && value < 0);
}

static int plan_field(struct resources_writer *writer, const struct field *field,
                      const void *member)
{
    enum resources_place place = resources_find(writer, field->controller);
    bool v2_host =
        writer->host->layout == HOST_CGROUP_V2 && (writer->flags & RESOURCES_ANY_HOST) == 0;
    int64_t value;
    int r;

    if (field->kind == FIELD_TEXT) {
        const char *text = *(const char *const *)member;

        return text != NULL && text[0] != '\0' ? add_field(writer, field, place, 0, text, text) : 0;
    }
    if (!read_number(field, member, &value))
        return 0;
    if (value == 0 && (field->flags & FIELD_ZERO_UNSET) != 0)
        return 0;
    /* the kernel's default, and nothing else was asked for before */
    if (value == 0 && (field->flags & FIELD_ZERO_DEFAULT) != 0 &&
        (writer->flags & PLAN_CGROUP_UPDATE) == 0)
        return 0;
    if (value < field->minimum || value > field->maximum)
        return resources_error(writer, field->path, ERROR_CONFIG_RANGE,
                               "\"%s\" is not from %lld to %lld", field->path,
                               (long long)field->minimum, (long long)field->maximum);
    if ((place == RESOURCES_V2 || v2_host) && field->v2 == NULL)
        return is_default_v2(field, value)
                   ? 0
                   : resources_error_v1_only(writer, field->path, field->controller, field->v1);
    if (field->check != NULL) {
        r = field->check(writer, field, value);
        if (r < 0)
            return r;
    }
    if (field->object == FIELD_PIDS && value == 0)
        /* with 0 the program could not even be started */
        value = (writer->flags & PLAN_CGROUP_PIDS_ZERO_MAX) != 0 ? -1 : 1;
    return plan_number(writer, field, place, value);
}

int resources_plan_fields(struct resources_writer *writer)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *object = find_object(writer->resources, fields[i].object);
        int r;

        if (object == NULL)
            continue;
        r = plan_field(writer, &fields[i], object + fields[i].offset);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_asked_for(const struct field *field, const void *member)
{
    const char *const *text = member;
    int64_t value;

    if (field->kind == FIELD_TEXT)
        return *text != NULL && (*text)[0] != '\0';
    return read_number(field, member, &value) &&
           (value != 0 || (field->flags & FIELD_ZERO_UNSET) == 0);
}

/* The limit on memory that is lifted takes that on memory and swap along: check_limit(). */
static void lift_swap(struct oci_linux_memory *merged, const struct oci_linux_memory *update)
{
    if (update->limit.set && update->limit.value < 0 &&
        (!update->swap.set || update->swap.value == 0) && merged->swap.set)
        merged->swap.value = -1;
}

int resources_merge_fields(struct oci_linux_resources *merged,
                           const struct oci_linux_resources *update, struct oci_arena *arena)
{
    static const size_t sizes[] = {
        [FIELD_I64] = sizeof(struct oci_optional_i64),
        [FIELD_U64] = sizeof(struct oci_optional_u64),
        [FIELD_U32] = sizeof(struct oci_optional_u32),
        [FIELD_U16] = sizeof(struct oci_optional_u16),
        [FIELD_BOOL] = sizeof(struct oci_optional_bool),
        [FIELD_TEXT] = sizeof(const char *),
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct field *field = &fields[i];
        const char *from = find_object(update, field->object);
        char *to;

        if (from == NULL || !is_asked_for(field, from + field->offset))
            continue;
        to = make_object(merged, field->object, arena);
        if (to == NULL)
            return -ENOMEM;
        memcpy(to + field->offset, from + field->offset, sizes[field->kind]);
    }
    if (update->memory != NULL && merged->memory != NULL)
        lift_swap(merged->memory, update->memory);
    return 0;
}

/* Without a limit on memory none on swap makes sense: both are lifted, as runc does. */
static int check_limit(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_memory *memory = writer->resources->memory;
    enum resources_place place = resources_find(writer, field->controller);

    if (value >= 0 || (memory->swap.set && memory->swap.value != 0) || place == RESOURCES_MISSING)
        return 0;
    return resources_add(writer, &(struct resources_write){
                                     .controller = field->controller,
                                     .place = place,
                                     .flags = PLAN_CGROUP_OPTIONAL,
                                     .group = GROUP_MEMORY,
                                     .file = place == RESOURCES_V2 ? "memory.swap.max"
                                                                   : "memory.memsw.limit_in_bytes",
                                     .value = place == RESOURCES_V2 ? "max" : "-1",
                                     .path = field->path,
                                 });
}

/* The config's swap is memory and swap together. */
static int check_swap(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_memory *memory = writer->resources->memory;

    if (value > 0 && memory->limit.set && memory->limit.value > value)
        return resources_error(writer, field->path, ERROR_CONFIG_CONFLICT,
                               "the limit on memory and swap together, %lld, is below that on "
                               "memory alone, %lld",
                               (long long)value, (long long)memory->limit.value);
    return 0;
}

static int plan_swap_v2(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_memory *memory = writer->resources->memory;
    uint32_t flags = 0;
    char text[24] = "max";

    if (value > 0 && (!memory->limit.set || memory->limit.value <= 0))
        return resources_error(writer, field->path, ERROR_CONFIG_CONFLICT,
                               "a limit on memory and swap together needs one on memory: cgroup2 "
                               "limits swap alone");
    if (value > 0)
        snprintf(text, sizeof(text), "%lld", (long long)(value - memory->limit.value));
    /* a kernel without swap has no file, and nothing to limit */
    if (value < 0 || value == memory->limit.value)
        flags = PLAN_CGROUP_OPTIONAL;
    return add_field(writer, field, RESOURCES_V2, flags, text, text);
}

/* cpu.max is "quota period"; a write without period keeps the old one. */
static int plan_quota_v2(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_cpu *cpu = writer->resources->cpu;
    uint32_t flags = value < 0 ? PLAN_CGROUP_OPTIONAL : 0;
    char text[64] = "max";
    size_t length = strlen(text);

    if (value > 0)
        length = (size_t)snprintf(text, sizeof(text), "%lld", (long long)value);
    if (cpu->period.set && cpu->period.value != 0)
        snprintf(text + length, sizeof(text) - length, " %llu",
                 (unsigned long long)cpu->period.value);
    return add_field(writer, field, RESOURCES_V2, flags, text, text);
}

static int plan_period_v2(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_cpu *cpu = writer->resources->cpu;
    char text[24];

    if (cpu->quota.set && cpu->quota.value != 0)
        return 0; /* is written with the quota */
    snprintf(text, sizeof(text), "%lld", (long long)value);
    return add_field(writer, field, RESOURCES_V2, PLAN_CGROUP_KEEP_FIRST, text, text);
}

static int check_burst(struct resources_writer *writer, const struct field *field, int64_t value)
{
    const struct oci_linux_cpu *cpu = writer->resources->cpu;

    if (cpu->quota.set && cpu->quota.value > 0 && value > cpu->quota.value)
        return resources_error(writer, field->path, ERROR_CONFIG_CONFLICT,
                               "the burst, %lld, is above the quota, %lld", (long long)value,
                               (long long)cpu->quota.value);
    return 0;
}
