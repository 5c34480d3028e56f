/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules for config.json's "linux.seccomp". */
#include <string.h>

#include "validate.h"

#define ERRNO_MAX 4095 /* the largest that a system call can return */

static bool takes_errno(enum oci_seccomp_action action)
{
    return action == OCI_SECCOMP_ERRNO || action == OCI_SECCOMP_TRACE;
}

/* The spec: "when the action doesn't support an errno, the runtime MUST print an error and fail".
 */
static void validate_errno(struct validation *validation, const struct place *place,
                           const char *key, enum oci_seccomp_action action,
                           struct oci_optional_u32 number)
{
    if (!number.set)
        return;
    if (!takes_errno(action))
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_CONFLICT,
                          "%s returns no errno", oci_seccomp_action_name(action));
    else if (number.value > (action == OCI_SECCOMP_ERRNO ? ERRNO_MAX : UINT16_MAX))
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_RANGE,
                          "%u is too large to be returned with %s", number.value,
                          oci_seccomp_action_name(action));
}

/* The stage has to write to the runtime after the filter is loaded. */
static void validate_notify(struct validation *validation, const struct place *place,
                            const struct oci_linux_seccomp_syscall *rule)
{
    const struct place *names = PLACE_KEY(place, "names");

    for (size_t i = 0; i < rule->names.count; i++)
        if (strcmp(rule->names.items[i], "write") == 0)
            validation_refuse(validation, PLACE_ENTRY(names, i), OCI_FAULT_NOT_SUPPORTED,
                              "SCMP_ACT_NOTIFY cannot be used for write");
}

static void validate_rule(struct validation *validation, const struct place *place,
                          const struct oci_linux_seccomp_syscall *rule)
{
    const struct place *args = PLACE_KEY(place, "args");

    validate_errno(validation, place, "errnoRet", rule->action, rule->errno_ret);
    if (rule->action == OCI_SECCOMP_NOTIFY)
        validate_notify(validation, place, rule);
    for (size_t i = 0; i < rule->args_count; i++)
        if (rule->args[i].index > 5)
            validation_refuse(validation, PLACE_KEY(PLACE_ENTRY(args, i), "index"), OCI_FAULT_RANGE,
                              "a system call has the arguments 0 to 5, there is no %u",
                              rule->args[i].index);
}

void validate_seccomp(struct validation *validation, const struct place *place,
                      const struct oci_linux_seccomp *seccomp)
{
    const struct place *rules = PLACE_KEY(place, "syscalls");
    const char *path = seccomp->listener_path;
    bool notifies = false;

    if (seccomp->default_action == OCI_SECCOMP_NOTIFY)
        validation_refuse(validation, PLACE_KEY(place, "defaultAction"), OCI_FAULT_NOT_SUPPORTED,
                          "SCMP_ACT_NOTIFY cannot be the default action");
    validate_errno(validation, place, "defaultErrnoRet", seccomp->default_action,
                   seccomp->default_errno_ret);
    for (size_t i = 0; i < seccomp->syscalls_count; i++) {
        validate_rule(validation, PLACE_ENTRY(rules, i), &seccomp->syscalls[i]);
        notifies |= seccomp->syscalls[i].action == OCI_SECCOMP_NOTIFY;
    }
    if (notifies && text_is_empty(path) && (validation->flags & OCI_VALIDATE_SECCOMP_RECEIVER) == 0)
        validation_refuse(validation, PLACE_KEY(place, "listenerPath"), OCI_FAULT_MISSING,
                          "SCMP_ACT_NOTIFY needs a \"listenerPath\"");
    if (notifies && !text_is_empty(path) && !form_is_absolute(path))
        validation_refuse(validation, PLACE_KEY(place, "listenerPath"), OCI_FAULT_VALUE,
                          "the path \"%.100s\" of the listener is not absolute", path);
    if (!text_is_empty(seccomp->listener_metadata) && text_is_empty(path) &&
        (validation->flags & OCI_VALIDATE_SECCOMP_RECEIVER) == 0)
        validation_refuse(validation, PLACE_KEY(place, "listenerMetadata"), OCI_FAULT_CONFLICT,
                          "\"listenerMetadata\" needs a \"listenerPath\"");
}
