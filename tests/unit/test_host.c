/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is probed of the host agrees with what the host says elsewhere. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/host.h"

static unsigned long long status_of(const char *key)
{
    FILE *file = fopen("/proc/self/status", "re");
    unsigned long long value = 0;
    char line[256];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key), NULL, 16);
    fclose(file);
    return value;
}

static void host_is_this_one(void **state)
{
    struct error error = {0};
    struct utsname names;
    struct host host;
    char version[64];
    FILE *file;

    (void)state;
    if (host_probe(&host, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(uname(&names), 0);
    snprintf(version, sizeof(version), "%u.%u", host.kernel_major, host.kernel_minor);
    assert_int_equal(strncmp(names.release, version, strlen(version)), 0);
    assert_int_equal(host.effective_uid, geteuid());
    assert_int_equal(host.effective_gid, getegid());
    assert_true(host.capabilities == status_of("CapEff:\t"));
    assert_true(host.bounding == status_of("CapBnd:\t"));
    file = fopen("/proc/sys/kernel/cap_last_cap", "re");
    if (file != NULL) {
        unsigned last = 0;

        assert_int_equal(fscanf(file, "%u", &last), 1);
        assert_int_equal(host.last_capability, last);
        fclose(file);
    }
}

static void layouts_fit_their_controllers(void **state)
{
    struct error error = {0};
    struct host_cgroups host;

    (void)state;
    if (host_probe_cgroups(&host, &error) < 0)
        fail_msg("%s", error.message);
    if (host.layout == HOST_CGROUP_V2 || host.layout == HOST_CGROUP_NONE)
        assert_int_equal(host.controllers, 0);
    else
        assert_int_not_equal(host.controllers, 0);
    for (int i = 0; i < HOST_CGROUP_CONTROLLERS; i++) {
        char path[128];

        if ((host.controllers & 1u << i) == 0)
            continue;
        snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", host.directories[i]);
        if (access(path, F_OK) < 0)
            fail_msg("%s", path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_is_this_one),
        cmocka_unit_test(layouts_fit_their_controllers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
