/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this directory share; runs in dray only. */
#ifndef DRAY_CGROUP_CGROUP_INTERNAL_H
#define DRAY_CGROUP_CGROUP_INTERNAL_H

#include <limits.h>

#include "cgroup/cgroup.h"
#include "plan/plan_cgroup.h"

/* Longest host path of a cgroup that a record can hold. */
#define CGROUP_HOST_PATH_MAX PATH_MAX

#define CGROUP_WHOLE_PATH UINT_MAX

/* "/a/b" of a hierarchy, and its number of components. */
const char *cgroup_path(const struct cgroup_record *record, unsigned hierarchy);
unsigned cgroup_path_depth(const char *path);

/* Place in the record's text of a copy of @text, for mounts[] and paths[]; -1 when it is full. */
int cgroup_record_add(struct cgroup_record *record, const char *text, size_t length);

/* An empty record, and one with the hierarchies of the host (-ENAMETOOLONG). */
void cgroup_record_begin(struct cgroup_record *record);
int cgroup_record_add_hierarchies(struct cgroup_record *record, const struct host_cgroups *host);

/*
 * The host path of the first @depth components of the cgroup's path.
 * Returns 0 or -ENAMETOOLONG.
 */
int cgroup_host_path(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                     char out[CGROUP_HOST_PATH_MAX]);

/* The path of a file in that directory; as above. */
int cgroup_file_path(const struct cgroup_record *record, unsigned hierarchy, unsigned depth,
                     const char *file, char out[CGROUP_HOST_PATH_MAX]);

/*
 * Opens a file of the cgroup: below its directory's descriptor if that is open already, or for
 * cgroup2, which has one directory for all; else by its path.  The descriptor, or a negative errno
 * value.
 */
int cgroup_open_file(struct cgroup *cgroup, unsigned hierarchy, const char *file, int flags);

/* The hierarchy a controller is in, or -1.  The number CGROUP_UNIFIED is cgroup2's. */
int cgroup_hierarchy_of(const struct cgroup *cgroup, unsigned controller);

/*
 * The hierarchy that is asked for processes: cgroup2 where it is all there is, else the freezer's
 * or the next best of v1.  -1 without a cgroup.
 */
int cgroup_main_hierarchy(const struct cgroup *cgroup);

/* The directory, opened when first asked for (O_PATH); stays the cgroup's.  Or a negative errno. */
int cgroup_directory(struct cgroup *cgroup, unsigned hierarchy);

/* cgroup.procs, open for writing; stays the cgroup's.  Or a negative errno value. */
int cgroup_procs(struct cgroup *cgroup, unsigned hierarchy);

/* As file_read_at() and file_write_at() on a file of the cgroup. */
ssize_t cgroup_read(struct cgroup *cgroup, unsigned hierarchy, const char *file, char *text,
                    size_t size);
int cgroup_write(struct cgroup *cgroup, unsigned hierarchy, const char *file, const char *text);

/* The number behind "@key " at the head of a line of a flat keyed file; -ENOENT if none is there.
 */
int cgroup_find_key(const char *text, const char *key, uint64_t *ret);

/* True if the cgroup itself or one below it has a process; or a negative errno value. */
int cgroup_directory_is_populated(int directory, bool v2);

/*
 * walk.c: calls @visit for the directory and those below it, however many and deep; stops when it
 * is not 0, and returns that.
 */
typedef int (*cgroup_visit)(void *context, int directory);
int cgroup_walk(int directory, cgroup_visit visit, void *context);

/* Removes the cgroups below the directory.  -EBUSY while a process is in one of them. */
int cgroup_remove_below(int directory);

/* proc_cgroup.c: /proc/PID/cgroup; paths are NULL where nothing usable is said */
struct proc_cgroup {
    const char *paths[CGROUP_HIERARCHIES];
    char text[8192];
};
int cgroup_read_proc(pid_t pid, struct proc_cgroup *ret); /* 0: of dray itself */
void cgroup_parse_proc(struct proc_cgroup *proc);

/* True if @path is @base or a cgroup below it: by components, "/ab" is not below "/a". */
bool cgroup_path_is_below(const char *path, const char *base);

/*
 * @path, which /proc said of a process of the record's cgroup, as it is below the mount point.  In
 * a container without a cgroup namespace /proc tells the way from the host's root, while what is
 * mounted is the container's part: what comes before the record's path is cut off.  A pointer into
 * @path, or NULL when it leads nowhere.
 */
const char *cgroup_path_in_mount(const struct cgroup_record *record, unsigned hierarchy,
                                 const char *path);

/* make_v2.c: enables controllers for the cgroup in all that are above it. */
int cgroup_enable_controllers(struct cgroup *cgroup, uint32_t available, const struct plan *plan,
                              struct error *error);

/* delegate.c: to the container's user, if the plan says so */
int cgroup_delegate(struct cgroup *cgroup, const struct plan *plan, struct error *error);
/* The same for a cgroup below it, by its directory. */
int cgroup_delegate_directory(int directory, const char *path, const struct plan *plan,
                              struct error *error);

/*
 * below.c: a cgroup2 directory below the cgroup, @path is "a/b".  Makes what is missing of it;
 * enables for it what the cgroup itself has, which takes that no process is above it.
 */
int cgroup_make_path_below(struct cgroup *cgroup, const char *path, struct error *error);
void cgroup_enable_below(struct cgroup *cgroup, const char *path);

/* Lets a cgroup take processes again if none is below it any more. */
void cgroup_disable_below(struct cgroup *cgroup);

/* scope.c: moves a process by writing to @file, "cgroup.procs" or "a/b/cgroup.procs". */
int cgroup_move(struct cgroup *cgroup, unsigned hierarchy, const char *file, pid_t pid,
                struct error *error);

/* Opens record.below; the descriptor stays the cgroup's.  Or a negative errno value. */
int cgroup_directory_below(struct cgroup *cgroup);

/*
 * not_delegated.c: what a user who is not root may not write.  cgroup_set_not_delegated() sets the
 * error for @file of the cgroup at the host path @directory and returns @r; cgroup_check_entry()
 * looks whether a process may move from where dray is to the cgroup2 directory.
 */
bool cgroup_is_denied(int r);
int cgroup_set_not_delegated(const struct plan *plan, const char *directory, const char *file,
                             bool v2, int r, struct error *error);
int cgroup_check_entry(struct cgroup *cgroup, const struct plan *plan, struct error *error);

/* apply.c: the hierarchy that a write goes to, or -1. */
int cgroup_hierarchy_of_write(const struct cgroup *cgroup, const struct plan_cgroup_write *write);

/*
 * update.c: what has to be written to @file to undo a write of @written, given what it shows
 * before; from malloc(), or NULL when it shows nothing that could be put back.
 */
char *cgroup_old_value(const char *file, const char *written, const char *text);

/* make_cpuset.c: gives new v1 cpuset directories the CPUs and memory nodes of their parent. */
int cgroup_inherit_cpuset(struct cgroup *cgroup, struct error *error);

/* freeze.c: best effort, without errors: tries for @deadline_ms */
int cgroup_freeze_quietly(struct cgroup *cgroup, int deadline_ms);
int cgroup_thaw_quietly(struct cgroup *cgroup);

/* waiting */

/* Milliseconds of the monotonic clock. */
int64_t cgroup_clock(void);

/*
 * For what v1 sends no event of: waits for a moment that doubles from call to call (*@pause_us, at
 * first 0), up to 10 ms.  Returns false when @end (cgroup_clock()) has passed.
 */
bool cgroup_pause(unsigned *pause_us, int64_t end);

/*
 * Waits until a line of cgroup.events of cgroup2 has that value.
 * Returns 0, -ETIMEDOUT, or a negative errno value (-ENODEV: the cgroup is gone).
 */
int cgroup_wait_event(struct cgroup *cgroup, const char *key, uint64_t value, int64_t end);

#endif
