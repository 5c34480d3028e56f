/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the objects that concern other platforms than Linux. */
#include "tables.h"

static const struct oci_range file_mode_range = {0, 0xffff};
static const struct oci_range u8_range = {0, UINT8_MAX};

static const struct oci_row vm_hypervisor_rows[] = {
    OCI_ROW_STRING(struct oci_vm_hypervisor, "path", path, OCI_REQUIRED),
    OCI_ROW_STRINGS(struct oci_vm_hypervisor, "parameters", parameters, 0),
};
static const struct oci_table oci_vm_hypervisor_table =
    OCI_TABLE(struct oci_vm_hypervisor, "hypervisor", vm_hypervisor_rows);

static const struct oci_row vm_kernel_rows[] = {
    OCI_ROW_STRING(struct oci_vm_kernel, "path", path, OCI_REQUIRED),
    OCI_ROW_STRINGS(struct oci_vm_kernel, "parameters", parameters, 0),
    OCI_ROW_STRING(struct oci_vm_kernel, "initrd", initrd, 0),
};
static const struct oci_table oci_vm_kernel_table =
    OCI_TABLE(struct oci_vm_kernel, "kernel", vm_kernel_rows);

static const struct oci_row vm_image_rows[] = {
    OCI_ROW_STRING(struct oci_vm_image, "path", path, OCI_REQUIRED),
    OCI_ROW_ENUM(struct oci_vm_image, "format", format, OCI_REQUIRED, vm_image_format),
};
static const struct oci_table oci_vm_image_table =
    OCI_TABLE(struct oci_vm_image, "image", vm_image_rows);

static const struct oci_row vm_iomem_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_vm_iomem, "firstGFN", first_gfn, 0),
    OCI_ROW_U64(struct oci_vm_iomem, "firstMFN", first_mfn, OCI_REQUIRED),
    OCI_ROW_U64(struct oci_vm_iomem, "nrMFNs", nr_mfns, OCI_REQUIRED),
};
static const struct oci_table oci_vm_iomem_table =
    OCI_TABLE(struct oci_vm_iomem, "iomem", vm_iomem_rows);

static const struct oci_row vm_hw_config_rows[] = {
    OCI_ROW_STRING(struct oci_vm_hw_config, "deviceTree", device_tree, 0),
    OCI_ROW_OPTIONAL_U32(struct oci_vm_hw_config, "vcpus", vcpus, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_vm_hw_config, "memory", memory, 0),
    OCI_ROW_STRINGS(struct oci_vm_hw_config, "dtdevs", dtdevs, 0),
    OCI_ROW_OBJECTS(struct oci_vm_hw_config, "iomems", iomems, 0, struct oci_vm_iomem,
                    &oci_vm_iomem_table),
    OCI_ROW_U32S(struct oci_vm_hw_config, "irqs", irqs, 0),
};
static const struct oci_table oci_vm_hw_config_table =
    OCI_TABLE(struct oci_vm_hw_config, "hwConfig", vm_hw_config_rows);

static const struct oci_row vm_rows[] = {
    OCI_ROW_OBJECT(struct oci_vm, "hypervisor", hypervisor, 0, struct oci_vm_hypervisor,
                   &oci_vm_hypervisor_table),
    OCI_ROW_OBJECT(struct oci_vm, "kernel", kernel, OCI_REQUIRED, struct oci_vm_kernel,
                   &oci_vm_kernel_table),
    OCI_ROW_OBJECT(struct oci_vm, "image", image, 0, struct oci_vm_image, &oci_vm_image_table),
    OCI_ROW_OBJECT(struct oci_vm, "hwConfig", hw_config, 0, struct oci_vm_hw_config,
                   &oci_vm_hw_config_table),
};
const struct oci_table oci_vm_table = OCI_TABLE(struct oci_vm, "vm", vm_rows);

static const struct oci_row solaris_capped_cpu_rows[] = {
    OCI_ROW_STRING(struct oci_solaris_capped_cpu, "ncpus", ncpus, 0),
};
static const struct oci_table oci_solaris_capped_cpu_table =
    OCI_TABLE(struct oci_solaris_capped_cpu, "cappedCPU", solaris_capped_cpu_rows);

static const struct oci_row solaris_capped_memory_rows[] = {
    OCI_ROW_STRING(struct oci_solaris_capped_memory, "physical", physical, 0),
    OCI_ROW_STRING(struct oci_solaris_capped_memory, "swap", swap, 0),
};
static const struct oci_table oci_solaris_capped_memory_table =
    OCI_TABLE(struct oci_solaris_capped_memory, "cappedMemory", solaris_capped_memory_rows);

static const struct oci_row solaris_anet_rows[] = {
    OCI_ROW_STRING(struct oci_solaris_anet, "linkname", linkname, 0),
    OCI_ROW_STRING(struct oci_solaris_anet, "lowerLink", lower_link, 0),
    OCI_ROW_STRING(struct oci_solaris_anet, "allowedAddress", allowed_address, 0),
    OCI_ROW_STRING(struct oci_solaris_anet, "configureAllowedAddress", configure_allowed_address,
                   0),
    OCI_ROW_STRING(struct oci_solaris_anet, "defrouter", defrouter, 0),
    OCI_ROW_STRING(struct oci_solaris_anet, "macAddress", mac_address, 0),
    OCI_ROW_STRING(struct oci_solaris_anet, "linkProtection", link_protection, 0),
};
static const struct oci_table oci_solaris_anet_table =
    OCI_TABLE(struct oci_solaris_anet, "anet", solaris_anet_rows);

static const struct oci_row solaris_rows[] = {
    OCI_ROW_STRING(struct oci_solaris, "milestone", milestone, 0),
    OCI_ROW_STRING(struct oci_solaris, "limitpriv", limitpriv, 0),
    OCI_ROW_STRING(struct oci_solaris, "maxShmMemory", max_shm_memory, 0),
    OCI_ROW_OBJECTS(struct oci_solaris, "anet", anet, 0, struct oci_solaris_anet,
                    &oci_solaris_anet_table),
    OCI_ROW_OBJECT(struct oci_solaris, "cappedCPU", capped_cpu, 0, struct oci_solaris_capped_cpu,
                   &oci_solaris_capped_cpu_table),
    OCI_ROW_OBJECT(struct oci_solaris, "cappedMemory", capped_memory, 0,
                   struct oci_solaris_capped_memory, &oci_solaris_capped_memory_table),
};
const struct oci_table oci_solaris_table = OCI_TABLE(struct oci_solaris, "solaris", solaris_rows);

static const struct oci_row windows_device_rows[] = {
    OCI_ROW_STRING(struct oci_windows_device, "id", id, OCI_REQUIRED),
    OCI_ROW_ENUM(struct oci_windows_device, "idType", id_type, OCI_REQUIRED,
                 windows_device_id_type),
};
static const struct oci_table oci_windows_device_table =
    OCI_TABLE(struct oci_windows_device, "device", windows_device_rows);

static const struct oci_row windows_memory_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_windows_memory, "limit", limit, 0),
};
static const struct oci_table oci_windows_memory_table =
    OCI_TABLE(struct oci_windows_memory, "memory", windows_memory_rows);

static const struct oci_row windows_affinity_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_windows_affinity, "mask", mask, 0),
    OCI_ROW_OPTIONAL_U32(struct oci_windows_affinity, "group", group, 0),
};
static const struct oci_table oci_windows_affinity_table =
    OCI_TABLE(struct oci_windows_affinity, "affinity", windows_affinity_rows);

static const struct oci_row windows_cpu_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_windows_cpu, "count", count, 0),
    OCI_ROW_OPTIONAL_U16(struct oci_windows_cpu, "shares", shares, 0),
    OCI_ROW_OPTIONAL_U16(struct oci_windows_cpu, "maximum", maximum, 0),
    OCI_ROW_OBJECTS(struct oci_windows_cpu, "affinity", affinity, OCI_ONE_OR_MANY,
                    struct oci_windows_affinity, &oci_windows_affinity_table),
};
static const struct oci_table oci_windows_cpu_table =
    OCI_TABLE(struct oci_windows_cpu, "cpu", windows_cpu_rows);

static const struct oci_row windows_storage_rows[] = {
    OCI_ROW_OPTIONAL_U64(struct oci_windows_storage, "iops", iops, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_windows_storage, "bps", bps, 0),
    OCI_ROW_OPTIONAL_U64(struct oci_windows_storage, "sandboxSize", sandbox_size, 0),
};
static const struct oci_table oci_windows_storage_table =
    OCI_TABLE(struct oci_windows_storage, "storage", windows_storage_rows);

static const struct oci_row windows_resources_rows[] = {
    OCI_ROW_OBJECT(struct oci_windows_resources, "memory", memory, 0, struct oci_windows_memory,
                   &oci_windows_memory_table),
    OCI_ROW_OBJECT(struct oci_windows_resources, "cpu", cpu, 0, struct oci_windows_cpu,
                   &oci_windows_cpu_table),
    OCI_ROW_OBJECT(struct oci_windows_resources, "storage", storage, 0, struct oci_windows_storage,
                   &oci_windows_storage_table),
};
static const struct oci_table oci_windows_resources_table =
    OCI_TABLE(struct oci_windows_resources, "resources", windows_resources_rows);

static const struct oci_row windows_network_rows[] = {
    OCI_ROW_STRINGS(struct oci_windows_network, "endpointList", endpoint_list, 0),
    OCI_ROW_BOOL(struct oci_windows_network, "allowUnqualifiedDNSQuery",
                 allow_unqualified_dns_query, 0),
    OCI_ROW_STRINGS(struct oci_windows_network, "DNSSearchList", dns_search_list, 0),
    OCI_ROW_STRING(struct oci_windows_network, "networkSharedContainerName",
                   network_shared_container_name, 0),
    OCI_ROW_STRING(struct oci_windows_network, "networkNamespace", network_namespace, 0),
};
static const struct oci_table oci_windows_network_table =
    OCI_TABLE(struct oci_windows_network, "network", windows_network_rows);

static const struct oci_row windows_hyperv_rows[] = {
    OCI_ROW_STRING(struct oci_windows_hyperv, "utilityVMPath", utility_vm_path, 0),
};
static const struct oci_table oci_windows_hyperv_table =
    OCI_TABLE(struct oci_windows_hyperv, "hyperv", windows_hyperv_rows);

static const struct oci_row windows_rows[] = {
    OCI_ROW_STRINGS(struct oci_windows, "layerFolders", layer_folders,
                    OCI_REQUIRED | OCI_NOT_EMPTY),
    OCI_ROW_OBJECTS(struct oci_windows, "devices", devices, 0, struct oci_windows_device,
                    &oci_windows_device_table),
    OCI_ROW_OBJECT(struct oci_windows, "resources", resources, 0, struct oci_windows_resources,
                   &oci_windows_resources_table),
    OCI_ROW_RAW(struct oci_windows, "credentialSpec", credential_spec, 0),
    OCI_ROW_BOOL(struct oci_windows, "servicing", servicing, 0),
    OCI_ROW_BOOL(struct oci_windows, "ignoreFlushesDuringBoot", ignore_flushes_during_boot, 0),
    OCI_ROW_OBJECT(struct oci_windows, "hyperv", hyperv, 0, struct oci_windows_hyperv,
                   &oci_windows_hyperv_table),
    OCI_ROW_OBJECT(struct oci_windows, "network", network, 0, struct oci_windows_network,
                   &oci_windows_network_table),
};
const struct oci_table oci_windows_table = OCI_TABLE(struct oci_windows, "windows", windows_rows);

static const struct oci_row zos_namespace_rows[] = {
    OCI_ROW_ENUM(struct oci_zos_namespace, "type", type, OCI_REQUIRED, zos_namespace_type),
    OCI_ROW_STRING(struct oci_zos_namespace, "path", path, 0),
};
static const struct oci_table oci_zos_namespace_table =
    OCI_TABLE(struct oci_zos_namespace, "namespace", zos_namespace_rows);

static const struct oci_row zos_rows[] = {
    OCI_ROW_OBJECTS(struct oci_zos, "namespaces", namespaces, 0, struct oci_zos_namespace,
                    &oci_zos_namespace_table),
};
const struct oci_table oci_zos_table = OCI_TABLE(struct oci_zos, "zos", zos_rows);

static const struct oci_row freebsd_device_rows[] = {
    OCI_ROW_STRING(struct oci_freebsd_device, "path", path, 0),
    OCI_ROW_RANGE(OPTIONAL_U32, struct oci_freebsd_device, "mode", mode, 0, &file_mode_range),
};
static const struct oci_table oci_freebsd_device_table =
    OCI_TABLE(struct oci_freebsd_device, "device", freebsd_device_rows);

static const struct oci_row freebsd_allow_rows[] = {
    OCI_ROW_BOOL(struct oci_freebsd_allow, "setHostname", set_hostname, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "rawSockets", raw_sockets, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "chflags", chflags, 0),
    OCI_ROW_STRINGS(struct oci_freebsd_allow, "mount", mount, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "quotas", quotas, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "socketAf", socket_af, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "mlock", mlock, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "reservedPorts", reserved_ports, 0),
    OCI_ROW_BOOL(struct oci_freebsd_allow, "suser", suser, 0),
};
static const struct oci_table oci_freebsd_allow_table =
    OCI_TABLE(struct oci_freebsd_allow, "allow", freebsd_allow_rows);

static const struct oci_row freebsd_jail_rows[] = {
    OCI_ROW_STRING(struct oci_freebsd_jail, "parent", parent, 0),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "host", host, 0, freebsd_own_or_inherit),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "ip4", ip4, 0, freebsd_sharing),
    OCI_ROW_STRINGS(struct oci_freebsd_jail, "ip4Addr", ip4_addr, 0),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "ip6", ip6, 0, freebsd_sharing),
    OCI_ROW_STRINGS(struct oci_freebsd_jail, "ip6Addr", ip6_addr, 0),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "vnet", vnet, 0, freebsd_own_or_inherit),
    OCI_ROW_STRING(struct oci_freebsd_jail, "interface", interface, 0),
    OCI_ROW_STRINGS(struct oci_freebsd_jail, "vnetInterfaces", vnet_interfaces, 0),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "sysvmsg", sysvmsg, 0, freebsd_sharing),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "sysvsem", sysvsem, 0, freebsd_sharing),
    OCI_ROW_ENUM(struct oci_freebsd_jail, "sysvshm", sysvshm, 0, freebsd_sharing),
    OCI_ROW_RANGE(OPTIONAL_U32, struct oci_freebsd_jail, "enforceStatfs", enforce_statfs, 0,
                  &u8_range),
    OCI_ROW_OBJECT(struct oci_freebsd_jail, "allow", allow, 0, struct oci_freebsd_allow,
                   &oci_freebsd_allow_table),
};
static const struct oci_table oci_freebsd_jail_table =
    OCI_TABLE(struct oci_freebsd_jail, "jail", freebsd_jail_rows);

static const struct oci_row freebsd_rows[] = {
    OCI_ROW_OBJECTS(struct oci_freebsd, "devices", devices, 0, struct oci_freebsd_device,
                    &oci_freebsd_device_table),
    OCI_ROW_OBJECT(struct oci_freebsd, "jail", jail, 0, struct oci_freebsd_jail,
                   &oci_freebsd_jail_table),
};
const struct oci_table oci_freebsd_table = OCI_TABLE(struct oci_freebsd, "freebsd", freebsd_rows);
