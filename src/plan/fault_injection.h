/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test builds (configure --enable-fault-injection): one row of a step list fails or dies on demand.
 *
 *     DRAY_FAULT=dray:CGROUP_MAKE=fail     the row is not run and returns an error
 *     DRAY_FAULT=stage:MOUNTS=kill         SIGKILL before the row
 *     DRAY_FAULT=stage:MOUNTS=kill-after   SIGKILL after it
 *     DRAY_FAULT=dray:MOUNTED=signal-TERM  SIGTERM before it, as from a user who gives up
 *     DRAY_HELD_MS=500                     how long a stage that others may hold is waited for
 *
 *     DRAY_OLD_PROCFS=1                    as before Linux 6.17
 *
 * In other builds these are empty.
 */
#ifndef DRAY_PLAN_FAULT_INJECTION_H
#define DRAY_PLAN_FAULT_INJECTION_H

#include <stdbool.h>

#ifdef FAULT_INJECTION

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/number.h"

static inline bool fault_is(const char *role, const char *row, const char *action)
{
    const char *fault = getenv("DRAY_FAULT");
    size_t role_length = strlen(role), row_length = strlen(row);

    return fault != NULL && strncmp(fault, role, role_length) == 0 && fault[role_length] == ':' &&
           strncmp(fault + role_length + 1, row, row_length) == 0 &&
           fault[role_length + 1 + row_length] == '=' &&
           strcmp(fault + role_length + 2 + row_length, action) == 0;
}

/* The first process of a PID namespace is immune to its own SIGKILL, but not to a fault. */
static inline void fault_die(void)
{
    const struct rlimit no_core = {0, 0};

    kill(getpid(), SIGKILL);
    setrlimit(RLIMIT_CORE, &no_core);
    __builtin_trap();
}

/* Before a row; true: it has to fail. */
static inline bool fault_before(const char *role, const char *row)
{
    if (fault_is(role, row, "kill"))
        fault_die();
    if (fault_is(role, row, "signal-TERM"))
        kill(getpid(), SIGTERM);
    return fault_is(role, row, "fail");
}

static inline void fault_after(const char *role, const char *row)
{
    if (fault_is(role, row, "kill-after"))
        fault_die();
}

static inline int fault_held_ms(int ms)
{
    const char *text = getenv("DRAY_HELD_MS");
    int32_t shorter;

    return text != NULL && parse_i32(text, &shorter) == 0 ? shorter : ms;
}

static inline bool fault_is_old_procfs(void)
{
    return getenv("DRAY_OLD_PROCFS") != NULL;
}

#else

static inline bool fault_is_old_procfs(void)
{
    return false;
}

static inline int fault_held_ms(int ms)
{
    return ms;
}

static inline bool fault_before(const char *role, const char *row)
{
    (void)role;
    (void)row;
    return false;
}

static inline void fault_after(const char *role, const char *row)
{
    (void)role;
    (void)row;
}

#endif
#endif
