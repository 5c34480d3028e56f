/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRIU's messages as bytes, and what becomes of bytes that are none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmocka_all.h"
#include "criu/request.h"

/* What protoc writes for the message of the comment. */
static void a_request_has_the_bytes_of_protocol_buffers(void **state)
{
    /* type: DUMP opts { images_dir_fd: 5 pid: 300 leave_running: true log_file: "a" } */
    static const unsigned char expected[] = {0x08, 0x01, 0x12, 0x0a, 0x08, 0x05, 0x10,
                                             0xac, 0x02, 0x18, 0x01, 0x52, 0x01, 'a'};
    struct wire_writer options = {0}, request = {0};

    (void)state;
    criu_set_number(&options, CRIU_OPTION_IMAGES_FD, 5);
    criu_set_number(&options, CRIU_OPTION_PID, 300);
    criu_set_flag(&options, CRIU_OPTION_LEAVE_RUNNING, true);
    criu_set_flag(&options, CRIU_OPTION_SHELL_JOB, false);
    criu_set_text(&options, CRIU_OPTION_LOG_FILE, "a");
    criu_write_request(&request, CRIU_DUMP, &options);
    assert_false(request.failed);
    assert_int_equal(request.length, sizeof(expected));
    assert_memory_equal(request.data, expected, sizeof(expected));
    wire_done(&options);
    wire_done(&request);
}

static void small_messages_are_nested(void **state)
{
    /* ext_mnt { key: "/a" val: "b" } inherit_fd { key: "k" fd: 4 } cg_root { ctrl: "" path: "/" }
     * ps { address: "h" port: 300 } */
    static const unsigned char expected[] = {
        0xba, 0x01, 0x07, 0x0a, 0x02, '/',  'a',  0x12, 0x01, 'b',  0xda, 0x01,
        0x05, 0x0a, 0x01, 'k',  0x10, 0x04, 0xca, 0x01, 0x05, 0x0a, 0x00, 0x12,
        0x01, '/',  0x5a, 0x06, 0x0a, 0x01, 'h',  0x10, 0xac, 0x02,
    };
    struct wire_writer options = {0};

    (void)state;
    criu_add_ext_mount(&options, "/a", "b");
    criu_add_inherit_fd(&options, "k", 4);
    criu_add_cgroup_root(&options, "", "/");
    criu_set_page_server(&options, "h", 300);
    assert_int_equal(options.length, sizeof(expected));
    assert_memory_equal(options.data, expected, sizeof(expected));
    wire_done(&options);
}

static void negative_numbers_are_sign_extended(void **state)
{
    static const unsigned char expected[] = {0x10, 0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0xff, 0x01};
    struct wire_writer options = {0};

    (void)state;
    criu_set_number(&options, CRIU_OPTION_PID, -1);
    assert_int_equal(options.length, sizeof(expected));
    assert_memory_equal(options.data, expected, sizeof(expected));
    wire_done(&options);
}

static void a_notification_is_read(void **state)
{
    /* type: NOTIFY success: true notify { script: "post-restore" pid: 300 } and unknown fields */
    static const unsigned char answer[] = {
        0x08, 0x06, 0x10, 0x01, 0x2a, 0x11, 0x0a, 0x0c, 'p',  'o',  's',  't', '-',  'r',  'e',
        's',  't',  'o',  'r',  'e',  0x10, 0xac, 0x02, 0xa2, 0x06, 0x01, 'x', 0xad, 0x06, 1,
        2,    3,    4,    0xa9, 0x06, 1,    2,    3,    4,    5,    6,    7,   8,
    };
    struct criu_response response;

    (void)state;
    assert_int_equal(criu_read_response(answer, sizeof(answer), &response), 0);
    assert_int_equal(response.task, CRIU_NOTIFY);
    assert_true(response.success);
    assert_string_equal(response.script, "post-restore");
    assert_int_equal(response.pid, 300);
}

static void a_failure_is_read(void **state)
{
    /* type: RESTORE success: false cr_errno: 17 cr_errmsg: "no" */
    static const unsigned char answer[] = {0x08, 0x02, 0x10, 0x00, 0x38,
                                           0x11, 0x4a, 0x02, 'n',  'o'};
    struct criu_response response;

    (void)state;
    assert_int_equal(criu_read_response(answer, sizeof(answer), &response), 0);
    assert_int_equal(response.task, CRIU_RESTORE);
    assert_false(response.success);
    assert_int_equal(response.sys_errno, 17);
    assert_string_equal(response.message, "no");
}

static void what_is_no_answer_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"", 0},                                                      /* no type */
        {"\x10\x01", 2},                                              /* likewise */
        {"\x08", 1},                                                  /* no value */
        {"\x08\x80", 2},                                              /* a number without its end */
        {"\x08\x06\x2a\x05\x0a\x01", 6},                              /* longer than all there is */
        {"\x08\x06\x2a\x02\x0a\x7f", 6},                              /* likewise, inside */
        {"\x08\x06\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13}, /* far longer */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13}, /* more than 64 bits */
        {"\x00\x01", 2},                                              /* field 0 */
        {"\x0b\x01", 2},                                              /* a group */
        {"\x0f\x01", 2},                                              /* no such kind */
        {"GET / HTTP/1.1\r\n", 16},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        /* on the heap, so that AddressSanitizer sees a read too far */
        char *copy = malloc(cases[i].length + (cases[i].length == 0));
        struct criu_response response;

        assert_non_null(copy);
        memcpy(copy, cases[i].bytes, cases[i].length);
        assert_int_equal(criu_read_response(copy, cases[i].length, &response), -EPROTO);
        free(copy);
    }
}

static void a_long_text_is_cut(void **state)
{
    struct wire_writer notify = {0}, answer = {0};
    struct criu_response response;
    char script[200];

    (void)state;
    memset(script, 's', sizeof(script) - 1);
    script[sizeof(script) - 1] = '\0';
    wire_put_text(&notify, 1, script);
    wire_put_number(&answer, 1, CRIU_NOTIFY);
    wire_put_message(&answer, 5, &notify);
    assert_int_equal(criu_read_response(answer.data, answer.length, &response), 0);
    assert_int_equal(strlen(response.script), sizeof(response.script) - 1);
    wire_done(&notify);
    wire_done(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_the_bytes_of_protocol_buffers),
        cmocka_unit_test(small_messages_are_nested),
        cmocka_unit_test(negative_numbers_are_sign_extended),
        cmocka_unit_test(a_notification_is_read),
        cmocka_unit_test(a_failure_is_read),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_long_text_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
