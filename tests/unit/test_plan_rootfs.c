/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of the root file system: root, mounts, options, devices, covered paths. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "io/syscalls.h"
#include "plan/mount_options.h"
#include "plan/plan_rootfs_parts.h"
#include "plan_case.h"

#define MOUNTS_MAX 8

static struct {
    struct oci_root root;
    struct oci_linux_namespace namespaces[4];
    struct oci_mount mounts[MOUNTS_MAX];
    struct oci_id_mapping map[1];
} parts;

static int setup(void **state)
{
    struct fixture *fixture;

    plan_setup(state);
    fixture = *state;
    memset(&parts, 0, sizeof(parts));
    parts.root.path = "rootfs";
    parts.namespaces[0].type = OCI_NAMESPACE_MOUNT;
    parts.map[0] = (struct oci_id_mapping){0, 100000, 65536};
    fixture->spec.root = &parts.root;
    fixture->spec.mounts = parts.mounts;
    fixture->linux.namespaces = parts.namespaces;
    fixture->linux.namespaces_count = 1;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, plan_teardown)

static struct oci_mount *add(struct fixture *f, const char *destination, const char *type,
                             const char *source, struct oci_strings options)
{
    struct oci_mount *mount = &parts.mounts[f->spec.mounts_count++];

    assert_true(f->spec.mounts_count <= MOUNTS_MAX);
    *mount = (struct oci_mount){
        .destination = destination, .type = type, .source = source, .options = options};
    return mount;
}

static const struct plan_rootfs *plan_it(struct fixture *f)
{
    return &assert_plans(f, plan_rootfs)->rootfs;
}

static void assert_fails(struct fixture *f, enum error_code code, const char *pointer)
{
    assert_plan_fails(f, plan_rootfs, code, pointer);
}

static const struct plan_mount *planned(const struct fixture *f, uint32_t index)
{
    const struct plan *plan = f->builder.plan;

    assert_true(index < plan->rootfs.mounts.count);
    return &plan_items(plan, plan->rootfs.mounts, struct plan_mount)[index];
}

static const char *text(const struct fixture *f, plan_string string)
{
    const char *found = plan_text(f->builder.plan, string);

    return found != NULL ? found : "(none)";
}

static void test_root(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(text(f, plan_it(f)->path), "/bundle/rootfs");
    parts.root.path = "/srv/../root//";
    parts.root.readonly = true;
    assert_string_equal(text(f, plan_it(f)->path), "/srv/../root");
    assert_true(f->builder.plan->rootfs.readonly);
    parts.root.path = "/";
    assert_string_equal(text(f, plan_it(f)->path), "/");
    parts.root.path = NULL;
    assert_fails(f, ERROR_CONFIG_MISSING, "/root/path");
    f->spec.root = NULL;
    assert_fails(f, ERROR_CONFIG_MISSING, "/root");
}

static void test_option_table_is_sorted_and_complete(void **state)
{
    static const char *const words[] = {
        "async",
        "sync",
        "dirsync",
        "atime",
        "noatime",
        "diratime",
        "nodiratime",
        "relatime",
        "norelatime",
        "strictatime",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "suid",
        "nosuid",
        "ro",
        "rw",
        "remount",
        "defaults",
        "iversion",
        "noiversion",
        "loud",
        "silent",
        "lazytime",
        "nolazytime",
        "mand",
        "nomand",
        "acl",
        "noacl",
        "symfollow",
        "nosymfollow",
        "private",
        "rprivate",
        "shared",
        "rshared",
        "slave",
        "rslave",
        "unbindable",
        "runbindable",
        "rro",
        "rrw",
        "rsuid",
        "rnosuid",
        "rdev",
        "rnodev",
        "rexec",
        "rnoexec",
        "ratime",
        "rnoatime",
        "rdiratime",
        "rnodiratime",
        "rrelatime",
        "rnorelatime",
        "rstrictatime",
        "rnostrictatime",
        "nostrictatime",
        "rsymfollow",
        "rnosymfollow",
        "rsync",
        "rasync",
        "rdirsync",
        "rmand",
        "rnomand",
        "tmpcopyup",
        "idmap",
        "ridmap",
        "copy-symlink",
        "src-nofollow",
        "dest-nofollow",
        "bind",
        "rbind",
    };
    size_t count = 0;

    (void)state;
    for (; mount_option_at(count) != NULL; count++) {
        const struct mount_option *option = mount_option_at(count);

        assert_ptr_equal(mount_option_find(option->name), option);
        if (count > 0)
            assert_true(strcmp(mount_option_at(count - 1)->name, option->name) < 0);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (mount_option_find(words[i]) == NULL)
            fail_msg("%s is not in the table", words[i]);
    assert_int_equal(count, sizeof(words) / sizeof(words[0]));
    assert_null(mount_option_find("size=1m"));
    assert_null(mount_option_find(""));
    assert_string_equal(mount_option_suggest("noexce"), "noexec");
    assert_null(mount_option_suggest("zzzzzzzzz"));
}

static void test_bind(void **state)
{
    struct fixture *f = *state;
    const struct plan_mount *mount;

    add(f, "//a/./b/../c/", "tmpfs", "data",
        STRINGS("rbind", "ro", "nosuid", "sync", "rslave", "shared"));
    plan_it(f);
    mount = planned(f, 0);
    assert_int_equal(mount->kind, PLAN_MOUNT_BIND);
    assert_string_equal(text(f, mount->destination), "/a/c");
    assert_string_equal(text(f, mount->source), "/bundle/data");
    assert_int_equal(mount->flags, PLAN_MOUNT_RECURSIVE);
    assert_int_equal(mount->attributes_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
    assert_int_equal(mount->attributes_clear, 0);
    assert_int_equal(mount->superblock_flags, 0);
    assert_int_equal(mount->propagation.count, 2);
    assert_int_equal(plan_items(f->builder.plan, mount->propagation, uint32_t)[0],
                     MS_SLAVE | MS_REC);
    assert_int_equal(plan_items(f->builder.plan, mount->propagation, uint32_t)[1], MS_SHARED);
    assert_int_equal(mount->descriptor, -1);
}

static void test_later_options_win(void **state)
{
    struct fixture *f = *state;
    const struct plan_mount *mount;

    add(f, "/a", "tmpfs", NULL,
        STRINGS("ro", "nosuid", "suid", "rw", "noatime", "strictatime", "size=1m", "exec"));
    plan_it(f);
    mount = planned(f, 0);
    assert_int_equal(mount->kind, PLAN_MOUNT_FILESYSTEM);
    assert_int_equal(mount->attributes_set, MOUNT_ATTR_STRICTATIME);
    assert_int_equal(mount->attributes_clear & MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID);
    assert_int_equal(mount->attributes_clear & MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY);
    assert_int_equal(mount->data.count, 1);
    assert_string_equal(plan_text_at(f->builder.plan, mount->data, 0), "size=1m");
    assert_string_equal(text(f, mount->source), "tmpfs");
}

static void test_readonly_superblocks(void **state)
{
    struct fixture *f = *state;

    add(f, "/a", "tmpfs", NULL, STRINGS("ro"));
    add(f, "/b", "ext4", "/dev/sda", STRINGS("ro", "dirsync"));
    plan_it(f);
    assert_int_equal(planned(f, 0)->superblock_flags, 0);
    assert_int_equal(planned(f, 0)->attributes_set, MOUNT_ATTR_RDONLY);
    assert_int_equal(planned(f, 1)->superblock_flags, MS_RDONLY | MS_DIRSYNC);
}

static void test_faults_of_mounts(void **state)
{
    static const char *const forbidden[] = {"/proc/self", "/proc/1/attr", "/proc//sys/kernel",
                                            "/x/../proc/sysrq-trigger", "proc/acpi"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        f->spec.mounts_count = 0;
        add(f, forbidden[i], "tmpfs", NULL, (struct oci_strings){0});
        assert_fails(f, ERROR_MOUNT_TARGET, "/mounts/0/destination");
    }
    f->spec.mounts_count = 0;
    add(f, "/proc", "tmpfs", NULL, (struct oci_strings){0});
    assert_fails(f, ERROR_MOUNT_TARGET, "/mounts/0/destination");
    f->spec.mounts_count = 0;
    add(f, "/a", NULL, "/b", (struct oci_strings){0});
    assert_fails(f, ERROR_CONFIG_MISSING, "/mounts/0/type");
    f->spec.mounts_count = 0;
    add(f, "/a", "bind", NULL, STRINGS("bind"));
    assert_fails(f, ERROR_CONFIG_MISSING, "/mounts/0/source");
    f->spec.mounts_count = 0;
    add(f, NULL, "tmpfs", NULL, (struct oci_strings){0});
    assert_fails(f, ERROR_CONFIG_MISSING, "/mounts/0/destination");
    f->spec.mounts_count = 0;
    add(f, "/a", "tmpfs", NULL, (struct oci_strings){0});
    add(f, "/a", NULL, "/b", STRINGS("bind", "noexce"));
    assert_fails(f, ERROR_MOUNT_OPTION, "/mounts/1/options/1");
    assert_non_null(strstr(f->error.message, "did you mean \"noexec\""));
    f->spec.mounts_count = 0;
    add(f, "/a", "proc", NULL, STRINGS("tmpcopyup"));
    assert_fails(f, ERROR_MOUNT_OPTION, "/mounts/0/options/0");
    f->spec.mounts_count = 0;
    add(f, "/a", "proc", NULL, STRINGS("copy-symlink"));
    assert_fails(f, ERROR_MOUNT_OPTION, "/mounts/0/options/0");
}

static void test_mounts_on_proc(void **state)
{
    struct fixture *f = *state;

    add(f, "/proc", "proc", "proc", (struct oci_strings){0});
    add(f, "/proc/cpuinfo", "bind", "/x", STRINGS("bind"));
    add(f, "/procedures/x", "tmpfs", "x", (struct oci_strings){0});
    plan_it(f);
    assert_true(planned(f, 0)->flags & PLAN_MOUNT_ON_PROC);
    assert_true(planned(f, 1)->flags & PLAN_MOUNT_ON_PROC);
    assert_false(planned(f, 2)->flags & PLAN_MOUNT_ON_PROC);
}

static void add_user_namespace(struct fixture *f)
{
    parts.namespaces[f->linux.namespaces_count++].type = OCI_NAMESPACE_USER;
    f->linux.uid_mappings = f->linux.gid_mappings = parts.map;
    f->linux.uid_mappings_count = f->linux.gid_mappings_count = 1;
}

static void test_user_namespace(void **state)
{
    struct fixture *f = *state;

    add(f, "/data", "none", "/data", STRINGS("bind"));
    add(f, "/sys", "sysfs", "sysfs", STRINGS("nosuid", "ro"));
    add_user_namespace(f);
    plan_it(f);
    assert_true(f->builder.plan->rootfs.devices_by_bind);
    assert_true(planned(f, 0)->flags & PLAN_MOUNT_BY_DRAY);
    assert_int_equal(planned(f, 1)->kind, PLAN_MOUNT_BIND);
    assert_string_equal(text(f, planned(f, 1)->source), "/sys");
    assert_int_equal(planned(f, 1)->flags, PLAN_MOUNT_RECURSIVE);
    assert_int_equal(planned(f, 1)->recursive_set, MOUNT_ATTR_RDONLY);
    parts.namespaces[f->linux.namespaces_count++].type = OCI_NAMESPACE_NETWORK;
    f->input.privileged = false;
    plan_it(f);
    assert_false(planned(f, 0)->flags & PLAN_MOUNT_BY_DRAY);
    assert_int_equal(planned(f, 1)->kind, PLAN_MOUNT_FILESYSTEM);
}

static void assert_map(const struct fixture *f, struct plan_array map, uint32_t index,
                       uint32_t inside, uint32_t outside, uint32_t size)
{
    const struct plan_idmap *range;

    assert_true(index < map.count);
    range = &plan_items(f->builder.plan, map, struct plan_idmap)[index];
    assert_int_equal(range->container_id, inside);
    assert_int_equal(range->host_id, outside);
    assert_int_equal(range->size, size);
}

static void test_idmap(void **state)
{
    struct fixture *f = *state;
    struct oci_id_mapping map[] = {{0, 1000, 10}};
    struct oci_mount *mount = add(f, "/a", NULL, "/b", STRINGS("bind"));

    mount->uid_mappings = mount->gid_mappings = map;
    mount->uid_mappings_count = mount->gid_mappings_count = 1;
    plan_it(f);
    assert_int_equal(planned(f, 0)->flags, PLAN_MOUNT_IDMAP | PLAN_MOUNT_BY_DRAY);
    assert_map(f, planned(f, 0)->gid_map, 0, 0, 1000, 10);
    mount->gid_mappings_count = 0;
    assert_fails(f, ERROR_MOUNT_IDMAP, "/mounts/0");
    mount->gid_mappings_count = 1;
    f->input.privileged = false;
    assert_fails(f, ERROR_MOUNT_IDMAP, "/mounts/0");
    f->input.privileged = true;
    mount->options = (struct oci_strings){0};
    mount->type = "tmpfs";
    assert_fails(f, ERROR_MOUNT_IDMAP, "/mounts/0");
    mount->uid_mappings_count = mount->gid_mappings_count = 0;
    mount->options = STRINGS("bind", "ridmap");
    assert_fails(f, ERROR_MOUNT_IDMAP, "/mounts/0");
    add_user_namespace(f);
    plan_it(f);
    assert_true(planned(f, 0)->flags & PLAN_MOUNT_IDMAP_RECURSIVE);
    assert_int_equal(planned(f, 0)->uid_map.count, 0);
}

static void test_idmap_in_the_option(void **state)
{
    static const char *const wrong[] = {
        "idmap=uids=0-1",
        "idmap=uids=0-1-10;gids=0-1-0",
        "idmap=uids=0-1-10",
        "idmap=users=0-1-10;gids=0-1-10",
        "idmap=uids=0-1-10#;gids=0-1-10",
        "idmap=uids=0-4294967296-1;gids=0-1-1",
        "idmap=uids=@0-65530-10;gids=0-1-1",
        "idmap=uids=0-1-10;uids=0-1-10",
        "idmap=uids=0-1-10,gids=0-1-10",
    };
    struct fixture *f = *state;
    struct oci_mount *mount =
        add(f, "/a", NULL, "/b", STRINGS("bind", "idmap=uids=0-1-10#10-11-5;gids=@1-3-10"));

    add_user_namespace(f);
    plan_it(f);
    assert_map(f, planned(f, 0)->uid_map, 0, 0, 1, 10);
    assert_map(f, planned(f, 0)->uid_map, 1, 10, 11, 5);
    assert_map(f, planned(f, 0)->gid_map, 0, 1, 100003, 10);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        mount->options = STRINGS("bind", wrong[i]);
        assert_fails(f, ERROR_MOUNT_IDMAP, "/mounts/0");
    }
}

static void test_devices(void **state)
{
    struct oci_linux_device devices[] = {
        {.type = OCI_DEVICE_CHARACTER, .path = "/dev/tty", .major = {true, 5}, .minor = {true, 0}},
        {.type = OCI_DEVICE_CHARACTER,
         .path = "/dev/ptmx/",
         .major = {true, 5},
         .minor = {true, 2}},
        {.type = OCI_DEVICE_UNBUFFERED,
         .path = "/dev/a//b/",
         .major = {true, 10},
         .minor = {true, 200},
         .file_mode = {true, S_IFCHR | 0640}},
        {.type = OCI_DEVICE_FIFO, .path = "/x"},
    };
    struct fixture *f = *state;
    const struct plan_device *found;

    f->linux.devices = devices;
    f->linux.devices_count = 4;
    plan_it(f);
    assert_int_equal(f->builder.plan->rootfs.devices.count, 3 + 5);
    found = plan_items(f->builder.plan, f->builder.plan->rootfs.devices, struct plan_device);
    assert_string_equal(text(f, found[1].path), "/dev/a/b");
    assert_int_equal(found[1].type, S_IFCHR);
    assert_int_equal(found[1].mode, 0640);
    assert_int_equal(found[2].type, S_IFIFO);
    assert_int_equal(found[2].mode, 0666);
    assert_int_equal(found[3].flags, PLAN_DEVICE_DEFAULT);
    devices[2].minor.set = false;
    assert_fails(f, ERROR_CONFIG_MISSING, "/linux/devices/2/minor");
    devices[2].minor = (struct oci_optional_i64){true, -1};
    assert_fails(f, ERROR_CONFIG_RANGE, "/linux/devices/2/minor");
    devices[2].path = "relative";
    assert_fails(f, ERROR_CONFIG_VALUE, "/linux/devices/2/path");
    f->linux.devices_count = 2;
    add(f, "/dev//", "bind", "/dev", STRINGS("rbind"));
    plan_it(f);
    assert_int_equal(f->builder.plan->rootfs.devices.count, 0);
    assert_false(f->builder.plan->rootfs.setup_dev);
}

static void test_covered_paths_without_duplicates(void **state)
{
    struct fixture *f = *state;
    const struct plan_path *found;

    f->linux.masked_paths = STRINGS("/b", "/a/", "/b/.", "", "/a", "/c");
    plan_it(f);
    assert_int_equal(f->builder.plan->rootfs.masked.count, 3);
    found = plan_items(f->builder.plan, f->builder.plan->rootfs.masked, struct plan_path);
    assert_string_equal(text(f, found[0].path), "/b");
    assert_string_equal(text(f, found[1].path), "/a");
    assert_string_equal(text(f, found[2].path), "/c");
    assert_int_equal(found[2].origin.index, 5);
}

static void test_without_a_mount_namespace(void **state)
{
    struct fixture *f = *state;

    f->linux.namespaces_count = 0;
    assert_false(plan_it(f)->private_mounts);
    assert_false(plan_it(f)->detached_tree);
    f->linux.masked_paths = STRINGS("/a");
    assert_true(plan_it(f)->detached_tree);
    f->linux.masked_paths = (struct oci_strings){0};
    add(f, "/a", "tmpfs", NULL, (struct oci_strings){0});
    assert_true(plan_it(f)->detached_tree);
    f->linux.rootfs_propagation = OCI_PROPAGATION_SHARED;
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/linux/rootfsPropagation");
    f->linux.rootfs_propagation = 0;
    f->linux.namespaces_count = 1;
    f->linux.namespaces = (struct oci_linux_namespace[]){{.type = OCI_NAMESPACE_USER}};
    assert_fails(f, ERROR_CONFIG_CONFLICT, "/linux/namespaces");
}

static void test_labels(void **state)
{
    struct fixture *f = *state;

    f->linux.mount_label = "system_u:object_r:container_file_t:s0:c1,c2";
    add(f, "/a", "tmpfs", NULL, (struct oci_strings){0});
    plan_it(f);
    assert_int_equal(planned(f, 0)->label, 0);
    assert_int_equal(f->builder.warnings_count, 1);
    f->host.selinux = true;
    add(f, "/proc", "proc", NULL, (struct oci_strings){0});
    add(f, "/c", NULL, "/x", STRINGS("bind"));
    add(f, "/d", "tmpfs", NULL, STRINGS("rootcontext=x"));
    plan_it(f);
    assert_string_equal(text(f, planned(f, 0)->label),
                        "context=\"system_u:object_r:container_file_t:s0:c1,c2\"");
    for (uint32_t i = 1; i < 4; i++)
        assert_int_equal(planned(f, i)->label, 0);
    f->spec.annotations = (struct oci_string_map){
        .items = &(struct oci_string_pair){"run.oci.mount_context_type", "fscontext"},
        .count = 1,
        .set = true};
    plan_it(f);
    assert_memory_equal(text(f, planned(f, 0)->label), "fscontext=", 10);
    f->spec.annotations.items[0].value = "colour";
    assert_fails(f, ERROR_CONFIG_VALUE, "/annotations/run.oci.mount_context_type");
}

static void test_many_paths_and_options(void **state)
{
    enum { COUNT = 20000 };
    static char names[COUNT][16];
    static const char *items[COUNT + 1];
    struct fixture *f = *state;

    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "/p%u", i % (COUNT / 2));
        items[i] = names[i];
    }
    f->linux.masked_paths = (struct oci_strings){items, COUNT, true};
    plan_it(f);
    assert_int_equal(f->builder.plan->rootfs.masked.count, COUNT / 2);
}

/* In a running container: bind mounts alone, opened by dray, each destination once. */
static void test_added_mounts(void **state)
{
    static const struct {
        const char *destination, *type, *source, *option, *pointer;
    } refused[] = {
        {"/t", "tmpfs", "tmpfs", "ro", "/mounts/1/type"},
        {"/t", "sysfs", "sysfs", "ro", "/mounts/1/type"},
        {"/t", NULL, NULL, "remount", "/mounts/1/options"},
        {"/t", "bind", "/s", "copy-symlink", "/mounts/1/options"},
        {"//", "bind", "/s", "ro", "/mounts/1/destination"},
        {"one/", "bind", "/s", "ro", "/mounts/1/destination"},
    };
    struct fixture *f = *state;
    const struct plan_mount *mount;

    f->input.purpose = PLAN_MOUNTS;
    f->input.privileged = false;
    f->linux.rootfs_propagation = OCI_PROPAGATION_RSHARED;
    add(f, "/one", "bind", "s", STRINGS("bind", "ro"));
    assert_int_equal(fixture_plan(f, plan_added_mounts), 0);
    mount = plan_items(f->builder.plan, f->builder.plan->rootfs.mounts, struct plan_mount);
    assert_int_equal(mount->kind, PLAN_MOUNT_BIND);
    assert_true((mount->flags & PLAN_MOUNT_BY_DRAY) != 0);
    assert_string_equal(plan_text(f->builder.plan, mount->source), "/bundle/s");
    assert_int_equal(f->builder.plan->rootfs.propagation, MS_SHARED | MS_REC);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        f->spec.mounts_count = 1;
        add(f, refused[i].destination, refused[i].type, refused[i].source,
            STRINGS(refused[i].option));
        assert_true(fixture_plan(f, plan_added_mounts) < 0);
        assert_int_equal(f->error.code, ERROR_MOUNT_OPTION);
        assert_string_equal(f->error.pointer, refused[i].pointer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_root),
        TEST(test_option_table_is_sorted_and_complete),
        TEST(test_bind),
        TEST(test_later_options_win),
        TEST(test_readonly_superblocks),
        TEST(test_faults_of_mounts),
        TEST(test_mounts_on_proc),
        TEST(test_user_namespace),
        TEST(test_idmap),
        TEST(test_idmap_in_the_option),
        TEST(test_devices),
        TEST(test_covered_paths_without_duplicates),
        TEST(test_without_a_mount_namespace),
        TEST(test_labels),
        TEST(test_many_paths_and_options),
        TEST(test_added_mounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
