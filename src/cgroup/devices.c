/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts device rules into force: through devices.deny and devices.allow of v1, or by a BPF program
 * on the cgroup2 directory.  Runs in dray only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "cgroup/device_program.h"

#define ATTACHED_MAX      64 /* the kernel's BPF_CGROUP_MAX_PROGS */
#define VERIFIER_LOG_SIZE 65536

/*
 * The kernel's union with room behind it: some kernels write a field beyond the size that they are
 * told when asked for the attached programs.
 */
union padded_attr {
    union bpf_attr attr;
    char padding[sizeof(union bpf_attr) + 512];
};

static int call_bpf(int command, union padded_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof(attr->attr));
}

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* Asks once more for the verifier's words; the errno of the first time counts. */
static int set_load_error(union padded_attr *attr, int sys_errno, size_t count, struct error *error)
{
    _cleanup_free_ char *log = calloc(1, VERIFIER_LOG_SIZE);
    int r = error_set(error, ERROR_CGROUP_DEVICES, sys_errno,
                      "cannot load the BPF program of %zu device rules", count);

    if (log == NULL || sys_errno == EPERM)
        return r;
    attr->attr.log_buf = address_of(log);
    attr->attr.log_size = VERIFIER_LOG_SIZE;
    attr->attr.log_level = 1;
    close_fd(call_bpf(BPF_PROG_LOAD, attr));
    log[VERIFIER_LOG_SIZE - 1] = '\0';
    error_set_detail(error, log, strlen(log));
    return r;
}

static int load_program(const struct plan_cgroup_device *rules, size_t count, struct error *error)
{
    static const char license[] = "LGPL"; /* no helper is called that would ask for another */
    _cleanup_free_ struct bpf_insn *code = NULL;
    union padded_attr attr;
    int fd;

    code = calloc(device_program_size(count), sizeof(*code));
    if (code == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "no memory for the device program");
    memset(&attr, 0, sizeof(attr));
    attr.attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.attr.insns = address_of(code);
    attr.attr.insn_cnt = (uint32_t)device_program_build(rules, count, code);
    attr.attr.license = address_of(license);
    memcpy(attr.attr.prog_name, "dray_devices", sizeof("dray_devices"));
    fd = call_bpf(BPF_PROG_LOAD, &attr);
    return fd >= 0 ? fd : set_load_error(&attr, errno, count, error);
}

/* Programs that are attached to this very directory; -1 when the kernel does not say. */
static int find_attached(int directory, uint32_t ids[ATTACHED_MAX])
{
    union padded_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.attr.query.target_fd = (uint32_t)directory;
    attr.attr.query.attach_type = BPF_CGROUP_DEVICE;
    attr.attr.query.prog_ids = address_of(ids);
    attr.attr.query.prog_cnt = ATTACHED_MAX;
    return call_bpf(BPF_PROG_QUERY, &attr) < 0 ? -1 : (int)attr.attr.query.prog_cnt;
}

static int attach(int directory, int program, uint32_t flags, int replaced)
{
    union padded_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.attr.target_fd = (uint32_t)directory;
    attr.attr.attach_bpf_fd = (uint32_t)program;
    attr.attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attr.attach_flags = flags;
    attr.attr.replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0;
    return call_bpf(BPF_PROG_ATTACH, &attr) < 0 ? -errno : 0;
}

static int open_program(uint32_t id)
{
    union padded_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.attr.prog_id = id;
    return call_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static void detach(int directory, uint32_t id)
{
    _cleanup_close_ int program = open_program(id);
    union padded_attr attr;

    if (program < 0)
        return;
    memset(&attr, 0, sizeof(attr));
    attr.attr.target_fd = (uint32_t)directory;
    attr.attr.attach_bpf_fd = (uint32_t)program;
    attr.attr.attach_type = BPF_CGROUP_DEVICE;
    call_bpf(BPF_PROG_DETACH, &attr);
}

/*
 * In a cgroup that was there before, programs of an earlier container may be attached; all attached
 * ones must agree, so those would go on forbidding.  There is no moment without rules.
 */
static int attach_program(struct cgroup *cgroup, int directory, int program)
{
    bool made = (cgroup->record.created & 1u << CGROUP_UNIFIED) != 0 && !cgroup->record.may_adopt;
    uint32_t ids[ATTACHED_MAX];
    int count = made ? 0 : find_attached(directory, ids), r;

    if (count == 1) {
        _cleanup_close_ int old = open_program(ids[0]);

        if (old >= 0 && attach(directory, program, BPF_F_ALLOW_MULTI | BPF_F_REPLACE, old) == 0)
            return 0;
    }
    r = attach(directory, program, BPF_F_ALLOW_MULTI, -1);
    for (int i = 0; r == 0 && i < count && i < ATTACHED_MAX; i++)
        detach(directory, ids[i]);
    return r;
}

static int apply_v2(struct cgroup *cgroup, const struct plan_cgroup_device *rules, size_t count,
                    struct error *error)
{
    int directory = cgroup_directory(cgroup, CGROUP_UNIFIED), r;
    _cleanup_close_ int program = -1, readable = -1;

    if (directory < 0)
        return error_set(error, ERROR_CGROUP_DEVICES, -directory, "cannot open the cgroup \"%s\"",
                         cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    /* bpf(2) takes no O_PATH descriptor */
    readable = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable < 0)
        return error_set(error, ERROR_CGROUP_DEVICES, errno, "cannot open the cgroup \"%s\"",
                         cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    program = load_program(rules, count, error);
    if (program < 0)
        return program;
    r = attach_program(cgroup, readable, program);
    if (r < 0)
        return error_set(error, ERROR_CGROUP_DEVICES, -r,
                         "cannot attach the BPF program of the device rules to the cgroup \"%s\"",
                         cgroup_path(&cgroup->record, CGROUP_UNIFIED));
    return 0;
}

/* "c 1:3 rwm" */
static int format_rule(const struct plan_cgroup_device *rule, char *out, size_t size)
{
    char major[12] = "*", minor[12] = "*";

    if (rule->major != PLAN_CGROUP_ANY)
        snprintf(major, sizeof(major), "%d", rule->major);
    if (rule->minor != PLAN_CGROUP_ANY)
        snprintf(minor, sizeof(minor), "%d", rule->minor);
    return snprintf(out, size, "%c %s:%s %s%s%s", rule->type, major, minor,
                    (rule->access & PLAN_CGROUP_READ) != 0 ? "r" : "",
                    (rule->access & PLAN_CGROUP_WRITE) != 0 ? "w" : "",
                    (rule->access & PLAN_CGROUP_MKNOD) != 0 ? "m" : "");
}

static int set_rule_error(struct cgroup *cgroup, const struct plan *plan,
                          const struct plan_cgroup_device *rule, const char *file, const char *text,
                          struct error *error, int sys_errno)
{
    int r = error_set(
        error, ERROR_CGROUP_DEVICES, sys_errno,
        "cannot write \"%s\" to \"%s\" in the cgroup \"%s\"", text, file,
        cgroup_path(&cgroup->record, (unsigned)cgroup_hierarchy_of(cgroup, HOST_CGROUP_DEVICES)));

    plan_origin_explain(plan, rule->origin, error);
    return r;
}

/*
 * First what holds for all devices, which forgets every exception, then the exceptions: all of one
 * kind, so one file takes them.
 */
static int apply_v1(struct cgroup *cgroup, const struct plan *plan, unsigned hierarchy,
                    const struct plan_cgroup_device *rules, size_t count, struct error *error)
{
    const char *base = rules[0].allow ? "devices.allow" : "devices.deny";
    const char *file = rules[0].allow ? "devices.deny" : "devices.allow";
    _cleanup_close_ int fd = -1;
    int r = cgroup_write(cgroup, hierarchy, base, "a");

    if (r < 0)
        return set_rule_error(cgroup, plan, &rules[0], base, "a", error, -r);
    if (count == 1)
        return 0;
    fd = cgroup_open_file(cgroup, hierarchy, file, O_WRONLY);
    if (fd < 0)
        return set_rule_error(cgroup, plan, &rules[1], file, "", error, -fd);
    for (size_t i = 1; i < count; i++) {
        char text[64];
        int length = format_rule(&rules[i], text, sizeof(text));

        if (write(fd, text, (size_t)length) != length)
            return set_rule_error(cgroup, plan, &rules[i], file, text, error, errno);
    }
    return 0;
}

/*
 * In a user namespace nobody may set device rules, but nothing can be created there either: that is
 * an error only if the config asked for rules.
 */
static bool may_do_without(const struct plan *plan, int r)
{
    return !plan->cgroup.devices_asked && (r == -EPERM || r == -EACCES || r == -EROFS);
}

int cgroup_apply_devices(struct cgroup *cgroup, const struct plan *plan, struct error *error)
{
    const struct plan_cgroup_device *rules =
        plan_items(plan, plan->cgroup.devices, struct plan_cgroup_device);
    size_t count = plan->cgroup.devices.count;
    int v1 = cgroup_hierarchy_of(cgroup, HOST_CGROUP_DEVICES), r;

    if (count == 0 || cgroup->record.hierarchies == 0)
        return 0;
    if (v1 >= 0)
        r = apply_v1(cgroup, plan, (unsigned)v1, rules, count, error);
    else if ((cgroup->record.hierarchies & 1u << CGROUP_UNIFIED) != 0)
        r = apply_v2(cgroup, rules, count, error);
    else if (plan->cgroup.devices_asked)
        return error_set(error, ERROR_CGROUP_CONTROLLER, 0,
                         "cannot set device rules: this host has no cgroup controller \"devices\"");
    else
        return 0;
    if (r < 0 && may_do_without(plan, r)) {
        error_clear(error);
        return 0;
    }
    return r;
}
