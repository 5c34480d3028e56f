/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks linux.seccomp and translates its words.  Pure but for libseccomp's tables.  Runs in dray.
 */
#include "security/seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"

#define ERRNO_MAX   4095 /* what the kernel lets SECCOMP_RET_ERRNO return */
#define TRACE_MAX   65535
#define ARGUMENTS   6
#define ERRNO_UNSET EPERM /* what runc and crun use */

static const uint32_t action_values[OCI_SECCOMP_ACTION_COUNT] = {
    [OCI_SECCOMP_KILL] = SECCOMP_RET_KILL_THREAD,
    [OCI_SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
    [OCI_SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
    [OCI_SECCOMP_TRAP] = SECCOMP_RET_TRAP,
    [OCI_SECCOMP_ERRNO] = SECCOMP_RET_ERRNO,
    [OCI_SECCOMP_TRACE] = SECCOMP_RET_TRACE,
    [OCI_SECCOMP_ALLOW] = SECCOMP_RET_ALLOW,
    [OCI_SECCOMP_LOG] = SECCOMP_RET_LOG,
    [OCI_SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF,
};

static const uint32_t flag_values[OCI_SECCOMP_FLAG_COUNT] = {
    [OCI_SECCOMP_FLAG_TSYNC] = SECCOMP_FILTER_FLAG_TSYNC,
    [OCI_SECCOMP_FLAG_LOG] = SECCOMP_FILTER_FLAG_LOG,
    [OCI_SECCOMP_FLAG_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
    [OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

static bool action_takes_errno(enum oci_seccomp_action action)
{
    return action == OCI_SECCOMP_ERRNO || action == OCI_SECCOMP_TRACE;
}

/* @errno_ret may only be set where it means something: the specification asks for an error. */
static int translate_action(enum oci_seccomp_action action, struct oci_optional_u32 errno_ret,
                            uint32_t *ret, struct error *error)
{
    uint32_t limit = action == OCI_SECCOMP_ERRNO ? ERRNO_MAX : TRACE_MAX;

    if (action <= OCI_SECCOMP_ACTION_NONE || action >= OCI_SECCOMP_ACTION_COUNT)
        return error_set(error, ERROR_SECCOMP_INVALID, 0, "seccomp action is missing");
    *ret = action_values[action];
    if (!action_takes_errno(action)) {
        if (errno_ret.set)
            return error_set(error, ERROR_SECCOMP_INVALID, 0,
                             "seccomp action %s takes no error number",
                             oci_seccomp_action_name(action));
        return 0;
    }
    if (errno_ret.set && errno_ret.value > limit)
        return error_set(error, ERROR_SECCOMP_INVALID, 0,
                         "seccomp error number %u of %s is larger than %u", errno_ret.value,
                         oci_seccomp_action_name(action), limit);
    *ret |= errno_ret.set ? errno_ret.value : ERRNO_UNSET;
    return 0;
}

static int make_default(const struct oci_linux_seccomp *profile,
                        const struct seccomp_build_options *options, struct filter_profile *ret,
                        struct error *error)
{
    int r = translate_action(profile->default_action, profile->default_errno_ret,
                             &ret->default_action, error);

    if (r < 0) {
        error_set_pointer(error, profile->default_errno_ret.set ? "/linux/seccomp/defaultErrnoRet"
                                                                : "/linux/seccomp/defaultAction");
        return r;
    }
    if (profile->default_action == OCI_SECCOMP_NOTIFY) {
        r = error_set(error, ERROR_SECCOMP_INVALID, 0,
                      "SCMP_ACT_NOTIFY cannot be the default action: "
                      "starting the container would wait for the agent");
        error_set_pointer(error, "/linux/seccomp/defaultAction");
        return r;
    }
    /* a tracer should know new calls itself, so TRACE counts as allowing, as in runc */
    ret->unknown_is_enosys =
        !options->keep_unknown_numbers && profile->default_action != OCI_SECCOMP_ALLOW &&
        profile->default_action != OCI_SECCOMP_LOG && profile->default_action != OCI_SECCOMP_TRACE;
    return 0;
}

static int add_arch(const struct oci_linux_seccomp *profile, size_t index,
                    struct filter_profile *ret, struct error *error)
{
    struct filter_arch arch;
    int r = filter_arch_find(profile->architectures[index], &arch);

    if (r < 0)
        return error_set(error, ERROR_SECCOMP_INVALID, 0, "seccomp architecture is unknown");
    if (arch.numbers == NULL || arch.big_endian != ret->archs[0].big_endian)
        return 0; /* nothing of it can run here */
    for (size_t i = 0; i < ret->archs_count; i++)
        if (ret->archs[i].word == arch.word)
            return 0;
    ret->archs[ret->archs_count++] = arch;
    return 0;
}

static int make_archs(const struct oci_linux_seccomp *profile, struct oci_arena *arena,
                      struct filter_profile *ret, struct error *error)
{
    ret->archs = oci_arena_alloc_array(arena, OCI_ARCH_COUNT, sizeof(*ret->archs));
    if (ret->archs == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot compile the seccomp profile");
    filter_arch_native(&ret->archs[0]);
    ret->archs_count = 1;
    for (size_t i = 0; i < profile->architectures_count; i++) {
        int r = add_arch(profile, i, ret, error);

        if (r < 0) {
            error_set_pointer(error, "/linux/seccomp/architectures/%zu", i);
            return r;
        }
    }
    return 0;
}

static int make_conditions(const struct oci_linux_seccomp_syscall *syscall_, size_t index,
                           struct oci_arena *arena, struct filter_rule *rule, struct error *error)
{
    struct filter_condition *conditions;
    unsigned seen = 0;

    conditions = oci_arena_alloc_array(arena, syscall_->args_count, sizeof(*conditions));
    if (conditions == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot compile the seccomp profile");
    for (size_t i = 0; i < syscall_->args_count; i++) {
        const struct oci_linux_seccomp_arg *arg = &syscall_->args[i];
        bool masked = arg->op == OCI_SECCOMP_MASKED_EQ;
        int r;

        if (arg->index >= ARGUMENTS) {
            r = error_set(error, ERROR_SECCOMP_INVALID, 0,
                          "seccomp argument index %u is larger than 5", arg->index);
            error_set_pointer(error, "/linux/seccomp/syscalls/%zu/args/%zu/index", index, i);
            return r;
        }
        if (arg->op <= OCI_SECCOMP_OPERATOR_NONE || arg->op >= OCI_SECCOMP_OPERATOR_COUNT) {
            r = error_set(error, ERROR_SECCOMP_INVALID, 0, "seccomp operator is missing");
            error_set_pointer(error, "/linux/seccomp/syscalls/%zu/args/%zu/op", index, i);
            return r;
        }
        conditions[i].argument = (uint8_t)arg->index;
        conditions[i].operator_ = arg->op;
        conditions[i].mask = masked ? arg->value : UINT64_MAX;
        conditions[i].value = masked ? arg->value_two & arg->value : arg->value;
        rule->any |= (seen & 1U << arg->index) != 0;
        seen |= 1U << arg->index;
    }
    rule->conditions = conditions;
    rule->conditions_count = syscall_->args_count;
    return 0;
}

/* The stage reports through shared memory, but engines rely on this refusal of runc's and crun's.
 */
static int check_notify(const struct oci_linux_seccomp_syscall *syscall_, size_t index,
                        struct error *error)
{
    for (size_t i = 0; i < syscall_->names.count; i++) {
        if (strcmp(syscall_->names.items[i], "write") == 0) {
            int r = error_set(error, ERROR_SECCOMP_INVALID, 0,
                              "SCMP_ACT_NOTIFY cannot be used for the write system call");

            error_set_pointer(error, "/linux/seccomp/syscalls/%zu/names/%zu", index, i);
            return r;
        }
    }
    return 0;
}

static int make_ids(const struct oci_linux_seccomp_syscall *syscall_, size_t index,
                    const struct seccomp_build_options *options, struct oci_arena *arena,
                    struct filter_rule *rule, struct error *error)
{
    uint16_t *ids = oci_arena_alloc_array(arena, syscall_->names.count + 1, sizeof(*ids));

    if (ids == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot compile the seccomp profile");
    for (size_t i = 0; i < syscall_->names.count; i++) {
        int id = filter_name_find(syscall_->names.items[i]);

        if (id < 0 && options->fail_on_unknown_syscall) {
            int r = error_set(error, ERROR_SECCOMP_INVALID, 0,
                              "seccomp system call \"%s\" is unknown", syscall_->names.items[i]);

            error_set_pointer(error, "/linux/seccomp/syscalls/%zu/names/%zu", index, i);
            return r;
        }
        ids[i] = id < 0 ? FILTER_UNKNOWN : (uint16_t)id;
    }
    rule->ids = ids;
    rule->ids_count = syscall_->names.count;
    return 0;
}

static int make_rule(const struct oci_linux_seccomp *profile, size_t index,
                     const struct seccomp_build_options *options, struct oci_arena *arena,
                     struct filter_profile *ret, struct error *error)
{
    const struct oci_linux_seccomp_syscall *syscall_ = &profile->syscalls[index];
    struct filter_rule *rule = &ret->rules[index];
    int r = translate_action(syscall_->action, syscall_->errno_ret, &rule->action, error);

    if (r < 0) {
        error_set_pointer(error, "/linux/seccomp/syscalls/%zu/%s", index,
                          syscall_->errno_ret.set ? "errnoRet" : "action");
        return r;
    }
    r = make_ids(syscall_, index, options, arena, rule, error);
    if (r < 0)
        return r;
    rule->redundant = rule->action == ret->default_action;
    if (syscall_->args_count > 0) {
        r = make_conditions(syscall_, index, arena, rule, error);
        if (r < 0)
            return r;
    }
    if (syscall_->action == OCI_SECCOMP_NOTIFY) {
        ret->uses_notify = true;
        return check_notify(syscall_, index, error);
    }
    return 0;
}

static int make_rules(const struct oci_linux_seccomp *profile,
                      const struct seccomp_build_options *options, struct oci_arena *arena,
                      struct filter_profile *ret, struct error *error)
{
    if (profile->syscalls_count > 0) {
        ret->rules = oci_arena_alloc_array(arena, profile->syscalls_count, sizeof(*ret->rules));
        if (ret->rules == NULL)
            return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM,
                             "cannot compile the seccomp profile");
    }
    for (size_t i = 0; i < profile->syscalls_count; i++) {
        int r = make_rule(profile, i, options, arena, ret, error);

        if (r < 0)
            return r;
    }
    ret->rules_count = profile->syscalls_count;
    return 0;
}

/*
 * Without a list of flags SPEC_ALLOW is set, as in runc and crun.  TSYNC beside a listener is only
 * accepted with TSYNC_ESRCH, and WAIT_KILLABLE_RECV only beside a listener, so it goes when there
 * are no notifications that it could be about.
 */
static int make_flags(const struct oci_linux_seccomp *profile,
                      const struct seccomp_build_options *options, struct filter_profile *ret,
                      struct error *error)
{
    uint32_t known = options->kernel_flags != 0 ? options->kernel_flags : UINT32_MAX;

    if (profile->flags == NULL) {
        ret->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW & known;
        return 0;
    }
    for (size_t i = 0; i < profile->flags_count; i++) {
        enum oci_seccomp_flag flag = profile->flags[i];
        int r;

        if (flag <= OCI_SECCOMP_FLAG_NONE || flag >= OCI_SECCOMP_FLAG_COUNT)
            r = error_set(error, ERROR_SECCOMP_INVALID, 0, "seccomp flag is unknown");
        else if ((flag_values[flag] & known) == 0)
            r = error_set(error, ERROR_KERNEL_TOO_OLD, 0, "this kernel has no %s",
                          oci_seccomp_flag_name(flag));
        else
            r = 0;
        if (r < 0) {
            error_set_pointer(error, "/linux/seccomp/flags/%zu", i);
            return r;
        }
        ret->flags |= flag_values[flag];
    }
    if (!ret->uses_notify)
        ret->flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    else if ((ret->flags & SECCOMP_FILTER_FLAG_TSYNC) != 0)
        ret->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    return 0;
}

static int check_listener(const struct oci_linux_seccomp *profile,
                          const struct seccomp_build_options *options,
                          const struct filter_profile *made, struct error *error)
{
    bool has_path = profile->listener_path != NULL && profile->listener_path[0] != '\0';
    int r;

    if (!made->uses_notify || has_path || options->has_receiver)
        return 0;
    r = error_set(error, ERROR_SECCOMP_INVALID, 0,
                  "SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath");
    error_set_pointer(error, "/linux/seccomp");
    return r;
}

int filter_profile_make(const struct oci_linux_seccomp *profile,
                        const struct seccomp_build_options *options, struct oci_arena *arena,
                        struct filter_profile *ret, struct error *error)
{
    struct filter_profile made = {0};
    int r = make_default(profile, options, &made, error);

    if (r == 0)
        r = make_archs(profile, arena, &made, error);
    if (r == 0)
        r = make_rules(profile, options, arena, &made, error);
    if (r == 0)
        r = make_flags(profile, options, &made, error);
    if (r == 0)
        r = check_listener(profile, options, &made, error);
    if (r == 0)
        *ret = made;
    return r;
}
