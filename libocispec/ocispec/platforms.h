/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a configuration that concern other platforms than Linux.  They are read and their
 * types checked, so that a document that is wrong there is refused; what uses them is reported as
 * not supported by oci_spec_validate().
 */
#ifndef OCISPEC_PLATFORMS_H
#define OCISPEC_PLATFORMS_H

#include "ocispec/types.h"
#include "ocispec/words.h"

struct oci_vm_hypervisor {
    const char *path;
    struct oci_strings parameters;
};

struct oci_vm_kernel {
    const char *path;
    struct oci_strings parameters;
    const char *initrd;
};

struct oci_vm_image {
    const char *path;
    enum oci_vm_image_format format;
};

struct oci_vm_iomem {
    struct oci_optional_u64 first_gfn;
    uint64_t first_mfn;
    uint64_t nr_mfns;
};

struct oci_vm_hw_config {
    const char *device_tree;
    struct oci_optional_u32 vcpus;
    struct oci_optional_u64 memory;
    struct oci_strings dtdevs;
    struct oci_vm_iomem *iomems;
    size_t iomems_count;
    struct oci_u32s irqs;
};

struct oci_vm {
    struct oci_vm_hypervisor *hypervisor;
    struct oci_vm_kernel *kernel;
    struct oci_vm_image *image;
    struct oci_vm_hw_config *hw_config;
};

struct oci_solaris_capped_cpu {
    const char *ncpus;
};

struct oci_solaris_capped_memory {
    const char *physical;
    const char *swap;
};

struct oci_solaris_anet {
    const char *linkname;
    const char *lower_link;
    const char *allowed_address;
    const char *configure_allowed_address;
    const char *defrouter;
    const char *mac_address;
    const char *link_protection;
};

struct oci_solaris {
    const char *milestone;
    const char *limitpriv;
    const char *max_shm_memory;
    struct oci_solaris_capped_cpu *capped_cpu;
    struct oci_solaris_capped_memory *capped_memory;
    struct oci_solaris_anet *anet;
    size_t anet_count;
};

struct oci_windows_device {
    const char *id;
    enum oci_windows_device_id_type id_type;
};

struct oci_windows_memory {
    struct oci_optional_u64 limit;
};

struct oci_windows_affinity {
    struct oci_optional_u64 mask;
    struct oci_optional_u32 group;
};

struct oci_windows_cpu {
    struct oci_optional_u64 count;
    struct oci_optional_u16 shares;
    struct oci_optional_u16 maximum;
    /* The schema has one object, the specification's text an array of them. */
    struct oci_windows_affinity *affinity;
    size_t affinity_count;
};

struct oci_windows_storage {
    struct oci_optional_u64 iops;
    struct oci_optional_u64 bps;
    struct oci_optional_u64 sandbox_size;
};

struct oci_windows_resources {
    struct oci_windows_memory *memory;
    struct oci_windows_cpu *cpu;
    struct oci_windows_storage *storage;
};

struct oci_windows_network {
    struct oci_strings endpoint_list;
    bool allow_unqualified_dns_query;
    struct oci_strings dns_search_list;
    const char *network_shared_container_name;
    const char *network_namespace;
};

struct oci_windows_hyperv {
    const char *utility_vm_path;
};

struct oci_windows {
    struct oci_strings layer_folders;
    struct oci_windows_device *devices;
    size_t devices_count;
    struct oci_windows_resources *resources;
    struct oci_windows_network *network;
    const char *credential_spec; /* JSON text of an object of any content */
    bool servicing;
    bool ignore_flushes_during_boot;
    struct oci_windows_hyperv *hyperv;
};

struct oci_zos_namespace {
    enum oci_zos_namespace_type type;
    const char *path;
};

struct oci_zos {
    struct oci_zos_namespace *namespaces;
    size_t namespaces_count;
};

struct oci_freebsd_device {
    const char *path;
    struct oci_optional_u32 mode;
};

struct oci_freebsd_allow {
    bool set_hostname;
    bool raw_sockets;
    bool chflags;
    struct oci_strings mount;
    bool quotas;
    bool socket_af;
    bool mlock;
    bool reserved_ports;
    bool suser;
};

struct oci_freebsd_jail {
    const char *parent;
    enum oci_freebsd_own_or_inherit host;
    enum oci_freebsd_sharing ip4;
    struct oci_strings ip4_addr;
    enum oci_freebsd_sharing ip6;
    struct oci_strings ip6_addr;
    enum oci_freebsd_own_or_inherit vnet;
    const char *interface;
    struct oci_strings vnet_interfaces;
    enum oci_freebsd_sharing sysvmsg;
    enum oci_freebsd_sharing sysvsem;
    enum oci_freebsd_sharing sysvshm;
    struct oci_optional_u32 enforce_statfs;
    struct oci_freebsd_allow *allow;
};

struct oci_freebsd {
    struct oci_freebsd_device *devices;
    size_t devices_count;
    struct oci_freebsd_jail *jail;
};

#endif
