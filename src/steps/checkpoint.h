/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a running container to files and bringing it back, by CRIU.  Runs in dray. */
#ifndef DRAY_STEPS_CHECKPOINT_H
#define DRAY_STEPS_CHECKPOINT_H

#include "criu/client.h"
#include "steps/container.h"

/* What CRIU's external namespaces are called in images; runc's names, so that it reads ours. */
#define EXTERNAL_NETWORK "extRootNetNS"
#define EXTERNAL_PID     "extRootPidNS"

/* In the images' directory: what the first process had for stdio, for the other end of its pipes.
 */
#define DESCRIPTORS_FILE "descriptors.json"

#define DUMP_LOG    "dump.log"
#define RESTORE_LOG "restore.log"

/* Options of both commands; for CRIU they mean what criu(8) says. */
struct criu_options {
    const char *image_path; /* NULL: "checkpoint" in the working directory */
    const char *work_path;  /* NULL: the images' directory */
    bool tcp_established;
    bool ext_unix_sk;
    bool shell_job;
    bool file_locks;
    bool lazy_pages;
    bool auto_dedup;
    enum criu_cgroups_mode cgroups_mode;
    bool empty_network;    /* the network namespace's devices are left out, also of one joined */
    uint32_t network_lock; /* criu_network_lock_method; 0: CRIU's default */
};

struct checkpoint_request {
    struct criu_options options;
    const char *parent_path; /* of an earlier pre-dump, relative to the image path; NULL */
    const char *page_server; /* address; NULL: none */
    uint16_t page_server_port;
    int status_fd; /* gets a NUL byte when lazy pages can be asked for; -1 */
    bool leave_running;
    bool pre_dump;
    bool tcp_skip_in_flight;
    bool link_remap;
};

/*
 * Writes the images of a running or paused container.  When that went well it is deleted, as runc
 * and crun do it, unless it is to be left running; else it goes on as it was.
 */
int container_checkpoint(struct container *container, const struct checkpoint_request *request,
                         struct error *error);

/* The directories of a checkpoint, open. */
struct criu_directories {
    int images;
    int work;
};

/* Opens them; makes those that are missing when @make. */
int criu_open_directories(const struct criu_options *options, bool make,
                          struct criu_directories *ret, struct error *error);
void criu_close_directories(struct criu_directories *directories);

/* Adds what both commands ask of CRIU alike. */
int criu_put_options(struct wire_writer *request, const struct criu_options *options,
                     const struct criu_directories *directories, const struct oci_spec *spec,
                     const struct plan *plan, const char *log_file, struct error *error);

/* Writes what the stdio of process @pid is, and tells CRIU of what comes from outside. */
int criu_write_descriptors(int images, pid_t pid, struct wire_writer *options, struct error *error);

/*
 * Reads it again; strings are the arena's.  Images without that file have none, which is no error.
 */
int criu_read_descriptors(int images, struct oci_arena *arena, struct oci_strings *ret,
                          struct error *error);

/*
 * Calls @add for each directory of the container's cgroup that is bound below a mount of type
 * "cgroup", because there is no cgroup namespace: its destination, and what is mounted there.
 */
void criu_for_each_cgroup_bind(const struct plan *plan, const struct cgroup *cgroup,
                               void (*add)(void *data, const char *destination, const char *source),
                               void *data);

/* The plan's namespaces that CRIU can neither save nor join are refused. */
int criu_check_namespaces(const struct plan *plan, struct error *error);

#endif
