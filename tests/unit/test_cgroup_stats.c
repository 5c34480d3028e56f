/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of cgroups that a directory of ordinary files stands in for. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/cgroup_internal.h"
#include "cgroup/stats.h"
#include "cgroup/stats_text.h"
#include "ocispec/ocispec.h"

struct file {
    const char *name;
    const char *text;
};

/* A cgroup whose hierarchies in @hierarchies are all that one directory. */
static void fake(struct cgroup *cgroup, int directory, uint32_t hierarchies)
{
    memset(&cgroup->record, 0, sizeof(cgroup->record));
    cgroup->record.hierarchies = hierarchies;
    for (unsigned i = 0; i < CGROUP_HIERARCHIES; i++) {
        bool there = (hierarchies & 1u << i) != 0;

        cgroup->record.alias[i] = there ? (uint16_t)i : UINT16_MAX;
        cgroup->directories[i] = there ? directory : -1;
        cgroup->procs[i] = -1;
    }
}

/* The statistics of a cgroup with these files, as JSON. */
static const char *read_json(const struct file *files, size_t count, uint32_t hierarchies,
                             struct oci_arena *arena)
{
    char path[] = "/tmp/dray-stats-XXXXXX";
    _cleanup_close_ int directory = -1;
    struct error error = {0};
    struct cgroup_stats stats;
    struct cgroup cgroup;
    const char *text;
    size_t length;

    assert_non_null(mkdtemp(path));
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        _cleanup_close_ int fd = openat(directory, files[i].name, O_WRONLY | O_CREAT, 0600);

        assert_int_equal(write(fd, files[i].text, strlen(files[i].text)), strlen(files[i].text));
    }
    fake(&cgroup, directory, hierarchies);
    assert_int_equal(cgroup_read_stats(&cgroup, arena, &stats, &error), 0);
    assert_int_equal(
        oci_write(&cgroup_stats_table, &stats, OCI_WRITE_COMPACT, arena, &text, &length), 0);
    for (size_t i = 0; i < count; i++)
        unlinkat(directory, files[i].name, 0);
    rmdir(path);
    return text;
}

static void cgroup2_is_told_in_the_words_of_v1(void **state)
{
    static const struct file files[] = {
        {"cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\n"
                     "throttled_usec 7\n"},
        {"cpu.pressure", "some avg10=0.12 avg60=1.00 avg300=0.00 total=99\n"
                         "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
        {"cpuset.cpus.effective", "0-2,5\n"},
        {"cpuset.mems.effective", "0\n"},
        {"memory.stat", "anon 5\nfile 6\n"},
        {"memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n"},
        {"memory.current", "100\n"},
        {"memory.peak", "200\n"},
        {"memory.max", "300\n"},
        {"memory.swap.current", "10\n"},
        {"memory.swap.max", "50\n"},
        {"pids.current", "7\n"},
        {"pids.max", "max\n"},
        {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
                    "253:1 rbytes=9 cost.vrate=100.00\n7:0 \n"},
        {"io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"},
        {"hugetlb.2MB.current", "4096\n"},
        {"hugetlb.2MB.events", "max 8\n"},
        {"hugetlb.2MB.rsvd.current", "1\n"},
    };
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(
        read_json(files, ARRAY_SIZE(files), 1u << CGROUP_UNIFIED, &arena),
        "{\"cpu\":{\"usage\":{\"total\":30000,\"kernel\":10000,\"user\":20000},"
        "\"throttling\":{\"periods\":4,\"throttledPeriods\":3,\"throttledTime\":7000},"
        "\"psi\":{\"some\":{\"avg10\":0.12,\"avg60\":1.00,\"avg300\":0.00,\"total\":99},"
        "\"full\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":0.00,\"total\":0}}},"
        "\"cpuset\":{\"cpus\":[0,1,2,5],\"cpu_exclusive\":0,\"mems\":[0],\"mem_hardwall\":0,"
        "\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"
        "\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,"
        "\"sched_relax_domain_level\":0},"
        "\"memory\":{\"cache\":6,\"usage\":{\"limit\":300,\"usage\":100,\"max\":200,\"failcnt\":2},"
        "\"swap\":{\"limit\":350,\"usage\":110,\"max\":0,\"failcnt\":0},"
        "\"raw\":{\"anon\":5,\"file\":6},"
        "\"event_count\":{\"low\":0,\"high\":1,\"max\":2,\"oom\":3,\"oom_kill\":4}},"
        "\"pids\":{\"current\":7},"
        "\"blkio\":{\"ioServiceBytesRecursive\":["
        "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":1},"
        "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":2},"
        "{\"major\":8,\"minor\":0,\"op\":\"Discard\",\"value\":5},"
        "{\"major\":253,\"minor\":1,\"op\":\"Read\",\"value\":9}],"
        "\"ioServicedRecursive\":["
        "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":3},"
        "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":4},"
        "{\"major\":8,\"minor\":0,\"op\":\"Discard\",\"value\":6}],"
        "\"psi\":{\"some\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":0.00,\"total\":1}}},"
        "\"hugetlb\":{\"2MB\":{\"usage\":4096,\"max\":0,\"failcnt\":8}}}");
}

static void v1_huge_pages_and_block_devices(void **state)
{
    static const struct file files[] = {
        {"blkio.throttle.io_service_bytes_recursive",
         "8:0 Read 4096\n8:0 Total 4096\nTotal 4096\n"},
        {"blkio.throttle.io_serviced_recursive", "8:0 Read 1\nTotal 1\n"},
        {"hugetlb.1GB.usage_in_bytes", "1\n"},
        {"hugetlb.1GB.max_usage_in_bytes", "2\n"},
        {"hugetlb.1GB.failcnt", "3\n"},
    };
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(
        read_json(files, ARRAY_SIZE(files), 1u << HOST_CGROUP_BLKIO | 1u << HOST_CGROUP_HUGETLB,
                  &arena),
        "{\"blkio\":{\"ioServiceBytesRecursive\":["
        "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":4096},"
        "{\"major\":8,\"minor\":0,\"op\":\"Total\",\"value\":4096}],"
        "\"ioServicedRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":1}]},"
        "\"hugetlb\":{\"1GB\":{\"usage\":1,\"max\":2,\"failcnt\":3}}}");
}

static void unlimited_memory_is_the_largest_number(void **state)
{
    static const struct file files[] = {
        {"memory.max", "max\n"}, {"memory.swap.max", "0\n"}, {"memory.current", "5\n"}};
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_non_null(strstr(read_json(files, ARRAY_SIZE(files), 1u << CGROUP_UNIFIED, &arena),
                           "\"usage\":{\"limit\":18446744073709551615,\"usage\":5,\"max\":0,"
                           "\"failcnt\":0},\"swap\":{\"limit\":18446744073709551615,"));
}

/* What a kernel never writes must not become broken JSON. */
static void strange_texts_are_left_out(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(stats_text_flat_keyed("", &arena), "{}");
    assert_string_equal(stats_text_flat_keyed("a 1\nb\nc \"\n\"d\" 2\ne 3", &arena),
                        "{\"a\":1,\"e\":3}");
    assert_null(stats_text_pressure("some avg10=\"x\"\n", &arena));
    assert_null(stats_text_pressure("some avg10=1. total=1\n", &arena));
    assert_null(stats_text_pressure("some\n", &arena));
    assert_string_equal(stats_text_pressure("", &arena), "{}");
    assert_string_equal(stats_text_numbers("  1 22\n333 \n", &arena), "[1,22,333]");
    assert_string_equal(stats_text_numbers("", &arena), "[]");
    assert_null(stats_text_numbers("1 x", &arena));
    assert_string_equal(stats_text_column("cpu user system\n0 5 6\n1 7 8\n", 2, &arena), "[6,8]");
    assert_string_equal(stats_text_column("0 5\n1\n", 1, &arena), "[5]");
    assert_string_equal(stats_text_ranges("\n", &arena), "[]");
    assert_string_equal(stats_text_ranges("0-1,3,5-6\n", &arena), "[0,1,3,5,6]");
    assert_null(stats_text_ranges("3-1", &arena));
    assert_null(stats_text_ranges("0-99999999999999", &arena));
    assert_null(stats_text_ranges("0-x", &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgroup2_is_told_in_the_words_of_v1),
        cmocka_unit_test(v1_huge_pages_and_block_devices),
        cmocka_unit_test(unlimited_memory_is_the_largest_number),
        cmocka_unit_test(strange_texts_are_left_out),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
