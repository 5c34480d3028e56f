/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handle, its options and its error. */
#include "api/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

int options_copy(void *ret, size_t size, const void *options, struct error *error)
{
    size_t given = 0;

    memset(ret, 0, size);
    if (options == NULL)
        return 0;
    memcpy(&given, options, sizeof(given));
    for (size_t i = size; i < given; i++) {
        if (((const char *)options)[i] != 0)
            return error_set(error, ERROR_USAGE, E2BIG,
                             "the caller is newer than libdray and uses an option it lacks");
    }
    memcpy(ret, options, given < size ? given : size);
    return 0;
}

int preserved_check(uint32_t count, struct error *error)
{
    for (uint64_t fd = 3; fd < 3 + (uint64_t)count; fd++) {
        int flags = fd <= INT_MAX ? fcntl((int)fd, F_GETFD) : -1;

        if (flags < 0 || (flags & FD_CLOEXEC) != 0)
            return error_set(error, ERROR_USAGE, EBADF,
                             "--preserve-fds %u: descriptor %llu is not open", count,
                             (unsigned long long)fd);
    }
    return 0;
}

int text_return(const char *text, char **ret, struct error *error)
{
    char *copy = text != NULL ? strdup(text) : NULL;

    if (copy == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot return a document");
    *ret = copy;
    return 0;
}

static void pass_log(void *data, enum log_level level, const char *message)
{
    static const enum dray_log_level levels[] = {
        [LOG_LEVEL_ERROR] = DRAY_LOG_ERROR,
        [LOG_LEVEL_WARNING] = DRAY_LOG_WARNING,
        [LOG_LEVEL_DEBUG] = DRAY_LOG_DEBUG,
    };
    struct dray *dray = data;

    dray->log(dray->log_data, levels[level], message);
}

/*
 * Root of a user namespace is somebody else outside: where a session says so, it keeps its states
 * in the directory of that session (Podman calls us like this).  A root that has logged in there
 * itself
 * ($USER is root) has /run.
 */
static bool is_root_of_session(void)
{
    const char *user = getenv("USER");
    bool initial;

    return (user == NULL || strcmp(user, "root") != 0) &&
           host_probe_user_namespace(&initial) == 0 && !initial;
}

/* /run/dray, or for other users $XDG_RUNTIME_DIR/dray; Podman sets the variable to "" for root. */
static int choose_root(const char *given, char *out, size_t size)
{
    const char *session = getenv("XDG_RUNTIME_DIR");
    bool has_session = session != NULL && session[0] == '/';
    int length;

    if (given != NULL)
        length = snprintf(out, size, "%s", given);
    else if (geteuid() == 0 && (!has_session || !is_root_of_session()))
        length = snprintf(out, size, "/run/dray");
    else if (!has_session)
        length = snprintf(out, size, "/run/user/%u/dray", geteuid());
    else
        length = snprintf(out, size, "%s/dray", session);
    return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static enum runtime_rootless choose_rootless(enum dray_rootless option)
{
    switch (option) {
    case DRAY_ROOTLESS_TRUE:
        return RUNTIME_ROOTLESS_TRUE;
    case DRAY_ROOTLESS_FALSE:
        return RUNTIME_ROOTLESS_FALSE;
    case DRAY_ROOTLESS_AUTO:
        break;
    }
    return RUNTIME_ROOTLESS_AUTO;
}

int dray_new(const struct dray_options *options, struct dray **ret)
{
    struct dray_options given;
    struct oci_arena memory;
    struct dray *dray;
    int r;

    oci_arena_init(&memory);
    dray = oci_arena_new(&memory, struct dray);
    *ret = dray;
    if (dray == NULL)
        return -ENOMEM;
    dray->memory = memory;
    r = DRAY_OPTIONS_COPY(&given, options, &dray->error);
    if (r < 0)
        return r;
    dray->runtime.rootless = choose_rootless(given.rootless);
    r = choose_root(given.root, dray->root, sizeof(dray->root));
    if (r < 0)
        return error_set(&dray->error, ERROR_STATE_ROOT, -r,
                         "the path of the state directory is too long");
    dray->runtime.root = dray->root;
    dray->runtime.cgroup_manager = given.cgroup_manager == DRAY_CGROUP_SYSTEMD ? PLAN_CGROUP_SYSTEMD
                                   : given.cgroup_manager == DRAY_CGROUP_DISABLED
                                       ? PLAN_CGROUP_DISABLED
                                       : PLAN_CGROUP_CGROUPFS;
    dray->runtime.log_level = given.log_level == DRAY_LOG_DEBUG     ? LOG_LEVEL_DEBUG
                              : given.log_level == DRAY_LOG_WARNING ? LOG_LEVEL_WARNING
                                                                    : LOG_LEVEL_ERROR;
    dray->runtime.ends_after_use = given.ends_after_use;
    dray->log = given.log;
    dray->log_data = given.log_data;
    if (given.log != NULL) {
        dray->runtime.log = pass_log;
        dray->runtime.log_data = dray;
    }
    return 0;
}

void dray_free(struct dray *dray)
{
    struct oci_arena memory;

    if (dray == NULL)
        return;
    memory = dray->memory;
    oci_arena_done(&memory);
}

const char *dray_error_text(struct dray *dray)
{
    error_format_text(&dray->error, dray->text, sizeof(dray->text));
    return dray->text;
}

const char *dray_error_message(struct dray *dray)
{
    error_format_message(&dray->error, dray->message, sizeof(dray->message));
    return dray->message;
}

const char *dray_error_detail(struct dray *dray)
{
    return dray->error.detail;
}

const char *dray_error_code(struct dray *dray)
{
    return error_code_name(dray->error.code);
}

const char *dray_error_pointer(struct dray *dray)
{
    return dray->error.pointer;
}

const char *dray_error_errno(struct dray *dray)
{
    const char *name = dray->error.sys_errno > 0 ? error_errno_name(dray->error.sys_errno) : NULL;

    return name != NULL ? name : "";
}

enum dray_error_class dray_error_class(struct dray *dray)
{
    switch (error_code_exit_class(dray->error.code)) {
    case EXIT_CLASS_NOT_FOUND:
        return DRAY_ERROR_PROGRAM_NOT_FOUND;
    case EXIT_CLASS_NOT_EXECUTABLE:
        return DRAY_ERROR_PROGRAM_NOT_EXECUTABLE;
    case EXIT_CLASS_GENERAL:
        break;
    }
    return DRAY_ERROR_GENERAL;
}
