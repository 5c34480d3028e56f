/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the device nodes.  Runs in dray. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/plan_process_parts.h"
#include "plan/plan_rootfs_parts.h"

#define DEFAULT_MODE 0666

/*
 * "Default Devices" of the spec.  /dev/console is the terminal, if there is one, and /dev/ptmx a
 * link into the container's own devpts: both are made by other means, also when the config lists
 * them.
 */
static const struct {
    const char *path;
    uint32_t major;
    uint32_t minor;
} defaults[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static bool is_made_otherwise(const char *path)
{
    return plan_path_is(path, "/dev/ptmx") || plan_path_is(path, "/dev/console");
}

static int device_fault(struct plan_builder *builder, size_t index, const char *member,
                        enum error_code code, const char *message)
{
    error_set_pointer(builder->error, "/linux/devices/%zu%s", index, member);
    return error_set(builder->error, code, 0, "%s", message);
}

static int plan_numbers(struct plan_builder *builder, size_t index,
                        const struct oci_linux_device *config, struct plan_device *device)
{
    if (device->type == S_IFIFO)
        return 0;
    if (!config->major.set || !config->minor.set)
        return device_fault(builder, index, config->major.set ? "/minor" : "/major",
                            ERROR_CONFIG_MISSING,
                            "a device that is no fifo needs major and minor numbers");
    if (config->major.value < 0 || config->major.value > UINT32_MAX)
        return device_fault(builder, index, "/major", ERROR_CONFIG_RANGE,
                            "the major number is out of range");
    if (config->minor.value < 0 || config->minor.value > UINT32_MAX)
        return device_fault(builder, index, "/minor", ERROR_CONFIG_RANGE,
                            "the minor number is out of range");
    device->major = (uint32_t)config->major.value;
    device->minor = (uint32_t)config->minor.value;
    return 0;
}

static int plan_device_one(struct plan_builder *builder, size_t index,
                           const struct oci_linux_device *config, struct plan_device *device)
{
    if (config->path == NULL || config->path[0] != '/')
        return device_fault(builder, index, "/path", ERROR_CONFIG_VALUE,
                            "the path of a device must be absolute");
    switch (config->type) {
    case OCI_DEVICE_CHARACTER:
    case OCI_DEVICE_UNBUFFERED:
        device->type = S_IFCHR;
        break;
    case OCI_DEVICE_BLOCK:
        device->type = S_IFBLK;
        break;
    case OCI_DEVICE_FIFO:
        device->type = S_IFIFO;
        break;
    default:
        return device_fault(builder, index, "/type", ERROR_CONFIG_MISSING, "a device needs a type");
    }
    device->path = plan_add_clean_path(builder, config->path);
    if (device->path == 0)
        return -ENOMEM;
    if (strcmp(plan_text(builder->plan, device->path), "/") == 0)
        return device_fault(builder, index, "/path", ERROR_CONFIG_VALUE,
                            "the root directory cannot be a device");
    device->mode = config->file_mode.set ? config->file_mode.value & 07777 : DEFAULT_MODE;
    device->uid = config->uid.value;
    device->gid = config->gid.value;
    device->origin = (struct plan_origin){.kind = ORIGIN_DEVICE, .index = (uint32_t)index};
    return plan_numbers(builder, index, config, device);
}

static int plan_default(struct plan_builder *builder, size_t which, struct plan_device *device)
{
    *device = (struct plan_device){
        .path = plan_add_string(builder, defaults[which].path),
        .type = S_IFCHR,
        .mode = DEFAULT_MODE,
        .major = defaults[which].major,
        .minor = defaults[which].minor,
        .flags = PLAN_DEVICE_DEFAULT,
    };
    return device->path == 0 ? -ENOMEM : 0;
}

/* The default device that @path is, or -1. */
static int find_default(const char *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
        if (plan_path_is(path, defaults[i].path))
            return (int)i;
    return -1;
}

int plan_devices(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *config = input->spec->linux;
    struct plan_rootfs *rootfs = &builder->plan->rootfs;
    size_t count = config != NULL ? config->devices_count : 0, used = 0;
    bool listed[ARRAY_SIZE(defaults)] = {false};
    struct plan_device *devices =
        plan_add_array(builder, sizeof(*devices), count + ARRAY_SIZE(defaults), &rootfs->devices);
    int r;

    if (devices == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct plan_device *device = &devices[used];
        const char *path;
        int which;

        if (config->devices[i].path != NULL && is_made_otherwise(config->devices[i].path))
            continue;
        r = plan_device_one(builder, i, &config->devices[i], device);
        if (r < 0)
            return r;
        path = plan_text(builder->plan, device->path);
        /* a /dev that is bound from somewhere else has its owner's devices */
        if (!rootfs->setup_dev && strncmp(path, "/dev/", 5) == 0) {
            *device = (struct plan_device){0};
            continue;
        }
        which = find_default(path);
        if (which >= 0)
            listed[which] = true;
        used++;
    }
    for (size_t i = 0; rootfs->setup_dev && i < ARRAY_SIZE(defaults); i++) {
        if (listed[i])
            continue;
        r = plan_default(builder, i, &devices[used++]);
        if (r < 0)
            return r;
    }
    rootfs->devices.count = (uint32_t)used;
    return 0;
}
