/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits as properties of a unit: systemd writes its own values whenever it looks at the unit
 * again, as on daemon-reload, so it must know them.  Runs in dray only.
 *
 * systemd.resource-control(5), org.freedesktop.systemd1(5).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "plan/plan_cgroup.h"
#include "plan/plan_unit.h"

#define CPUS_MAX       8192
#define DEFAULT_PERIOD 100000u /* microseconds: the kernel's for CPU quotas */
#define USEC_PER_SEC   1000000u
#define QUOTA_STEP     10000u /* systemd counts in percent of a CPU */

/* What the writes of a plan say of the CPU quota, which are one or two files. */
struct quota {
    const struct plan_cgroup_write *write; /* NULL: nothing */
    uint64_t quota;                        /* microseconds; UINT64_MAX: no limit; 0: not said */
    uint64_t period;                       /* microseconds; 0: not said */
};

struct conversion {
    struct plan_builder *builder;
    struct unit_properties *list;
    struct quota quota;
};

enum limit_kind {
    LIMIT_NUMBER, /* "max" and negative are no limit */
    LIMIT_SET,    /* "0-3,7" as a mask */
    LIMIT_QUOTA,
    LIMIT_PERIOD,
    LIMIT_CPU_MAX, /* "quota period" */
    LIMIT_IDLE,    /* 1: the weight "idle" */
};

static const struct {
    const char *file;
    bool v2;
    enum limit_kind kind;
    const char *property;
} limits[] = {
    {"memory.max", true, LIMIT_NUMBER, "MemoryMax"},
    {"memory.high", true, LIMIT_NUMBER, "MemoryHigh"},
    {"memory.low", true, LIMIT_NUMBER, "MemoryLow"},
    {"memory.min", true, LIMIT_NUMBER, "MemoryMin"},
    {"memory.swap.max", true, LIMIT_NUMBER, "MemorySwapMax"},
    {"memory.zswap.max", true, LIMIT_NUMBER, "MemoryZSwapMax"},
    {"cpu.weight", true, LIMIT_NUMBER, "CPUWeight"},
    {"cpu.idle", true, LIMIT_IDLE, "CPUWeight"},
    {"cpu.max", true, LIMIT_CPU_MAX, NULL},
    {"cpuset.cpus", true, LIMIT_SET, "AllowedCPUs"},
    {"cpuset.mems", true, LIMIT_SET, "AllowedMemoryNodes"},
    {"io.weight", true, LIMIT_NUMBER, "IOWeight"},
    {"pids.max", true, LIMIT_NUMBER, "TasksMax"},
    {"memory.limit_in_bytes", false, LIMIT_NUMBER, "MemoryLimit"},
    {"cpu.shares", false, LIMIT_NUMBER, "CPUShares"},
    {"cpu.cfs_quota_us", false, LIMIT_QUOTA, NULL},
    {"cpu.cfs_period_us", false, LIMIT_PERIOD, NULL},
    {"blkio.weight", false, LIMIT_NUMBER, "BlockIOWeight"},
    {"pids.max", false, LIMIT_NUMBER, "TasksMax"},
};

/* "max", "-1" and whatever is negative have no bound; -EINVAL: more than a number. */
static int read_limit(const char *text, uint64_t *ret)
{
    if (strcmp(text, "max") == 0 || text[0] == '-') {
        *ret = UINT64_MAX;
        return 0;
    }
    return parse_u64(text, ret);
}

/* Bit N of byte N / 8 is CPU or node N. */
static int read_set(const char *text, uint8_t mask[CPUS_MAX / 8], size_t *ret_length)
{
    memset(mask, 0, CPUS_MAX / 8);
    *ret_length = 0;
    for (;;) {
        uint64_t first, last;

        text += strspn(text, " ");
        if (*text == '\0')
            return 0;
        if (parse_u64_prefix(&text, &first) < 0)
            return -EINVAL;
        last = first;
        if (*text == '-') {
            text++;
            if (parse_u64_prefix(&text, &last) < 0)
                return -EINVAL;
        }
        if (last < first || last >= CPUS_MAX)
            return -EINVAL;
        for (uint64_t i = first; i <= last; i++)
            mask[i / 8] |= (uint8_t)(1u << i % 8);
        if (last / 8 + 1 > *ret_length)
            *ret_length = last / 8 + 1;
        text += strspn(text, " ");
        text += *text == ',';
    }
}

static int add_set(struct conversion *conversion, const char *property,
                   const struct plan_cgroup_write *write, const char *text)
{
    struct unit_value value = {.builder = conversion->builder};
    uint8_t mask[CPUS_MAX / 8];
    size_t length;

    if (read_set(text, mask, &length) < 0)
        return 0; /* the kernel says what is wrong with it when the file is written */
    unit_value_add_count(&value, (uint32_t)length);
    for (size_t i = 0; i < length; i++)
        unit_value_add_number(&value, mask[i]);
    return unit_properties_add(conversion->list, property, "ay", &value, true, write->origin);
}

static int add_number(struct conversion *conversion, const char *property,
                      const struct plan_cgroup_write *write, uint64_t number)
{
    return unit_properties_add_number(conversion->builder, conversion->list, property, "t", number,
                                      true, write->origin);
}

static void read_cpu_max(struct quota *quota, const char *text)
{
    char first[32];
    size_t length = strcspn(text, " ");

    if (length >= sizeof(first))
        return;
    memcpy(first, text, length);
    first[length] = '\0';
    if (read_limit(first, &quota->quota) < 0)
        return;
    if (text[length] == ' ')
        parse_u64(text + length + 1, &quota->period);
}

static int convert(struct conversion *conversion, const struct plan_cgroup_write *write,
                   enum limit_kind kind, const char *property)
{
    const char *text = plan_text(conversion->builder->plan, write->value);
    struct quota *quota = &conversion->quota;
    uint64_t number;

    switch (kind) {
    case LIMIT_NUMBER:
        return read_limit(text, &number) < 0 ? 0 : add_number(conversion, property, write, number);
    case LIMIT_IDLE: /* org.freedesktop.systemd1 has 0 for it; without, the weight counts */
        return strcmp(text, "1") != 0 ? 0 : add_number(conversion, property, write, 0);
    case LIMIT_SET:
        return add_set(conversion, property, write, text);
    case LIMIT_QUOTA:
        read_limit(text, &quota->quota);
        break;
    case LIMIT_PERIOD:
        parse_u64(text, &quota->period);
        break;
    case LIMIT_CPU_MAX:
        if ((write->flags & PLAN_CGROUP_KEEP_FIRST) != 0)
            parse_u64(text, &quota->period);
        else
            read_cpu_max(quota, text);
        break;
    }
    quota->write = write;
    return 0;
}

/* Rounded up as runc does: a limit of systemd's that is a little wider, beside the file's own. */
static int add_quota(struct conversion *conversion)
{
    const struct quota *quota = &conversion->quota;
    uint64_t period = quota->period != 0 ? quota->period : DEFAULT_PERIOD, per_second = UINT64_MAX;
    int r = 0;

    if (quota->write == NULL)
        return 0;
    if (quota->period != 0)
        r = add_number(conversion, "CPUQuotaPeriodUSec", quota->write, quota->period);
    if (r < 0 || quota->quota == 0)
        return r;
    if (quota->quota < UINT64_MAX / USEC_PER_SEC) {
        per_second = quota->quota * USEC_PER_SEC / period;
        per_second = (per_second + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
    }
    return add_number(conversion, "CPUQuotaPerSecUSec", quota->write, per_second);
}

int plan_unit_limits(struct plan_array writes, struct plan_builder *builder,
                     struct unit_properties *list)
{
    struct conversion conversion = {.builder = builder, .list = list};

    plan_for_each(write, builder->plan, writes, struct plan_cgroup_write)
    {
        const char *file = plan_text(builder->plan, write->file);
        bool v2 = (write->flags & PLAN_CGROUP_V2) != 0;

        for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
            int r;

            if (limits[i].v2 != v2 || strcmp(limits[i].file, file) != 0)
                continue;
            r = convert(&conversion, write, limits[i].kind, limits[i].property);
            if (r < 0)
                return r;
        }
    }
    return add_quota(&conversion);
}

/* "/dev/char/1:3", or "char-*" for all of a type: systemd.resource-control(5), DeviceAllow=. */
static bool format_device(const struct plan_cgroup_device *rule, char *out, size_t size)
{
    const char *type = rule->type == 'b' ? "block" : "char";

    if (rule->major == PLAN_CGROUP_ANY && rule->minor == PLAN_CGROUP_ANY)
        snprintf(out, size, "%s-*", type);
    else if (rule->major != PLAN_CGROUP_ANY && rule->minor != PLAN_CGROUP_ANY)
        snprintf(out, size, "/dev/%s/%d:%d", type, rule->major, rule->minor);
    else if (rule->minor == PLAN_CGROUP_ANY)
        snprintf(out, size, "%s-%d", type, rule->major);
    else
        return false; /* only the file can say it */
    return true;
}

int plan_unit_devices(struct plan_array devices, struct plan_builder *builder,
                      struct unit_properties *list)
{
    const struct plan_cgroup_device *rules =
        plan_items(builder->plan, devices, struct plan_cgroup_device);
    bool all = devices.count == 0 || rules[0].allow;
    struct unit_value value = {.builder = builder};
    size_t place = unit_value_add_count(&value, 0);
    uint32_t count = 0;
    int r;

    for (uint32_t i = 1; !all && i < devices.count; i++) {
        char name[64], access[4];
        size_t length = 0;

        if (!rules[i].allow || !format_device(&rules[i], name, sizeof(name)))
            continue;
        for (unsigned bit = 0; bit < 3; bit++)
            if ((rules[i].access & 1u << bit) != 0)
                access[length++] = "mrw"[bit];
        unit_value_add_text(&value, name, strlen(name));
        unit_value_add_text(&value, access, length);
        count++;
    }
    unit_value_set_count(&value, place, count);
    if (devices.count == 0)
        return 0;
    r = unit_properties_add_text(builder, list, "DevicePolicy", all ? "auto" : "strict",
                                 (struct plan_origin){0});
    return r < 0 ? r
                 : unit_properties_add(list, "DeviceAllow", "a(ss)", &value, false,
                                       (struct plan_origin){0});
}
