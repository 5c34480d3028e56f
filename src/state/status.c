/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/status.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "ocispec/ocispec.h"
#include "state/directory.h"

static const struct oci_row status_rows[] = {
    OCI_ROW_U32(struct status, "version", version, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "ociVersion", oci_version, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "id", id, OCI_REQUIRED),
    OCI_ROW_I32(struct status, "pid", pid, OCI_REQUIRED),
    OCI_ROW_U64(struct status, "startTime", start_time, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "bundle", bundle, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "rootfs", rootfs, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "created", created, OCI_REQUIRED),
    OCI_ROW_STRING(struct status, "owner", owner, OCI_REQUIRED),
    OCI_ROW_STRING_MAP(struct status, "annotations", annotations, 0),
    OCI_ROW_U64(struct status, "namespaces", namespaces, OCI_REQUIRED),
    OCI_ROW_U32(struct status, "cgroupManager", cgroup_manager, 0),
    OCI_ROW_BOOL(struct status, "sharesPidNamespace", shares_pid_namespace, 0),
    OCI_ROW_BOOL(struct status, "hostMountNamespace", host_mount_namespace, 0),
    OCI_ROW_BOOL(struct status, "hasPoststartHooks", has_poststart_hooks, 0),
    OCI_ROW_BOOL(struct status, "hasPoststopHooks", has_poststop_hooks, 0),
};
static const struct oci_table status_table = OCI_TABLE(struct status, "status", status_rows);

/* What others see of it. */
struct state_document {
    const char *oci_version;
    const char *id;
    struct oci_optional_i32 pid;
    const char *status;
    const char *bundle;
    const char *rootfs;
    const char *created;
    struct oci_string_map annotations;
    const char *owner;
};

static const struct oci_row state_rows[] = {
    OCI_ROW_STRING(struct state_document, "ociVersion", oci_version, OCI_REQUIRED),
    OCI_ROW_STRING(struct state_document, "id", id, OCI_REQUIRED),
    OCI_ROW_OPTIONAL_I32(struct state_document, "pid", pid, 0),
    OCI_ROW_STRING(struct state_document, "status", status, OCI_REQUIRED),
    OCI_ROW_STRING(struct state_document, "bundle", bundle, OCI_REQUIRED),
    OCI_ROW_STRING(struct state_document, "rootfs", rootfs, 0),
    OCI_ROW_STRING(struct state_document, "created", created, 0),
    OCI_ROW_STRING_MAP(struct state_document, "annotations", annotations, 0),
    OCI_ROW_STRING(struct state_document, "owner", owner, 0),
};
static const struct oci_table state_table = OCI_TABLE(struct state_document, "state", state_rows);

int status_write(int journal, const struct status *status, struct oci_arena *arena,
                 struct error *error)
{
    const char *text;
    size_t length;
    int r = oci_write(&status_table, status, OCI_WRITE_COMPACT, arena, &text, &length);

    if (r < 0)
        return error_set(error, ERROR_OUT_OF_MEMORY, -r, "cannot write the container's status");
    return journal_append(journal, JOURNAL_STATUS, text, length, error);
}

int status_read(const struct journal *journal, struct oci_arena *arena, struct status **ret,
                struct error *error)
{
    const struct journal_record *record = journal_find(journal, JOURNAL_STATUS);
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct status *status;
    void *document;
    int r;

    if (record == NULL)
        return -ENOENT;
    r = oci_parse(&status_table, arena, record->payload, record->length, &document, &report);
    if (r == -EINVAL) {
        error_set(error, ERROR_STATE_DAMAGED, 0, "the container's status is damaged: %s",
                  fault.message);
        snprintf(error->document, sizeof(error->document), "%s", STATE_JOURNAL);
        error_set_pointer(error, "%s", fault.pointer);
        return r;
    }
    if (r < 0)
        return error_set(error, ERROR_OUT_OF_MEMORY, -r, "cannot read the container's status");
    status = document;
    if (status->version != STATUS_VERSION)
        return error_set(error, ERROR_STATE_VERSION, 0,
                         "the container's status is of version %u, this dray knows %u",
                         status->version, STATUS_VERSION);
    *ret = status;
    return 0;
}

const char *status_state_document(const struct status *status, const char *word, bool with_pid,
                                  struct oci_arena *arena)
{
    struct state_document document = {
        .oci_version = status->oci_version,
        .id = status->id,
        .pid = {.set = true, .value = with_pid ? status->pid : 0},
        .status = word,
        .bundle = status->bundle,
        .rootfs = status->rootfs,
        .created = status->created,
        .annotations = status->annotations,
        .owner = status->owner,
    };
    const char *text;
    size_t length;

    if (oci_write(&state_table, &document, OCI_WRITE_COMPACT, arena, &text, &length) < 0)
        return NULL;
    return text;
}
