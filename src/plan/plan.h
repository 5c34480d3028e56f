/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan: what the planner makes of (spec, options, host), and all that the executing side knows.
 *
 * One flat buffer that begins with struct plan.  Nothing in it is a pointer: strings and arrays are
 * offsets from its start, so it can be written to a memfd, sealed and mapped by the stage at any
 * address.  It is read only once built, except for the descriptor numbers (struct
 * plan_descriptors), which dray fills in before it seals the plan.
 *
 * Every operation carries its origin, from which the JSON pointer of the value that asked for it is
 * made when, and only when, it fails.
 *
 * Used by dray and by the stage: no allocation in here.
 */
#ifndef DRAY_PLAN_PLAN_H
#define DRAY_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef uint32_t plan_string; /* offset of a NUL terminated string; 0: absent */

struct plan_array {
    uint32_t offset; /* of the first element, aligned to 8 */
    uint32_t count;
};

enum plan_origin_kind {
#define ORIGIN(name, pointer) ORIGIN_##name,
#include "plan/origin.def"
#undef ORIGIN
    ORIGIN_COUNT
};

/* Where an operation comes from: index for arrays, key for objects. */
struct plan_origin {
    uint16_t kind; /* enum plan_origin_kind */
    uint16_t padding;
    uint32_t index; /* array index, or a plan_string with the key where the pointer has %s */
};

/* namespaces */

struct plan_join {
    uint64_t type; /* CLONE_NEW* */
    plan_string path;
    int32_t descriptor; /* opened by dray before the clone; -1 until then */
    struct plan_origin origin;
};

struct plan_idmap {
    uint32_t container_id;
    uint32_t host_id;
    uint32_t size;
};

struct plan_time_offset {
    int64_t seconds;
    uint32_t nanoseconds;
    bool set;
};

struct plan_namespaces {
    uint64_t clone_flags; /* CLONE_NEW* of the namespaces to make */
    uint64_t joined;      /* CLONE_NEW* of those joined by path */
    uint64_t late_flags;  /* CLONE_NEW* of those that the stage makes, and is in, at a later time */
    /*
     * A user namespace together with namespaces that exist: those must be joined first, or are the
     * user namespace itself, so the stage makes the new ones when it has joined.
     */
    bool make_after_joining;
    /* a procfs of the joined PID namespace can be mounted without being in it */
    bool procfs_from_outside;
    bool procfs_by_opener;     /* by a context that a child opens there (stage/procfs_opener.h) */
    struct plan_array joins;   /* struct plan_join, in the order of joining */
    struct plan_array uid_map; /* struct plan_idmap; of the new user namespace */
    struct plan_array gid_map;
    struct plan_time_offset monotonic;
    struct plan_time_offset boottime;
    plan_string hostname;
    plan_string domainname;
    struct plan_array sysctls; /* struct plan_sysctl */
};

struct plan_sysctl {
    plan_string key; /* with slashes, relative to /proc/sys: "net/ipv4/ip_forward" */
    plan_string value;
    struct plan_origin origin;
};

struct plan_net_device {
    plan_string name;     /* in our network namespace */
    plan_string new_name; /* in the container's; "%d" at its end stands for a free number */
    struct plan_origin origin;
};

/* resctrl */

struct plan_rdt_line {
    plan_string text; /* one line for the schemata file, without its newline */
    bool must_match;  /* an existing group has to allot it already */
    struct plan_origin origin;
};

struct plan_rdt {
    bool set;                /* the config has linux.intelRdt */
    bool named;              /* by closID; else the group has the container's id */
    bool monitor;            /* a monitoring group with the container's id */
    plan_string group;       /* absent: the root's */
    struct plan_array lines; /* struct plan_rdt_line, in the order of writing */
};

/* root file system */

enum plan_mount_kind {
    PLAN_MOUNT_FILESYSTEM, /* a new superblock of a given type */
    PLAN_MOUNT_BIND,       /* a clone of the source's mount (tree) */
    PLAN_MOUNT_CGROUP,     /* cgroup2, or the tmpfs with v1 hierarchies, as the host has it */
    PLAN_MOUNT_REMOUNT,    /* changes the mount that is already at the destination */
};

enum plan_mount_flags {
    PLAN_MOUNT_RECURSIVE = 1 << 0,       /* rbind */
    PLAN_MOUNT_TMPCOPYUP = 1 << 1,       /* fill the tmpfs from what it covers */
    PLAN_MOUNT_COPY_SYMLINK = 1 << 2,    /* a source that is a symlink is copied as one */
    PLAN_MOUNT_SOURCE_NOFOLLOW = 1 << 3, /* src-nofollow */
    PLAN_MOUNT_TARGET_NOFOLLOW = 1 << 4, /* dest-nofollow */
    PLAN_MOUNT_IDMAP = 1 << 5,
    PLAN_MOUNT_IDMAP_RECURSIVE = 1 << 6,
    PLAN_MOUNT_ON_PROC = 1 << 8, /* may lie on or inside a procfs: /proc itself, /proc/cpuinfo … */
    PLAN_MOUNT_BY_DRAY = 1 << 7,    /* dray clones the source and hands the detached mount over */
    PLAN_MOUNT_SYSTEMD_V1 = 1 << 9, /* PLAN_MOUNT_CGROUP: of v1's hierarchy "systemd" alone */
};

struct plan_mount {
    uint32_t kind;  /* enum plan_mount_kind */
    uint32_t flags; /* enum plan_mount_flags */
    plan_string type;
    plan_string source; /* absolute for binds */
    plan_string destination;
    plan_string label;       /* SELinux mount label option ("context=…"), or 0 */
    uint64_t attributes_set; /* MOUNT_ATTR_* of this mount alone */
    uint64_t attributes_clear;
    uint64_t recursive_set; /* MOUNT_ATTR_* of the whole tree: rro, rnosuid … */
    uint64_t recursive_clear;
    uint64_t superblock_flags; /* MS_* that belong to the superblock: MS_RDONLY, MS_SYNCHRONOUS … */
    struct plan_array propagation; /* uint32_t: MS_PRIVATE | MS_REC …, in the order given */
    struct plan_array data;    /* plan_string: options for the file system, "key=value" or "flag" */
    struct plan_array uid_map; /* struct plan_idmap; for idmapped mounts */
    struct plan_array gid_map;
    int32_t descriptor; /* PLAN_MOUNT_BY_DRAY: the detached mount; -1 until made */
    struct plan_origin origin;
};

/* A mount that was added to the container when it ran, and is to be removed again. */
struct plan_unmount {
    plan_string destination; /* as it was asked for */
    plan_string path;        /* where the container's mount table has it */
    uint64_t id;             /* statx(2) stx_mnt_id */
    struct plan_origin origin;
};

enum plan_device_flags {
    PLAN_DEVICE_DEFAULT = 1 << 0, /* one of the spec's default devices */
};

struct plan_device {
    plan_string path; /* absolute, in the container */
    uint32_t type;    /* S_IFCHR, S_IFBLK or S_IFIFO */
    uint32_t mode;    /* permission bits */
    uint32_t major;
    uint32_t minor;
    uint32_t uid;
    uint32_t gid;
    uint32_t flags; /* enum plan_device_flags */
    struct plan_origin origin;
};

struct plan_path {
    plan_string path;
    struct plan_origin origin;
};

/* What a mount of type "cgroup" is made of. */
enum plan_cgroup_layout {
    PLAN_CGROUP_LAYOUT_NONE,
    PLAN_CGROUP_LAYOUT_V2,     /* one cgroup2 */
    PLAN_CGROUP_LAYOUT_V1,     /* a directory for each v1 hierarchy */
    PLAN_CGROUP_LAYOUT_HYBRID, /* likewise, and "unified" with the cgroup2 */
};

struct plan_rootfs {
    plan_string path; /* absolute host path of the root */
    plan_string mount_label;
    plan_string mount_context; /* the label as a mount option: "context=…" */
    uint32_t propagation;      /* MS_* for the root; 0 when the config says nothing */
    bool readonly;
    bool no_pivot;
    bool private_mounts;   /* the mount namespace is new or joined, not the host's */
    bool detached_tree;    /* not private_mounts, but with mounts, which nobody else sees */
    bool devices_by_bind;  /* mknod is impossible (user namespace): bind the host's devices */
    bool setup_dev;        /* links are made in /dev: not when the config binds its own there */
    bool cgroup_namespace; /* new or joined: cgroup mounts are made, else the own cgroup is bound */
    uint32_t cgroup_layout;    /* enum plan_cgroup_layout, for PLAN_MOUNT_CGROUP */
    int32_t descriptor;        /* detached clone of the root made by dray (user namespaces); -1 */
    struct plan_array mounts;  /* struct plan_mount, in config order */
    struct plan_array devices; /* struct plan_device */
    struct plan_array masked;  /* struct plan_path, without duplicates */
    struct plan_array readonly_paths; /* struct plan_path, without duplicates */
};

/* the process */

struct plan_rlimit {
    uint32_t resource; /* RLIMIT_* */
    plan_string name;  /* "RLIMIT_NOFILE" */
    uint64_t soft;
    uint64_t hard;
    struct plan_origin origin;
};

struct plan_scheduler {
    bool set;
    uint32_t policy; /* SCHED_* */
    int32_t nice;
    uint32_t priority;
    uint64_t flags;   /* SCHED_FLAG_* */
    uint64_t runtime; /* nanoseconds */
    uint64_t deadline;
    uint64_t period;
};

/* All sets are empty when the config has no capabilities object. */
struct plan_capabilities {
    uint64_t bounding;
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
    uint64_t ambient;
};

struct plan_memory_policy {
    bool set;
    uint32_t mode;           /* MPOL_* with MPOL_F_* or'ed in, as set_mempolicy(2) takes it */
    uint32_t nodes_bits;     /* length of the mask in bits */
    struct plan_array nodes; /* uint64_t: the mask */
};

struct plan_seccomp {
    struct plan_array instructions; /* struct sock_filter; none: no filter */
    uint32_t flags;                 /* SECCOMP_FILTER_FLAG_* */
    bool listener;                  /* take the notification descriptor */
    bool before_entering;           /* loaded before ENTER_LAST, and allows what follows it */
    bool close_listener;            /* the filter lets the stage close it once dray has it */
    plan_string listener_path;
    plan_string listener_metadata;
    plan_string plugins; /* shared objects that are served by instead: "a.so:/b.so"; 0: none */
};

struct plan_process {
    struct plan_array args; /* plan_string */
    struct plan_array env;  /* plan_string, "KEY=value"; each key once, the last one given wins */
    plan_string path_list;  /* value of PATH, or the default, for the look-up of args[0] */
    bool needs_home;        /* HOME is absent or empty: taken from the container's passwd */
    plan_string cwd;
    uint32_t uid;
    uint32_t gid;
    struct plan_array groups;  /* uint32_t: additionalGids */
    bool keep_groups;          /* annotation run.oci.keep_original_groups */
    bool groups_may_be_denied; /* no groups asked for, in a user namespace: EPERM is harmless */
    bool umask_set;
    uint32_t umask;
    bool no_new_privileges;
    struct plan_capabilities capabilities;
    struct plan_array rlimits; /* struct plan_rlimit */
    bool oom_score_adj_set;
    int32_t oom_score_adj;
    struct plan_scheduler scheduler;
    bool io_priority_set;
    uint32_t io_priority; /* IOPRIO_PRIO_VALUE(class, level) */
    bool personality_set;
    uint32_t personality;
    struct plan_memory_policy memory_policy;
    struct plan_array affinity_initial; /* uint64_t words of a CPU mask; none: not set (exec) */
    struct plan_array affinity_final;
    plan_string apparmor;
    plan_string selinux;
    bool new_keyring;
    plan_string keyring_name; /* name of the session keyring: "_ses.<id>" */
    bool terminal;
    uint32_t console_height;  /* rows; 0: leave as it is */
    uint32_t console_width;   /* columns */
    plan_string pidfd_socket; /* unix socket that gets a pidfd of the process */
    bool notify_socket;       /* it has a socket for sd_notify(3) */
    uint32_t preserve_fds;    /* descriptors 3 … 3 + this - 1 reach the program */
    struct plan_seccomp seccomp;
};

/* hooks */

enum plan_hook_kind {
    PLAN_HOOK_PRESTART,
    PLAN_HOOK_CREATE_RUNTIME,
    PLAN_HOOK_CREATE_CONTAINER,
    PLAN_HOOK_START_CONTAINER,
    PLAN_HOOK_POSTSTART,
    PLAN_HOOK_POSTSTOP,
    PLAN_HOOK_KINDS
};

struct plan_hook {
    plan_string path;
    struct plan_array args; /* plan_string; args[0] as given, or the path when there are none */
    struct plan_array env;  /* plan_string */
    bool env_set;
    uint32_t timeout; /* seconds; 0: none */
    struct plan_origin origin;
};

struct plan_hooks {
    struct plan_array kinds[PLAN_HOOK_KINDS]; /* struct plan_hook */
    /*
     * The state document on a hook's stdin is state_head, status, `","pid":`, pid, state_tail:
     * only status and pid change from hook to hook.
     */
    plan_string state_head;  /* {"ociVersion":"…","id":"…","status":" */
    plan_string state_tail;  /* ,"bundle":"…","annotations":{…}} */
    plan_string stdout_path; /* annotation run.oci.hooks.stdout */
    plan_string stderr_path;
};

/* cgroups: element structures in plan/plan_cgroup.h */

struct plan_cgroup {
    uint32_t manager; /* enum plan_cgroup_manager */
    /*
     * "/a/b": below each hierarchy's mount point; "a/b": below the caller's own cgroup in each
     * hierarchy (on cgroup2 beside it, because a cgroup with processes can hold no limits).
     */
    plan_string path;          /* 0 with the systemd manager, which makes the cgroup */
    bool default_path;         /* the config has no cgroupsPath: made from the id */
    bool devices_asked;        /* the config has device rules: they must be enforced */
    bool by_user;              /* the caller is not root: what may not be made and is not asked for
                                  is done without */
    bool strict;               /* nothing is done without: --rootless=false */
    uint32_t caller;           /* by_user: its id, UINT32_MAX in a user namespace */
    bool delegated;            /* cgroup2: the container manages the cgroup itself */
    uint32_t owner;            /* delegated: the host's id of the user that will */
    struct plan_array writes;  /* struct plan_cgroup_write, in the order of writing */
    struct plan_array devices; /* struct plan_cgroup_device, config's rules and the default ones */
    plan_string scope;         /* with the systemd manager: the unit */
    plan_string slice;         /* in which it is */
    plan_string subgroup;      /* a name below the unit's cgroup, where the first process goes; 0 */
    plan_string delegate; /* "a/b" below that, or below the cgroup: where the first process goes
                             when its cgroup namespace is rooted above it; 0: none */
    bool user_manager;    /* the user's systemd, not the system's */
    struct plan_array properties; /* struct plan_unit_property (plan_unit.h) */
};

/* Descriptors that the stage inherits; numbers are the same in dray and in the stage. */
struct plan_descriptors {
    int32_t control;     /* SEQPACKET socket to dray */
    int32_t recorder;    /* the flight recorder */
    int32_t start_fifo;  /* closed by the program's execution; -1: nobody will call start */
    int32_t init;        /* exec: pidfd of the container's first process; -1 */
    int32_t init_root;   /* exec: its root directory; -1 */
    int32_t hook_stdout; /* for hooks of the stage; -1: caught */
    int32_t hook_stderr;
    struct plan_array cgroup_procs; /* int32_t: open cgroup.procs files to write "0" to */
};

enum plan_purpose {
    PLAN_CREATE, /* a new container's first process */
    PLAN_EXEC,   /* a further process in a running container */
    PLAN_MOUNTS, /* other mounts in a running container */
};

#define PLAN_MAGIC 0x79617264u /* "dray" */

struct plan {
    uint32_t magic;
    uint32_t size;    /* of the whole buffer, bytes */
    uint32_t purpose; /* enum plan_purpose */
    plan_string id;
    plan_string bundle;
    struct plan_namespaces namespaces;
    struct plan_array net_devices; /* struct plan_net_device */
    struct plan_rdt rdt;
    struct plan_array unmounts; /* struct plan_unmount; PLAN_MOUNTS */
    struct plan_rootfs rootfs;
    struct plan_process process;
    struct plan_hooks hooks;
    struct plan_cgroup cgroup;
    struct plan_descriptors descriptors;
};

/* The string at @string, or NULL when it is absent. */
static inline const char *plan_text(const struct plan *plan, plan_string string)
{
    return string != 0 ? (const char *)plan + string : NULL;
}

/* First element of an array of @type. */
#define plan_items(plan, array, type) \
    ((const type *)(const void *)((const char *)(plan) + (array).offset))

/* for (const struct plan_mount *m; …): visits every element of an array. */
#define plan_for_each(item, plan, array, type)                                                 \
    for (const type *item = plan_items(plan, array, type), *end_##item = item + (array).count; \
         item < end_##item; item++)

/* Element @index of an array of plan_string. */
static inline const char *plan_text_at(const struct plan *plan, struct plan_array array,
                                       uint32_t index)
{
    return plan_text(plan, plan_items(plan, array, plan_string)[index]);
}

/* Sets the error's JSON pointer from @origin, unless it has one. */
void plan_origin_explain(const struct plan *plan, struct plan_origin origin, struct error *error);

#endif
