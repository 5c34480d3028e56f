/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container configuration of the OCI runtime specification 1.3.0 (config.json) as plain
 * structs.  A member is named as its JSON key in snake case; types.h says what absence looks like.
 */
#ifndef OCISPEC_SPEC_H
#define OCISPEC_SPEC_H

#include "ocispec/platforms.h"
#include "ocispec/types.h"
#include "ocispec/words.h"

/* process */

struct oci_console_size {
    uint64_t height;
    uint64_t width;
};

struct oci_user {
    uint32_t uid;
    uint32_t gid;
    struct oci_optional_u32 umask;
    struct oci_u32s additional_gids;
    const char *username; /* Windows */
};

struct oci_capabilities {
    struct oci_strings bounding;
    struct oci_strings effective;
    struct oci_strings inheritable;
    struct oci_strings permitted;
    struct oci_strings ambient;
};

struct oci_rlimit {
    const char *type; /* "RLIMIT_NOFILE" */
    uint64_t soft;
    uint64_t hard;
};

struct oci_scheduler {
    enum oci_scheduler_policy policy;
    int32_t nice;
    int32_t priority;
    enum oci_scheduler_flag *flags;
    size_t flags_count;
    uint64_t runtime; /* nanoseconds, as the next two; 0: not given */
    uint64_t deadline;
    uint64_t period;
};

struct oci_io_priority {
    enum oci_io_priority_class class;
    int32_t priority;
};

struct oci_exec_cpu_affinity {
    const char *initial;
    const char *final;
};

struct oci_process {
    bool terminal;
    struct oci_console_size *console_size;
    struct oci_user *user; /* NULL: 0:0 */
    struct oci_strings args;
    const char *command_line; /* Windows */
    struct oci_strings env;
    const char *cwd;
    struct oci_capabilities *capabilities;
    struct oci_rlimit *rlimits;
    size_t rlimits_count;
    bool no_new_privileges;
    const char *apparmor_profile;
    struct oci_optional_i32 oom_score_adj;
    struct oci_scheduler *scheduler;
    const char *selinux_label;
    struct oci_io_priority *io_priority;
    struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

/* root, mounts, hooks */

struct oci_root {
    const char *path;
    bool readonly;
};

struct oci_id_mapping {
    uint32_t container_id;
    uint32_t host_id;
    uint32_t size;
};

struct oci_mount {
    const char *destination;
    const char *type;
    const char *source;
    struct oci_strings options;
    struct oci_id_mapping *uid_mappings;
    size_t uid_mappings_count;
    struct oci_id_mapping *gid_mappings;
    size_t gid_mappings_count;
};

struct oci_hook {
    const char *path;
    struct oci_strings args;
    struct oci_strings env;
    struct oci_optional_i64 timeout; /* seconds */
};

struct oci_hooks {
    struct oci_hook *prestart;
    size_t prestart_count;
    struct oci_hook *create_runtime;
    size_t create_runtime_count;
    struct oci_hook *create_container;
    size_t create_container_count;
    struct oci_hook *start_container;
    size_t start_container_count;
    struct oci_hook *poststart;
    size_t poststart_count;
    struct oci_hook *poststop;
    size_t poststop_count;
};

/* linux.resources */

struct oci_linux_device_rule {
    bool allow;
    enum oci_device_rule_type type;
    struct oci_optional_i64 major;
    struct oci_optional_i64 minor;
    const char *access;
};

struct oci_linux_memory {
    struct oci_optional_i64 limit;
    struct oci_optional_i64 reservation;
    struct oci_optional_i64 swap; /* memory and swap together */
    struct oci_optional_i64 kernel;
    struct oci_optional_i64 kernel_tcp;
    struct oci_optional_u64 swappiness;
    struct oci_optional_bool disable_oom_killer;
    struct oci_optional_bool use_hierarchy;
    struct oci_optional_bool check_before_update;
};

struct oci_linux_cpu {
    struct oci_optional_u64 shares;
    struct oci_optional_i64 quota; /* microseconds, as period and burst */
    struct oci_optional_u64 burst;
    struct oci_optional_u64 period;
    struct oci_optional_i64 realtime_runtime;
    struct oci_optional_u64 realtime_period;
    const char *cpus;
    const char *mems;
    struct oci_optional_i64 idle;
};

struct oci_linux_pids {
    struct oci_optional_i64 limit;
};

struct oci_linux_weight_device {
    int64_t major;
    int64_t minor;
    struct oci_optional_u16 weight;
    struct oci_optional_u16 leaf_weight;
};

struct oci_linux_throttle_device {
    int64_t major;
    int64_t minor;
    struct oci_optional_u64 rate;
};

struct oci_linux_block_io {
    struct oci_optional_u16 weight;
    struct oci_optional_u16 leaf_weight;
    struct oci_linux_weight_device *weight_device;
    size_t weight_device_count;
    struct oci_linux_throttle_device *throttle_read_bps_device;
    size_t throttle_read_bps_device_count;
    struct oci_linux_throttle_device *throttle_write_bps_device;
    size_t throttle_write_bps_device_count;
    struct oci_linux_throttle_device *throttle_read_iops_device;
    size_t throttle_read_iops_device_count;
    struct oci_linux_throttle_device *throttle_write_iops_device;
    size_t throttle_write_iops_device_count;
};

struct oci_linux_hugepage_limit {
    const char *page_size; /* "2MB" */
    uint64_t limit;
};

struct oci_linux_interface_priority {
    const char *name;
    uint32_t priority;
};

struct oci_linux_network {
    struct oci_optional_u32 class_id;
    struct oci_linux_interface_priority *priorities;
    size_t priorities_count;
};

struct oci_linux_rdma {
    const char *key; /* the device */
    struct oci_optional_u32 hca_handles;
    struct oci_optional_u32 hca_objects;
};

struct oci_linux_resources {
    struct oci_linux_device_rule *devices;
    size_t devices_count;
    struct oci_linux_memory *memory;
    struct oci_linux_cpu *cpu;
    struct oci_linux_pids *pids;
    struct oci_linux_block_io *block_io;
    struct oci_linux_hugepage_limit *hugepage_limits;
    size_t hugepage_limits_count;
    struct oci_linux_network *network;
    struct oci_linux_rdma *rdma;
    size_t rdma_count;
    struct oci_string_map unified;
};

/* linux */

struct oci_linux_namespace {
    enum oci_namespace_type type;
    const char *path; /* NULL: a new one */
};

struct oci_linux_device {
    enum oci_device_type type;
    const char *path;
    struct oci_optional_i64 major;
    struct oci_optional_i64 minor;
    struct oci_optional_u32 file_mode; /* may carry type bits: mask with 07777 */
    struct oci_optional_u32 uid;
    struct oci_optional_u32 gid;
};

struct oci_linux_net_device {
    const char *key;  /* name on the host */
    const char *name; /* name in the container; NULL: the same */
};

struct oci_linux_seccomp_arg {
    uint32_t index;
    uint64_t value;
    uint64_t value_two;
    enum oci_seccomp_operator op;
};

struct oci_linux_seccomp_syscall {
    struct oci_strings names;
    enum oci_seccomp_action action;
    struct oci_optional_u32 errno_ret;
    struct oci_linux_seccomp_arg *args;
    size_t args_count;
};

struct oci_linux_seccomp {
    enum oci_seccomp_action default_action;
    struct oci_optional_u32 default_errno_ret;
    enum oci_seccomp_arch *architectures;
    size_t architectures_count;
    enum oci_seccomp_flag *flags; /* NULL: absent, which differs from an empty list */
    size_t flags_count;
    const char *listener_path;
    const char *listener_metadata;
    struct oci_linux_seccomp_syscall *syscalls;
    size_t syscalls_count;
};

struct oci_linux_intel_rdt {
    const char *clos_id;
    struct oci_strings schemata;
    const char *l3_cache_schema;
    const char *mem_bw_schema;
    bool enable_monitoring;
};

struct oci_linux_memory_policy {
    enum oci_memory_policy_mode mode;
    const char *nodes;
    enum oci_memory_policy_flag *flags;
    size_t flags_count;
};

struct oci_linux_personality {
    enum oci_personality_domain domain;
    struct oci_strings flags;
};

struct oci_linux_time_offset {
    int64_t secs;
    uint32_t nanosecs;
};

struct oci_linux_time_offsets {
    struct oci_linux_time_offset *monotonic;
    struct oci_linux_time_offset *boottime;
};

struct oci_linux {
    struct oci_linux_namespace *namespaces;
    size_t namespaces_count;
    struct oci_id_mapping *uid_mappings;
    size_t uid_mappings_count;
    struct oci_id_mapping *gid_mappings;
    size_t gid_mappings_count;
    struct oci_linux_time_offsets *time_offsets;
    struct oci_linux_device *devices;
    size_t devices_count;
    struct oci_linux_net_device *net_devices;
    size_t net_devices_count;
    const char *cgroups_path;
    struct oci_linux_resources *resources;
    enum oci_rootfs_propagation rootfs_propagation;
    struct oci_linux_seccomp *seccomp;
    struct oci_string_map sysctl;
    struct oci_strings masked_paths;
    struct oci_strings readonly_paths;
    const char *mount_label;
    struct oci_linux_intel_rdt *intel_rdt;
    struct oci_linux_memory_policy *memory_policy;
    struct oci_linux_personality *personality;
};

/* config.json */

struct oci_spec {
    const char *oci_version;
    struct oci_root *root;
    struct oci_process *process;
    const char *hostname;
    const char *domainname;
    struct oci_mount *mounts;
    size_t mounts_count;
    struct oci_hooks *hooks;
    struct oci_string_map annotations;
    struct oci_linux *linux;
    struct oci_vm *vm;
    struct oci_solaris *solaris;
    struct oci_windows *windows;
    struct oci_zos *zos;
    struct oci_freebsd *freebsd;
};

#endif
