/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Annotations org.systemd.property.NAME: unit properties that a container may ask for.  Runs in
 * dray only.
 *
 * Annotations may come from an image, so this is a list of what may be asked for, not of what may
 * not: nothing that runs a program, pulls in, stops or starts another unit, changes what a unit may
 * access or where it is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "plan/plan_unit.h"

static const char prefix[] = "org.systemd.property.";

#define PREFIX_LENGTH   (sizeof(prefix) - 1)
#define NAME_LENGTH_MAX 64
#define USEC_PER_SEC    1000000u
#define SECONDS_MAX     1000000000u /* thirty years */

static const struct {
    const char *signature;
    const char *names; /* each with a blank before and behind it */
} allowed[] = {
    {"s", " Description CollectMode KillMode OOMPolicy ManagedOOMSwap ManagedOOMMemoryPressure "
          "ManagedOOMPreference MemoryPressureWatch "},
    {"as", " After Before PartOf Documentation DisableControllers "},
    {"b", " DefaultDependencies SendSIGKILL SendSIGHUP CPUAccounting MemoryAccounting "
          "TasksAccounting IOAccounting BlockIOAccounting IPAccounting MemoryZSwapWriteback "},
    {"i", " KillSignal RestartKillSignal FinalKillSignal "},
    {"u", " ManagedOOMMemoryPressureLimit "},
    {"t",
     " TimeoutStopUSec RuntimeMaxUSec RuntimeRandomizedExtraUSec JobTimeoutUSec "
     "JobRunningTimeoutUSec CPUWeight StartupCPUWeight CPUShares StartupCPUShares "
     "CPUQuotaPerSecUSec CPUQuotaPeriodUSec MemoryMin MemoryLow MemoryHigh MemoryMax "
     "MemorySwapMax MemoryZSwapMax MemoryLimit DefaultMemoryMin DefaultMemoryLow TasksMax "
     "IOWeight StartupIOWeight BlockIOWeight StartupBlockIOWeight MemoryPressureThresholdUSec "},
    {"ay", " AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes "},
    {"a(st)", " IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax "
              "IOWriteIOPSMax IODeviceLatencyTargetUSec BlockIODeviceWeight "
              "BlockIOReadBandwidth BlockIOWriteBandwidth "},
};

struct request {
    struct plan_builder *builder;
    struct unit_properties *list;
    struct plan_origin origin;
    const char *value;
};

static int refuse(const struct request *request, enum error_code code, const char *name,
                  const char *why)
{
    int r =
        error_set(request->builder->error, code, 0, "the unit property \"%.80s\" %s", name, why);

    plan_origin_explain(request->builder->plan, request->origin, request->builder->error);
    return r;
}

static const char *find_signature(const char *name)
{
    char word[NAME_LENGTH_MAX + 3];

    snprintf(word, sizeof(word), " %s ", name);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (strstr(allowed[i].names, word) != NULL)
            return allowed[i].signature;
    return NULL;
}

/* As runc has it: "TimeoutStopSec" in seconds stands for "TimeoutStopUSec" in microseconds. */
static bool is_in_seconds(const char *name, size_t length)
{
    return length > 4 && strcmp(name + length - 3, "Sec") == 0 && name[length - 4] >= 'a' &&
           name[length - 4] <= 'z';
}

static int parse_seconds(const char *text, uint64_t *ret)
{
    static const char *const types[] = {"uint16 ", "uint32 ", "uint64 ", "int16 ",
                                        "int32 ",  "int64 ",  "double "};
    uint64_t seconds, fraction = 0, weight = USEC_PER_SEC / 10;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(text, types[i], strlen(types[i])) == 0) {
            text += strlen(types[i]);
            break;
        }
    }
    if (parse_u64_prefix(&text, &seconds) < 0)
        return -EINVAL;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10)
            fraction += (uint64_t)(*text - '0') * weight;
    if (*text != '\0')
        return -EINVAL;
    if (seconds > SECONDS_MAX)
        return -ERANGE;
    *ret = seconds * USEC_PER_SEC + fraction;
    return 0;
}

static int add_seconds(const struct request *request, const char *name, size_t length)
{
    char whole[NAME_LENGTH_MAX + 2];
    uint64_t microseconds;
    int r;

    snprintf(whole, sizeof(whole), "%.*sUSec", (int)(length - 3), name);
    if (find_signature(whole) == NULL)
        return refuse(request, ERROR_NOT_SUPPORTED, name, "cannot be set by an annotation");
    r = parse_seconds(request->value, &microseconds);
    if (r == -ERANGE)
        return refuse(request, ERROR_CONFIG_RANGE, name, "has a value out of range");
    if (r < 0)
        return refuse(request, ERROR_CONFIG_TYPE, name, "is not a number of seconds");
    return unit_properties_add_number(request->builder, request->list, whole, "t", microseconds,
                                      false, request->origin);
}

static int add_annotation(const struct request *request, const char *name)
{
    struct unit_value value = {.builder = request->builder};
    size_t length = strlen(name);
    const char *signature;
    char why[64];
    int r;

    if (length == 0 || length > NAME_LENGTH_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != length)
        return refuse(request, ERROR_CONFIG_VALUE, name, "has no name that a property has");
    if (is_in_seconds(name, length))
        return add_seconds(request, name, length);
    signature = find_signature(name);
    if (signature == NULL)
        return refuse(request, ERROR_NOT_SUPPORTED, name, "cannot be set by an annotation");
    r = unit_value_parse(&value, signature, request->value);
    if (r == -ERANGE)
        return refuse(request, ERROR_CONFIG_RANGE, name, "has a value out of range");
    snprintf(why, sizeof(why), "needs a value of the D-Bus type \"%s\"", signature);
    if (r == -EINVAL)
        return refuse(request, ERROR_CONFIG_TYPE, name, why);
    return r < 0 ? r
                 : unit_properties_add(request->list, name, signature, &value, false,
                                       request->origin);
}

int plan_unit_annotations(const struct oci_string_map *annotations, struct plan_builder *builder,
                          struct unit_properties *list)
{
    for (size_t i = 0; i < annotations->count; i++) {
        const char *key = annotations->items[i].key;
        struct request request = {
            .builder = builder, .list = list, .value = annotations->items[i].value};
        int r;

        if (strncmp(key, prefix, PREFIX_LENGTH) != 0)
            continue;
        request.origin = (struct plan_origin){
            .kind = ORIGIN_ANNOTATION,
            .index = plan_add_string(builder, key),
        };
        r = request.origin.index != 0 ? add_annotation(&request, key + PREFIX_LENGTH) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}
