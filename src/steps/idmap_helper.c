/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * newuidmap(1) and newgidmap(1) write the maps that an ordinary user may not; runs in dray.
 *
 * They are found at fixed places and run with a fixed environment, no descriptor of ours, and only
 * if root owns them and nobody else can write them: PATH and the environment are not asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "hook/spawn.h"
#include "steps/idmaps.h"

#define HELPER_TIMEOUT_S 10
#define HELPER_PATH_MAX  64

static const char *const names[] = {[IDMAP_UID] = "newuidmap", [IDMAP_GID] = "newgidmap"};
static const char *const files[] = {[IDMAP_UID] = "/etc/subuid", [IDMAP_GID] = "/etc/subgid"};

/* Where distributions have setuid programs; the last one is NixOS's. */
static const char *const directories[] = {"/usr/bin", "/usr/local/bin", "/bin",
                                          "/run/wrappers/bin"};

static bool find_program(enum idmap_kind kind, char path[HELPER_PATH_MAX], struct stat *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        snprintf(path, HELPER_PATH_MAX, "%s/%s", directories[i], names[kind]);
        if (stat(path, ret) == 0)
            return true;
    }
    return false;
}

bool idmaps_helper_exists(enum idmap_kind kind)
{
    char path[HELPER_PATH_MAX];
    struct stat status;

    return find_program(kind, path, &status);
}

static int find_helper(struct operation *operation, enum idmap_kind kind,
                       char path[HELPER_PATH_MAX])
{
    struct stat status;

    if (!find_program(kind, path, &status))
        return error_set(operation->error, ERROR_IDMAP_HELPER_MISSING, 0,
                         "cannot map more than the own id: \"%s\" is in none of /usr/bin, "
                         "/usr/local/bin, /bin and /run/wrappers/bin",
                         names[kind]);
    if (S_ISREG(status.st_mode) && status.st_uid == 0 && (status.st_mode & 022) == 0)
        return 0;
    return error_set(operation->error, ERROR_IDMAP_HELPER_FAILED, 0,
                     "\"%s\" is not run: it is no file of root's that nobody else can write "
                     "(owner %u, mode %03o)",
                     path, status.st_uid, status.st_mode & 07777);
}

/* What keeps it from having more rights than its caller, if anything does. */
static const char *find_weakness(const char *path)
{
    struct statvfs file_system;
    struct stat status;
    char capability[64];

    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return "; dray was started with no-new-privileges, so it gets no rights";
    if (statvfs(path, &file_system) == 0 && (file_system.f_flag & ST_NOSUID) != 0)
        return "; its file system is mounted nosuid, so it gets no rights";
    if (stat(path, &status) == 0 && (status.st_mode & S_ISUID) == 0 &&
        getxattr(path, "security.capability", capability, sizeof(capability)) < 0)
        return "; it is neither setuid nor has it capabilities, so it gets no rights";
    return "";
}

static int explain_end(struct operation *operation, enum idmap_kind kind, const char *path,
                       const struct hook_process *process, int status)
{
    struct error *error = operation->error;
    const char *weakness = find_weakness(path);

    if (WIFSIGNALED(status))
        error_set(error, ERROR_IDMAP_HELPER_FAILED, 0, "\"%s\" was killed by signal %d%s", path,
                  WTERMSIG(status), weakness);
    else if (weakness[0] != '\0')
        error_set(error, ERROR_IDMAP_HELPER_FAILED, 0, "\"%s\" exited with status %d%s", path,
                  WEXITSTATUS(status), weakness);
    else
        error_set(error, ERROR_IDMAP_HELPER_FAILED, 0,
                  "\"%s\" exited with status %d: does \"%s\" give the user %u all host ids of the "
                  "mapping?",
                  path, WEXITSTATUS(status), files[kind], operation->host.effective_uid);
    error_set_detail(error, process->tail, process->tail_length);
    plan_origin_explain(operation_plan(operation), idmap_origin(kind), error);
    return -EPERM;
}

static int run_helper(struct operation *operation, enum idmap_kind kind, char *const *arguments)
{
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char *const environment[] = {path, locale, NULL};
    const struct hook_program program = {
        .path = arguments[0],
        .arguments = arguments,
        .environment = environment,
        .directory = "/",
        .stdout_fd = -1,
        .stderr_fd = -1,
    };
    struct hook_process process;
    const char *step;
    int status, r = hook_process_start(&program, &process, &step);

    if (r < 0)
        return error_set(operation->error, ERROR_IDMAP_HELPER_FAILED, -r, "%s \"%s\"", step,
                         arguments[0]);
    process.interrupts[0] = operation->signal_fd;
    process.interrupts[1] = operation->stage.pidfd;
    r = hook_process_wait(&process, NULL, 0, HELPER_TIMEOUT_S, &status);
    if (r == -EINTR) {
        r = operation_check_interrupt(operation);
        return r < 0 ? r : operation_explain_stage(operation);
    }
    if (r == -ETIMEDOUT) {
        error_set(operation->error, ERROR_IDMAP_HELPER_FAILED, ETIMEDOUT,
                  "\"%s\" did not end within %d s and was killed", arguments[0], HELPER_TIMEOUT_S);
        error_set_detail(operation->error, process.tail, process.tail_length);
        return r;
    }
    if (r < 0)
        return error_set(operation->error, ERROR_IDMAP_HELPER_FAILED, -r, "cannot wait for \"%s\"",
                         arguments[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return explain_end(operation, kind, arguments[0], &process, status);
}

int idmaps_write_by_helper(struct operation *operation, enum idmap_kind kind)
{
    const struct plan *plan = operation_plan(operation);
    struct plan_array map = idmap_of(plan, kind);
    size_t numbers = 1 + (size_t)map.count * 3, used = 1;
    char path[HELPER_PATH_MAX], (*texts)[21];
    char **arguments;
    int r = find_helper(operation, kind, path);

    if (r < 0) {
        plan_origin_explain(plan, idmap_origin(kind), operation->error);
        return r;
    }
    texts = oci_arena_alloc_array(&operation->arena, numbers, sizeof(*texts));
    arguments = oci_arena_alloc_array(&operation->arena, numbers + 2, sizeof(*arguments));
    if (texts == NULL || arguments == NULL)
        return error_set(operation->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot map ids");
    format_u64(texts[0], (uint64_t)operation->stage.identity.pid);
    plan_for_each(entry, plan, map, struct plan_idmap)
    {
        format_u64(texts[used++], entry->container_id);
        format_u64(texts[used++], entry->host_id);
        format_u64(texts[used++], entry->size);
    }
    arguments[0] = path;
    for (size_t i = 0; i < numbers; i++)
        arguments[i + 1] = texts[i];
    return run_helper(operation, kind, arguments);
}
