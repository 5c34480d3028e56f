/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other documents of the OCI runtime specification 1.3.0: the state, the features and the
 * message to a seccomp agent.
 */
#ifndef OCISPEC_DOCUMENTS_H
#define OCISPEC_DOCUMENTS_H

#include "ocispec/types.h"
#include "ocispec/words.h"

/* The state of a container (runtime.md, "State"), as hooks get it on their standard input. */
struct oci_state {
    const char *oci_version;
    const char *id;
    const char *status; /* runtimes may have further words than the spec's four */
    struct oci_optional_i32 pid;
    const char *bundle;
    struct oci_string_map annotations;
};

/* What goes to linux.seccomp.listenerPath (config-linux.md, "The Container Process State"). */
struct oci_container_process_state {
    const char *oci_version;
    struct oci_strings fds;
    int32_t pid;
    const char *metadata;
    struct oci_state *state;
};

struct oci_features_cgroup {
    struct oci_optional_bool v1;
    struct oci_optional_bool v2;
    struct oci_optional_bool systemd;
    struct oci_optional_bool systemd_user;
    struct oci_optional_bool rdma;
};

struct oci_features_seccomp {
    struct oci_optional_bool enabled;
    struct oci_strings actions;
    struct oci_strings operators;
    struct oci_strings archs;
    struct oci_strings known_flags;
    struct oci_strings supported_flags;
};

struct oci_features_enabled {
    struct oci_optional_bool enabled;
};

struct oci_features_intel_rdt {
    struct oci_optional_bool enabled;
    struct oci_optional_bool schemata;
    struct oci_optional_bool monitoring;
};

struct oci_features_memory_policy {
    struct oci_strings modes;
    struct oci_strings flags;
};

struct oci_features_mount_extensions {
    struct oci_features_enabled *idmap;
};

struct oci_features_linux {
    struct oci_strings namespaces;
    struct oci_strings capabilities;
    struct oci_features_cgroup *cgroup;
    struct oci_features_seccomp *seccomp;
    struct oci_features_enabled *apparmor;
    struct oci_features_enabled *selinux;
    struct oci_features_intel_rdt *intel_rdt;
    struct oci_features_memory_policy *memory_policy;
    struct oci_features_mount_extensions *mount_extensions;
    struct oci_features_enabled *net_devices;
};

/* features.md.  The words are strings: a runtime may know more of them than this library. */
struct oci_features {
    const char *oci_version_min;
    const char *oci_version_max;
    struct oci_strings hooks;
    struct oci_strings mount_options;
    struct oci_features_linux *linux;
    struct oci_string_map annotations;
    struct oci_strings potentially_unsafe_config_annotations;
};

#endif
