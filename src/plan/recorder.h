/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The flight recorder: one page that dray and the stage share.  Each notes the row of the step
 * table it is in, so dray can always say what the stage was doing, even if a signal killed it.
 *
 * It is a file in the container's state directory, so that `start`, another process, can read it.
 * The stage writes it from inside the container: dray copies it once and sanitizes the copy.
 */
#ifndef DRAY_PLAN_RECORDER_H
#define DRAY_PLAN_RECORDER_H

#include <stdint.h>

#include "base/error.h"

#define RECORDER_SIZE 4096u

enum recorder_phase {
    RECORDER_SETUP,   /* the stage works */
    RECORDER_WAITING, /* all is set up; it waits for start */
    RECORDER_EXEC,    /* its next system call is execve of the user's program */
    RECORDER_FAILED,  /* error holds why */
};

/* The byte that a created container waits for at its fifo; another one ends it. */
#define START_BYTE 's'
#define END_BYTE   'e'

struct recorder {
    uint32_t phase;   /* enum recorder_phase */
    uint32_t row;     /* of the step table, the stage's */
    int32_t listener; /* seccomp listener's descriptor number in the stage, or -1 */
    uint32_t padding;
    struct error error;
};

_Static_assert(sizeof(struct recorder) <= RECORDER_SIZE, "the recorder is one page");

#endif
