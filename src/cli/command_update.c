/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dray update: other limits for a container.  Runs in dray. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "cli/command.h"
#include "io/file.h"
#include "ocispec/ocispec.h"

enum limit_form {
    LIMIT_NUMBER, /* decimal, with a sign */
    LIMIT_BYTES,  /* with a unit: 64k, 512M, 2GiB */
    LIMIT_TEXT,
};

/* From the option to the place in linux.resources. */
static const struct {
    const char *name;
    const char *pointer;
    enum limit_form form;
} limits[UPDATE_LIMITS] = {
    [UPDATE_BLKIO_WEIGHT] = {"blkio-weight", "/blockIO/weight", LIMIT_NUMBER},
    [UPDATE_CPU_BURST] = {"cpu-burst", "/cpu/burst", LIMIT_NUMBER},
    [UPDATE_CPU_IDLE] = {"cpu-idle", "/cpu/idle", LIMIT_NUMBER},
    [UPDATE_CPU_PERIOD] = {"cpu-period", "/cpu/period", LIMIT_NUMBER},
    [UPDATE_CPU_QUOTA] = {"cpu-quota", "/cpu/quota", LIMIT_NUMBER},
    [UPDATE_CPU_RT_PERIOD] = {"cpu-rt-period", "/cpu/realtimePeriod", LIMIT_NUMBER},
    [UPDATE_CPU_RT_RUNTIME] = {"cpu-rt-runtime", "/cpu/realtimeRuntime", LIMIT_NUMBER},
    [UPDATE_CPU_SHARE] = {"cpu-share", "/cpu/shares", LIMIT_NUMBER},
    [UPDATE_CPUSET_CPUS] = {"cpuset-cpus", "/cpu/cpus", LIMIT_TEXT},
    [UPDATE_CPUSET_MEMS] = {"cpuset-mems", "/cpu/mems", LIMIT_TEXT},
    [UPDATE_KERNEL_MEMORY] = {"kernel-memory", "/memory/kernel", LIMIT_BYTES},
    [UPDATE_KERNEL_MEMORY_TCP] = {"kernel-memory-tcp", "/memory/kernelTCP", LIMIT_BYTES},
    [UPDATE_MEMORY] = {"memory", "/memory/limit", LIMIT_BYTES},
    [UPDATE_MEMORY_RESERVATION] = {"memory-reservation", "/memory/reservation", LIMIT_BYTES},
    [UPDATE_MEMORY_SWAP] = {"memory-swap", "/memory/swap", LIMIT_BYTES},
    [UPDATE_PIDS_LIMIT] = {"pids-limit", "/pids/limit", LIMIT_NUMBER},
};

struct update {
    struct invocation *invocation;
    struct oci_arena arena;
    struct oci_linux_resources *resources;
};

static int refuse(struct update *update, enum update_limit limit, const char *why)
{
    return error_set(&update->invocation->error, ERROR_USAGE, 0,
                     "update: invalid value \"%s\" for flag --%s: %s",
                     update->invocation->arguments.limits[limit], limits[limit].name, why);
}

static int out_of_memory(struct update *update)
{
    return error_set(&update->invocation->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                     "update: out of memory");
}

/* "512m", "2GiB": powers of 1024, as other runtimes take them; -1 is no limit. */
static int parse_bytes(const char *text, int64_t *ret)
{
    static const char units[] = "kmgtp";
    uint64_t number;
    unsigned shift = 0;

    if (text[0] == '-')
        return parse_i64(text, ret);
    if (parse_u64_prefix(&text, &number) < 0)
        return -EINVAL;
    if (*text != '\0' && strchr(units, *text | 0x20) != NULL) {
        shift = 10 * (unsigned)(strchr(units, *text | 0x20) - units + 1);
        text++;
        text += *text == 'i' && (text[1] == 'b' || text[1] == 'B');
    }
    text += (*text | 0x20) == 'b';
    if (*text != '\0')
        return -EINVAL;
    if (number > (uint64_t)INT64_MAX >> shift)
        return -ERANGE;
    *ret = (int64_t)(number << shift);
    return 0;
}

/* The JSON of the value. */
static int read_limit(struct update *update, enum update_limit limit, struct buffer *json)
{
    const char *text = update->invocation->arguments.limits[limit];
    char digits[24];
    int64_t number = 0;

    switch (limits[limit].form) {
    case LIMIT_TEXT:
        buffer_add_json_string(json, text);
        return 0;
    case LIMIT_NUMBER:
        if (parse_i64(text, &number) < 0)
            return refuse(update, limit, "not a number");
        break;
    case LIMIT_BYTES:
        if (parse_bytes(text, &number) < 0)
            return refuse(update, limit, "not a number of bytes such as 1048576, 512m or -1");
        break;
    }
    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    buffer_add_text(json, digits);
    return 0;
}

static int set_limit(struct update *update, enum update_limit limit)
{
    _cleanup_buffer_ struct buffer json = {0};
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    int result = read_limit(update, limit, &json);

    if (result < 0)
        return result;
    if (json.failed)
        return out_of_memory(update);
    result = oci_set(&oci_linux_resources_table, update->resources, &update->arena,
                     limits[limit].pointer, json.text, json.length, &report);
    if (result == -EINVAL)
        return refuse(update, limit, fault.message);
    return result < 0 ? out_of_memory(update) : 0;
}

/* The document to begin with: from a file, from standard input ("-"), or an empty one. */
static int read_document(struct update *update)
{
    const char *path = update->invocation->arguments.resources;
    struct error *error = &update->invocation->error;
    char *text = NULL;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    size_t length;
    int result;

    if (path == NULL) {
        update->resources = oci_arena_new(&update->arena, struct oci_linux_resources);
        return update->resources != NULL ? 0 : out_of_memory(update);
    }
    result = strcmp(path, "-") == 0
                 ? file_read_all(STDIN_FILENO, OCI_SIZE_LIMIT, &update->arena, &text, &length)
                 : file_read_all_at(AT_FDCWD, path, OCI_SIZE_LIMIT, &update->arena, &text, &length);
    if (result < 0)
        return error_set(error, ERROR_CONFIG_UNREADABLE, -result,
                         "update: cannot read the resources from \"%s\"", path);
    result = oci_linux_resources_parse(&update->arena, text, length, &update->resources, &report);
    if (result == -EINVAL)
        return error_set(error, ERROR_CONFIG_VALUE, 0, "update: \"%s\", line %u, column %u: %s",
                         path, fault.line, fault.column, fault.message);
    return result < 0 ? out_of_memory(update) : 0;
}

static int make_document(struct update *update, const char **ret_json)
{
    size_t length;
    int result = read_document(update);

    for (unsigned i = 0; result == 0 && i < UPDATE_LIMITS; i++) {
        if (update->invocation->arguments.limits[i] != NULL)
            result = set_limit(update, i);
    }
    if (result < 0)
        return result;
    result = oci_write(&oci_linux_resources_table, update->resources, OCI_WRITE_COMPACT,
                       &update->arena, ret_json, &length);
    return result < 0 ? out_of_memory(update) : 0;
}

int command_update(struct invocation *invocation)
{
    struct dray_update_options options = {
        .size = sizeof(options),
        .l3_cache_schema = invocation->arguments.l3_cache_schema,
        .mem_bw_schema = invocation->arguments.mem_bw_schema,
    };
    struct update update = {.invocation = invocation};
    int result;

    oci_arena_init(&update.arena);
    result = make_document(&update, &options.resources);
    if (result == 0)
        result = command_open_library(invocation);
    if (result == 0)
        result = dray_update(invocation->dray, command_id(invocation), &options);
    oci_arena_done(&update.arena);
    return result;
}
