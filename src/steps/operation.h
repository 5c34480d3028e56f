/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An operation: one create or exec under way, walking its step list in dray.
 *
 * Every row's function takes the operation and nothing else.  A row whose effect outlives dray
 * journals it first; when a row fails, undo_container() unwinds by the journal, as it would had
 * dray been killed (undo.h).
 */
#ifndef DRAY_STEPS_OPERATION_H
#define DRAY_STEPS_OPERATION_H

#include <signal.h>
#include <stdbool.h>

#include "cgroup/cgroup.h"
#include "host/host.h"
#include "namespace/spawn.h"
#include "ocispec/ocispec.h"
#include "plan/builder.h"
#include "plan/planner.h"
#include "plan/recorder.h"
#include "plan/steps.h"
#include "rdt/rdt.h"
#include "state/status.h"
#include "steps/added_mounts.h"
#include "steps/helper.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_DEBUG,
};

/* --rootless */
enum runtime_rootless {
    RUNTIME_ROOTLESS_AUTO,  /* by what the caller may do */
    RUNTIME_ROOTLESS_TRUE,  /* do without what only root can, whoever calls */
    RUNTIME_ROOTLESS_FALSE, /* do without nothing */
};

/* What holds for every command: the global options. */
struct runtime {
    const char *root; /* the state root's path */
    enum plan_cgroup_manager cgroup_manager;
    enum runtime_rootless rootless;
    enum log_level log_level;
    void (*log)(void *data, enum log_level level, const char *message);
    void *log_data;
    bool ends_after_use; /* the process does: nothing has to be given back */
};

/* Passes a line to the caller's log, if it wants lines of that level. */
void runtime_log(const struct runtime *runtime, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct create_request {
    const char *bundle; /* NULL: the working directory */
    const char *config; /* NULL: config.json */
    const char *console_socket;
    const char *pidfd_socket;
    const char *pid_file;
    uint32_t preserve_fds;
    bool no_pivot;
    bool no_new_keyring;
    const char *const *added_env;
    bool run;    /* start follows at once: no fifo; the program begins with the commit */
    bool detach; /* of run; create is always detached */
};

struct exec_request {
    const char *process_file;
    const char *const *args;
    const char *cwd;
    const char *const *env;
    const char *user;
    const uint32_t *additional_gids;
    size_t additional_gids_count;
    const char *const *capabilities;
    const char *apparmor;
    const char *process_label;
    bool no_new_privileges;
    bool tty;
    bool detach;
    bool ignore_paused;
    const char *const *cgroups;
    const char *console_socket;
    const char *pidfd_socket;
    const char *pid_file;
    uint32_t preserve_fds;
};

struct units;          /* bus/units.h */
struct mounts_request; /* steps/mounts.h */

/* The proxy of sd_notify(3), notify.h. */
struct notify {
    int socket;  /* the container's, bound; -1: nobody asked for one */
    int manager; /* connected to $NOTIFY_SOCKET */
    pid_t pid;   /* of the container's first process, as the manager is to know it */
    bool ready;  /* the manager has been told so */
};

#define NOTIFY_NONE ((struct notify){.socket = -1, .manager = -1})

struct operation {
    const struct runtime *runtime;
    const char *id;
    struct error *error;
    const struct create_request *create; /* one of these three */
    const struct exec_request *exec;
    struct restore *restore; /* beside create: its processes come from images (restore.h) */
    const struct mounts_request *mounts;
    struct oci_arena arena;

    /* the documents */
    const char *bundle; /* absolute */
    char *config_text;
    size_t config_length;
    const char *document; /* name of the file that JSON pointers are about */
    char *process_text;   /* exec --process */
    size_t process_length;
    struct oci_spec *spec;
    struct oci_process *process;
    struct host host;
    struct plan_builder builder;

    /* the container */
    int root;      /* of the state */
    int directory; /* the container's, in it; locked for create */
    int journal;
    bool claimed;     /* the directory is of our making */
    bool config_kept; /* in it, with the journal's records so far */
    bool wrote_pid_file;
    bool has_cgroup;               /* the struct is in use */
    bool user_manager;             /* the user's systemd */
    const struct journal *records; /* exec: the container's journal */
    const struct status *status;   /* exec: of the container; create: once it is complete */
    struct status own_status;      /* create's, with its texts */
    char created[40];
    char owner[24];
    struct cgroup cgroup;
    struct rdt_record rdt;
    struct units *units; /* the connection to systemd, until the scope is there; or NULL */

    /* the stage */
    struct recorder *recorder;
    int recorder_fd;
    int start_fifo;
    int control; /* our end */
    int stage_control;
    int hook_stdout;
    int hook_stderr;
    int init;              /* exec: pidfd of the container's first process */
    int init_root;         /* exec: its root directory, where the mount namespace is the host's */
    int network_namespace; /* the container's, kept while network devices may have to come back */
    struct spawned stage;
    bool stage_reaped;
    bool stage_exposed; /* it is where others may trace it, and has little left to do */
    bool saved_mounts;  /* added_mounts is in the state, with those that are to be added */
    uint32_t row;       /* the one being walked */
    uint32_t steps_count;
    const struct step *steps; /* the list */
    struct added_mounts added_mounts;

    /* the caller's side */
    int console_socket;
    int pidfd_socket;
    int console_master; /* kept for the relay */
    int signal_fd;
    int interrupt; /* number of the signal that asked us to end, or 0 */
    bool signals_blocked;
    sigset_t previous_signals;
    struct notify notify;
    struct helper plugins; /* of the seccomp filter (seccomp_plugins.h); pid 0: none */
    bool plugins_failed;   /* the error is theirs, and the process was killed for it */
};

typedef int (*step_function)(struct operation *operation);

/* Prepares *@operation: nothing is open.  Release with operation_done(). */
void operation_init(struct operation *operation, const struct runtime *runtime, const char *id,
                    struct error *error);
void operation_done(struct operation *operation);

/*
 * Walks @count rows of @steps.  On failure the error is complete: it has step, document, line and
 * column; nothing is undone yet.
 */
int operation_walk(struct operation *operation, const struct step *steps,
                   const step_function *functions, uint32_t count);

/* Creates a container: walks create_steps, and undoes everything when that fails. */
int operation_create(struct operation *operation);

/* Creates a container from images: walks restore_steps, and undoes everything when that fails. */
int operation_restore(struct operation *operation);

/* Starts a process in a running container: walks exec_steps. */
int operation_exec(struct operation *operation);

/* Changes the mounts of a running container: walks mounts_steps. */
int operation_change_mounts(struct operation *operation);

/* Kills the stage, if there is one that lives, and reaps it. */
void operation_kill_stage(struct operation *operation);

/*
 * Messages with the stage for the row being walked.  operation_await() also returns when the stage
 * has ended, with the error from its recorder, and when a signal asks us to end.
 * @descriptor: NULL, or gets the one that came with the message (-1 if none).
 */
int operation_notify(struct operation *operation);
int operation_await(struct operation *operation, int32_t *ret_value, int *descriptor);

/*
 * What failed with @r may have failed because the stage has ended: then that is the error.
 * Returns @r, or the error number of the stage's end.
 */
int operation_blame_stage(struct operation *operation, int r);

/* Fills operation->error from what the stage left in its recorder, or from how it ended. */
int operation_explain_stage(struct operation *operation);

/*
 * SIGINT, SIGTERM and SIGHUP are held back while rows are walked, so that they unwind instead of
 * killing us half-way.  operation_check_interrupt() fails when one has come.
 */
int operation_hold_signals(struct operation *operation);
void operation_release_signals(struct operation *operation);
int operation_check_interrupt(struct operation *operation);

/* Looks up line and column of the error's JSON pointer in the document it is about. */
void operation_locate_error(struct operation *operation);

/* The plan while it is still being completed. */
static inline struct plan *operation_plan(struct operation *operation)
{
    return operation->builder.plan;
}

#endif
