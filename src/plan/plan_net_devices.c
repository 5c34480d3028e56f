/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The planner's part for linux.netDevices: which devices move, and what they are called then. */
#include <errno.h>

#include "plan/planner.h"

#define CAP_NET_ADMIN_NUMBER 12

int plan_net_devices(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_linux *config = input->spec->linux;
    struct plan_net_device *devices;

    if (config == NULL || config->net_devices_count == 0)
        return 0;
    if (!input->privileged || (input->host->capabilities >> CAP_NET_ADMIN_NUMBER & 1) == 0) {
        error_set_pointer(builder->error, "/linux/netDevices");
        return error_set(builder->error, ERROR_NET_DEVICE, EPERM,
                         "moving network devices takes root with CAP_NET_ADMIN");
    }
    devices = plan_add_array(builder, sizeof(*devices), config->net_devices_count,
                             &builder->plan->net_devices);
    if (devices == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < config->net_devices_count; i++) {
        const struct oci_linux_net_device *device = &config->net_devices[i];
        bool same = device->name == NULL || device->name[0] == '\0';

        devices[i].name = plan_add_string(builder, device->key);
        devices[i].new_name = plan_add_string(builder, same ? device->key : device->name);
        devices[i].origin =
            (struct plan_origin){.kind = ORIGIN_NET_DEVICE, .index = devices[i].name};
        if (devices[i].name == 0 || devices[i].new_name == 0)
            return -ENOMEM;
    }
    return 0;
}
