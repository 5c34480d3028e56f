/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process known for certain: a pid is one only together with its start time, and signals go
 * through a pidfd (pidfd_open(2), proc_pid_stat(5) field 22).
 */
#ifndef DRAY_IO_PROCESS_H
#define DRAY_IO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_identity {
    int32_t pid;
    uint64_t start_time; /* clock ticks since boot; 0: no process */
};

struct process_status {
    char state; /* as in /proc/PID/stat: R S D Z T X … */
    uint64_t start_time;
};

/* Returns 0, -ESRCH when there is no such process, or a negative errno value. */
int process_read_status(pid_t pid, struct process_status *ret);

/* The process that traces it (ptrace(2)); 0 when there is none, or it cannot be told. */
pid_t process_read_tracer(pid_t pid);

/*
 * True while that very process lives; a zombie does not.  Also true when it cannot be told
 * (ENOMEM).
 */
bool process_is_alive(const struct process_identity *identity);

/*
 * Opens a pidfd of that very process.
 * Returns the descriptor, -ESRCH when it is gone (or its pid belongs to another), or another
 * negative errno value.
 */
int process_open(const struct process_identity *identity);

#endif
