/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stage's rows for the process that it becomes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "hook/hook.h"
#include "io/message.h"
#include "io/procfs.h"
#include "process/attributes.h"
#include "process/cwd.h"
#include "process/descriptors.h"
#include "security/credentials.h"
#include "security/keyring.h"
#include "security/labels.h"
#include "security/seccomp_load.h"
#include "stage/stage.h"
#include "term/terminal.h"

static bool is_create(const struct stage *stage)
{
    return stage->plan->purpose == PLAN_CREATE;
}

int stage_start_session(struct stage *stage)
{
    int r = process_start_session(stage->error);

    return r < 0 || !stage->plan->process.terminal ? r : terminal_control(stage->error);
}

int stage_open_console(struct stage *stage)
{
    _cleanup_close_ int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct message message = {.row = stage->row};
    struct terminal terminal = {-1, -1};
    int r;

    if (root < 0)
        return error_set(stage->error, ERROR_CONSOLE_FAILED, errno,
                         "cannot open the root directory of the container");
    r = terminal_make(stage->plan, root, &terminal, stage->error);
    if (r < 0)
        return r;
    stage->slave = terminal.slave;
    if (is_create(stage))
        r = rootfs_attach_console(&stage->rootfs, terminal.slave);
    if (r == 0) {
        r = message_send(stage->plan->descriptors.control, &message, &terminal.master, 1);
        if (r < 0)
            error_set(stage->error, ERROR_INTERRUPTED, -r,
                      "dray has ended before the container was set up");
    }
    close_fd(terminal.master);
    return r < 0 ? r : terminal_attach(terminal.slave, stage->error);
}

/* The procfs that labels are written through: the one of create, or one for exec. */
static int open_procfs(struct stage *stage)
{
    if (is_create(stage))
        return rootfs_open_procfs(&stage->rootfs);
    if (stage->procfs < 0)
        stage->procfs = procfs_open(stage->error);
    return stage->procfs;
}

int stage_set_labels(struct stage *stage)
{
    int proc, r;

    proc = open_procfs(stage);
    if (proc < 0)
        return proc;
    r = apparmor_set_exec_profile(stage->plan, proc, stage->error);
    if (r == 0)
        r = selinux_set_exec_label(stage->plan, proc, stage->error);
    if (r == 0)
        r = selinux_set_key_label(stage->plan, proc, stage->error);
    return r;
}

int stage_join_keyring(struct stage *stage)
{
    return keyring_join(stage->plan, stage->error);
}

/* Everything that needs a descriptor of the host, or of the root file system, is done: from here on
 * none is open. */
static int close_host_descriptors(struct stage *stage)
{
    const struct plan_descriptors *descriptors = &stage->plan->descriptors;
    int keep[] = {descriptors->control, descriptors->start_fifo, descriptors->hook_stdout,
                  descriptors->hook_stderr, stage->slave};

    stage->procfs = -1;
    return process_close_others(stage->plan, keep, ARRAY_SIZE(keep), stage->error);
}

int stage_set_attributes(struct stage *stage)
{
    int r = close_host_descriptors(stage);

    if (!stage->plan->process.terminal)
        process_own_stdio(stage->plan);
    if (r == 0)
        r = process_prepare_image(stage->plan, &stage->image, stage->error);
    if (r == 0)
        r = process_set_personality(stage->plan, stage->error);
    if (r == 0)
        r = process_set_memory_policy(stage->plan, stage->error);
    return r;
}

int stage_drop_credentials(struct stage *stage)
{
    bool *entered = &stage->working_directory_entered;
    int r = process_enter_cwd(stage->plan, false, entered, stage->error);

    if (r == 0)
        r = credentials_drop(stage->plan, stage->error);
    if (r == 0)
        r = process_enter_cwd(stage->plan, true, entered, stage->error);
    process_set_umask(stage->plan);
    return r;
}

int stage_find_program(struct stage *stage)
{
    int r = process_find_program(stage->plan, &stage->image, stage->error);

    return r < 0 ? r : process_seal_descriptors(stage->plan, stage->error);
}

int stage_set_rlimits(struct stage *stage)
{
    return process_set_rlimits(stage->plan, stage->error);
}

static int load_filter(struct stage *stage)
{
    const struct plan_seccomp *seccomp = &stage->plan->process.seccomp;
    int r;

    if (seccomp->instructions.count == 0)
        return 0;
    r = seccomp_load_filter(plan_items(stage->plan, seccomp->instructions, struct sock_filter),
                            seccomp->instructions.count, seccomp->flags, seccomp->listener,
                            &stage->listener, stage->error);
    if (r < 0) {
        plan_origin_explain(stage->plan, (struct plan_origin){.kind = ORIGIN_SECCOMP},
                            stage->error);
        return r;
    }
    stage->recorder->listener = stage->listener;
    return 0;
}

/*
 * Without no-new-privileges a filter can only be loaded with CAP_SYS_ADMIN, which is therefore
 * dropped after it; with it the filter comes last, so that it judges as little of us as possible.
 */
int stage_load_seccomp(struct stage *stage)
{
    bool first = !stage->plan->process.no_new_privileges;
    int r;

    if (stage->filtered)
        return 0;
    stage->filtered = true;
    /* create ends before the program does; from here the socket's end says that dray has died */
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    r = first ? load_filter(stage) : 0;

    if (r == 0)
        r = credentials_finish(stage->plan, stage->error);
    if (r == 0)
        r = credentials_set_no_new_privileges(stage->plan, stage->error);
    if (r == 0 && !first)
        r = load_filter(stage);
    return r;
}

/* create has ended long ago; the byte comes from `dray start` */
/*
 * dray has it.  Once whoever answers is gone, the kernel says so, also of our own last calls: as
 * long as we had it, too, they would wait for ever.
 */
static void close_listener(struct stage *stage)
{
    if (stage->listener >= 0 && stage->plan->process.seccomp.close_listener)
        stage->listener = close_fd(stage->listener);
}

int stage_wait_start(struct stage *stage)
{
    char byte;
    ssize_t n;

    close_listener(stage);
    do
        n = read(stage->plan->descriptors.start_fifo, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        return error_set(stage->error, ERROR_SYSTEM, n < 0 ? errno : EIO,
                         "cannot wait for the start of the container");
    if (byte != START_BYTE)
        return error_set(stage->error, ERROR_INTERRUPTED, ECANCELED,
                         "the container was deleted before it was started");
    stage->recorder->phase = RECORDER_SETUP;
    return 0;
}

int stage_run_start_container_hooks(struct stage *stage)
{
    struct hook_context context = {
        .status = "created",
        .pid = getpid(),
        .default_environment = stage->image.environment,
        .stdout_fd = stage->plan->descriptors.hook_stdout,
        .stderr_fd = stage->plan->descriptors.hook_stderr,
    };

    return hook_run_all(stage->plan, PLAN_HOOK_START_CONTAINER, &context, stage->error);
}

int stage_execute(struct stage *stage)
{
    close_listener(stage);
    stage->recorder->phase = RECORDER_EXEC;
    return process_execute(&stage->image, stage->error);
}
