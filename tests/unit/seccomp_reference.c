/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evaluates seccomp profiles rule by rule; see the header. */
#include "seccomp_reference.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>

int resolve_name(const struct filter_arch *arch, const char *name, struct filter_number *ret)
{
    int id = filter_name_find(name);

    if (id >= 0)
        *ret = filter_arch_number(arch, (unsigned)id);
    return id < 0 ? id : 0;
}

uint32_t arch_token(const struct filter_arch *arch)
{
    return arch->bit != 0 ? SCMP_ARCH_X32 : arch->audit;
}

static uint32_t action_of(enum oci_seccomp_action action, struct oci_optional_u32 errno_ret)
{
    uint32_t number = errno_ret.set ? errno_ret.value : EPERM;

    switch (action) {
    case OCI_SECCOMP_KILL_PROCESS:
        return SECCOMP_RET_KILL_PROCESS;
    case OCI_SECCOMP_TRAP:
        return SECCOMP_RET_TRAP;
    case OCI_SECCOMP_ERRNO:
        return SECCOMP_RET_ERRNO | number;
    case OCI_SECCOMP_TRACE:
        return SECCOMP_RET_TRACE | number;
    case OCI_SECCOMP_ALLOW:
        return SECCOMP_RET_ALLOW;
    case OCI_SECCOMP_LOG:
        return SECCOMP_RET_LOG;
    case OCI_SECCOMP_NOTIFY:
        return SECCOMP_RET_USER_NOTIF;
    default:
        return SECCOMP_RET_KILL_THREAD;
    }
}

/* The listed architecture, or the native one, that the call was made with. */
static bool find_arch(const struct oci_linux_seccomp *profile, const struct seccomp_data *data,
                      struct filter_arch *ret)
{
    bool x32 = data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->nr >= FILTER_X32_BIT;

    filter_arch_native(ret);
    if (ret->audit == data->arch && (x32 == (ret->bit != 0)))
        return true;
    for (size_t i = 0; i < profile->architectures_count; i++)
        if (filter_arch_find(profile->architectures[i], ret) == 0 && ret->audit == data->arch &&
            x32 == (ret->bit != 0))
            return true;
    return false;
}

static bool is_met(const struct filter_arch *arch, const struct oci_linux_seccomp_arg *arg,
                   const struct seccomp_data *data)
{
    uint64_t width = arch->wide ? UINT64_MAX : UINT32_MAX;
    uint64_t argument = data->args[arg->index] & width, value = arg->value & width;

    switch (arg->op) {
    case OCI_SECCOMP_NE:
        return argument != value;
    case OCI_SECCOMP_LT:
        return argument < value;
    case OCI_SECCOMP_LE:
        return argument <= value;
    case OCI_SECCOMP_EQ:
        return argument == value;
    case OCI_SECCOMP_GE:
        return argument >= value;
    case OCI_SECCOMP_GT:
        return argument > value;
    default:
        return (argument & value) == (arg->value_two & value);
    }
}

static bool matches(const struct filter_arch *arch, const struct oci_linux_seccomp_syscall *rule,
                    const struct seccomp_data *data, bool multiplexed, uint32_t call,
                    bool *ret_conditional)
{
    bool any = false, all = true, repeated = false, conditional = multiplexed;
    unsigned seen = 0;

    if (multiplexed && (arch->wide ? data->args[0] : (uint32_t)data->args[0]) != call)
        return *ret_conditional = true, false;
    for (size_t i = 0; i < rule->args_count; i++) {
        const struct oci_linux_seccomp_arg *arg = &rule->args[i];
        bool met = (multiplexed && arg->index == 0) || is_met(arch, arg, data);

        repeated |= (seen >> arg->index & 1) != 0;
        seen |= 1U << arg->index;
        any |= met;
        all &= met;
        conditional |= !(arg->op == OCI_SECCOMP_MASKED_EQ &&
                         (arch->wide ? arg->value : (uint32_t)arg->value) == 0);
    }
    /* one alternative without a condition makes the rule unconditional */
    if (repeated && !multiplexed)
        for (size_t i = 0; i < rule->args_count; i++)
            conditional &=
                !(rule->args[i].op == OCI_SECCOMP_MASKED_EQ &&
                  (arch->wide ? rule->args[i].value : (uint32_t)rule->args[i].value) == 0);
    *ret_conditional = conditional;
    return rule->args_count == 0 || (repeated ? any : all);
}

bool reference_decide(const struct oci_linux_seccomp *profile, const struct seccomp_data *data,
                      uint32_t *ret)
{
    uint32_t otherwise = action_of(profile->default_action, profile->default_errno_ret);
    bool decided = false, contradiction = false;
    struct filter_arch arch;

    *ret = otherwise;
    if (!find_arch(profile, data, &arch)) {
        if (data->arch != AUDIT_ARCH_X86_64 || data->nr != -1)
            *ret = SECCOMP_RET_KILL_THREAD;
        return true;
    }
    for (size_t i = 0; i < profile->syscalls_count; i++) {
        const struct oci_linux_seccomp_syscall *rule = &profile->syscalls[i];
        uint32_t action = action_of(rule->action, rule->errno_ret);

        for (size_t j = 0; action != otherwise && j < rule->names.count; j++) {
            struct filter_number number;
            uint32_t plain = (uint32_t)data->nr & ~arch.bit;
            bool conditional, direct, multiplexed;

            if (resolve_name(&arch, rule->names.items[j], &number) < 0)
                continue;
            direct = number.direct >= 0 && (uint32_t)number.direct == plain;
            multiplexed = number.multiplexer >= 0 && (uint32_t)number.multiplexer == plain;
            if ((!direct && !multiplexed) ||
                !matches(&arch, rule, data, multiplexed, number.call, &conditional))
                continue;
            if (!conditional) {
                *ret = action;
                return true;
            }
            contradiction |= decided && action != *ret;
            *ret = action;
            decided = true;
        }
    }
    return !contradiction;
}
