/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What puts a cgroup file back to what it was, for files that this kernel need not have. */
#include "cmocka_all.h"

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"

static void old_values_are_found(void **state)
{
    static const struct {
        const char *file, *written, *before, *back;
    } cases[] = {
        {"memory.max", "1048576", "max\n", "max"},
        {"memory.limit_in_bytes", "1048576", "9223372036854771712\n", "9223372036854771712"},
        {"memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "0"},
        {"cpu.max", "5000 10000", "max 100000\n", "max 100000"},
        {"cpu.max", "max 10000", "max 100000\n", "max 100000"},
        {"cpu.max", "10000", "20000 100000\n", "20000 100000"},
        {"cpuset.cpus", "0", "0-3,7\n", "0-3,7"},
        {"cpuset.cpus", "0", "\n", ""},
        {"io.weight", "50", "default 100\n", "100"},
        {"io.weight", "50", "default 100\n8:0 40\n", "100"},
        {"io.weight", "8:0 50", "default 100\n8:0 40\n", "8:0 40"},
        {"io.weight", "8:16 50", "default 100\n8:0 40\n", "8:16 default"},
        {"io.bfq.weight", "8:16 50", "default 100\n", "8:16 default"},
        {"io.max", "8:0 rbps=1", "8:0 rbps=7 wbps=max riops=max wiops=max\n",
         "8:0 rbps=7 wbps=max riops=max wiops=max"},
        {"io.max", "8:1 rbps=1", "8:16 rbps=7 wbps=max riops=max wiops=max\n",
         "8:1 rbps=max wbps=max riops=max wiops=max"},
        {"io.max", "8:0 rbps=1", "", "8:0 rbps=max wbps=max riops=max wiops=max"},
        {"io.latency", "8:0 target=5", "", "8:0 target=0"},
        {"blkio.throttle.read_bps_device", "8:0 1024", "8:0 5\n", "8:0 5"},
        {"blkio.throttle.read_bps_device", "8:0 1024", "18:0 5\n", "8:0 0"},
        {"blkio.bfq.weight_device", "8:0 10", "8:01 5\n", "8:0 default"},
        {"net_prio.ifpriomap", "eth0 5", "lo 0\neth0 1\n", "eth0 1"},
        {"rdma.max", "mlx5_0 hca_handle=2", "mlx5_0 hca_handle=max hca_object=9\n",
         "mlx5_0 hca_handle=max hca_object=9"},
        {"misc.max", "res_b 5", "res_a max\nres_b 10\n", "res_b 10"},
        /* lines that are no setting */
        {"misc.max", "res_c 5", "res_a max\nres_b 10\n", NULL},
        {"some.unknown", "8:0 5", "9:0 1\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *back = cgroup_old_value(cases[i].file, cases[i].written, cases[i].before);

        if (cases[i].back == NULL) {
            assert_null(back);
            continue;
        }
        assert_non_null(back);
        assert_string_equal(back, cases[i].back);
        free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(old_values_are_found)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
