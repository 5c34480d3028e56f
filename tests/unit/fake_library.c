/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for libdray in the tests of the command line. */
#include "fake_library.h"

#include <dray/dray.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

struct dray {
    struct error error;
    char text[2048];
    char message[2048];
};

char fake_calls[FAKE_CALLS_SIZE];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t length = strlen(fake_calls);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fake_calls + length, sizeof(fake_calls) - length, format, arguments);
    va_end(arguments);
}

static const char *word(const char *text)
{
    return text != NULL ? text : "-";
}

static void note_list(const char *name, const char *const *list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        note(" %s=%s", name, list[i]);
}

/* Containers whose id begins with "gone" do not exist. */
static int answer(struct dray *dray, const char *id)
{
    error_clear(&dray->error);
    if (strncmp(id, "gone", 4) != 0)
        return 0;
    error_set_detail(&dray->error, "Permission denied", 17);
    return error_set(&dray->error, ERROR_CONTAINER_NOT_FOUND, ENOENT,
                     "container \"%s\" does not exist", id);
}

int dray_new(const struct dray_options *options, struct dray **ret)
{
    note("new root=%s manager=%d rootless=%d level=%d;", word(options->root),
         (int)options->cgroup_manager, (int)options->rootless, (int)options->log_level);
    options->log(options->log_data, DRAY_LOG_WARNING, "a warning");
    *ret = calloc(1, sizeof(**ret));
    return *ret != NULL ? 0 : -ENOMEM;
}

void dray_free(struct dray *dray)
{
    free(dray);
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

const char *dray_error_errno(struct dray *dray)
{
    (void)dray;
    return "";
}

const char *dray_error_pointer(struct dray *dray)
{
    return dray->error.pointer;
}

int dray_create(struct dray *dray, const char *id, const struct dray_create_options *options)
{
    note("create %s bundle=%s config=%s console=%s pid=%s fds=%u%s%s;", id, word(options->bundle),
         word(options->config), word(options->console_socket), word(options->pid_file),
         options->preserve_fds, options->no_pivot ? " no-pivot" : "",
         options->no_new_keyring ? " no-keyring" : "");
    if (options->pidfd_socket != NULL)
        note(" pidfd=%s;", options->pidfd_socket);
    return answer(dray, id);
}

int dray_start(struct dray *dray, const char *id)
{
    note("start %s;", id);
    return answer(dray, id);
}

int dray_run(struct dray *dray, const char *id, const struct dray_run_options *options,
             int *ret_status)
{
    note("run%s%s: ", options->detach ? " detach" : "", options->keep ? " keep" : "");
    *ret_status = 9;
    return dray_create(dray, id, options->create);
}

int dray_state(struct dray *dray, const char *id, char **ret_json)
{
    note("state %s;", id);
    if (answer(dray, id) < 0)
        return -ENOENT;
    *ret_json = strdup("{\"id\":\"a\",\"annotations\":{}}");
    return 0;
}

int dray_list(struct dray *dray, char **ret_json)
{
    (void)dray;
    note("list;");
    *ret_json =
        strdup("[{\"ociVersion\":\"1.3.0\",\"id\":\"web1\",\"pid\":5,\"status\":\"running\","
               "\"bundle\":\"/b\",\"created\":\"2026-01-02T03:04:05Z\",\"owner\":\"root\"},"
               "{\"id\":\"gone2\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/c\"}]");
    return 0;
}

int dray_kill(struct dray *dray, const char *id, int signal_number, bool all)
{
    note("kill %s %d%s;", id, signal_number, all ? " all" : "");
    return answer(dray, id);
}

int dray_delete(struct dray *dray, const char *id, bool force)
{
    note("delete %s%s;", id, force ? " force" : "");
    return answer(dray, id);
}

int dray_exec(struct dray *dray, const char *id, const struct dray_exec_options *options,
              int *ret_status)
{
    note("exec %s process=%s cwd=%s user=%s apparmor=%s label=%s%s%s%s%s", id,
         word(options->process_file), word(options->cwd), word(options->user),
         word(options->apparmor), word(options->process_label),
         options->no_new_privileges ? " nnp" : "", options->tty ? " tty" : "",
         options->detach ? " detach" : "", options->ignore_paused ? " paused" : "");
    note_list("arg", options->args);
    note_list("env", options->env);
    note_list("cap", options->capabilities);
    note_list("cgroup", options->cgroups);
    for (size_t i = 0; i < options->additional_gids_count; i++)
        note(" gid=%u", options->additional_gids[i]);
    note(" console=%s pid=%s fds=%u;", word(options->console_socket), word(options->pid_file),
         options->preserve_fds);
    if (options->pidfd_socket != NULL)
        note(" pidfd=%s;", options->pidfd_socket);
    *ret_status = 3;
    return answer(dray, id);
}

int dray_pause(struct dray *dray, const char *id)
{
    note("pause %s;", id);
    return answer(dray, id);
}

int dray_resume(struct dray *dray, const char *id)
{
    note("resume %s;", id);
    return answer(dray, id);
}

int dray_mounts_add(struct dray *dray, const char *id, const char *file)
{
    note("mounts add %s %s;", id, file);
    return answer(dray, id);
}

int dray_mounts_remove(struct dray *dray, const char *id, const char *file)
{
    note("mounts remove %s %s;", id, file);
    return answer(dray, id);
}

int dray_update(struct dray *dray, const char *id, const struct dray_update_options *options)
{
    note("update %s %s l3=%s mb=%s;", id, word(options->resources), word(options->l3_cache_schema),
         word(options->mem_bw_schema));
    return answer(dray, id);
}

int dray_events(struct dray *dray, const char *id, const struct dray_events_options *options)
{
    note("events %s once=%d interval=%u;", id, options->once, options->interval_ms);
    options->deliver(options->data, "{}");
    return answer(dray, id);
}

static void note_criu(const struct dray_criu_options *criu)
{
    note(" image=%s work=%s cgroups=%d lock=%d tcp=%d unix=%d shell=%d locks=%d lazy=%d dedup=%d "
         "empty=%d;",
         word(criu->image_path), word(criu->work_path), criu->cgroups_mode, criu->network_lock,
         criu->tcp_established, criu->ext_unix_sk, criu->shell_job, criu->file_locks,
         criu->lazy_pages, criu->auto_dedup, criu->empty_network);
}

int dray_checkpoint(struct dray *dray, const char *id,
                    const struct dray_checkpoint_options *options)
{
    note("checkpoint %s parent=%s server=%s fd=%d run=%d pre=%d flight=%d remap=%d", id,
         word(options->parent_path), word(options->page_server),
         options->has_status_fd ? options->status_fd : -1, options->leave_running,
         options->pre_dump, options->tcp_skip_in_flight, options->link_remap);
    note_criu(options->criu);
    return answer(dray, id);
}

int dray_restore(struct dray *dray, const char *id, const struct dray_restore_options *options,
                 int *ret_status)
{
    note("restore %s bundle=%s pid=%s console=%s detach=%d keep=%d close=%d lsm=%s context=%s", id,
         word(options->create->bundle), word(options->create->pid_file),
         word(options->create->console_socket), options->detach, options->keep, options->tcp_close,
         word(options->lsm_profile), word(options->lsm_mount_context));
    note_criu(options->criu);
    *ret_status = 9;
    return answer(dray, id);
}

int dray_processes(struct dray *dray, const char *id, pid_t **ret_pids, size_t *ret_count)
{
    note("processes %s;", id);
    if (answer(dray, id) < 0)
        return -ENOENT;
    *ret_count = strcmp(id, "stopped") == 0 ? 0 : 2;
    *ret_pids = calloc(2, sizeof(**ret_pids));
    (*ret_pids)[0] = getpid();
    (*ret_pids)[1] = 1;
    return 0;
}

int dray_features(struct dray *dray, char **ret_json)
{
    (void)dray;
    *ret_json = strdup("{\"ociVersionMin\":\"1.0.0\"}");
    return 0;
}

int dray_spec(struct dray *dray, bool rootless, char **ret_json)
{
    (void)dray;
    *ret_json = strdup(rootless ? "{\"a\":1}" : "{\"a\":0}");
    return 0;
}
