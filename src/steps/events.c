/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events: one line of JSON for each set of statistics and each time memory ran out.  The wait is
 * for three things at once: the end of the container's first process (its pidfd), an OOM event of
 * the cgroup, and the clock.
 */
#include "steps/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cgroup/stats.h"
#include "io/file.h"
#include "steps/rdt.h"

#define INTERFACES_LIMIT (1u << 20) /* of /proc/PID/net/dev, bytes */

struct events {
    struct container *container;
    const struct events_request *request;
    struct error *error;
    struct oci_arena arena; /* for one line at a time: the wait may be long */
    int pidfd;
    struct cgroup_oom oom;
};

struct event {
    const char *type;
    const char *id;
    struct cgroup_stats *data;
};

/* A line of /proc/PID/net/dev (proc_pid_net(5)): "  eth0: 1 2 …". */
static bool parse_interface(const char *line, struct stats_interface *ret, struct oci_arena *arena)
{
    size_t blanks = strspn(line, " "), name = strcspn(line, ":\n");
    const char *at = line + name + 1;
    uint64_t numbers[16] = {0};

    if (line[name] != ':')
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        at += strspn(at, " ");
        parse_u64_prefix(&at, &numbers[i]);
    }
    *ret = (struct stats_interface){
        .name = oci_arena_copy(arena, line + blanks, name - blanks),
        .receive_bytes = numbers[0],
        .receive_packets = numbers[1],
        .receive_errors = numbers[2],
        .receive_dropped = numbers[3],
        .transmit_bytes = numbers[8],
        .transmit_packets = numbers[9],
        .transmit_errors = numbers[10],
        .transmit_dropped = numbers[11],
    };
    return ret->name != NULL && strcmp(ret->name, "lo") != 0;
}

/* The container's network devices, seen through its first process; not those of the host. */
static void read_interfaces(struct events *events, struct cgroup_stats *stats)
{
    const struct status *status = events->container->status;
    char path[48], *text;
    size_t length, lines = 1;

    snprintf(path, sizeof(path), "/proc/%d/net/dev", status->pid);
    if ((status->namespaces & (uint64_t)CLONE_NEWNET) == 0 ||
        file_read_all_at(AT_FDCWD, path, INTERFACES_LIMIT, &events->arena, &text, &length) < 0)
        return;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    stats->interfaces = oci_arena_alloc_array(&events->arena, lines, sizeof(*stats->interfaces));
    while (stats->interfaces != NULL && *text != '\0') {
        if (parse_interface(text, &stats->interfaces[stats->interfaces_count], &events->arena))
            stats->interfaces_count++;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}

/* Its group of resctrl, if it has one that can be read. */
static void read_rdt(struct events *events, struct cgroup_stats *stats)
{
    struct error ignored = {0};
    _cleanup_close_ int root = -1;
    struct rdt_record record;

    if (rdt_find_record(&events->container->journal, &record, &ignored) <= 0)
        return;
    root = rdt_open(&ignored);
    if (root >= 0)
        stats->intel_rdt = rdt_read_stats(root, &record, &events->arena);
}

static int deliver(struct events *events, const char *type, struct cgroup_stats *stats)
{
    static const struct oci_row rows[] = {
        OCI_ROW_STRING(struct event, "type", type, OCI_REQUIRED),
        OCI_ROW_STRING(struct event, "id", id, OCI_REQUIRED),
        OCI_ROW_OBJECT(struct event, "data", data, 0, struct cgroup_stats, &cgroup_stats_table),
    };
    static const struct oci_table table = OCI_TABLE(struct event, "event", rows);
    struct event event = {.type = type, .id = events->container->id, .data = stats};
    const char *text;
    size_t length;
    int r = oci_write(&table, &event, OCI_WRITE_COMPACT, &events->arena, &text, &length);

    r = r < 0 ? error_set(events->error, ERROR_OUT_OF_MEMORY, -r, "cannot write an event")
              : events->request->deliver(events->request->data, text);
    oci_arena_done(&events->arena);
    return r;
}

static int deliver_stats(struct events *events)
{
    struct cgroup_stats stats;
    int r = cgroup_read_stats(&events->container->cgroup, &events->arena, &stats, events->error);

    if (r < 0)
        return r;
    read_interfaces(events, &stats);
    read_rdt(events, &stats);
    return deliver(events, "stats", &stats);
}

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds until the next statistics. */
static int time_left(int64_t next)
{
    int64_t left = next - clock_ms();

    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static int handle_oom(struct events *events)
{
    int r = cgroup_oom_check(&events->container->cgroup, &events->oom);

    if (r > 0)
        return deliver(events, "oom", NULL);
    if (r < 0) /* the cgroup is going away, and the process with it */
        events->oom.fd = close_fd(events->oom.fd);
    return 0;
}

static int wait_for_events(struct events *events)
{
    int64_t next = clock_ms() + events->request->interval_ms;
    int r = 0;

    while (r == 0) {
        struct pollfd wait[] = {
            {.fd = events->pidfd, .events = POLLIN},
            {.fd = events->oom.fd, .events = events->oom.events},
        };

        if (poll(wait, ARRAY_SIZE(wait), time_left(next)) < 0 && errno != EINTR)
            return error_set(events->error, ERROR_SYSTEM, errno, "cannot wait for events");
        if (wait[1].revents != 0)
            r = handle_oom(events);
        if (wait[0].revents != 0)
            break;
        if (r == 0 && time_left(next) == 0) {
            r = deliver_stats(events);
            next += events->request->interval_ms;
        }
    }
    return r;
}

static int watch(struct events *events)
{
    struct container *container = events->container;
    struct process_identity identity = container_identity(container);
    int r;

    events->pidfd = process_open(&identity);
    if (events->pidfd < 0)
        return error_set(events->error, ERROR_CONTAINER_NOT_RUNNING, -events->pidfd,
                         "container not running: \"%s\"", container->id);
    r = cgroup_oom_open(&container->cgroup, &events->oom, events->error);
    if (r == 0) {
        r = wait_for_events(events);
        close_fd(events->oom.fd);
    }
    close_fd(events->pidfd);
    return r;
}

int container_events(struct container *container, const struct events_request *request,
                     struct error *error)
{
    struct events events = {.container = container, .request = request, .error = error};
    int r = lifecycle_check(LIFECYCLE_EVENTS, container->lifecycle, container->id, error);

    if (r < 0)
        return r;
    if (!container->has_cgroup || container->cgroup.record.hierarchies == 0)
        return error_set(error, ERROR_CGROUP_HOST, 0,
                         "container \"%s\" has no cgroup of its own that could be asked",
                         container->id);
    oci_arena_init(&events.arena);
    r = request->once ? deliver_stats(&events) : watch(&events);
    oci_arena_done(&events.arena);
    return r;
}
