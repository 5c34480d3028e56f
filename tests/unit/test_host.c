/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is probed of the host agrees with what the host says elsewhere. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/subordinate_ids.h"

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

static void subordinate_ids(void **state)
{
    static const char text[] = "a:1:2\nab:3:4\n1000:5:6\nx\n:7:8\na:9\na:1:0\na:4294967290:9\n"
                               "a:4294967280:14\na:1:2:3\na:-1:2\na: 1:2\na:11:12";
    static const struct subordinate_range wanted[] = {{1, 2}, {5, 6}, {4294967280u, 14}, {11, 12}};
    struct subordinate_range ranges[SUBORDINATE_RANGES_MAX];
    char many[SUBORDINATE_RANGES_MAX * 8 + 17] = "";

    (void)state;
    assert_int_equal(subordinate_ids_parse(text, "a", 1000, ranges), ARRAY_SIZE(wanted));
    assert_memory_equal(ranges, wanted, sizeof(wanted));
    assert_int_equal(subordinate_ids_parse(text, NULL, 1000, ranges), 1);
    assert_int_equal(subordinate_ids_parse(text, "b", 10, ranges), 0);
    assert_int_equal(subordinate_ids_parse("", "a", 1, ranges), 0);
    for (int i = 0; i < SUBORDINATE_RANGES_MAX + 2; i++)
        memcpy(many + i * 8, "a:1:001\n", 8);
    assert_int_equal(subordinate_ids_parse(many, "a", 1, ranges), SUBORDINATE_RANGES_MAX);
}

static void names_of_users(void **state)
{
    static const char users[] = "root:x:0:0::/:/bin/sh\n\nodd\n:x:7:7::/:\nu:x:7:8::/:/bin/sh\n"
                                "v:x:70:7::/:\nw::9\n";
    static const struct {
        uint32_t uid;
        const char *name;
    } cases[] = {{0, "root"}, {7, "u"}, {70, "v"}, {8, NULL}, {9, NULL}, {1, NULL}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char copy[sizeof(users)];
        const char *name;

        memcpy(copy, users, sizeof(users));
        name = subordinate_ids_find_name(copy, cases[i].uid);
        if (cases[i].name == NULL)
            assert_null(name);
        else
            assert_string_equal(name, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_is_this_one),
        cmocka_unit_test(layouts_fit_their_controllers),
        cmocka_unit_test(subordinate_ids),
        cmocka_unit_test(names_of_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
