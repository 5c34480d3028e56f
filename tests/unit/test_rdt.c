/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups of resctrl in a directory tree that imitates one: mkdirat() and unlinkat() are wrapped and
 * fill and empty directories as the kernel does.
 */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "plan/builder.h"
#include "rdt/rdt.h"
#include "rdt/schemata.h"

#define ROOT_SCHEMATA "    L3:0=fffff;1=fffff\n    MB:0=100;1=100\n"

struct fixture {
    char path[64];
    int root;
    struct plan_builder builder;
    struct rdt_record record;
    struct error error;
};

static int refused_mkdir; /* errno value, or 0 */

int __real_mkdirat(int dir, const char *path, mode_t mode);
int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
int __wrap_unlinkat(int dir, const char *path, int flags);

static void write_file(int dir, const char *name, const char *text)
{
    _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void fill(int dir)
{
    write_file(dir, "tasks", "");
    write_file(dir, "schemata", ROOT_SCHEMATA);
    assert_int_equal(__real_mkdirat(dir, "mon_groups", 0755), 0);
    assert_int_equal(__real_mkdirat(dir, "mon_data", 0755), 0);
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
    _cleanup_close_ int fd = -1;

    if (refused_mkdir != 0) {
        errno = refused_mkdir;
        return -1;
    }
    if (__real_mkdirat(dir, path, mode) < 0)
        return -1;
    fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(fd);
    return 0;
}

static void empty(int dir)
{
    static const char *const files[] = {"tasks", "schemata", "last_cmd_status"};

    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        __real_unlinkat(dir, files[i], 0);
    __real_unlinkat(dir, "mon_groups", AT_REMOVEDIR);
    __real_unlinkat(dir, "mon_data", AT_REMOVEDIR);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    _cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        empty(fd);
    return __real_unlinkat(dir, path, flags);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    refused_mkdir = 0;
    snprintf(f->path, sizeof(f->path), "/tmp/dray-test-rdt-XXXXXX");
    if (mkdtemp(f->path) == NULL)
        return -1;
    f->root = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(f->root);
    assert_int_equal(__real_mkdirat(f->root, "info", 0755), 0);
    write_file(f->root, "info/last_cmd_status", "ok\n");
    if (plan_builder_init(&f->builder, 0, &f->error) < 0)
        return -1;
    f->builder.error = &f->error;
    f->builder.plan->id = plan_add_string(&f->builder, "one");
    f->builder.plan->rdt.set = true;
    f->builder.plan->rdt.group = plan_add_string(&f->builder, "one");
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf --one-file-system %s", f->path);
    assert_int_equal(system(command), 0);
    close(f->root);
    plan_builder_done(&f->builder);
    free(f);
    return 0;
}

static void name_group(struct fixture *f, const char *name)
{
    f->builder.plan->rdt.named = true;
    f->builder.plan->rdt.group = name != NULL ? plan_add_string(&f->builder, name) : 0;
}

/* l3CacheSchema, and one line of schemata. */
static void add_lines(struct fixture *f, const char *l3, const char *other)
{
    struct plan *plan = f->builder.plan;
    size_t count = (l3 != NULL) + (other != NULL), next = 0;
    struct plan_rdt_line *lines =
        plan_add_array(&f->builder, sizeof(*lines), count, &plan->rdt.lines);

    if (l3 != NULL)
        lines[next++] = (struct plan_rdt_line){.text = plan_add_string(&f->builder, l3),
                                               .must_match = true,
                                               .origin = {.kind = ORIGIN_RDT_L3}};
    if (other != NULL)
        lines[next++] = (struct plan_rdt_line){.text = plan_add_string(&f->builder, other),
                                               .origin = {.kind = ORIGIN_RDT_SCHEMATA}};
}

static int describe(struct fixture *f)
{
    error_clear(&f->error);
    return rdt_describe(f->root, f->builder.plan, &f->record, &f->error);
}

static int make(struct fixture *f)
{
    int r = describe(f);

    return r < 0 ? r : rdt_make(f->root, f->builder.plan, &f->record, &f->error);
}

static void assert_file(struct fixture *f, const char *path, const char *text)
{
    char found[256];

    assert_true(file_read_at(f->root, path, found, sizeof(found)) >= 0);
    assert_string_equal(found, text);
}

static bool is_there(struct fixture *f, const char *path)
{
    return faccessat(f->root, path, F_OK, 0) == 0;
}

static void a_group_of_its_own_comes_and_goes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(make(f), 0);
    assert_int_equal(f->record.flags, RDT_GROUP_IS_OURS);
    assert_file(f, "one/schemata", ROOT_SCHEMATA);
    assert_int_equal(rdt_attach(f->root, &f->record, 4711, &f->error), 0);
    assert_file(f, "one/tasks", "4711");
    assert_file(f, "tasks", "");
    assert_int_equal(rdt_remove(f->root, &f->record, false, &f->error), 0);
    assert_false(is_there(f, "one"));
    assert_int_equal(rdt_remove(f->root, &f->record, false, &f->error), 0);
}

static void schemata_are_written_in_their_order(void **state)
{
    struct fixture *f = *state;

    add_lines(f, "L3:0=ff", "MB:0=20");
    assert_int_equal(make(f), 0);
    /* each line is a write(2) from the start of the file: the last one lies over the others */
    assert_file(f, "one/schemata", "MB:0=20\n=fffff;1=fffff\n    MB:0=100;1=100\n");
}

static void a_group_that_is_there_is_not_ours(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdirat(f->root, "one", 0755), 0);
    assert_int_equal(make(f), 0);
    assert_int_equal(f->record.flags, 0);
    assert_int_equal(rdt_remove(f->root, &f->record, true, &f->error), 0);
    assert_true(is_there(f, "one"));
}

static void a_named_class_outlives_the_container(void **state)
{
    struct fixture *f = *state;

    name_group(f, "gold");
    add_lines(f, "L3:0=ff", NULL);
    assert_int_equal(make(f), 0);
    assert_int_equal(f->record.flags, RDT_GROUP_IS_OURS | RDT_GROUP_IS_NAMED);
    assert_int_equal(rdt_remove(f->root, &f->record, false, &f->error), 0);
    assert_true(is_there(f, "gold"));
    /* but not a creation that failed, unless others have come */
    assert_int_equal(rdt_attach(f->root, &f->record, 1, &f->error), 0);
    assert_int_equal(rdt_remove(f->root, &f->record, true, &f->error), 0);
    assert_true(is_there(f, "gold"));
    write_file(f->root, "gold/tasks", "");
    assert_int_equal(rdt_remove(f->root, &f->record, true, &f->error), 0);
    assert_false(is_there(f, "gold"));
}

static void a_named_class_without_schemata_must_be_there(void **state)
{
    struct fixture *f = *state;

    name_group(f, "gold");
    assert_int_equal(describe(f), -ENOENT);
    assert_string_equal(f->error.pointer, "/linux/intelRdt/closID");
    assert_int_equal(mkdirat(f->root, "gold", 0755), 0);
    assert_int_equal(make(f), 0);
    assert_int_equal(rdt_attach(f->root, &f->record, 12, &f->error), 0);
    assert_file(f, "gold/tasks", "12");
    assert_file(f, "gold/schemata", ROOT_SCHEMATA);
}

static void a_named_class_must_allot_what_is_asked_for(void **state)
{
    struct fixture *f = *state;

    name_group(f, "gold");
    assert_int_equal(mkdirat(f->root, "gold", 0755), 0);
    add_lines(f, "L3:0=00fffff;1=FFFFF", NULL);
    assert_int_equal(describe(f), 0);
    add_lines(f, "L3:0=ff", NULL);
    assert_int_equal(describe(f), -EEXIST);
    assert_string_equal(f->error.pointer, "/linux/intelRdt/l3CacheSchema");
    assert_non_null(strstr(f->error.message, "gold"));
    /* the lines of schemata are written, whatever was there */
    add_lines(f, NULL, "L3:0=ff");
    assert_int_equal(describe(f), 0);
}

static void the_root_is_a_class(void **state)
{
    struct fixture *f = *state;

    name_group(f, NULL);
    f->builder.plan->rdt.monitor = true;
    assert_int_equal(make(f), 0);
    assert_int_equal(rdt_attach(f->root, &f->record, 5, &f->error), 0);
    assert_file(f, "tasks", "5");
    assert_file(f, "mon_groups/one/tasks", "5");
    assert_int_equal(rdt_remove(f->root, &f->record, true, &f->error), 0);
    assert_false(is_there(f, "mon_groups/one"));
    assert_true(is_there(f, "schemata"));
}

static void a_monitoring_group_goes_with_the_container(void **state)
{
    struct fixture *f = *state;

    name_group(f, "gold");
    f->builder.plan->rdt.monitor = true;
    assert_int_equal(mkdirat(f->root, "gold", 0755), 0);
    assert_int_equal(make(f), 0);
    assert_int_equal(rdt_attach(f->root, &f->record, 77, &f->error), 0);
    assert_file(f, "gold/mon_groups/one/tasks", "77");
    assert_int_equal(rdt_remove(f->root, &f->record, false, &f->error), 0);
    assert_false(is_there(f, "gold/mon_groups/one"));
    assert_true(is_there(f, "gold"));
}

static void what_cannot_be_monitored_is_an_error(void **state)
{
    struct fixture *f = *state;

    name_group(f, "gold");
    f->builder.plan->rdt.monitor = true;
    assert_int_equal(mkdirat(f->root, "gold", 0755), 0);
    assert_int_equal(describe(f), 0);
    refused_mkdir = ENOSPC;
    write_file(f->root, "info/last_cmd_status", "Out of RMIDs\n");
    assert_int_equal(rdt_make(f->root, f->builder.plan, &f->record, &f->error), -ENOSPC);
    assert_string_equal(f->error.pointer, "/linux/intelRdt/enableMonitoring");
    assert_string_equal(f->error.detail, "Out of RMIDs\n");
    refused_mkdir = 0;
    assert_int_equal(__real_unlinkat(f->root, "gold/mon_groups", AT_REMOVEDIR), 0);
    assert_int_equal(make(f), -ENOENT);
    assert_non_null(strstr(f->error.message, "cannot monitor"));
}

static void no_more_classes_is_an_error(void **state)
{
    struct fixture *f = *state;

    refused_mkdir = ENOSPC;
    assert_int_equal(make(f), -ENOSPC);
    assert_int_equal(f->error.code, ERROR_RDT_GROUP);
    refused_mkdir = EEXIST;
    error_clear(&f->error);
    assert_int_equal(rdt_make(f->root, f->builder.plan, &f->record, &f->error), -EEXIST);
    assert_int_equal(f->error.code, ERROR_NONE);
}

static void other_directories_are_no_groups(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"info", "mon_groups", "mon_data", "tasks"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        name_group(f, names[i]);
        assert_int_equal(describe(f), -ENOTDIR);
        assert_int_equal(f->error.code, ERROR_RDT_GROUP);
    }
}

static void names_that_are_too_long(void **state)
{
    struct fixture *f = *state;
    char name[400];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    f->builder.plan->rdt.group = plan_add_string(&f->builder, name);
    assert_int_equal(describe(f), -ENAMETOOLONG);
}

static void updates_are_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct rdt_snapshot snapshot = {0};

    assert_int_equal(make(f), 0);
    assert_int_equal(rdt_update(f->root, &f->record, "L3:0=1", NULL, &snapshot, &f->error), 0);
    assert_string_equal(snapshot.l3_line, "L3:0=fffff;1=fffff");
    assert_null(snapshot.mb_line);
    rdt_restore(f->root, &f->record, &snapshot);
    rdt_snapshot_done(&snapshot);
    assert_file(f, "one/schemata", "L3:0=fffff;1=fffff\nfff\n    MB:0=100;1=100\n");
    /* a resource that is not there is refused before anything is written */
    assert_int_equal(rdt_update(f->root, &f->record, "L2:0=1", NULL, &snapshot, &f->error),
                     -ENOENT);
    assert_int_equal(f->error.code, ERROR_RDT_GROUP);
    assert_null(snapshot.l3_line);
}

static void records_are_checked(void **state)
{
    struct rdt_record record = {.group = "one"};

    (void)state;
    assert_true(rdt_record_is_sound(&record));
    strcpy(record.monitor, "..");
    assert_false(rdt_record_is_sound(&record));
    strcpy(record.monitor, "a/b");
    assert_false(rdt_record_is_sound(&record));
    memset(record.monitor, 'x', sizeof(record.monitor));
    assert_false(rdt_record_is_sound(&record));
}

static void lines_are_compared_by_value(void **state)
{
    static const struct {
        const char *line;
        bool allotted;
    } cases[] = {
        {"L3:0=fffff;1=fffff", true},
        {"L3:1=FFFFF", true},
        {"L3:1=0fffff;0=fffff", true},
        {"L3: 0 = fffff", true},
        {"L3:00=fffff", true},
        {"L3:", true},
        {"L3:0=ffff", false},
        {"L3:2=fffff", false},
        {"L3:0", false},
        {"L3", false},
        {"L", false},
        {"L2:0=f", false},
        {"MB:0=100", true},
        {"MB:0=10", false},
        {"MB:0=100;", true},
        {"", false},
    };
    size_t length;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (schemata_allot(ROOT_SCHEMATA, cases[i].line) != cases[i].allotted)
            fail_msg("\"%s\" is compared wrongly", cases[i].line);
    }
    assert_null(schemata_find_line("", "L3:", &length));
    assert_null(schemata_find_line("\n\nL3CODE:0=1\n", "L3:", &length));
    assert_non_null(schemata_find_line("\nMB:0=1\nL3:0=1", "L3:", &length));
    assert_int_equal(length, 6);
}

static void make_domain(struct fixture *f, const char *path, const char *occupancy,
                        const char *total)
{
    char name[128];

    assert_int_equal(__real_mkdirat(f->root, path, 0755), 0);
    snprintf(name, sizeof(name), "%s/llc_occupancy", path);
    write_file(f->root, name, occupancy);
    snprintf(name, sizeof(name), "%s/mbm_total_bytes", path);
    write_file(f->root, name, total);
    snprintf(name, sizeof(name), "%s/mbm_local_bytes", path);
    write_file(f->root, name, "7\n");
}

static void statistics_are_runcs(void **state)
{
    struct fixture *f = *state;
    _cleanup_oci_arena_ struct oci_arena arena = {0};

    f->builder.plan->rdt.monitor = true;
    assert_int_equal(make(f), 0);
    assert_string_equal(rdt_read_stats(f->root, &f->record, &arena),
                        "{\"l3_cache_schema_root\":\"L3:0=fffff;1=fffff\","
                        "\"l3_cache_schema\":\"L3:0=fffff;1=fffff\","
                        "\"mem_bw_schema_root\":\"MB:0=100;1=100\","
                        "\"mem_bw_schema\":\"MB:0=100;1=100\"}");
    assert_int_equal(__real_mkdirat(f->root, "info/L3", 0755), 0);
    assert_int_equal(__real_mkdirat(f->root, "info/MB", 0755), 0);
    write_file(f->root, "info/L3/cbm_mask", "fffff\n");
    write_file(f->root, "info/L3/min_cbm_bits", "1\n");
    write_file(f->root, "info/L3/num_closids", "16\n");
    write_file(f->root, "info/MB/bandwidth_gran", "10\n");
    write_file(f->root, "info/MB/num_closids", "8\n");
    make_domain(f, "one/mon_groups/one/mon_data/mon_L3_01", "2\n", "Unavailable\n");
    make_domain(f, "one/mon_groups/one/mon_data/mon_L3_00", "1\n", "5\n");
    make_domain(f, "one/mon_data/mon_L3_00", "99\n", "99\n");
    assert_string_equal(
        rdt_read_stats(f->root, &f->record, &arena),
        "{\"l3_cache_info\":{\"cbm_mask\":\"fffff\",\"min_cbm_bits\":1,\"num_closids\":16},"
        "\"l3_cache_schema_root\":\"L3:0=fffff;1=fffff\","
        "\"l3_cache_schema\":\"L3:0=fffff;1=fffff\","
        "\"mem_bw_info\":{\"bandwidth_gran\":10,\"num_closids\":8},"
        "\"mem_bw_schema_root\":\"MB:0=100;1=100\",\"mem_bw_schema\":\"MB:0=100;1=100\","
        "\"mbm_stats\":[{\"mbm_total_bytes\":5,\"mbm_local_bytes\":7},"
        "{\"mbm_total_bytes\":0,\"mbm_local_bytes\":7}],"
        "\"cmt_stats\":[{\"llc_occupancy\":1},{\"llc_occupancy\":2}]}");
    f->record.monitor[0] = '\0';
    assert_non_null(strstr(rdt_read_stats(f->root, &f->record, &arena), "\"llc_occupancy\":99"));
    /* what others use, too, is not this container's */
    f->record.flags |= RDT_GROUP_IS_NAMED;
    assert_null(strstr(rdt_read_stats(f->root, &f->record, &arena), "llc_occupancy"));
    strcpy(f->record.group, "gone");
    assert_null(rdt_read_stats(f->root, &f->record, &arena));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_group_of_its_own_comes_and_goes),
        TEST(schemata_are_written_in_their_order),
        TEST(a_group_that_is_there_is_not_ours),
        TEST(a_named_class_outlives_the_container),
        TEST(a_named_class_without_schemata_must_be_there),
        TEST(a_named_class_must_allot_what_is_asked_for),
        TEST(the_root_is_a_class),
        TEST(a_monitoring_group_goes_with_the_container),
        TEST(what_cannot_be_monitored_is_an_error),
        TEST(no_more_classes_is_an_error),
        TEST(other_directories_are_no_groups),
        TEST(names_that_are_too_long),
        TEST(updates_are_all_or_nothing),
        TEST(records_are_checked),
        TEST(lines_are_compared_by_value),
        TEST(statistics_are_runcs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
