/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader makes of documents, and where it says that one is wrong. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ocispec/ocispec.h"
#include "ocispec_samples.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void members_are_read(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec *spec;

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(oci_spec_parse(&arena, full_config, strlen(full_config), &spec, &report), 0);
    assert_string_equal(spec->oci_version, "1.3.0");
    assert_true(spec->process->terminal);
    assert_int_equal(spec->process->user->additional_gids.items[1], 4294967294);
    assert_string_equal(spec->process->args.items[2], "echo \"\xc3\xa9\xf0\x9f\x98\x80\" / \t");
    assert_null(spec->process->args.items[3]);
    assert_true(spec->process->capabilities->inheritable.set);
    assert_int_equal(spec->process->capabilities->inheritable.count, 0);
    assert_true(spec->process->rlimits[0].hard == UINT64_MAX);
    assert_int_equal(spec->process->oom_score_adj.value, -5);
    assert_int_equal(spec->process->scheduler->policy, OCI_SCHED_DEADLINE);
    assert_int_equal(spec->process->scheduler->flags[1], OCI_SCHED_FLAG_DL_OVERRUN);
    assert_int_equal(spec->mounts_count, 2);
    assert_null(spec->mounts[0].uid_mappings);
    assert_int_equal(spec->mounts[1].uid_mappings[0].host_id, 1000);
    assert_non_null(spec->hooks->poststop);
    assert_int_equal(spec->hooks->poststop_count, 0);
    assert_string_equal(oci_string_map_get(&spec->annotations, "com.example/a~b"), "1");
    assert_null(oci_string_map_get(&spec->annotations, "x"));
    assert_true(spec->linux->resources->memory->reservation.set);
    assert_true(spec->linux->resources->hugepage_limits[0].limit == 9007199254740993);
    assert_string_equal(spec->linux->resources->rdma[1].key, "mlx4");
    assert_false(spec->linux->resources->rdma[1].hca_handles.set);
    assert_int_equal(spec->linux->devices[0].file_mode.value, 8612);
    assert_non_null(spec->linux->seccomp->flags);
    assert_true(spec->linux->seccomp->syscalls[0].args[0].value == UINT64_MAX);
    assert_int_equal(spec->linux->rootfs_propagation, OCI_PROPAGATION_RSLAVE);
    assert_int_equal(spec->linux->time_offsets->monotonic->secs, -5);
    assert_string_equal(oci_spec_namespace(spec, OCI_NAMESPACE_NETWORK)->path, "/run/netns/x");
    assert_null(oci_spec_namespace(spec, OCI_NAMESPACE_NONE));
    assert_int_equal(report.count, 0);
}

struct fault_case {
    const char *text;
    enum oci_fault_kind kind;
    const char *pointer;
    unsigned line;
    unsigned column;
    const char *expected;   /* NULL: not looked at */
    const char *suggestion; /* NULL: there is none */
};

#define HEAD "{\"ociVersion\":\"1.0.0\",\n"

static const struct fault_case fault_cases[] = {
    /* not JSON */
    {"", OCI_FAULT_SYNTAX, "", 1, 1, NULL, NULL},
    {" \n ", OCI_FAULT_SYNTAX, "", 2, 2, NULL, NULL},
    {HEAD "\"root\":{\"path\":\"x\"", OCI_FAULT_SYNTAX, "/root", 2, 19, NULL, NULL},
    {HEAD "\"root\" {}}", OCI_FAULT_SYNTAX, "/root", 2, 8, NULL, NULL},
    {HEAD "\"hostname\":tru}", OCI_FAULT_SYNTAX, "/hostname", 2, 15, NULL, NULL},
    {HEAD "\"hostname\":\"a\tb\"}", OCI_FAULT_SYNTAX, "/hostname", 2, 14, NULL, NULL},
    {HEAD "\"hostname\":\"\\q\"}", OCI_FAULT_SYNTAX, "/hostname", 2, 14, NULL, NULL},
    {HEAD "\"mounts\":[,]}", OCI_FAULT_SYNTAX, "/mounts/0", 2, 11, NULL, NULL},
    {HEAD "\"annotations\":{\"a\":\"b\",}}", OCI_FAULT_SYNTAX, "/annotations", 2, 24, NULL, NULL},
    {HEAD "// no\n\"root\":{}}", OCI_FAULT_SYNTAX, "", 2, 1, NULL, NULL},
    {HEAD "\"x\":1}\n x", OCI_FAULT_SYNTAX, "", 3, 2, NULL, NULL},
    {HEAD "\"x\":1}\n\"}", OCI_FAULT_SYNTAX, "", 3, 1, NULL, NULL},
    {HEAD "\"x\":1}\ntru", OCI_FAULT_SYNTAX, "", 3, 1, NULL, NULL},
    {HEAD "\"x\":1.5e+}", OCI_FAULT_SYNTAX, "/x", 2, 10, NULL, NULL},
    {HEAD "\"x\":-1.}", OCI_FAULT_SYNTAX, "/x", 2, 8, NULL, NULL},
    {HEAD "\"x\":\"\\u00g0\"}", OCI_FAULT_SYNTAX, "/x", 2, 10, NULL, NULL},
    {HEAD "\"x\":01}", OCI_FAULT_SYNTAX, "", 2, 6, NULL, NULL},
    {HEAD "\f\"x\":1}", OCI_FAULT_SYNTAX, "", 2, 1, NULL, NULL},
    {HEAD "\"x\":\v1}", OCI_FAULT_SYNTAX, "", 2, 5, NULL, NULL},
    {"\xef\xbb\xbf{}", OCI_FAULT_SYNTAX, "", 1, 1, NULL, NULL},
    {HEAD "\"hostname\":\"\xc0\x80\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    {HEAD "\"hostname\":\"\xed\xa0\x80\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    {HEAD "\"hostname\":\"\xf4\x90\x80\x80\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    {HEAD "\"hostname\":\"\xe2\x82\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    {HEAD "\"hostname\":\"\\ud800\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    {HEAD "\"hostname\":\"\\ude00\\ud83d\"}", OCI_FAULT_SYNTAX, "", 2, 13, NULL, NULL},
    /* types */
    {"[]", OCI_FAULT_TYPE, "", 1, 1, "object", NULL},
    {"7", OCI_FAULT_TYPE, "", 1, 1, "object", NULL},
    {"null", OCI_FAULT_TYPE, "", 1, 1, "object", NULL},
    {"{\"ociVersion\":1}", OCI_FAULT_TYPE, "/ociVersion", 1, 15, "string", NULL},
    {HEAD "\"hostname\":null}", OCI_FAULT_TYPE, "/hostname", 2, 12, "string", NULL},
    {HEAD "\"hostname\":{}}", OCI_FAULT_TYPE, "/hostname", 2, 12, "string", NULL},
    {HEAD "\"mounts\":{}}", OCI_FAULT_TYPE, "/mounts", 2, 10, "array of objects", NULL},
    {HEAD "\"mounts\":\"x\"}", OCI_FAULT_TYPE, "/mounts", 2, 10, "array of objects", NULL},
    {HEAD "\"mounts\":[{\"destination\":\"/\"},\n[]]}", OCI_FAULT_TYPE, "/mounts/1", 3, 1, "object",
     NULL},
    {HEAD "\"mounts\":[7]}", OCI_FAULT_TYPE, "/mounts/0", 2, 11, "object", NULL},
    {HEAD "\"annotations\":[]}", OCI_FAULT_TYPE, "/annotations", 2, 15,
     "object with strings as values", NULL},
    {HEAD "\"annotations\":{\"a/b~c\":1}}", OCI_FAULT_TYPE, "/annotations/a~1b~0c", 2, 24, "string",
     NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"terminal\":\"yes\"}}", OCI_FAULT_TYPE, "/process/terminal",
     2, 33, "true or false", NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"args\":[\"a\",true]}}", OCI_FAULT_TYPE, "/process/args/1",
     2, 34, "string", NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"user\":{\"additionalGids\":[1,\"2\"]}}}", OCI_FAULT_TYPE,
     "/process/user/additionalGids/1", 2, 50, "integer from 0 to 4294967295", NULL},
    {HEAD "\"linux\":{\"namespaces\":[\"pid\"]}}", OCI_FAULT_TYPE, "/linux/namespaces/0", 2, 24,
     "object", NULL},
    {HEAD "\"linux\":{\"rootfsPropagation\":[]}}", OCI_FAULT_TYPE, "/linux/rootfsPropagation", 2,
     30, NULL, NULL},
    {HEAD "\"linux\":{\"netDevices\":{\"eth0\":{\"name\":23}}}}", OCI_FAULT_TYPE,
     "/linux/netDevices/eth0/name", 2, 39, "string", NULL},
    {HEAD "\"linux\":{\"resources\":{\"rdma\":{\"m\":5}}}}", OCI_FAULT_TYPE,
     "/linux/resources/rdma/m", 2, 35, "object", NULL},
    {HEAD "\"windows\":{\"layerFolders\":[\"a\"],\"credentialSpec\":[]}}", OCI_FAULT_TYPE,
     "/windows/credentialSpec", 2, 50, "object", NULL},
    {HEAD "\"root\":\"a\\\\\\\"b\"}", OCI_FAULT_TYPE, "/root", 2, 8, "object", NULL},
    {HEAD "\"root\":\"\\\\\"}", OCI_FAULT_TYPE, "/root", 2, 8, "object", NULL},
    /* numbers */
    {HEAD "\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967296}}}", OCI_FAULT_RANGE,
     "/process/user/uid", 2, 36, "integer from 0 to 4294967295", NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}}", OCI_FAULT_RANGE,
     "/process/user/uid", 2, 36, NULL, NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-0}}}", OCI_FAULT_RANGE,
     "/process/user/uid", 2, 36, NULL, NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"oomScoreAdj\":1.5}}", OCI_FAULT_RANGE,
     "/process/oomScoreAdj", 2, 36, "integer from -2147483648 to 2147483647", NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"oomScoreAdj\":1e400}}", OCI_FAULT_RANGE,
     "/process/oomScoreAdj", 2, 36, NULL, NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"oomScoreAdj\":-2147483649}}", OCI_FAULT_RANGE,
     "/process/oomScoreAdj", 2, 36, NULL, NULL},
    {HEAD "\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
     OCI_FAULT_RANGE, "/linux/resources/memory/limit", 2, 41,
     "integer from -9223372036854775808 to 9223372036854775807", NULL},
    {HEAD "\"linux\":{\"resources\":{\"memory\":{\"limit\":-9223372036854775809}}}}",
     OCI_FAULT_RANGE, "/linux/resources/memory/limit", 2, 41, NULL, NULL},
    {HEAD "\"linux\":{\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}}}", OCI_FAULT_RANGE,
     "/linux/resources/cpu/shares", 2, 39, "integer from 0 to 18446744073709551615", NULL},
    {HEAD "\"linux\":{\"resources\":{\"blockIO\":{\"weight\":65536}}}}", OCI_FAULT_RANGE,
     "/linux/resources/blockIO/weight", 2, 43, "integer from 0 to 65535", NULL},
    {HEAD "\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}}", OCI_FAULT_RANGE,
     "/hooks/poststop/0/timeout", 2, 45, "integer from 1 to 9223372036854775807", NULL},
    {HEAD "\"linux\":{\"devices\":[{\"path\":\"/d\",\"type\":\"c\",\"fileMode\":65536}]}}",
     OCI_FAULT_RANGE, "/linux/devices/0/fileMode", 2, 56, "integer from 0 to 65535", NULL},
    /* missing */
    {"{}", OCI_FAULT_MISSING, "/ociVersion", 1, 1, "string", NULL},
    {HEAD "\"process\":\n {\"args\":[]}}", OCI_FAULT_MISSING, "/process/cwd", 3, 2, "string", NULL},
    {HEAD "\"mounts\":[{\"destination\":\"/\"}, {}]}", OCI_FAULT_MISSING, "/mounts/1/destination",
     2, 32, "string", NULL},
    {HEAD "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"size\":1}]}}", OCI_FAULT_MISSING,
     "/linux/uidMappings/0/hostID", 2, 25, "integer from 0 to 4294967295", NULL},
    {HEAD "\"linux\":{\"seccomp\":{}}}", OCI_FAULT_MISSING, "/linux/seccomp/defaultAction", 2, 20,
     NULL, NULL},
    /* twice */
    {HEAD "\"hostname\":\"a\",\"hostname\":\"b\"}", OCI_FAULT_DUPLICATE, "/hostname", 2, 16, NULL,
     NULL},
    {HEAD "\"annotations\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", OCI_FAULT_DUPLICATE, "/annotations/a",
     2, 24, NULL, NULL},
    {HEAD "\"linux\":{\"netDevices\":{\"a\":{},\"a\":{}}}}", OCI_FAULT_DUPLICATE,
     "/linux/netDevices/a", 2, 31, NULL, NULL},
    /* values */
    {HEAD "\"hostname\":\"a\\u0000b\"}", OCI_FAULT_VALUE, "/hostname", 2, 12, NULL, NULL},
    {HEAD "\"annotations\":{\"a\\u0000\":\"1\"}}", OCI_FAULT_VALUE, "/annotations", 2, 16, NULL,
     NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"args\":[\"\\u0000\"]}}", OCI_FAULT_VALUE, "/process/args/0",
     2, 30, NULL, NULL},
    {HEAD "\"linux\":{\"namespaces\":[{\"type\":\"pdi\"}]}}", OCI_FAULT_VALUE,
     "/linux/namespaces/0/type", 2, 32, "one of mount, pid, network, uts, ipc, user, cgroup, time",
     "pid"},
    {HEAD "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALOW\"}}}", OCI_FAULT_VALUE,
     "/linux/seccomp/defaultAction", 2, 37, NULL, "SCMP_ACT_ALLOW"},
    {HEAD "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":"
          "[\"SCMP_ARCH_X86\",\"scmp_arch_x86_64\"]}}}",
     OCI_FAULT_VALUE, "/linux/seccomp/architectures/1", 2, 85, NULL, "SCMP_ARCH_X86_64"},
    {HEAD "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[],"
          "\"action\":\"SCMP_ACT_LOG\"}]}}}",
     OCI_FAULT_VALUE, "/linux/seccomp/syscalls/0/names", 2, 73, "at least one entry", NULL},
    {HEAD "\"linux\":{\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"64kB\",\"limit\":1}]}}}",
     OCI_FAULT_VALUE, "/linux/resources/hugepageLimits/0/pageSize", 2, 53, NULL, NULL},
    {HEAD "\"linux\":{\"intelRdt\":{\"memBwSchema\":\"L3:1\"}}}", OCI_FAULT_VALUE,
     "/linux/intelRdt/memBwSchema", 2, 36, NULL, NULL},
    {HEAD "\"process\":{\"cwd\":\"/\",\"execCPUAffinity\":{\"initial\":\"a\"}}}", OCI_FAULT_VALUE,
     "/process/execCPUAffinity/initial", 2, 51, NULL, NULL},
    {HEAD "\"freebsd\":{\"jail\":{\"vnet\":\"disable\"}}}", OCI_FAULT_VALUE, "/freebsd/jail/vnet",
     2, 27, "one of new, inherit", NULL},
};

static void faults_have_kind_and_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fault_cases); i++) {
        const struct fault_case *expected = &fault_cases[i];
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault = {0};
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        struct oci_spec *spec = NULL;
        char text[1024];

        oci_arena_init(&arena);
        assert_int_equal(
            oci_spec_parse(&arena, expected->text, strlen(expected->text), &spec, &report),
            -EINVAL);
        assert_null(spec);
        oci_fault_format(&fault, text, sizeof(text));
        if (fault.kind != expected->kind || strcmp(fault.pointer, expected->pointer) != 0 ||
            fault.line != expected->line || fault.column != expected->column ||
            (expected->expected != NULL && strcmp(fault.expected, expected->expected) != 0) ||
            strcmp(fault.suggestion, expected->suggestion == NULL ? "" : expected->suggestion) != 0)
            fail_msg("%s\ngave %s %s (expected %s)", expected->text,
                     oci_fault_kind_name(fault.kind), text, fault.expected);
    }
}

/* What the pointer of a fault leads to is where the fault says it is. */
static void places_agree_with_the_scanner(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fault_cases); i++) {
        const struct fault_case *expected = &fault_cases[i];
        unsigned line = 0, column = 0;

        if (expected->kind != OCI_FAULT_TYPE && expected->kind != OCI_FAULT_RANGE &&
            expected->kind != OCI_FAULT_MISSING)
            continue;
        assert_int_equal(
            oci_locate(expected->text, strlen(expected->text), expected->pointer, &line, &column),
            0);
        assert_int_equal(line, expected->line);
        assert_int_equal(column, expected->column);
    }
}

static void all_faults_are_collected(void **state)
{
    static const char text[] =
        "{\"ociVersion\":1,\"root\":{\"pth\":\"x\"},\"hostnam\":\"a\",\n"
        "\"mounts\":[7,{\"destination\":\"/a\",\"options\":{\"x\":[1]}},{}],\n"
        "\"root\":{\"path\":5},\"annotations\":{\"a\":\"1\",\"a\":[2],\"b\":[]}}";
    static const struct {
        enum oci_fault_kind kind;
        const char *pointer;
        const char *suggestion;
    } expected[] = {
        {OCI_FAULT_TYPE, "/ociVersion", ""},
        {OCI_FAULT_UNKNOWN_KEY, "/root/pth", "path"},
        {OCI_FAULT_MISSING, "/root/path", ""},
        {OCI_FAULT_UNKNOWN_KEY, "/hostnam", "hostname"},
        {OCI_FAULT_TYPE, "/mounts/0", ""},
        {OCI_FAULT_TYPE, "/mounts/1/options", ""},
        {OCI_FAULT_MISSING, "/mounts/2/destination", ""},
        {OCI_FAULT_DUPLICATE, "/root", ""},
        {OCI_FAULT_DUPLICATE, "/annotations/a", ""},
        {OCI_FAULT_TYPE, "/annotations/b", ""},
    };
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault faults[8];
    struct oci_report report = {
        .faults = faults, .capacity = COUNT(faults), .all = true, .unknown_keys = true};
    struct oci_spec *spec;

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(oci_spec_parse(&arena, text, strlen(text), &spec, &report), -EINVAL);
    assert_int_equal(report.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(faults); i++) {
        assert_int_equal(faults[i].kind, expected[i].kind);
        assert_string_equal(faults[i].pointer, expected[i].pointer);
        assert_string_equal(faults[i].suggestion, expected[i].suggestion);
    }
}

static void unknown_keys_are_ignored(void **state)
{
    static const char text[] = "{\"x\":{\"a\":[{\"b\":[[]]}],\"a\":1},\"ociVersion\":\"1.0.0\","
                               "\"y\":[null,{}],\"z\":\"\",\"z\":-0,\"\":1e999}";
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec *spec;

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(oci_spec_parse(&arena, text, strlen(text), &spec, &report), 0);
    assert_string_equal(spec->oci_version, "1.0.0");
}

static void depth_and_size_are_bounded(void **state)
{
    const size_t depth = 1000000;
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec *spec;
    char *text = malloc(depth + 8);

    (void)state;
    oci_arena_init(&arena);
    assert_non_null(text);
    memcpy(text, "{\"x\":", 5);
    memset(text + 5, '[', depth);
    assert_int_equal(oci_spec_parse(&arena, text, depth + 5, &spec, &report), -EINVAL);
    assert_int_equal(fault.kind, OCI_FAULT_TOO_LARGE);
    assert_string_equal(fault.pointer, "/x");
    assert_int_equal(fault.column, 5 + OCI_DEPTH_LIMIT);
    report.count = 0;
    /* The text is not looked at when it is too long. */
    assert_int_equal(oci_spec_parse(&arena, text, OCI_SIZE_LIMIT + 1, &spec, &report), -EINVAL);
    assert_int_equal(fault.kind, OCI_FAULT_TOO_LARGE);
    free(text);
}

/* Every failing allocation is an error return. */
static void memory_can_run_out(void **state)
{
    size_t limit;

    (void)state;
    for (limit = 1;; limit += 97) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault;
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        struct oci_spec *spec;
        const char *text;
        size_t length;
        int r;

        oci_arena_init(&arena);
        arena.limit = limit;
        r = oci_spec_parse(&arena, full_config, strlen(full_config), &spec, &report);
        assert_int_equal(report.count, 0);
        if (r == 0)
            r = oci_write(&oci_spec_table, spec, 0, &arena, &text, &length);
        if (r == 0)
            break;
        assert_int_equal(r, -ENOMEM);
    }
    assert_true(limit > 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read),
        cmocka_unit_test(faults_have_kind_and_place),
        cmocka_unit_test(places_agree_with_the_scanner),
        cmocka_unit_test(all_faults_are_collected),
        cmocka_unit_test(unknown_keys_are_ignored),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(memory_can_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
