/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules: the config's and the default ones, brought into a form that the v1 controller and a
 * BPF program on cgroup2 decide alike.  Runs in dray only.
 *
 * The result begins with what holds for all devices; what follows are exceptions from it.  A rule
 * that takes back an exception is carried out here, on the exceptions before it, because v1 takes
 * back only what was given with the very same numbers.  A rule that takes back a part of a wildcard
 * ("c 1:* rwm", then not "c 1:3") has no expression in v1; on cgroup2 it stays as a rule.
 */
#include <errno.h>

#include "plan/plan_cgroup.h"

/*
 * What runc and crun allow beyond the config: the devices that every container has, mknod of
 * anything (without access it does no harm), and net/tun.
 */
static const struct plan_cgroup_device default_rules[] = {
    {'c', true, PLAN_CGROUP_MKNOD, PLAN_CGROUP_ANY, PLAN_CGROUP_ANY, {0}},
    {'b', true, PLAN_CGROUP_MKNOD, PLAN_CGROUP_ANY, PLAN_CGROUP_ANY, {0}},
    {'c', true, PLAN_CGROUP_ALL, 1, 3, {0}},                 /* null */
    {'c', true, PLAN_CGROUP_ALL, 1, 5, {0}},                 /* zero */
    {'c', true, PLAN_CGROUP_ALL, 1, 7, {0}},                 /* full */
    {'c', true, PLAN_CGROUP_ALL, 1, 8, {0}},                 /* random */
    {'c', true, PLAN_CGROUP_ALL, 1, 9, {0}},                 /* urandom */
    {'c', true, PLAN_CGROUP_ALL, 5, 0, {0}},                 /* tty */
    {'c', true, PLAN_CGROUP_ALL, 5, 1, {0}},                 /* console */
    {'c', true, PLAN_CGROUP_ALL, 5, 2, {0}},                 /* ptmx */
    {'c', true, PLAN_CGROUP_ALL, 136, PLAN_CGROUP_ANY, {0}}, /* pts */
    {'c', true, PLAN_CGROUP_ALL, 10, 200, {0}},              /* net/tun */
};

#define DEFAULT_COUNT (sizeof(default_rules) / sizeof(default_rules[0]))

struct rules {
    struct plan_builder *builder;
    struct plan_cgroup_device *items; /* [0] is what holds for all devices */
    uint32_t count;
    bool v1;
};

static bool is_all(const struct plan_cgroup_device *rule)
{
    return rule->type == 'a' && rule->access == PLAN_CGROUP_ALL && rule->major == PLAN_CGROUP_ANY &&
           rule->minor == PLAN_CGROUP_ANY;
}

static bool covers_number(int32_t outer, int32_t inner)
{
    return outer == PLAN_CGROUP_ANY || outer == inner;
}

static bool covers(const struct plan_cgroup_device *outer, const struct plan_cgroup_device *inner)
{
    return outer->type == inner->type && covers_number(outer->major, inner->major) &&
           covers_number(outer->minor, inner->minor);
}

static bool overlap_number(int32_t a, int32_t b)
{
    return a == PLAN_CGROUP_ANY || b == PLAN_CGROUP_ANY || a == b;
}

static bool overlap(const struct plan_cgroup_device *a, const struct plan_cgroup_device *b)
{
    return a->type == b->type && overlap_number(a->major, b->major) &&
           overlap_number(a->minor, b->minor) && (a->access & b->access) != 0;
}

/* Takes @rule back from the exceptions so far. */
static int withdraw(struct rules *rules, const struct plan_cgroup_device *rule)
{
    uint32_t kept = 1;
    bool hole = false;

    for (uint32_t i = 1; i < rules->count; i++) {
        struct plan_cgroup_device *item = &rules->items[i];

        if (item->allow != rule->allow && overlap(item, rule)) {
            if (covers(rule, item))
                item->access &= (uint16_t)~rule->access;
            else
                hole = true;
        }
        if (item->access != 0)
            rules->items[kept++] = *item;
    }
    rules->count = kept;
    if (hole && rules->v1) {
        int r = error_set(rules->builder->error, ERROR_CGROUP_DEVICES, 0,
                          "a device rule takes back a part of an earlier rule with a wildcard, "
                          "which the v1 controller \"devices\" cannot do");

        plan_origin_explain(rules->builder->plan, rule->origin, rules->builder->error);
        return r;
    }
    if (hole)
        rules->items[rules->count++] = *rule;
    return 0;
}

static int add_rule(struct rules *rules, const struct plan_cgroup_device *rule)
{
    if (is_all(rule)) {
        rules->items[0] = *rule;
        rules->count = 1;
        return 0;
    }
    if (rule->allow == rules->items[0].allow)
        return withdraw(rules, rule);
    rules->items[rules->count++] = *rule;
    return 0;
}

static int parse_access(const char *text, uint16_t *ret)
{
    uint16_t access = 0;

    if (text == NULL || text[0] == '\0') {
        *ret = PLAN_CGROUP_ALL;
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (*text == 'r')
            access |= PLAN_CGROUP_READ;
        else if (*text == 'w')
            access |= PLAN_CGROUP_WRITE;
        else if (*text == 'm')
            access |= PLAN_CGROUP_MKNOD;
        else
            return -EINVAL;
    }
    *ret = access;
    return 0;
}

/* Absent and -1 are every number. */
static int parse_number(struct oci_optional_i64 number, int32_t *ret)
{
    if (!number.set || number.value == -1) {
        *ret = PLAN_CGROUP_ANY;
        return 0;
    }
    if (number.value < 0 || number.value > INT32_MAX)
        return -ERANGE;
    *ret = (int32_t)number.value;
    return 0;
}

static int parse_rule(const struct oci_linux_device_rule *config, struct plan_builder *builder,
                      struct plan_cgroup_device *rule)
{
    struct error *error = builder->error;
    int r = 0;

    rule->allow = config->allow;
    rule->type = 'a';
    if (config->type == OCI_DEVICE_RULE_CHARACTER)
        rule->type = 'c';
    else if (config->type == OCI_DEVICE_RULE_BLOCK)
        rule->type = 'b';
    if (parse_access(config->access, &rule->access) < 0)
        r = error_set(error, ERROR_CONFIG_VALUE, 0,
                      "the access \"%s\" of a device rule is not made of r, w and m",
                      config->access);
    else if (parse_number(config->major, &rule->major) < 0 ||
             parse_number(config->minor, &rule->minor) < 0)
        r = error_set(error, ERROR_CONFIG_RANGE, 0,
                      "the numbers %lld:%lld of a device rule are out of range",
                      (long long)config->major.value, (long long)config->minor.value);
    if (r < 0)
        plan_origin_explain(builder->plan, rule->origin, error);
    return r;
}

/* A rule for devices of both types that is not for all of them is two rules. */
static int add_config_rule(struct rules *rules, struct plan_cgroup_device *rule)
{
    int r;

    if (rule->type != 'a' || is_all(rule))
        return add_rule(rules, rule);
    rule->type = 'c';
    r = add_rule(rules, rule);
    if (r < 0)
        return r;
    rule->type = 'b';
    return add_rule(rules, rule);
}

int plan_cgroup_devices(const struct oci_linux_resources *resources, bool v1, uint32_t flags,
                        struct plan_builder *builder, struct plan_array *ret_rules)
{
    size_t config_count = resources != NULL ? resources->devices_count : 0;
    struct rules rules = {.builder = builder, .count = 1, .v1 = v1};
    struct plan_array array;
    int r;

    rules.items =
        plan_add_array(builder, sizeof(*rules.items), 1 + 2 * config_count + DEFAULT_COUNT, &array);
    if (rules.items == NULL)
        return -ENOMEM;
    rules.items[0] = (struct plan_cgroup_device){
        .type = 'a',
        .access = PLAN_CGROUP_ALL,
        .major = PLAN_CGROUP_ANY,
        .minor = PLAN_CGROUP_ANY,
    };
    for (size_t i = 0; i < config_count; i++) {
        struct plan_cgroup_device rule = {.origin = {.kind = (flags & PLAN_CGROUP_UPDATE) != 0
                                                                 ? ORIGIN_UPDATE_DEVICE
                                                                 : ORIGIN_RESOURCES_DEVICE,
                                                     .index = (uint32_t)i}};

        r = parse_rule(&resources->devices[i], builder, &rule);
        if (r == 0)
            r = add_config_rule(&rules, &rule);
        if (r < 0)
            return r;
    }
    if (!rules.items[0].allow)
        for (size_t i = 0; i < DEFAULT_COUNT; i++)
            rules.items[rules.count++] = default_rules[i];
    array.count = rules.count;
    *ret_rules = array;
    return 0;
}

bool plan_cgroup_device_allowed(const struct plan_cgroup_device *rules, size_t count, char type,
                                int64_t major, int64_t minor, uint32_t access)
{
    for (size_t i = count; i-- > 1 && access != 0;) {
        const struct plan_cgroup_device *rule = &rules[i];

        if (rule->type != type || (rule->major != PLAN_CGROUP_ANY && rule->major != major) ||
            (rule->minor != PLAN_CGROUP_ANY && rule->minor != minor))
            continue;
        if (!rule->allow && (rule->access & access) != 0)
            return false;
        access &= ~(uint32_t)rule->access;
    }
    return access == 0 || rules[0].allow;
}
