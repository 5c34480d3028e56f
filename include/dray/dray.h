/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libdray: create and manage OCI containers.
 *
 *     struct dray_options options = {.size = sizeof(options), .root = "/run/dray"};
 *     struct dray_create_options create = {.size = sizeof(create), .bundle = "/srv/bundle"};
 *     struct dray *dray;
 *
 *     if (dray_new(&options, &dray) < 0)
 *         return -1;
 *     if (dray_create(dray, "web", &create) < 0 || dray_start(dray, "web") < 0)
 *         fprintf(stderr, "%s\n", dray_error_text(dray));
 *     dray_free(dray);
 *
 * Functions return 0 or a negative errno value; the words are in the handle until the next call.
 * A handle belongs to one thread at a time.  Option structs begin with their size, so that they can
 * grow: fields beyond the caller's size are zero.  Every OCI document crosses as JSON text; text
 * returned through a ret_ pointer is the caller's to free().  The library never prints or exits.
 */
#ifndef DRAY_H
#define DRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dray;

enum dray_cgroup_manager {
    DRAY_CGROUP_CGROUPFS,
    DRAY_CGROUP_SYSTEMD,
    DRAY_CGROUP_DISABLED,
};

enum dray_rootless {
    DRAY_ROOTLESS_AUTO, /* decided by the caller's user id and namespace */
    DRAY_ROOTLESS_TRUE,
    DRAY_ROOTLESS_FALSE,
};

enum dray_log_level {
    DRAY_LOG_ERROR,
    DRAY_LOG_WARNING,
    DRAY_LOG_DEBUG,
};

/* Receives one line without its newline; called from within library calls. */
typedef void (*dray_log_function)(void *data, enum dray_log_level level, const char *message);

struct dray_options {
    size_t size;
    const char
        *root; /* state directory; NULL: /run/dray, or $XDG_RUNTIME_DIR/dray for other users */
    enum dray_cgroup_manager cgroup_manager;
    enum dray_rootless rootless;
    enum dray_log_level log_level;
    dray_log_function log; /* warnings and debug lines; errors are returned instead */
    void *log_data;
    /*
     * The process ends right after one dray_create(), dray_run() or dray_exec(): closing its
     * descriptors and returning its memory is left to that end, which does it quicker.
     */
    bool ends_after_use;
};

/* On failure *@ret is NULL or a handle that only holds the error: free it either way. */
int dray_new(const struct dray_options *options, struct dray **ret);
void dray_free(struct dray *dray);

/* What an error says a command should exit with. */
enum dray_error_class {
    DRAY_ERROR_GENERAL,
    DRAY_ERROR_PROGRAM_NOT_FOUND,
    DRAY_ERROR_PROGRAM_NOT_EXECUTABLE,
};

/*
 * The last error.  Text: "error[CODE] message: ERRNO; config.json:214:17 (/mounts/9); hint: …".
 * Message: the same without code and hint, as log objects carry it.  Detail: foreign text such as
 * the kernel's own log lines, or "".  Strings live until the next call on the handle.
 */
const char *dray_error_text(struct dray *dray);
const char *dray_error_message(struct dray *dray);
const char *dray_error_detail(struct dray *dray);
const char *dray_error_code(struct dray *dray);    /* "MOUNT_FAILED" */
const char *dray_error_pointer(struct dray *dray); /* JSON pointer, or "" */
const char *dray_error_errno(struct dray *dray);   /* "ENOENT", or "" */
enum dray_error_class dray_error_class(struct dray *dray);

struct dray_create_options {
    size_t size;
    const char *bundle;         /* NULL: the working directory */
    const char *config;         /* NULL: config.json in the bundle */
    const char *console_socket; /* NULL: none */
    const char *pid_file;       /* NULL: none; relative to the working directory */
    uint32_t preserve_fds;
    bool no_pivot;
    bool no_new_keyring;
    const char *const *added_env; /* "KEY=value", NULL terminated, on top of process.env; or NULL */
    const char *pidfd_socket;     /* unix socket that gets a pidfd of the process; NULL: none */
};

/* runtime.md "Create": all but the user's program is set up; it waits for dray_start(). */
int dray_create(struct dray *dray, const char *id, const struct dray_create_options *options);

/* runtime.md "Start". */
int dray_start(struct dray *dray, const char *id);

struct dray_run_options {
    size_t size;
    const struct dray_create_options *create;
    bool detach; /* return once the program runs */
    bool keep;   /* do not delete the container when its program ended */
};

/*
 * Create, start and, unless detached, wait and delete.  Signals are forwarded, and the terminal is
 * relayed if the config wants one.  *@ret_status: the program's exit code, 128 plus the number of
 * the signal that killed it; 0 when detached.
 */
int dray_run(struct dray *dray, const char *id, const struct dray_run_options *options,
             int *ret_status);

/* runtime.md "State": the spec's state document with rootfs, created and owner added. */
int dray_state(struct dray *dray, const char *id, char **ret_json);

/* All containers of this root: a JSON array of state documents. A missing root is an empty array.
 */
int dray_list(struct dray *dray, char **ret_json);

/* Number of a signal given by name ("TERM", "SIGTERM") or number; negative when it is none. */
int dray_signal_number(const char *name);

/* runtime.md "Kill".  @all: every process of the container instead of the first one. */
int dray_kill(struct dray *dray, const char *id, int signal_number, bool all);

/*
 * runtime.md "Delete".  @force: kill it first if need be, remove what a failed or killed create
 * left, and say nothing when there is no such container.
 */
int dray_delete(struct dray *dray, const char *id, bool force);

struct dray_exec_options {
    size_t size;
    const char *process_file; /* OCI process document, instead of what follows up to tty */
    const char *const *args;  /* NULL terminated */
    const char *cwd;          /* NULL: the container's */
    const char *const *env;   /* NULL terminated, added to the container's; may be NULL */
    const char *user;         /* "UID[:GID]", numbers only; NULL: the container's */
    const uint32_t *additional_gids;
    size_t additional_gids_count;
    const char *const *capabilities; /* NULL terminated, added; may be NULL */
    const char *apparmor;            /* NULL: the container's */
    const char *process_label;       /* NULL: the container's */
    bool no_new_privileges;
    bool tty;
    bool detach;
    bool ignore_paused;
    /*
     * Sub-cgroups to run in, NULL terminated; may be NULL.  "PATH" below the container's cgroup, or
     * "CONTROLLER[,CONTROLLER...]:PATH" in hierarchies of v1.
     */
    const char *const *cgroups;
    const char *console_socket;
    const char *pid_file;
    uint32_t preserve_fds;
    const char *pidfd_socket; /* unix socket that gets a pidfd of the process; NULL: none */
};

/* A further process in a running container.  *@ret_status as in dray_run(). */
int dray_exec(struct dray *dray, const char *id, const struct dray_exec_options *options,
              int *ret_status);

/* Stops and continues all processes of the container with the cgroup's freezer. */
int dray_pause(struct dray *dray, const char *id);
int dray_resume(struct dray *dray, const char *id);

struct dray_update_options {
    size_t size;
    const char *resources;       /* JSON like linux.resources, with what is to change; or NULL */
    const char *l3_cache_schema; /* for linux.intelRdt; or NULL */
    const char *mem_bw_schema;
};

/*
 * Changes the limits of a container that is not stopped, and what its state says of them: all that
 * is asked for, or nothing.  As in a config.json that Docker writes, zeros mean "leave as it is"
 * where a limit of 0 would make no sense.
 */
int dray_update(struct dray *dray, const char *id, const struct dray_update_options *options);

struct dray_events_options {
    size_t size;
    bool once;            /* statistics now, and nothing else */
    uint32_t interval_ms; /* between statistics; 0: 5000 */
    /*
     * Gets one JSON object without line breaks: {"type":"stats","id":…,"data":{…}} as runc has it,
     * or {"type":"oom","id":…} when memory ran out in the container.  A value other than 0 ends the
     * wait and is what dray_events() returns.
     */
    int (*deliver)(void *data, const char *json);
    void *data;
};

/* Statistics and events of a container until its first process has ended. */
int dray_events(struct dray *dray, const char *id, const struct dray_events_options *options);

/* What becomes of the cgroups of the container's processes: criu(8), --manage-cgroups. */
enum dray_cgroups_mode {
    DRAY_CGROUPS_SOFT,
    DRAY_CGROUPS_FULL,
    DRAY_CGROUPS_STRICT,
    DRAY_CGROUPS_IGNORE,
};

/* How CRIU holds connections back: criu(8), --network-lock. */
enum dray_network_lock {
    DRAY_NETWORK_LOCK_DEFAULT,
    DRAY_NETWORK_LOCK_IPTABLES,
    DRAY_NETWORK_LOCK_NFTABLES,
    DRAY_NETWORK_LOCK_SKIP,
};

/* What checkpoint and restore have in common; flags are what criu(8) says of them. */
struct dray_criu_options {
    size_t size;
    const char *image_path; /* NULL: "checkpoint" in the working directory */
    const char *work_path;  /* NULL: the images' directory; gets dump.log and restore.log */
    enum dray_cgroups_mode cgroups_mode;
    enum dray_network_lock network_lock;
    bool tcp_established;
    bool ext_unix_sk;
    bool shell_job;
    bool file_locks;
    bool lazy_pages;
    bool auto_dedup;
    bool empty_network; /* leave the devices of the network namespace out */
};

struct dray_checkpoint_options {
    size_t size;
    const struct dray_criu_options *criu;
    const char *parent_path; /* images of a pre-dump, relative to the image path; NULL */
    const char *page_server; /* "ADDRESS:PORT"; NULL: none */
    bool has_status_fd;
    int status_fd; /* gets a NUL byte when lazy pages are served */
    bool leave_running;
    bool pre_dump; /* only memory, and it is left running */
    bool tcp_skip_in_flight;
    bool link_remap;
};

/* Saves a running container by CRIU and deletes it, unless it is left running. */
int dray_checkpoint(struct dray *dray, const char *id,
                    const struct dray_checkpoint_options *options);

struct dray_restore_options {
    size_t size;
    const struct dray_create_options *create; /* preserve_fds and added_env have no effect */
    const struct dray_criu_options *criu;
    bool detach;
    bool keep;
    bool tcp_close;                /* TCP connections are restored as closed ones */
    const char *lsm_profile;       /* "apparmor:NAME", "selinux:LABEL"; NULL: the config's */
    const char *lsm_mount_context; /* NULL: the config's mount label */
};

/*
 * Makes a container of a bundle whose processes come from a checkpoint instead of its program, and
 * waits for it as dray_run() does.  What the processes may do is what the bundle's config gives: a
 * checkpoint of a container that had more is refused.
 */
int dray_restore(struct dray *dray, const char *id, const struct dray_restore_options *options,
                 int *ret_status);

/*
 * Adds bind mounts to a running container, or removes those that were added so.
 * @file: path of a JSON object with "mounts" as in config.json; to remove, only the destinations
 *        matter.  Either all mounts are added or none.
 */
int dray_mounts_add(struct dray *dray, const char *id, const char *file);
int dray_mounts_remove(struct dray *dray, const char *id, const char *file);

/* Host pids of all processes of the container; *@ret_pids is the caller's to free. */
int dray_processes(struct dray *dray, const char *id, pid_t **ret_pids, size_t *ret_count);

/* features.md: what this build can do. */
int dray_features(struct dray *dray, char **ret_json);

/* A config.json to start from. */
int dray_spec(struct dray *dray, bool rootless, char **ret_json);

/* Version of the library and of the runtime specification it implements. */
const char *dray_version(void);
const char *dray_commit(void);
const char *dray_spec_version(void);

#ifdef __cplusplus
}
#endif
#endif
