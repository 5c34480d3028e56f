/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind the opaque handle. */
#ifndef DRAY_API_HANDLE_H
#define DRAY_API_HANDLE_H

#include <limits.h>

#include "dray/dray.h"
#include "steps/checkpoint.h"
#include "steps/operation.h"

struct dray {
    struct oci_arena memory; /* of the handle itself */
    struct runtime runtime;
    struct error error;
    dray_log_function log;
    void *log_data;
    char root[PATH_MAX]; /* the state root's path */
    char text[4096];     /* of the error, made when they are asked for */
    char message[4096];
};

/*
 * Copies an option struct of the caller's size into one of ours: fields beyond its size are zero.
 * Fails with ERROR_USAGE when the caller's is larger than ours and uses what we do not know.
 */
int options_copy(void *ret, size_t size, const void *options, struct error *error);

#define DRAY_OPTIONS_COPY(ret, options, error) options_copy(ret, sizeof(*(ret)), options, error)

/*
 * Checks that the caller has left descriptors 3 to 3 + @count - 1 open for the program.  One that
 * is closed or close-on-exec would be, or become, one of our own: a directory of the host in the
 * container's hands.
 */
int preserved_check(uint32_t count, struct error *error);

/* Reads and checks what create, run and restore share. */
int create_request_read(struct dray *dray, const char *id,
                        const struct dray_create_options *options, struct create_request *ret);

/* Reads and checks what checkpoint and restore share. */
int criu_options_read(struct dray *dray, const struct dray_criu_options *options,
                      struct criu_options *ret);

/* A malloc'ed copy for the caller. */
int text_return(const char *text, char **ret, struct error *error);

#endif
