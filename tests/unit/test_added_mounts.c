/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of mounts that were added to a running container, and the mount table it is kept true
 * by. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/path.h"
#include "state/directory.h"
#include "steps/added_mounts.h"

static const char table[] = "21 28 0:20 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
                            "123 21 0:41 /sub /data\\040with\\134odd\\012names rw - tmpfs none rw\n"
                            "12 21 0:41 / /short rw - tmpfs none rw\n"
                            "1234 21 0:41 / /gone//deleted rw - tmpfs none rw\n"
                            "9 9";

static void paths_are_found_by_number(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};

    (void)state;
    assert_string_equal(added_mounts_find_path(table, 12, &arena), "/short");
    assert_string_equal(added_mounts_find_path(table, 21, &arena), "/");
    assert_string_equal(added_mounts_find_path(table, 123, &arena), "/data with\\odd\nnames");
    assert_string_equal(added_mounts_find_path(table, 1234, &arena), "/gone//deleted");
    assert_string_equal(added_mounts_find_path(table, 9, &arena), "");
    assert_null(added_mounts_find_path(table, 1, &arena));
    assert_null(added_mounts_find_path(table, 28, &arena));
    assert_null(added_mounts_find_path("", 0, &arena));
}

static int make_directory(void **state)
{
    static char path[64];

    snprintf(path, sizeof(path), "/tmp/dray-test-mounts-XXXXXX");
    *state = mkdtemp(path);
    return *state == NULL;
}

static int remove_directory(void **state)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", (const char *)*state, STATE_ADDED_MOUNTS);
    unlink(path);
    return rmdir(*state);
}

static void what_is_not_mounted_is_left_out(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    _cleanup_close_ int directory = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_close_ int root = open("/", O_PATH | O_CLOEXEC);
    struct added_mount items[] = {{.destination = "/there"},
                                  {.destination = "/gone", .id = 1u << 30}};
    struct added_mounts list = {.items = items, .items_count = 2}, read;
    struct error error = {0};

    assert_int_equal(added_mounts_read(directory, getpid(), 1, &arena, &read, &error), 0);
    assert_int_equal(read.items_count, 0);
    assert_int_equal(path_mount_id(root, &items[0].id), 0);
    assert_int_equal(added_mounts_write(directory, &list, &arena, &error), 0);
    assert_int_equal(added_mounts_read(directory, getpid(), 1, &arena, &read, &error), 0);
    assert_int_equal(read.items_count, 1);
    assert_string_equal(read.items[0].destination, "/there");
    assert_string_equal(read.items[0].path, "/");
    assert_int_equal(read.items[0].id, items[0].id);
    assert_ptr_equal(added_mounts_find(&read, "/there"), &read.items[0]);
    assert_null(added_mounts_find(&read, "/gone"));
}

static void damaged_lists_are_errors(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "{\"mounts\":[{\"id\":1}]}",
                                        "{\"mounts\":[{\"destination\":\"/x\",\"id\":-1}]}"};
    _cleanup_oci_arena_ struct oci_arena arena = {0};
    _cleanup_close_ int directory = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct error error = {0};
        struct added_mounts read = {0};
        int fd = openat(directory, STATE_ADDED_MOUNTS, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(fd);
        assert_true(added_mounts_read(directory, getpid(), 0, &arena, &read, &error) < 0);
        assert_int_equal(error.code, ERROR_STATE_DAMAGED);
        assert_null(read.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_found_by_number),
        cmocka_unit_test_setup_teardown(what_is_not_mounted_is_left_out, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(damaged_lists_are_errors, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
