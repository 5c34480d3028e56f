/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steps/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/path.h"
#include "io/syscalls.h"
#include "namespace/stage_image.h"
#include "state/directory.h"
#include "steps/added_mounts.h"

#define THAW_DEADLINE_MS 10000
#define FIRST_STEPS_MS   200

/* One checkpoint under way. */
struct checkpoint {
    struct container *container;
    const struct checkpoint_request *request;
    struct error *error;
    struct plan_builder builder;
    struct oci_spec *spec;
    struct criu_directories directories;
    struct wire_writer options;
    char criu_path[PATH_MAX];
    int output; /* of criu, before it has a log */
};

/* The plan that the container was made by: it says which mounts come from outside. */
static int plan_container(struct checkpoint *checkpoint)
{
    struct container *container = checkpoint->container;
    struct error *error = checkpoint->error;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct plan_input input = {
        .id = container->id,
        .bundle = container->status->bundle,
        .purpose = PLAN_CREATE,
        .cgroup_manager = container->status->cgroup_manager,
        .privileged = true,
    };
    struct host host;
    char *text;
    size_t length;
    int r = file_read_all_at(container->directory, STATE_CONFIG, OCI_SIZE_LIMIT, &container->arena,
                             &text, &length);

    if (r == 0)
        r = oci_spec_parse(&container->arena, text, length, &checkpoint->spec, &report);
    if (r < 0)
        return error_set(error, ERROR_STATE_DAMAGED, -r,
                         "cannot read the saved configuration of container \"%s\"", container->id);
    r = host_probe(&host, error);
    host_probe_security_modules(&host);
    if (r == 0)
        r = plan_builder_init(&checkpoint->builder, length, error);
    if (r < 0)
        return r;
    input.spec = checkpoint->spec;
    input.process = checkpoint->spec->process;
    input.host = &host;
    r = plan_build(&input, &checkpoint->builder, error);
    return r < 0 ? r : criu_check_namespaces(checkpoint->builder.plan, error);
}

/*
 * Where a mount is in the container: its destination with links followed, as CRIU finds it in the
 * mount table.  Returns -ENOENT when the container has unmounted it together with its place.
 */
static int find_mount_point(int root, const char *destination, char out[PATH_MAX])
{
    _cleanup_close_ int fd = path_open_in_root(root, destination, O_PATH, 0);
    char link[32];
    ssize_t length;

    if (fd < 0)
        return fd;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, out, PATH_MAX - 1);
    if (length < 0)
        return -errno;
    out[length] = '\0';
    return out[0] == '/' ? 0 : -ENOENT;
}

/* Where the mounts of a container are added to a request. */
struct mounts {
    struct wire_writer *options;
    int root; /* of the container */
};

/* The images call each by the destination that config.json gives it: restore has that, too. */
static void add_mount(void *data, const char *destination, const char *source)
{
    const struct mounts *mounts = data;
    char point[PATH_MAX];

    (void)source;
    if (find_mount_point(mounts->root, destination, point) == 0)
        criu_add_ext_mount(mounts->options, point, destination);
}

static int add_mounts(struct checkpoint *checkpoint)
{
    const struct plan *plan = checkpoint->builder.plan;
    _cleanup_close_ int root = -1;
    struct mounts mounts;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/root", checkpoint->container->status->pid);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_set(checkpoint->error, ERROR_CONTAINER_NOT_RUNNING, errno,
                         "container not running: \"%s\"", checkpoint->container->id);
    mounts = (struct mounts){.options = &checkpoint->options, .root = root};
    plan_for_each(mount, plan, plan->rootfs.mounts, struct plan_mount)
    {
        if (mount->kind == PLAN_MOUNT_BIND && (mount->flags & PLAN_MOUNT_COPY_SYMLINK) == 0)
            add_mount(&mounts, plan_text(plan, mount->destination), NULL);
    }
    if (plan->rootfs.devices_by_bind)
        plan_for_each(device, plan, plan->rootfs.devices, struct plan_device)
            add_mount(&mounts, plan_text(plan, device->path), NULL);
    if (checkpoint->container->has_cgroup)
        criu_for_each_cgroup_bind(plan, &checkpoint->container->cgroup, add_mount, &mounts);
    return 0;
}

/* A namespace of others is not saved; restore joins whatever its configuration names. */
static int add_namespaces(struct checkpoint *checkpoint)
{
    const struct plan *plan = checkpoint->builder.plan;

    plan_for_each(join, plan, plan->namespaces.joins, struct plan_join)
    {
        bool network = join->type == CLONE_NEWNET;
        char path[64], text[128];
        struct stat status;

        /* CRIU joins the others by itself */
        if (!network && join->type != CLONE_NEWPID)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", checkpoint->container->status->pid,
                 network ? "net" : "pid");
        if (stat(path, &status) < 0)
            return error_set(checkpoint->error, ERROR_CONTAINER_NOT_RUNNING, errno,
                             "container not running: \"%s\"", checkpoint->container->id);
        snprintf(text, sizeof(text), "%s[%llu]:%s", network ? "net" : "pid",
                 (unsigned long long)status.st_ino, network ? EXTERNAL_NETWORK : EXTERNAL_PID);
        criu_set_text(&checkpoint->options, CRIU_OPTION_EXTERNAL, text);
    }
    return 0;
}

/*
 * Where CRIU may freeze them all before it takes one after the other.  In a frozen cgroup of v1
 * nobody gets hold of a stopped process: the kernel waits for it to say that it has noticed.
 */
static bool find_freezer(struct container *container, char path[PATH_MAX])
{
    struct error ignored = {0};
    bool stopped = false;
    pid_t *pids = NULL;
    size_t count = 0;

    if (!container->has_cgroup || cgroup_freezer_path(&container->cgroup, path) < 0)
        return false;
    if (container->cgroup.record.layout == HOST_CGROUP_V2 ||
        cgroup_pids(&container->cgroup, &pids, &count, &ignored) < 0)
        return true;
    for (size_t i = 0; i < count && !stopped; i++) {
        struct process_status status;

        stopped = process_read_status(pids[i], &status) == 0 && status.state == 'T';
    }
    free(pids);
    return !stopped;
}

static void add_options(struct checkpoint *checkpoint)
{
    const struct checkpoint_request *request = checkpoint->request;
    const struct status *status = checkpoint->container->status;
    struct wire_writer *options = &checkpoint->options;
    char freezer[PATH_MAX];

    criu_set_number(options, CRIU_OPTION_PID, status->pid);
    criu_set_text(options, CRIU_OPTION_ROOT, status->rootfs);
    criu_set_flag(options, CRIU_OPTION_LEAVE_RUNNING, request->leave_running);
    criu_set_flag(options, CRIU_OPTION_TCP_SKIP_IN_FLIGHT, request->tcp_skip_in_flight);
    criu_set_flag(options, CRIU_OPTION_LINK_REMAP, request->link_remap);
    /* what a later dump is compared with; and that dump says what it is compared with */
    criu_set_flag(options, CRIU_OPTION_TRACK_MEMORY,
                  request->pre_dump || request->parent_path != NULL);
    if (request->parent_path != NULL)
        criu_set_text(options, CRIU_OPTION_PARENT_IMAGES, request->parent_path);
    if (request->page_server != NULL)
        criu_set_page_server(options, request->page_server, request->page_server_port);
    if (find_freezer(checkpoint->container, freezer))
        criu_set_text(options, CRIU_OPTION_FREEZE_CGROUP, freezer);
}

/* "../before": the images of the pre-dump that this one builds upon. */
static int check_parent(struct checkpoint *checkpoint)
{
    const char *parent = checkpoint->request->parent_path;
    struct stat status;

    if (parent == NULL)
        return 0;
    /* CRIU puts a link with this text beside the images */
    if (parent[0] == '/')
        return error_set(checkpoint->error, ERROR_USAGE, EINVAL,
                         "--parent-path \"%s\" must be relative to the image path", parent);
    if (fstatat(checkpoint->directories.images, parent, &status, 0) < 0 || !S_ISDIR(status.st_mode))
        return error_set(checkpoint->error, ERROR_CHECKPOINT_FILES, ENOTDIR,
                         "the parent path \"%s\" is no directory beside the images", parent);
    return 0;
}

static int prepare(struct checkpoint *checkpoint)
{
    const struct checkpoint_request *request = checkpoint->request;
    int r = plan_container(checkpoint);

    if (r == 0)
        r = criu_find(checkpoint->criu_path, checkpoint->error);
    if (r == 0)
        r = criu_open_directories(&request->options, true, &checkpoint->directories,
                                  checkpoint->error);
    if (r == 0)
        r = check_parent(checkpoint);
    if (r == 0)
        r = criu_put_options(&checkpoint->options, &request->options, &checkpoint->directories,
                             checkpoint->spec, checkpoint->builder.plan, DUMP_LOG,
                             checkpoint->error);
    if (r < 0)
        return r;
    add_options(checkpoint);
    /* a pre-dump writes memory, nothing else */
    if (request->pre_dump)
        return 0;
    r = add_mounts(checkpoint);
    if (r == 0)
        r = add_namespaces(checkpoint);
    if (r == 0)
        r = criu_write_descriptors(checkpoint->directories.images,
                                   checkpoint->container->status->pid, &checkpoint->options,
                                   checkpoint->error);
    return r;
}

static int notified(void *data, const struct criu_response *response, int descriptor,
                    struct error *error)
{
    struct checkpoint *checkpoint = data;

    (void)descriptor;
    (void)error;
    runtime_log(checkpoint->container->runtime, LOG_LEVEL_DEBUG, "criu: %s", response->script);
    /* the server of lazy pages listens: whoever waits to start the restore may do so */
    if (strcmp(response->script, "status-ready") == 0 && checkpoint->request->status_fd >= 0 &&
        write(checkpoint->request->status_fd, "", 1) != 1)
        runtime_log(checkpoint->container->runtime, LOG_LEVEL_WARNING,
                    "cannot write to the descriptor of --status-fd");
    return 0;
}

/* So that delete --force finds it, should it hang with the container's processes in its hands. */
static int journal_criu(struct checkpoint *checkpoint, pid_t pid)
{
    _cleanup_close_ int journal =
        journal_open(checkpoint->container->directory, false, checkpoint->error);
    struct process_identity identity = {.pid = pid};
    struct process_status status;

    if (journal < 0)
        return error_set(checkpoint->error, ERROR_STATE_DAMAGED, -journal,
                         "the container has no journal");
    if (process_read_status(pid, &status) == 0)
        identity.start_time = status.start_time;
    return journal_append(journal, JOURNAL_CRIU, &identity, sizeof(identity), checkpoint->error);
}

/* Whether the first process ends before it does anything else. */
static bool ends_at_once(const struct process_identity *identity)
{
    _cleanup_close_ int pidfd = process_open(identity);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    return pidfd == -ESRCH || (pidfd >= 0 && poll(&ended, 1, FIRST_STEPS_MS) > 0);
}

/*
 * CRIU lets the processes go on when it gives up.  One that was killed cannot: what it had frozen
 * is thawed, and a process that had CRIU's code in it may end.
 */
static void look_after(struct checkpoint *checkpoint)
{
    struct container *container = checkpoint->container;
    const struct process_identity identity = container_identity(container);
    struct error *error = checkpoint->error;
    struct error ignored = {0};
    char what[sizeof(error->message)];

    if (container->has_cgroup && container->lifecycle == LIFECYCLE_RUNNING)
        cgroup_thaw(&container->cgroup, THAW_DEADLINE_MS, &ignored);
    if (!ends_at_once(&identity))
        return;
    snprintf(what, sizeof(what), "%s", error->message);
    error_clear(error);
    error_set(error, ERROR_CRIU_FAILED, 0, "%s, and the container ended with that", what);
}

static int dump(struct checkpoint *checkpoint, int interrupt)
{
    const struct criu_start start = {
        .path = checkpoint->criu_path,
        .own_session = true,
        .output = checkpoint->output,
    };
    struct wire_writer request = {0};
    struct criu criu;
    struct criu_talk talk = {
        .criu = &criu,
        .request = &request,
        .notify = notified,
        .data = checkpoint,
        .interrupt = interrupt,
        .patient = true,
        .open_end = checkpoint->request->pre_dump,
    };
    struct criu_response outcome;
    int r = criu_start(&start, &criu, checkpoint->error);

    if (r < 0)
        return r;
    r = journal_criu(checkpoint, criu.pid);
    if (r < 0) {
        criu_kill(&criu); /* it has not been asked for anything yet */
        return r;
    }
    criu_write_request(&request, checkpoint->request->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP,
                       &checkpoint->options);
    r = criu_converse(&talk, &outcome, checkpoint->error);
    wire_done(&request);
    if (r == -EINTR) {
        error_clear(checkpoint->error);
        error_set(checkpoint->error, ERROR_INTERRUPTED, EINTR,
                  "interrupted; the container goes on as before");
    }
    if (r < 0) {
        struct error ignored = {0};

        /* it lets go of the processes it holds; killed, it could not */
        if (criu_finish(&criu, CRIU_PATIENCE_MS, &ignored) == -ETIMEDOUT)
            runtime_log(checkpoint->container->runtime, LOG_LEVEL_WARNING, "%s", ignored.message);
        if (criu.killed)
            look_after(checkpoint);
        criu_add_log(checkpoint->directories.work, DUMP_LOG, checkpoint->output, checkpoint->error);
    }
    criu_done(&criu);
    return r;
}

/* Its processes are dead by now; their parent may not have reaped the first one yet. */
static int delete_container(struct container *container, struct error *error)
{
    container->lifecycle = LIFECYCLE_STOPPED;
    return container_delete(container, true, error);
}

static int checkpoint_with_signals_held(struct checkpoint *checkpoint)
{
    struct operation operation;
    struct error ignored = {0};
    int r;

    operation_init(&operation, checkpoint->container->runtime, checkpoint->container->id,
                   checkpoint->error);
    r = operation_hold_signals(&operation);
    if (r == 0)
        r = dump(checkpoint, operation.signal_fd);
    /* it has had its effect, or came too late for one: the rest is done all the same */
    operation.error = &ignored;
    operation_check_interrupt(&operation);
    operation_done(&operation);
    return r;
}

/* config.json, which a restore goes by, knows nothing of them. */
static int refuse_added_mounts(struct container *container, struct error *error)
{
    struct added_mounts list;
    int r = added_mounts_read(container->directory, container->status->pid, 0, &container->arena,
                              &list, error);

    if (r < 0 || list.items_count == 0)
        return r;
    return error_set(error, ERROR_CONTAINER_STATUS, EBUSY,
                     "cannot checkpoint container \"%s\": a mount was added on \"%.200s\" while it "
                     "ran; remove it first",
                     container->id, list.items[0].destination);
}

int container_checkpoint(struct container *container, const struct checkpoint_request *request,
                         struct error *error)
{
    struct checkpoint checkpoint = {
        .container = container,
        .request = request,
        .error = error,
        .directories = {-1, -1},
        .output = -1,
    };
    int r = lifecycle_check(LIFECYCLE_CHECKPOINT, container->lifecycle, container->id, error);

    if (r < 0)
        return r;
    if (container->runtime->rootless == RUNTIME_ROOTLESS_TRUE)
        return error_set(error, ERROR_NOT_SUPPORTED, EPERM,
                         "checkpoint needs the rights of root, which CRIU asks for");
    r = refuse_added_mounts(container, error);
    if (r == 0)
        r = prepare(&checkpoint);
    if (r == 0) {
        checkpoint.output = memory_file_make("criu-output", false);
        r = checkpoint_with_signals_held(&checkpoint);
    }
    close_fd(checkpoint.output);
    criu_close_directories(&checkpoint.directories);
    wire_done(&checkpoint.options);
    plan_builder_done(&checkpoint.builder);
    if (r == 0 && !request->leave_running && !request->pre_dump)
        r = delete_container(container, error);
    return r;
}
