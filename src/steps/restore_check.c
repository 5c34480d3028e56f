/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CRIU restores what the images say, also credentials, filters and mounts that the new
 * configuration would not give.  So each process is looked at while CRIU still holds it, before it
 * runs a single instruction; what goes too far is killed there and then.
 */
#include "steps/restore_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "steps/restore.h"

#define CAPABILITY_SETGID 6
#define CAPABILITY_SETUID 7
#define STATUS_MAX        8192

/* All processes of the container, found from the first one on. */
struct processes {
    pid_t *pids; /* from malloc() */
    size_t count;
    size_t capacity;
};

static int add_process(struct processes *processes, pid_t pid)
{
    if (processes->count == processes->capacity) {
        size_t capacity = processes->capacity * 2 + 64;
        pid_t *larger = realloc(processes->pids, capacity * sizeof(*larger));

        if (larger == NULL)
            return -ENOMEM;
        processes->pids = larger;
        processes->capacity = capacity;
    }
    processes->pids[processes->count++] = pid;
    return 0;
}

int restore_refuse(struct operation *operation, pid_t pid, const char *what)
{
    return error_set(operation->error, ERROR_RESTORE_REFUSED, EPERM,
                     "process %d of the checkpoint has %s", pid, what);
}

/* The value behind "Name:" in /proc/PID/status; @name comes with line break and colon. */
static const char *find_value(const char *text, const char *name)
{
    const char *line = strstr(text, name);

    return line != NULL ? line + strlen(name) : "";
}

/* Capability sets are hexadecimal. */
static uint64_t read_set(const char *text, const char *name)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;

    for (text = find_value(text, name) + 1; *text != '\0'; text++) {
        const char *digit = strchr(digits, *text);

        if (digit == NULL)
            break;
        value = value << 4 | (uint64_t)(digit - digits);
    }
    return value;
}

/* The next number of a line; UINT64_MAX, which none is, when there is none. */
static uint64_t read_number(const char **text)
{
    uint64_t value;

    while (**text == ' ' || **text == '\t')
        (*text)++;
    return parse_u64_prefix(text, &value) < 0 ? UINT64_MAX : value;
}

static bool is_number(const char *text, const char *name, uint64_t wanted)
{
    const char *value = find_value(text, name);

    return read_number(&value) == wanted;
}

/* What @id of the container is on the host; unmapped ones are (uid_t)-1. */
static uint32_t host_id(const struct plan *plan, struct plan_array map, uint32_t id)
{
    if (map.count == 0)
        return id;
    plan_for_each(entry, plan, map, struct plan_idmap)
    {
        if (id >= entry->container_id && id - entry->container_id < entry->size)
            return entry->host_id + (id - entry->container_id);
    }
    return UINT32_MAX;
}

/* real, effective, saved and file system id */
static bool has_other_ids(const char *text, const char *name, uint32_t id)
{
    const char *value = find_value(text, name);

    for (int i = 0; i < 4; i++) {
        if (read_number(&value) != id)
            return true;
    }
    return false;
}

static const char *find_excess(const struct plan *plan, const char *status)
{
    const struct plan_process *process = &plan->process;
    const struct plan_capabilities *sets = &process->capabilities;
    uint64_t allowed = sets->bounding | sets->permitted;
    bool fixed = process->no_new_privileges;

    if ((read_set(status, "\nCapBnd:") & ~sets->bounding) != 0)
        return "capabilities in its bounding set that the configuration does not give";
    if (((read_set(status, "\nCapPrm:") | read_set(status, "\nCapEff:")) & ~allowed) != 0)
        return "capabilities that the configuration does not give";
    if ((read_set(status, "\nCapInh:") & ~(allowed | sets->inheritable)) != 0)
        return "inheritable capabilities that the configuration does not give";
    if (process->no_new_privileges && !is_number(status, "\nNoNewPrivs:", 1))
        return "no no_new_privs, which the configuration asks for";
    if (process->seccomp.instructions.count > 0 && !is_number(status, "\nSeccomp:", 2))
        return "no seccomp filter, which the configuration asks for";
    if (fixed && (allowed >> CAPABILITY_SETUID & 1) == 0 &&
        has_other_ids(status, "\nUid:", host_id(plan, plan->namespaces.uid_map, process->uid)))
        return "another user than the configuration's, which it could not have become";
    if (fixed && (allowed >> CAPABILITY_SETGID & 1) == 0 &&
        has_other_ids(status, "\nGid:", host_id(plan, plan->namespaces.gid_map, process->gid)))
        return "another group than the configuration's, which it could not have become";
    return NULL;
}

static int add_children(struct processes *processes, pid_t pid, pid_t thread)
{
    char path[64], *text;
    size_t length;
    int r;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, thread);
    r = file_read_all_at(AT_FDCWD, path, 1 << 20, NULL, &text, &length);
    if (r < 0)
        return r;
    for (const char *next = text; r == 0;) {
        uint64_t child = read_number(&next);

        if (child > INT32_MAX)
            break;
        r = add_process(processes, (pid_t)child);
    }
    free(text);
    return r;
}

static int check_thread(struct operation *operation, struct processes *processes, pid_t pid,
                        pid_t thread)
{
    char path[64], status[STATUS_MAX];
    const char *excess;
    int r;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread);
    if (file_read_at(AT_FDCWD, path, status, sizeof(status)) < 0 ||
        (r = add_children(processes, pid, thread)) < 0)
        return error_set(operation->error, ERROR_SYSTEM, errno,
                         "cannot look at restored process %d", thread);
    excess = find_excess(operation_plan(operation), status);
    if (excess == NULL)
        excess = restore_find_other_label(operation, pid, thread);
    return excess == NULL ? 0 : restore_refuse(operation, thread, excess);
}

static int check_threads(struct operation *operation, struct processes *processes, pid_t pid)
{
    char path[40];
    DIR *directory;
    int r = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    directory = opendir(path);
    if (directory == NULL)
        return error_set(operation->error, ERROR_SYSTEM, errno,
                         "cannot look at restored process %d", pid);
    for (const struct dirent *entry; r == 0 && (entry = readdir(directory)) != NULL;) {
        uint32_t thread;

        if (parse_u32(entry->d_name, &thread) == 0)
            r = check_thread(operation, processes, pid, (pid_t)thread);
    }
    closedir(directory);
    return r;
}

int restore_check(struct operation *operation)
{
    struct processes processes = {0};
    int r = add_process(&processes, operation->stage.identity.pid);

    if (operation->stage.pidfd < 0)
        r = -ESRCH;
    /* the list grows while it is walked */
    for (size_t i = 0; r == 0 && i < processes.count; i++)
        r = check_threads(operation, &processes, processes.pids[i]);
    if (r == 0)
        r = restore_check_namespaces(operation);
    if (r == 0)
        r = restore_check_mounts(operation);
    if (r < 0) {
        error_set(operation->error, ERROR_RESTORE_REFUSED, -r, "cannot check what was restored");
        /*
         * CRIU would let them go all the same; they are stopped, so none can fork away.  Then CRIU
         * itself: it waits for the first one, which waits for the others, which CRIU would have to
         * reap as it traces them.
         */
        for (size_t i = 0; i < processes.count; i++)
            kill(processes.pids[i], SIGKILL);
        criu_kill(&operation->restore->criu);
    }
    free(processes.pids);
    return r;
}
