/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as text; runs in dray and in tests. */
#include "plan/plan_print.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/syscalls.h"
#include "plan/plan_cgroup.h"
#include "plan/plan_unit.h"
#include "plan/planner.h"

struct printer {
    FILE *out;
    const struct plan *plan;
};

/* Prints a string quoted, with what would break the line escaped. */
static void print_text(const struct printer *printer, const char *text)
{
    if (text == NULL) {
        fputs("-", printer->out);
        return;
    }
    fputc('"', printer->out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(printer->out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(printer->out, "\\x%02x", c);
        else
            fputc(c, printer->out);
    }
    fputc('"', printer->out);
}

static void print_string(const struct printer *printer, plan_string string)
{
    print_text(printer, plan_text(printer->plan, string));
}

static void print_origin(const struct printer *printer, struct plan_origin origin)
{
    struct error error = {0};

    plan_origin_explain(printer->plan, origin, &error);
    fprintf(printer->out, "%s%s\n", error.pointer[0] != '\0' ? "  # " : "", error.pointer);
}

/* A line "NAME VALUE", or nothing when there is none. */
static void print_named(const struct printer *printer, const char *name, plan_string string)
{
    if (string == 0)
        return;
    fprintf(printer->out, "%s ", name);
    print_string(printer, string);
    fputc('\n', printer->out);
}

/* A line "NAME WORD…" with 64-bit words in hexadecimal. */
static void print_words(const struct printer *printer, const char *name, struct plan_array words)
{
    if (words.count == 0)
        return;
    fputs(name, printer->out);
    plan_for_each(word, printer->plan, words, uint64_t) fprintf(printer->out, " %#" PRIx64, *word);
    fputc('\n', printer->out);
}

static void print_flags(const struct printer *printer, const char *name, uint64_t flags)
{
    static const struct {
        uint64_t flag;
        const char *name;
    } types[] = {{CLONE_NEWNS, "mount"},      {CLONE_NEWPID, "pid"},  {CLONE_NEWNET, "network"},
                 {CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},  {CLONE_NEWUSER, "user"},
                 {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"}};

    if (flags == 0)
        return;
    fputs(name, printer->out);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if ((flags & types[i].flag) != 0)
            fprintf(printer->out, " %s", types[i].name);
    }
    fputc('\n', printer->out);
}

static void print_map(const struct printer *printer, const char *name, struct plan_array map)
{
    plan_for_each(entry, printer->plan, map, struct plan_idmap) fprintf(
        printer->out, "%s %u %u %u\n", name, entry->container_id, entry->host_id, entry->size);
}

static void print_offset(const struct printer *printer, const char *name,
                         const struct plan_time_offset *offset)
{
    if (offset->set)
        fprintf(printer->out, "time-offset %s %" PRId64 " %u\n", name, offset->seconds,
                offset->nanoseconds);
}

static void print_namespaces(const struct printer *printer)
{
    const struct plan_namespaces *namespaces = &printer->plan->namespaces;

    print_flags(printer, "namespaces", namespaces->clone_flags);
    print_flags(printer, "joined", namespaces->joined);
    if (namespaces->make_after_joining)
        fputs("namespaces-after-joining\n", printer->out);
    print_flags(printer, "namespaces-after-attach", namespaces->late_flags);
    plan_for_each(join, printer->plan, namespaces->joins, struct plan_join)
    {
        fprintf(printer->out, "join %#" PRIx64 " ", join->type);
        print_string(printer, join->path);
        print_origin(printer, join->origin);
    }
    print_map(printer, "uid-map", namespaces->uid_map);
    print_map(printer, "gid-map", namespaces->gid_map);
    print_offset(printer, "monotonic", &namespaces->monotonic);
    print_offset(printer, "boottime", &namespaces->boottime);
    plan_for_each(sysctl, printer->plan, namespaces->sysctls, struct plan_sysctl)
    {
        fputs("sysctl ", printer->out);
        print_string(printer, sysctl->key);
        fputc(' ', printer->out);
        print_string(printer, sysctl->value);
        print_origin(printer, sysctl->origin);
    }
    print_named(printer, "hostname", namespaces->hostname);
    print_named(printer, "domainname", namespaces->domainname);
}

static void print_net_devices(const struct printer *printer)
{
    plan_for_each(device, printer->plan, printer->plan->net_devices, struct plan_net_device)
    {
        fputs("net-device ", printer->out);
        print_string(printer, device->name);
        fputs(" as ", printer->out);
        print_string(printer, device->new_name);
        print_origin(printer, device->origin);
    }
}

static void print_rdt(const struct printer *printer)
{
    const struct plan_rdt *rdt = &printer->plan->rdt;

    if (!rdt->set)
        return;
    fputs("resctrl ", printer->out);
    print_string(printer, rdt->group);
    fprintf(printer->out, "%s%s\n", rdt->named ? " named" : "", rdt->monitor ? " monitored" : "");
    plan_for_each(line, printer->plan, rdt->lines, struct plan_rdt_line)
    {
        fputs("resctrl-write ", printer->out);
        print_string(printer, line->text);
        fputs(line->must_match ? " must-match" : "", printer->out);
        print_origin(printer, line->origin);
    }
}

static void print_strings(const struct printer *printer, const char *name, struct plan_array array)
{
    if (array.count == 0)
        return;
    fputs(name, printer->out);
    for (uint32_t i = 0; i < array.count; i++) {
        fputc(' ', printer->out);
        print_text(printer, plan_text_at(printer->plan, array, i));
    }
}

static void print_mount(const struct printer *printer, const struct plan_mount *mount)
{
    static const char *const kinds[] = {
        [PLAN_MOUNT_FILESYSTEM] = "filesystem",
        [PLAN_MOUNT_BIND] = "bind",
        [PLAN_MOUNT_CGROUP] = "cgroup",
        [PLAN_MOUNT_REMOUNT] = "remount",
    };

    fprintf(printer->out, "mount %s ", kinds[mount->kind]);
    print_string(printer, mount->destination);
    fputs(" type ", printer->out);
    print_string(printer, mount->type);
    fputs(" source ", printer->out);
    print_string(printer, mount->source);
    fprintf(printer->out, " flags %#x set %#" PRIx64 " clear %#" PRIx64, mount->flags,
            mount->attributes_set, mount->attributes_clear);
    if ((mount->recursive_set | mount->recursive_clear) != 0)
        fprintf(printer->out, " recursive-set %#" PRIx64 " recursive-clear %#" PRIx64,
                mount->recursive_set, mount->recursive_clear);
    if (mount->superblock_flags != 0)
        fprintf(printer->out, " superblock %#" PRIx64, mount->superblock_flags);
    plan_for_each(propagation, printer->plan, mount->propagation, uint32_t)
        fprintf(printer->out, " propagation %#x", *propagation);
    print_strings(printer, " data", mount->data);
    if (mount->label != 0) {
        fputs(" label ", printer->out);
        print_string(printer, mount->label);
    }
    print_origin(printer, mount->origin);
    print_map(printer, "  mount-uid-map", mount->uid_map);
    print_map(printer, "  mount-gid-map", mount->gid_map);
}

static void print_paths(const struct printer *printer, const char *name, struct plan_array paths)
{
    plan_for_each(path, printer->plan, paths, struct plan_path)
    {
        fprintf(printer->out, "%s ", name);
        print_string(printer, path->path);
        print_origin(printer, path->origin);
    }
}

static void print_root(const struct printer *printer, const struct plan_rootfs *rootfs)
{
    static const char *const layouts[] = {
        [PLAN_CGROUP_LAYOUT_NONE] = "none",
        [PLAN_CGROUP_LAYOUT_V2] = "v2",
        [PLAN_CGROUP_LAYOUT_V1] = "v1",
        [PLAN_CGROUP_LAYOUT_HYBRID] = "hybrid",
    };

    fputs("root ", printer->out);
    print_string(printer, rootfs->path);
    fprintf(printer->out, "%s%s%s%s%s propagation %#x\n", rootfs->readonly ? " readonly" : "",
            rootfs->no_pivot ? " no-pivot" : "",
            rootfs->private_mounts  ? ""
            : rootfs->detached_tree ? " detached-in-the-mount-namespace-of-the-host"
                                    : " in-the-mount-namespace-of-the-host",
            rootfs->devices_by_bind ? " devices-by-bind" : "",
            rootfs->setup_dev ? " links-in-dev" : "", rootfs->propagation);
    fprintf(printer->out, "cgroup-mounts %s%s\n", layouts[rootfs->cgroup_layout],
            rootfs->cgroup_namespace ? " in-a-cgroup-namespace" : "");
    print_named(printer, "mount-label", rootfs->mount_label);
    print_named(printer, "mount-context", rootfs->mount_context);
}

static void print_rootfs(const struct printer *printer)
{
    const struct plan_rootfs *rootfs = &printer->plan->rootfs;

    if (rootfs->path == 0)
        return;
    print_root(printer, rootfs);
    plan_for_each(mount, printer->plan, rootfs->mounts, struct plan_mount)
        print_mount(printer, mount);
    plan_for_each(device, printer->plan, rootfs->devices, struct plan_device)
    {
        fputs("device ", printer->out);
        print_string(printer, device->path);
        fprintf(printer->out, " %c %u:%u mode %04o owner %u:%u",
                S_ISCHR(device->type)   ? 'c'
                : S_ISBLK(device->type) ? 'b'
                                        : 'p',
                device->major, device->minor, device->mode, device->uid, device->gid);
        fputs((device->flags & PLAN_DEVICE_DEFAULT) != 0 ? " default" : "", printer->out);
        print_origin(printer, device->origin);
    }
    print_paths(printer, "mask", rootfs->masked);
    print_paths(printer, "readonly", rootfs->readonly_paths);
}

static void print_attributes(const struct printer *printer)
{
    const struct plan_process *process = &printer->plan->process;
    const struct plan_scheduler *scheduler = &process->scheduler;

    if (process->oom_score_adj_set)
        fprintf(printer->out, "oom-score-adj %d\n", process->oom_score_adj);
    if (scheduler->set)
        fprintf(printer->out,
                "scheduler policy %u nice %d priority %u flags %#" PRIx64 " runtime %" PRIu64
                " deadline %" PRIu64 " period %" PRIu64 "\n",
                scheduler->policy, scheduler->nice, scheduler->priority, scheduler->flags,
                scheduler->runtime, scheduler->deadline, scheduler->period);
    if (process->io_priority_set)
        fprintf(printer->out, "io-priority %#x\n", process->io_priority);
    if (process->personality_set)
        fprintf(printer->out, "personality %#x\n", process->personality);
    if (process->memory_policy.set)
        fprintf(printer->out, "memory-policy %#x of %u nodes\n", process->memory_policy.mode,
                process->memory_policy.nodes_bits);
    print_words(printer, "memory-policy-nodes", process->memory_policy.nodes);
    print_words(printer, "affinity-initial", process->affinity_initial);
    print_words(printer, "affinity-final", process->affinity_final);
    print_named(printer, "apparmor", process->apparmor);
    print_named(printer, "selinux", process->selinux);
    if (process->new_keyring) {
        fputs("keyring ", printer->out);
        print_string(printer, process->keyring_name);
        fputc('\n', printer->out);
    }
    if (process->terminal)
        fprintf(printer->out, "terminal rows %u columns %u\n", process->console_height,
                process->console_width);
    if (process->pidfd_socket != 0) {
        fprintf(printer->out, "pidfd-socket ");
        print_string(printer, process->pidfd_socket);
        fprintf(printer->out, "\n");
    }
    if (process->notify_socket)
        fprintf(printer->out, "notify-socket\n");
    if (process->preserve_fds > 0)
        fprintf(printer->out, "preserve-fds %u\n", process->preserve_fds);
}

/* The program itself is not shown: it depends on the machine. */
static void print_seccomp(const struct printer *printer)
{
    const struct plan_seccomp *seccomp = &printer->plan->process.seccomp;

    if (seccomp->instructions.count == 0)
        return;
    fprintf(printer->out, "seccomp of %u instructions flags %#x%s\n", seccomp->instructions.count,
            seccomp->flags, seccomp->listener ? " listener" : "");
    print_named(printer, "seccomp-listener-path", seccomp->listener_path);
    print_named(printer, "seccomp-listener-metadata", seccomp->listener_metadata);
    print_named(printer, "seccomp-plugins", seccomp->plugins);
}

static void print_process(const struct printer *printer)
{
    const struct plan_process *process = &printer->plan->process;
    const struct plan_capabilities *capabilities = &process->capabilities;

    print_strings(printer, "args", process->args);
    fputc('\n', printer->out);
    for (uint32_t i = 0; i < process->env.count; i++) {
        fputs("env ", printer->out);
        print_text(printer, plan_text_at(printer->plan, process->env, i));
        fputc('\n', printer->out);
    }
    print_named(printer, "path", process->path_list);
    if (process->needs_home)
        fputs("home from the container's passwd\n", printer->out);
    fputs("cwd ", printer->out);
    print_string(printer, process->cwd);
    fprintf(printer->out, "\nuser %u:%u groups", process->uid, process->gid);
    plan_for_each(group, printer->plan, process->groups, uint32_t)
        fprintf(printer->out, " %u", *group);
    fprintf(printer->out, "%s%s%s\n", process->keep_groups ? " and the caller's" : "",
            process->groups_may_be_denied ? " if allowed" : "",
            process->no_new_privileges ? " no-new-privileges" : "");
    if (process->umask_set)
        fprintf(printer->out, "umask %04o\n", process->umask);
    fprintf(printer->out,
            "capabilities bounding %#" PRIx64 " effective %#" PRIx64 " permitted %#" PRIx64
            " inheritable %#" PRIx64 " ambient %#" PRIx64 "\n",
            capabilities->bounding, capabilities->effective, capabilities->permitted,
            capabilities->inheritable, capabilities->ambient);
    plan_for_each(rlimit, printer->plan, process->rlimits, struct plan_rlimit)
    {
        fputs("rlimit ", printer->out);
        print_string(printer, rlimit->name);
        fprintf(printer->out, " %u soft %" PRIu64 " hard %" PRIu64, rlimit->resource, rlimit->soft,
                rlimit->hard);
        print_origin(printer, rlimit->origin);
    }
    print_attributes(printer);
    print_seccomp(printer);
}

static void print_hooks(const struct printer *printer)
{
    const struct plan_hooks *hooks = &printer->plan->hooks;

    print_named(printer, "hook-state", hooks->state_head);
    print_named(printer, "hook-state-tail", hooks->state_tail);
    print_named(printer, "hook-stdout", hooks->stdout_path);
    print_named(printer, "hook-stderr", hooks->stderr_path);
    for (unsigned kind = 0; kind < PLAN_HOOK_KINDS; kind++) {
        plan_for_each(hook, printer->plan, hooks->kinds[kind], struct plan_hook)
        {
            fputs("hook ", printer->out);
            print_string(printer, hook->path);
            print_strings(printer, " args", hook->args);
            fputs(hook->env_set ? " own-environment" : "", printer->out);
            print_strings(printer, " env", hook->env);
            if (hook->timeout > 0)
                fprintf(printer->out, " timeout %u", hook->timeout);
            print_origin(printer, hook->origin);
        }
    }
}

static void print_unit(const struct printer *printer, const struct plan_cgroup *cgroup)
{
    print_named(printer, cgroup->user_manager ? "user-slice" : "slice", cgroup->slice);
    plan_for_each(property, printer->plan, cgroup->properties, struct plan_unit_property)
    {
        const char *bytes = plan_items(printer->plan, property->value, char);

        fputs("unit-property ", printer->out);
        print_string(printer, property->name);
        fprintf(printer->out, " %s%s ", plan_text(printer->plan, property->signature),
                property->optional ? " optional" : "");
        for (uint32_t i = 0; i < property->value.count; i++)
            fprintf(printer->out, "%02x", (unsigned char)bytes[i]);
        print_origin(printer, property->origin);
    }
}

static void print_cgroup(const struct printer *printer)
{
    static const char *const managers[] = {
        [PLAN_CGROUP_CGROUPFS] = "cgroupfs",
        [PLAN_CGROUP_SYSTEMD] = "systemd",
        [PLAN_CGROUP_DISABLED] = "disabled",
    };
    const struct plan_cgroup *cgroup = &printer->plan->cgroup;

    if (cgroup->path == 0 && cgroup->scope == 0)
        return;
    fputs("cgroup ", printer->out);
    print_string(printer, cgroup->scope != 0 ? cgroup->scope : cgroup->path);
    fprintf(printer->out, " manager %s%s%s", managers[cgroup->manager],
            cgroup->default_path ? " default-path" : "",
            cgroup->devices_asked ? " devices-asked" : "");
    if (cgroup->by_user)
        fprintf(printer->out, " by-user %d", (int)cgroup->caller);
    if (cgroup->strict)
        fputs(" strict", printer->out);
    if (cgroup->delegated)
        fprintf(printer->out, " delegated-to %u", cgroup->owner);
    fputc('\n', printer->out);
    if (cgroup->scope != 0)
        print_unit(printer, cgroup);
    print_named(printer, "subgroup", cgroup->subgroup);
    print_named(printer, "delegate", cgroup->delegate);
    plan_for_each(write, printer->plan, cgroup->writes, struct plan_cgroup_write)
    {
        const char *controller =
            write->controller < HOST_CGROUP_CONTROLLERS
                ? host_cgroup_controller_name((enum host_cgroup_controller)write->controller)
                : "-";

        fprintf(printer->out, "cgroup-write %s ", controller);
        print_string(printer, write->file);
        fputc(' ', printer->out);
        print_string(printer, write->value);
        fprintf(printer->out, " flags %#x", write->flags);
        print_origin(printer, write->origin);
    }
    plan_for_each(device, printer->plan, cgroup->devices, struct plan_cgroup_device)
    {
        fprintf(printer->out, "cgroup-device %s %c %d:%d access %u",
                device->allow ? "allow" : "deny", device->type, device->major, device->minor,
                device->access);
        print_origin(printer, device->origin);
    }
}

char *plan_print(const struct plan *plan)
{
    static const char *const purposes[] = {
        [PLAN_CREATE] = "create", [PLAN_EXEC] = "exec-in", [PLAN_MOUNTS] = "mounts-in"};
    char *text = NULL;
    size_t length;
    struct printer printer = {.out = open_memstream(&text, &length), .plan = plan};

    if (printer.out == NULL)
        return NULL;
    fprintf(printer.out, "%s ", purposes[plan->purpose]);
    print_string(&printer, plan->id);
    fputs(" bundle ", printer.out);
    print_string(&printer, plan->bundle);
    fputc('\n', printer.out);
    print_namespaces(&printer);
    print_net_devices(&printer);
    print_rdt(&printer);
    print_cgroup(&printer);
    print_rootfs(&printer);
    print_process(&printer);
    print_hooks(&printer);
    if (fclose(printer.out) != 0)
        return NULL;
    return text;
}
