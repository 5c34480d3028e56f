/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's cgroup: one directory on cgroup2, one in each hierarchy on v1 and hybrid hosts.
 * Runs in dray only.
 *
 * Everything about a cgroup that outlives dray stands in a struct cgroup_record, which is small,
 * flat and made to be stored in the journal as it is.  A struct cgroup is a record with
 * descriptors that are opened when they are first needed.
 *
 *     cgroup_describe()  plan -> record: nothing is touched
 *     cgroup_make()      journals the record, makes the directories
 *     cgroup_apply(), cgroup_apply_devices()  limits, before anything runs in it
 *     cgroup_procs_descriptors() or cgroup_directory_v2()  to start the first process in it
 *     cgroup_freeze(), cgroup_kill(), cgroup_remove() …  also from a record, by later commands
 *
 * A record of a container without a cgroup (manager disabled) is valid too: reading functions find
 * nothing, cgroup_freeze() and cgroup_kill() fail with -ENOTSUP.
 */
#ifndef DRAY_CGROUP_CGROUP_H
#define DRAY_CGROUP_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"
#include "plan/plan.h"

/* Index of the cgroup2 directory (V2: the only one; HYBRID: "unified") beside the controllers. */
#define CGROUP_UNIFIED     HOST_CGROUP_CONTROLLERS
#define CGROUP_HIERARCHIES (HOST_CGROUP_CONTROLLERS + 1)

enum cgroup_stage {
    CGROUP_PLANNED, /* nothing or some of it has been made: only what is empty may be removed */
    CGROUP_MADE,
};

#define CGROUP_RECORD_MAGIC   0x31706763u /* "cgp1": changes with the layout */
#define CGROUP_RECORD_SIZE    4096u
#define CGROUP_PATH_DEPTH_MAX 64 /* components of a path */

struct cgroup_record {
    uint32_t magic;
    uint16_t size;        /* bytes of it that are in use: the rest need not be stored */
    uint8_t layout;       /* enum host_cgroup_layout; HOST_CGROUP_NONE: no cgroup */
    uint8_t manager;      /* enum plan_cgroup_manager */
    uint8_t stage;        /* enum cgroup_stage */
    uint8_t may_adopt;    /* the path is made from the id: leftovers in it are ours */
    uint16_t text_length; /* bytes used of text */
    uint32_t hierarchies; /* bit per hierarchy; one of several controllers has the lowest's bit */
    uint32_t created;     /* bit per hierarchy whose last directory we made */
    uint8_t existing[CGROUP_HIERARCHIES]; /* leading components that were there before */
    uint16_t below; /* offset in text: "a/b", below a path of cgroup2 alone, where the first process
                       goes; 0: none */
    uint16_t alias[CGROUP_HIERARCHIES];  /* the hierarchy that a controller is in, or UINT16_MAX */
    uint16_t mounts[CGROUP_HIERARCHIES]; /* offset in text: directory below /sys/fs/cgroup, or "" */
    uint16_t paths[CGROUP_HIERARCHIES];  /* offset in text: "/a/b" */
    char text[CGROUP_RECORD_SIZE - 22 - 7 * CGROUP_HIERARCHIES];
};

_Static_assert(sizeof(struct cgroup_record) == CGROUP_RECORD_SIZE, "stored as it is");

struct cgroup {
    struct cgroup_record record;
    int directories[CGROUP_HIERARCHIES]; /* opened when needed; -1 */
    int procs[CGROUP_HIERARCHIES];       /* cgroup.procs, open for writing; -1 */
    int below;                           /* record.below, opened when needed; -1 */
};

/* Writes the first record->size bytes to where they outlive dray; 0 or a negative errno value. */
typedef int (*cgroup_journal)(void *context, const struct cgroup_record *record,
                              struct error *error);

/* making */

/*
 * What the plan's cgroup will be on this host.  Reads /proc/self/cgroup when the path is relative.
 */
int cgroup_describe(const struct plan *plan, const struct host_cgroups *host,
                    struct cgroup_record *ret, struct error *error);

/*
 * Takes a record over, from cgroup_describe() or from a journal (@size bytes of it, checked:
 * -EPROTO if it is damaged, without an error set).  Opens nothing.  Release with cgroup_done().
 */
int cgroup_open_record(struct cgroup *ret, const void *record, size_t size);
void cgroup_done(struct cgroup *cgroup);

/*
 * Makes the directories that are missing, with inherited cpuset and, on cgroup2, the controllers
 * that @plan needs enabled on the way down, and gives a delegated one to its owner.
 * @journal is called before anything is made, again when leading components have to be made, and
 * at the end, also of a failure, with who made what; an error from it ends the work.
 * Refuses a cgroup that has processes or is frozen: ERROR_CGROUP_IN_USE, naming it.
 * Where making is not allowed (EACCES, EPERM, EROFS), the path is the default one and the plan
 * asks for no limits, the container runs in the caller's cgroup: the record says so.
 * On failure, cgroup_remove() undoes what was made.
 */
int cgroup_make(struct cgroup *cgroup, const struct plan *plan, const struct host_cgroups *host,
                cgroup_journal journal, void *context, struct error *error);

/*
 * The plan's delegated cgroup, below one that was made.  A cgroup namespace is rooted where its
 * maker is: in the cgroup above the delegated one (the subgroup or else the cgroup itself). cgroup2
 * has no process in a cgroup that gives controllers to those below it (cgroups(7), "no internal
 * processes"), hence the order.  Each does nothing for a plan without one.
 *
 * cgroup_make_delegated() makes it, but enables nothing in it.  ERROR_CGROUP_IN_USE when it is
 * frozen, or when the one above has controllers enabled for others.  cgroup_remove() undoes it.
 *
 * cgroup_enter_delegated() moves a process there, which has made its namespace.
 *
 * cgroup_give_delegated() gives it all controllers of the one above, and to its owner.  What is
 * above it goes to the owner, too, where that is the root of the container's cgroup namespace:
 * moving a process takes the right to write cgroup.procs of the cgroup above both places.  The
 * limits there stay the runtime's.
 */
int cgroup_make_delegated(struct cgroup *cgroup, const struct plan *plan, struct error *error);
int cgroup_enter_delegated(struct cgroup *cgroup, const struct plan *plan, pid_t pid,
                           struct error *error);
int cgroup_give_delegated(struct cgroup *cgroup, const struct plan *plan, struct error *error);

/*
 * The record of a cgroup that systemd made for @unit around process @pid, which tells where it is.
 * ERROR_CGROUP_JOIN when the process is not in it.
 */
int cgroup_describe_scope(const struct host_cgroups *host, const char *unit, pid_t pid,
                          struct cgroup_record *ret, struct error *error);

/*
 * Completes such a cgroup: makes it in hierarchies that systemd leaves alone, enables controllers,
 * makes the plan's subgroup and moves the process there, and gives it to its owner unless a
 * delegated one will be below it.
 */
int cgroup_complete_scope(struct cgroup *cgroup, const struct plan *plan,
                          const struct host_cgroups *host, pid_t pid, struct error *error);

/*
 * Writes limits: struct plan_cgroup_write in @plan.  An error names controller, file and value and
 * has the JSON pointer.
 */
int cgroup_apply(struct cgroup *cgroup, const struct plan *plan, struct plan_array writes,
                 struct error *error);

/* Puts the plan's device rules into force: devices.allow of v1, or a BPF program on cgroup2. */
int cgroup_apply_devices(struct cgroup *cgroup, const struct plan *plan, struct error *error);

/* changing the limits of a cgroup in use */

/* What files held before an update. */
struct cgroup_old_value;

struct cgroup_snapshot {
    struct cgroup_old_value *values; /* from malloc() */
    size_t count;
};

/*
 * Writes limits as cgroup_apply() does, all or none: what the files held before is read first, and
 * put back, last one first, when a write fails.  Enables controllers that cgroup2 needs for it.
 * The error is that of the write; what could not be put back is in its detail.
 * On success *@ret is what cgroup_restore() takes should a later part of the update fail; release
 * it with cgroup_snapshot_done().
 */
int cgroup_update(struct cgroup *cgroup, const struct plan *plan, struct cgroup_snapshot *ret,
                  struct error *error);

/* Puts the old values back; files that refuse are named in the detail of @error, which is set. */
void cgroup_restore(struct cgroup *cgroup, const struct cgroup_snapshot *snapshot,
                    struct error *error);
void cgroup_snapshot_done(struct cgroup_snapshot *snapshot);

/*
 * Replaces the device rules of a cgroup in use.  The v1 controller forgets its exceptions before it
 * takes new ones, so there the processes are frozen meanwhile.
 */
int cgroup_update_devices(struct cgroup *cgroup, const struct plan *plan, struct error *error);

/* joining */

/*
 * Opens cgroup.procs of every hierarchy; a process that writes "0" to each is in the cgroup.
 * Up to CGROUP_HIERARCHIES descriptors, which stay the cgroup's.
 * On cgroup2 alone the first process is better cloned into cgroup_directory_v2().
 */
int cgroup_procs_descriptors(struct cgroup *cgroup, int ret_descriptors[CGROUP_HIERARCHIES],
                             size_t *ret_count, struct error *error);

/*
 * Moves a process into it.  -EACCES or -EPERM without an error set where that is not the caller's
 * to do: cgroups(7), "Delegation containment rules".
 */
int cgroup_attach(struct cgroup *cgroup, pid_t pid, struct error *error);

/* What the path has below the unit's cgroup: "/", "/a/b"; NULL when it is elsewhere. */
const char *cgroup_path_in_unit(const struct cgroup *cgroup, const char *unit);

/*
 * The cgroup2 directory for CLONE_INTO_CGROUP (the cgroup's), or -1 unless the layout is V2.  With
 * a delegated cgroup below it the first process goes on to that: cgroup_enter_delegated().
 */
int cgroup_directory_v2(struct cgroup *cgroup, struct error *error);

/*
 * The cgroup that a process is really in: an init may have been moved.  Hierarchies where that
 * cannot be told (it is outside of our cgroup namespace) are as in @record.
 * Not for removal: the result counts as made by others.
 */
int cgroup_open_process(struct cgroup *ret, pid_t pid, const struct cgroup_record *record,
                        struct error *error);

/*
 * Goes down to a sub-cgroup for exec --cgroup: @path is relative, below the cgroup in every
 * hierarchy (@controllers is 0) or in those of a bit set.  No "..", no links, it must exist.
 */
int cgroup_enter_sub(struct cgroup *cgroup, const char *path, uint32_t controllers,
                     struct error *error);

/* state */

/* True if the record says that we made the cgroup: all processes in it belong to the container. */
bool cgroup_is_ours(const struct cgroup *cgroup);

/* 1 if a process is in it or below it, 0 if not (or there is no cgroup), or a negative errno. */
int cgroup_is_populated(struct cgroup *cgroup);

/* 1 if it is frozen (or about to be), 0 if not, or a negative errno value. */
int cgroup_is_frozen(struct cgroup *cgroup);

/*
 * The processes in it and in all cgroups below it, in ascending order, without duplicates;
 * from malloc().
 */
int cgroup_pids(struct cgroup *cgroup, pid_t **ret_pids, size_t *ret_count, struct error *error);

/* How often the kernel killed a process for want of memory in it; -ENOTSUP if it cannot be told. */
int cgroup_oom_kills(struct cgroup *cgroup, uint64_t *ret);

/* The memory limit and the highest usage, in bytes, for messages; UINT64_MAX: not known. */
void cgroup_memory_figures(struct cgroup *cgroup, uint64_t *ret_limit, uint64_t *ret_peak);

/* Being told when memory runs out in it. */
struct cgroup_oom {
    int fd;       /* to be polled; -1: this cgroup has no memory controller */
    short events; /* what to poll it for */
    bool v2;
    uint64_t kills; /* v2: of the last look */
};

/* Release with close_fd(ret->fd). */
int cgroup_oom_open(struct cgroup *cgroup, struct cgroup_oom *ret, struct error *error);

/* After @oom->fd was ready: 1 if a process was killed for want of memory since the last look. */
int cgroup_oom_check(struct cgroup *cgroup, struct cgroup_oom *oom);

/*
 * The host path of the directory that freezes it, for those who freeze it themselves.
 * -ENOENT without one, -ENAMETOOLONG.
 */
int cgroup_freezer_path(const struct cgroup *cgroup, char out[PATH_MAX]);

/*
 * The host path of the cgroup in one hierarchy, and the name of that hierarchy's directory (""
 * where cgroup2 is all there is).  -ENOENT when it is in no hierarchy of that number.
 */
int cgroup_hierarchy_path(const struct cgroup *cgroup, unsigned hierarchy, const char **ret_name,
                          char out[PATH_MAX]);

/* acting */

/* Freezes all of it and waits until it is; thaws again when that takes above @deadline_ms. */
int cgroup_freeze(struct cgroup *cgroup, int deadline_ms, struct error *error);
int cgroup_thaw(struct cgroup *cgroup, int deadline_ms, struct error *error);

/* Sends @signal to every process in it; -ESRCH when there was none (without an error set). */
int cgroup_signal_all(struct cgroup *cgroup, int signal, struct error *error);

/* Kills everything in it and waits until nothing is left. */
int cgroup_kill(struct cgroup *cgroup, int deadline_ms, struct error *error);

/*
 * Removes the cgroup, those below it and the leading directories that we made, if they are empty.
 * Waits for dying processes until @deadline_ms.  What is not there is no error.  Directories that
 * were there before stay.
 */
int cgroup_remove(struct cgroup *cgroup, int deadline_ms, struct error *error);

/*
 * Removes the directory that tells the cgroup's processes, if there is nothing in it: quicker than
 * a look at it.  -EBUSY: it has processes or cgroups.  The rest is for cgroup_remove().
 */
int cgroup_remove_empty(struct cgroup *cgroup);

#endif
