/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the mounts.  Runs in dray. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/syscalls.h"
#include "plan/annotations.h"
#include "plan/mount_options.h"
#include "plan/plan_process_parts.h"
#include "plan/plan_rootfs_parts.h"

/* What mounts may lie on inside /proc: files that tools such as lxcfs give a container's view of.
 */
static const char *const allowed_in_proc[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
};

/*
 * File systems whose superblock is not ours to make read-only (shared with other mounts), or that
 * must stay writable until they are filled: "ro" is for their mount alone.
 */
static const char *const readonly_by_mount[] = {"cgroup", "cgroup2", "devpts", "mqueue",
                                                "proc",   "sysfs",   "tmpfs"};

/* File systems that know no "context=" option. */
static const char *const without_context[] = {"cgroup", "cgroup2", "mqueue", "proc", "sysfs"};

struct planning {
    const struct plan_input *input;
    struct plan_builder *builder;
    const struct oci_mount *config;
    size_t index;
    struct plan_mount *mount;
    bool remount;
    const char *idmap_text; /* what follows "idmap=" */
    size_t data_count;
    size_t propagation_count;
};

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; word != NULL && i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

bool plan_mount_is_bind(const struct oci_mount *mount)
{
    if (mount->type != NULL &&
        (strcmp(mount->type, "bind") == 0 || strcmp(mount->type, "rbind") == 0))
        return true;
    for (size_t i = 0; i < mount->options.count; i++) {
        const char *option = mount->options.items[i];

        if (strcmp(option, "bind") == 0 || strcmp(option, "rbind") == 0)
            return true;
    }
    return false;
}

const struct oci_mount *plan_find_mount(const struct oci_spec *spec, const char *destination)
{
    for (size_t i = spec->mounts_count; i > 0; i--) {
        const struct oci_mount *mount = &spec->mounts[i - 1];

        if (mount->destination != NULL && plan_path_is(mount->destination, destination))
            return mount;
    }
    return NULL;
}

static int mount_fault(struct planning *planning, enum error_code code, const char *member,
                       const char *message)
{
    const char *destination = planning->config->destination;

    error_set_pointer(planning->builder->error, "/mounts/%zu%s", planning->index, member);
    error_set_subject(planning->builder->error, destination);
    return error_set(planning->builder->error, code, 0, "cannot mount on \"%.200s\": %s",
                     destination != NULL ? destination : "", message);
}

static int option_fault(struct planning *planning, size_t option, const char *what)
{
    error_set_pointer(planning->builder->error, "/mounts/%zu/options/%zu", planning->index, option);
    return error_set(planning->builder->error, ERROR_MOUNT_OPTION, 0, "mount option \"%s\" %s",
                     planning->config->options.items[option], what);
}

/* "idmap=…" and "ridmap=…" carry their mappings along. */
static bool take_idmap_text(struct planning *planning, const char *option)
{
    bool recursive = option[0] == 'r';
    const char *word = option + recursive;

    if (strncmp(word, "idmap=", 6) != 0)
        return false;
    planning->idmap_text = word + 6;
    planning->mount->flags |= PLAN_MOUNT_IDMAP | (recursive ? PLAN_MOUNT_IDMAP_RECURSIVE : 0u);
    return true;
}

/* Later words win: what one sets, another clears again. */
static void change(uint64_t *set, uint64_t *clear, const struct mount_option *option)
{
    *set = (*set & ~option->clear) | option->set;
    *clear = (*clear & ~option->set) | option->clear;
}

/* Applies a known word, but for the lists, which are only counted. */
static void apply_option(struct planning *planning, const struct mount_option *option)
{
    const struct mount_option attribute = {.set = option->set ? MOUNT_ATTR_RDONLY : 0,
                                           .clear = option->clear ? MOUNT_ATTR_RDONLY : 0};
    struct plan_mount *mount = planning->mount;
    uint64_t ignored = 0;

    switch (option->kind) {
    case MOUNT_OPTION_READONLY:
        change(&mount->attributes_set, &mount->attributes_clear, &attribute);
        change(&mount->superblock_flags, &ignored, option);
        break;
    case MOUNT_OPTION_ATTRIBUTE:
        change(&mount->attributes_set, &mount->attributes_clear, option);
        break;
    case MOUNT_OPTION_RECURSIVE:
        change(&mount->recursive_set, &mount->recursive_clear, option);
        break;
    case MOUNT_OPTION_SUPERBLOCK:
        change(&mount->superblock_flags, &ignored, option);
        break;
    case MOUNT_OPTION_PROPAGATION:
        planning->propagation_count++;
        break;
    case MOUNT_OPTION_REMOUNT:
        planning->remount = true;
        break;
    case MOUNT_OPTION_BIND:
    case MOUNT_OPTION_FLAG:
        mount->flags |= (uint32_t)option->set;
        break;
    default:
        break;
    }
}

/*
 * Data of a file system, which a bind mount does not make: mount(2) ignores it there, and so do the
 * runtimes that people come from.  A bare word is an error, for it is one of ours misspelt.
 */
static int unknown_on_bind(struct planning *planning, size_t index)
{
    const char *option = planning->config->options.items[index];
    const char *meant = mount_option_suggest(option);

    if (strchr(option, '=') != NULL) {
        plan_warn(planning->builder, ORIGIN_MOUNT, (uint32_t)planning->index,
                  "ignored option \"%s\" of a bind mount: it is for a new file system", option);
        return 0;
    }
    error_set_pointer(planning->builder->error, "/mounts/%zu/options/%zu", planning->index, index);
    return error_set(planning->builder->error, ERROR_MOUNT_OPTION, 0,
                     "unknown option \"%s\" of a bind mount%s%s%s", option,
                     meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "",
                     meant != NULL ? "\"?" : "");
}

/*
 * "gid=5" of a devpts, the group tty, is in every configuration, but a user who maps its own group
 * alone has no group 5: then terminals belong to the user's.
 */
static bool is_unmapped_group(const struct planning *planning, const char *word)
{
    const struct oci_linux *config = planning->input->spec->linux;
    uint32_t gid;

    if (planning->config->type == NULL || strcmp(planning->config->type, "devpts") != 0 ||
        strncmp(word, "gid=", 4) != 0 || parse_u32(word + 4, &gid) < 0 || config == NULL ||
        config->gid_mappings_count == 0)
        return false;
    for (size_t i = 0; i < config->gid_mappings_count; i++) {
        const struct oci_id_mapping *mapping = &config->gid_mappings[i];

        if (gid >= mapping->container_id && gid - mapping->container_id < mapping->size)
            return false;
    }
    return true;
}

static int read_options(struct planning *planning, bool bind)
{
    for (size_t i = 0; i < planning->config->options.count; i++) {
        const char *word = planning->config->options.items[i];
        const struct mount_option *option = mount_option_find(word);

        if (option != NULL) {
            if (option->kind == MOUNT_OPTION_FLAG && !bind &&
                option->set & (PLAN_MOUNT_COPY_SYMLINK | PLAN_MOUNT_SOURCE_NOFOLLOW))
                return option_fault(planning, i, "is for bind mounts only");
            if (option->kind == MOUNT_OPTION_FLAG && option->set & PLAN_MOUNT_TMPCOPYUP &&
                (planning->config->type == NULL || strcmp(planning->config->type, "tmpfs") != 0))
                return option_fault(planning, i, "is for mounts of type tmpfs only");
            apply_option(planning, option);
        } else if (is_unmapped_group(planning, word)) {
            plan_warn(planning->builder, ORIGIN_MOUNT, (uint32_t)planning->index,
                      "ignored option \"%s\": the group is not mapped in the user namespace", word);
        } else if (!take_idmap_text(planning, word) && word[0] != '\0') {
            if (!bind)
                planning->data_count++;
            else if (unknown_on_bind(planning, i) < 0)
                return -EINVAL;
        }
    }
    return 0;
}

/* The second reading: lists, now that their lengths are known. */
static int add_lists(struct planning *planning)
{
    struct plan_mount *mount = planning->mount;
    plan_string *data =
        plan_add_array(planning->builder, sizeof(*data), planning->data_count, &mount->data);
    uint32_t *propagation = plan_add_array(planning->builder, sizeof(*propagation),
                                           planning->propagation_count, &mount->propagation);

    if (data == NULL || propagation == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < planning->config->options.count; i++) {
        const char *word = planning->config->options.items[i];
        const struct mount_option *option = mount_option_find(word);

        if (option != NULL && option->kind == MOUNT_OPTION_PROPAGATION) {
            *propagation++ = (uint32_t)option->set;
        } else if (option == NULL && planning->data_count > 0 && word[0] != '\0' &&
                   strncmp(word, "idmap=", 6) != 0 && strncmp(word, "ridmap=", 7) != 0 &&
                   !is_unmapped_group(planning, word)) {
            *data = plan_add_string(planning->builder, word);
            if (*data++ == 0)
                return -ENOMEM;
        }
    }
    return 0;
}

/* Mounts over parts of /proc could make a tool in the container, or us, write to the wrong file. */
static int check_proc(struct planning *planning, const char *destination)
{
    const char *type = planning->config->type;
    struct plan_mount *mount = planning->mount;

    if (strcmp(destination, "/proc") == 0) {
        if (mount->kind == PLAN_MOUNT_FILESYSTEM && (type == NULL || strcmp(type, "proc") != 0))
            return mount_fault(planning, ERROR_MOUNT_TARGET, "/destination",
                               "only a proc file system can be mounted on \"/proc\"");
        mount->flags |= PLAN_MOUNT_ON_PROC;
    } else if (strncmp(destination, "/proc/", 6) == 0) {
        if (!is_one_of(destination, allowed_in_proc, ARRAY_SIZE(allowed_in_proc)))
            return mount_fault(planning, ERROR_MOUNT_TARGET, "/destination",
                               "a mount inside \"/proc\" is only allowed on some of its files "
                               "(cpuinfo, meminfo, stat, uptime …), not on this one");
        mount->flags |= PLAN_MOUNT_ON_PROC;
    }
    return 0;
}

static int plan_destination(struct planning *planning)
{
    const char *destination = planning->config->destination;

    if (destination == NULL || destination[0] == '\0')
        return mount_fault(planning, ERROR_CONFIG_MISSING, "/destination",
                           "a mount needs a destination");
    if (destination[0] != '/')
        plan_warn(planning->builder, ORIGIN_MOUNT, (uint32_t)planning->index,
                  "the mount destination \"%s\" is not absolute; it is taken from \"/\"",
                  destination);
    planning->mount->destination = plan_add_clean_path(planning->builder, destination);
    if (planning->mount->destination == 0)
        return -ENOMEM;
    return check_proc(planning, plan_text(planning->builder->plan, planning->mount->destination));
}

static int plan_bind(struct planning *planning)
{
    const struct oci_mount *config = planning->config;
    struct plan_mount *mount = planning->mount;

    if (config->source == NULL || config->source[0] == '\0')
        return mount_fault(planning, ERROR_CONFIG_MISSING, "/source",
                           "a bind mount needs a source");
    if (config->type != NULL && strcmp(config->type, "rbind") == 0)
        mount->flags |= PLAN_MOUNT_RECURSIVE;
    /* as ever, what belongs to the source's superblock is not changed by a bind */
    mount->superblock_flags = 0;
    mount->source = plan_add_host_path(planning->input, planning->builder, config->source);
    if (mount->source == 0)
        return -ENOMEM;
    /* in a running container the stage sees nothing of the host any more */
    if (planning->input->purpose == PLAN_MOUNTS ||
        (planning->input->privileged && plan_has_user_namespace(planning->input->spec)))
        mount->flags |= PLAN_MOUNT_BY_DRAY;
    return 0;
}

/*
 * Only who owns the network namespace may mount sysfs: in a user namespace that has the host's, the
 * host's /sys is shown.  As it holds more mounts, "ro" is for all of them.
 */
static bool needs_host_sysfs(const struct plan_input *input, const char *type)
{
    return strcmp(type, "sysfs") == 0 && plan_has_user_namespace(input->spec) &&
           plan_find_namespace(input->spec, OCI_NAMESPACE_NETWORK) == NULL;
}

static int plan_host_sysfs(struct planning *planning)
{
    struct plan_mount *mount = planning->mount;

    if (planning->data_count > 0)
        return mount_fault(planning, ERROR_MOUNT_OPTION, "/options",
                           "sysfs has no options of its own");
    mount->kind = PLAN_MOUNT_BIND;
    mount->flags |= PLAN_MOUNT_RECURSIVE;
    mount->superblock_flags = 0;
    mount->recursive_set |= mount->attributes_set & MOUNT_ATTR_RDONLY;
    mount->source = plan_add_string(planning->builder, "/sys");
    return mount->source == 0 ? -ENOMEM : 0;
}

/* The annotation run.oci.systemd.force_cgroup_v1 names a mount that becomes another one. */
static bool is_forced_v1(const struct oci_spec *spec, const struct oci_mount *config)
{
    const char *path = annotation_get(spec, ANNOTATION_FORCE_CGROUP_V1);
    const char *target = config->destination;
    size_t length = path != NULL ? strlen(path) : 0, other = target != NULL ? strlen(target) : 0;

    while (length > 1 && path[length - 1] == '/')
        length--;
    while (other > 1 && target[other - 1] == '/')
        other--;
    return length > 0 && length == other && memcmp(path, target, length) == 0;
}

static int plan_forced_v1(struct planning *planning)
{
    struct plan_mount *mount = planning->mount;

    if (mount->kind != PLAN_MOUNT_FILESYSTEM)
        return mount_fault(planning, ERROR_CONFIG_VALUE, "/destination",
                           "the annotation run.oci.systemd.force_cgroup_v1 makes another mount of "
                           "this one, which must not be a bind mount or a remount");
    mount->kind = PLAN_MOUNT_CGROUP;
    mount->flags |= PLAN_MOUNT_SYSTEMD_V1;
    mount->superblock_flags &= ~(uint64_t)MS_RDONLY;
    mount->type = mount->source = plan_add_string(planning->builder, "cgroup");
    return mount->type == 0 ? -ENOMEM : 0;
}

static int plan_filesystem(struct planning *planning)
{
    const struct oci_mount *config = planning->config;
    struct plan_mount *mount = planning->mount;

    if (config->type == NULL || config->type[0] == '\0')
        return mount_fault(planning, ERROR_CONFIG_MISSING, "/type",
                           "a mount that is not a bind mount needs a type");
    if (needs_host_sysfs(planning->input, config->type))
        return plan_host_sysfs(planning);
    if (is_one_of(config->type, readonly_by_mount, ARRAY_SIZE(readonly_by_mount)))
        mount->superblock_flags &= ~(uint64_t)MS_RDONLY;
    if (strcmp(config->type, "cgroup") == 0)
        mount->kind = PLAN_MOUNT_CGROUP;
    mount->type = plan_add_string(planning->builder, config->type);
    mount->source =
        config->source != NULL ? plan_add_string(planning->builder, config->source) : mount->type;
    return mount->type == 0 || mount->source == 0 ? -ENOMEM : 0;
}

static int plan_label(struct planning *planning)
{
    const struct plan_rootfs *rootfs = &planning->builder->plan->rootfs;
    struct plan_mount *mount = planning->mount;

    if (rootfs->mount_context == 0 || mount->kind != PLAN_MOUNT_FILESYSTEM ||
        is_one_of(planning->config->type, without_context, ARRAY_SIZE(without_context)))
        return 0;
    for (size_t i = 0; i < planning->config->options.count; i++)
        if (strstr(planning->config->options.items[i], "context=") != NULL)
            return 0;
    mount->label = rootfs->mount_context;
    return 0;
}

static int plan_mount_one(struct planning *planning)
{
    const struct oci_mount *config = planning->config;
    struct plan_mount *mount = planning->mount;
    bool bind = plan_mount_is_bind(config);
    int r;

    mount->descriptor = -1;
    mount->origin = (struct plan_origin){.kind = ORIGIN_MOUNT, .index = (uint32_t)planning->index};
    r = read_options(planning, bind);
    if (r < 0)
        return r;
    /* with something to bind it is a bind mount with those flags: there may be nothing to remount
     */
    if (bind && config->source != NULL)
        planning->remount = false;
    mount->kind = planning->remount ? PLAN_MOUNT_REMOUNT
                  : bind            ? PLAN_MOUNT_BIND
                                    : PLAN_MOUNT_FILESYSTEM;
    r = plan_destination(planning);
    if (r == 0 && is_forced_v1(planning->input->spec, config))
        r = plan_forced_v1(planning);
    else if (r == 0 && planning->remount)
        mount->superblock_flags = bind ? 0 : mount->superblock_flags;
    else if (r == 0)
        r = bind ? plan_bind(planning) : plan_filesystem(planning);
    if (r == 0)
        r = add_lists(planning);
    if (r == 0)
        r = plan_label(planning);
    if (r < 0)
        return r;
    if (config->uid_mappings_count + config->gid_mappings_count > 0)
        mount->flags |= PLAN_MOUNT_IDMAP;
    if (!(mount->flags & PLAN_MOUNT_IDMAP))
        return 0;
    mount->flags |= PLAN_MOUNT_BY_DRAY;
    return plan_mount_idmap(planning->input, planning->builder, planning->index,
                            planning->idmap_text, mount);
}

int plan_mounts(const struct plan_input *input, struct plan_builder *builder)
{
    struct plan_rootfs *rootfs = &builder->plan->rootfs;
    size_t count = input->spec->mounts_count;
    struct plan_mount *mounts = plan_add_array(builder, sizeof(*mounts), count, &rootfs->mounts);

    bool forced = annotation_get(input->spec, ANNOTATION_FORCE_CGROUP_V1) == NULL;

    if (mounts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct planning planning = {
            .input = input,
            .builder = builder,
            .config = &input->spec->mounts[i],
            .index = i,
            .mount = &mounts[i],
        };
        int r = plan_mount_one(&planning);

        if (r < 0)
            return r;
        forced = forced || (mounts[i].flags & PLAN_MOUNT_SYSTEMD_V1) != 0;
    }
    if (!forced)
        plan_warn(builder, ORIGIN_NONE, 0,
                  "the annotation \"%s\" has no effect: there is no mount at \"%s\"",
                  annotation_rows[ANNOTATION_FORCE_CGROUP_V1].name,
                  annotation_get(input->spec, ANNOTATION_FORCE_CGROUP_V1));
    return 0;
}
