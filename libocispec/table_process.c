/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of config.json's "process". */
#include "tables.h"

static bool is_cpu_list(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] < '0' || text[i] > '9') && text[i] != ',' && text[i] != ' ' && text[i] != '-')
            return false;
    return true;
}

static const struct oci_form cpu_list_form = {is_cpu_list, "list of CPUs such as 0-3,7"};

static const struct oci_row console_size_rows[] = {
    OCI_ROW_U64(struct oci_console_size, "height", height, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_console_size, "width", width, OCI_REQUIRED),
};
static const struct oci_table oci_console_size_table =
    OCI_TABLE(struct oci_console_size, "consoleSize", console_size_rows);

static const struct oci_row user_rows[] = {
    OCI_ROW_U32(struct oci_user, "uid", uid, OCI_ALWAYS),
    OCI_ROW_U32(struct oci_user, "gid", gid, OCI_ALWAYS),
    OCI_ROW_OPTIONAL_U32(struct oci_user, "umask", umask, 0),
    OCI_ROW_U32S(struct oci_user, "additionalGids", additional_gids, 0),
    OCI_ROW_STRING(struct oci_user, "username", username, 0),
};
static const struct oci_table oci_user_table = OCI_TABLE(struct oci_user, "user", user_rows);

static const struct oci_row capabilities_rows[] = {
    OCI_ROW_STRINGS(struct oci_capabilities, "bounding", bounding, 0),
    OCI_ROW_STRINGS(struct oci_capabilities, "effective", effective, 0),
    OCI_ROW_STRINGS(struct oci_capabilities, "inheritable", inheritable, 0),
    OCI_ROW_STRINGS(struct oci_capabilities, "permitted", permitted, 0),
    OCI_ROW_STRINGS(struct oci_capabilities, "ambient", ambient, 0),
};
static const struct oci_table oci_capabilities_table =
    OCI_TABLE(struct oci_capabilities, "capabilities", capabilities_rows);

static const struct oci_row rlimit_rows[] = {
    OCI_ROW_STRING(struct oci_rlimit, "type", type, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_rlimit, "hard", hard, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_rlimit, "soft", soft, OCI_REQUIRED),
};
static const struct oci_table oci_rlimit_table =
    OCI_TABLE(struct oci_rlimit, "rlimit", rlimit_rows);

static const struct oci_row scheduler_rows[] = {
    OCI_ROW_ENUM(struct oci_scheduler, "policy", policy, OCI_REQUIRED, scheduler_policy),
    OCI_ROW_I32(struct oci_scheduler, "nice", nice, 0),
    OCI_ROW_I32(struct oci_scheduler, "priority", priority, 0),
    OCI_ROW_ENUMS(struct oci_scheduler, "flags", flags, 0, scheduler_flag),
    OCI_ROW_U64(struct oci_scheduler, "runtime", runtime, 0),
    OCI_ROW_U64(struct oci_scheduler, "deadline", deadline, 0),
    OCI_ROW_U64(struct oci_scheduler, "period", period, 0),
};
static const struct oci_table oci_scheduler_table =
    OCI_TABLE(struct oci_scheduler, "scheduler", scheduler_rows);

static const struct oci_row io_priority_rows[] = {
    OCI_ROW_ENUM(struct oci_io_priority, "class", class, OCI_REQUIRED, io_priority_class),
    OCI_ROW_I32(struct oci_io_priority, "priority", priority, OCI_ALWAYS),
};
static const struct oci_table oci_io_priority_table =
    OCI_TABLE(struct oci_io_priority, "ioPriority", io_priority_rows);

static const struct oci_row exec_cpu_affinity_rows[] = {
    OCI_ROW_FORM(struct oci_exec_cpu_affinity, "initial", initial, 0, &cpu_list_form),
    OCI_ROW_FORM(struct oci_exec_cpu_affinity, "final", final, 0, &cpu_list_form),
};
static const struct oci_table oci_exec_cpu_affinity_table =
    OCI_TABLE(struct oci_exec_cpu_affinity, "execCPUAffinity", exec_cpu_affinity_rows);

static const struct oci_row process_rows[] = {
    OCI_ROW_BOOL(struct oci_process, "terminal", terminal, 0),
    OCI_ROW_OBJECT(struct oci_process, "consoleSize", console_size, 0, struct oci_console_size,
                   &oci_console_size_table),
    OCI_ROW_OBJECT(struct oci_process, "user", user, 0, struct oci_user, &oci_user_table),
    OCI_ROW_STRINGS(struct oci_process, "args", args, 0),
    OCI_ROW_STRING(struct oci_process, "commandLine", command_line, 0),
    OCI_ROW_STRINGS(struct oci_process, "env", env, 0),
    OCI_ROW_STRING(struct oci_process, "cwd", cwd, OCI_REQUIRED),
    OCI_ROW_OBJECT(struct oci_process, "capabilities", capabilities, 0, struct oci_capabilities,
                   &oci_capabilities_table),
    OCI_ROW_OBJECTS(struct oci_process, "rlimits", rlimits, 0, struct oci_rlimit,
                    &oci_rlimit_table),
    OCI_ROW_BOOL(struct oci_process, "noNewPrivileges", no_new_privileges, 0),
    OCI_ROW_STRING(struct oci_process, "apparmorProfile", apparmor_profile, 0),
    OCI_ROW_OPTIONAL_I32(struct oci_process, "oomScoreAdj", oom_score_adj, 0),
    OCI_ROW_OBJECT(struct oci_process, "scheduler", scheduler, 0, struct oci_scheduler,
                   &oci_scheduler_table),
    OCI_ROW_STRING(struct oci_process, "selinuxLabel", selinux_label, 0),
    OCI_ROW_OBJECT(struct oci_process, "ioPriority", io_priority, 0, struct oci_io_priority,
                   &oci_io_priority_table),
    OCI_ROW_OBJECT(struct oci_process, "execCPUAffinity", exec_cpu_affinity, 0,
                   struct oci_exec_cpu_affinity, &oci_exec_cpu_affinity_table),
};
const struct oci_table oci_process_table = OCI_TABLE(struct oci_process, "process", process_rows);
