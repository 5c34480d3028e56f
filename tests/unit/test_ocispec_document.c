/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing, copying, comparing and changing documents; tables of others; the arena. */
#include "cmocka_all.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocispec/ocispec.h"
#include "ocispec_samples.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const struct oci_table *table;
    const char *text;
} samples[] = {
    {&oci_spec_table, full_config},
    {&oci_spec_table, platforms_config},
    {&oci_features_table, features_document},
    {&oci_container_process_state_table, process_state_document},
};

static void *parse(struct oci_arena *arena, const struct oci_table *table, const char *text)
{
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    char words[1024];
    void *object;

    report.unknown_keys = true; /* the samples have none */
    if (oci_parse(table, arena, text, strlen(text), &object, &report) < 0) {
        oci_fault_format(&fault, words, sizeof(words));
        fail_msg("%s", words);
    }
    return object;
}

static const char *write_out(struct oci_arena *arena, const struct oci_table *table,
                             const void *object, unsigned flags)
{
    const char *text;
    size_t length;

    assert_int_equal(oci_write(table, object, flags, arena, &text, &length), 0);
    assert_int_equal(strlen(text), length);
    return text;
}

static void written_documents_are_a_fixed_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        const struct oci_table *table = samples[i].table;
        _cleanup_oci_arena_ struct oci_arena arena;
        void *first, *second, *third;
        const char *text, *indented;

        oci_arena_init(&arena);
        first = parse(&arena, table, samples[i].text);
        text = write_out(&arena, table, first, OCI_WRITE_COMPACT);
        assert_null(strchr(text, '\n'));
        second = parse(&arena, table, text);
        assert_true(oci_equal(table, first, second));
        assert_string_equal(write_out(&arena, table, second, OCI_WRITE_COMPACT), text);
        indented = write_out(&arena, table, second, OCI_WRITE_INDENT);
        third = parse(&arena, table, indented);
        assert_true(oci_equal(table, first, third));
        assert_string_equal(write_out(&arena, table, third, OCI_WRITE_COMPACT), text);
    }
}

/* Nothing but white space differs between what was read and what is written, where the sample has
 * the order of the rows. */
static void nothing_is_lost(void **state)
{
    static const char compact[] =
        "{\"ociVersion\":\"1.0.2\",\"id\":\"a/b\\\"\\\\\\n\\u0001\xc3\xa9\",\"status\":\"created\","
        "\"pid\":0,\"bundle\":\"/b\",\"annotations\":{\"z\":\"1\",\"a\":\"2\"}}";
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(write_out(&arena, &oci_state_table,
                                  parse(&arena, &oci_state_table, compact), OCI_WRITE_COMPACT),
                        compact);
}

static void indented_text_is_for_people(void **state)
{
    static const char expected[] = "{\n"
                                   "    \"devices\": [\n"
                                   "        {\n"
                                   "            \"allow\": false,\n"
                                   "            \"access\": \"rwm\"\n"
                                   "        }\n"
                                   "    ],\n"
                                   "    \"pids\": {},\n"
                                   "    \"hugepageLimits\": [],\n"
                                   "    \"unified\": {\n"
                                   "        \"a.b\": \"c\"\n"
                                   "    }\n"
                                   "}\n";
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(write_out(&arena, &oci_linux_resources_table,
                                  parse(&arena, &oci_linux_resources_table, expected),
                                  OCI_WRITE_INDENT),
                        expected);
}

/* Structs made by hand: bytes that are no UTF-8 must not make text that is no JSON. */
static void strange_strings_are_written(void **state)
{
    struct oci_state broken = {
        .oci_version = "1.0.0", .id = "a\xff\xc3", .status = "", .bundle = ""};
    const char *items[] = {"x", NULL};
    struct oci_features features = {.oci_version_min = "1.0.0",
                                    .oci_version_max = "1.3.0",
                                    .hooks = {.items = items, .count = 1}};
    _cleanup_oci_arena_ struct oci_arena arena;

    (void)state;
    oci_arena_init(&arena);
    assert_string_equal(write_out(&arena, &oci_state_table, &broken, 0),
                        "{\"ociVersion\":\"1.0.0\",\"id\":\"a\xef\xbf\xbd\xef\xbf\xbd\","
                        "\"status\":\"\",\"bundle\":\"\"}");
    assert_string_equal(
        write_out(&arena, &oci_features_table, &features, 0),
        "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"hooks\":[\"x\"]}");
}

static void copies_share_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        const struct oci_table *table = samples[i].table;
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_arena original_arena;
        const char *text;
        void *copy;

        oci_arena_init(&arena);
        oci_arena_init(&original_arena);
        original_arena.separate = true; /* so that a sanitizer sees any use after the end */
        void *original = parse(&original_arena, table, samples[i].text);
        text = write_out(&arena, table, original, 0);
        assert_int_equal(oci_copy(table, original, &arena, &copy), 0);
        assert_true(oci_equal(table, original, copy));
        oci_arena_done(&original_arena);
        assert_string_equal(write_out(&arena, table, copy, 0), text);
    }
}

static void differences_are_seen(void **state)
{
    static const char *const changes[][2] = {
        {"/hostname", "\"other\""},
        {"/process/terminal", "false"},
        {"/process/args/1", "\"-d\""},
        {"/process/args/-", "\"more\""},
        {"/process/user/additionalGids/0", "6"},
        {"/process/oomScoreAdj", "5"},
        {"/process/rlimits/0/hard", "18446744073709551614"},
        {"/process/scheduler/flags/0", "\"SCHED_FLAG_KEEP_POLICY\""},
        {"/mounts/0/type", "\"sysfs\""},
        {"/mounts/-", "{\"destination\":\"/x\"}"},
        {"/annotations/new~1key", "\"v\""},
        {"/annotations/com.example~1a~0b", "\"v\""},
        {"/linux/resources/rdma/mlx4", "{\"hcaHandles\":1}"},
        {"/linux/resources/rdma/new/hcaObjects", "1"},
        {"/linux/resources/memory/checkBeforeUpdate", "false"},
        {"/linux/netDevices/ens4/name", "\"x\""},
        {"/linux/seccomp/flags/-", "\"SECCOMP_FILTER_FLAG_LOG\""},
        {"/linux/seccomp/syscalls/0/args/0/op", "\"SCMP_CMP_EQ\""},
        {"/linux/personality", "{\"domain\":\"LINUX\"}"},
        {"/hooks/poststop/0", "{\"path\":\"/p\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault;
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        struct oci_value value;
        void *original, *changed;

        oci_arena_init(&arena);
        original = parse(&arena, &oci_spec_table, full_config);
        assert_int_equal(oci_copy(&oci_spec_table, original, &arena, &changed), 0);
        assert_int_equal(oci_set(&oci_spec_table, changed, &arena, changes[i][0], changes[i][1],
                                 strlen(changes[i][1]), &report),
                         0);
        if (oci_equal(&oci_spec_table, original, changed))
            fail_msg("%s", changes[i][0]);
        assert_false(oci_equal(&oci_spec_table, changed, original));
        if (strstr(changes[i][0], "/-") == NULL && strcmp(changes[i][1], "false") != 0)
            assert_int_equal(oci_get(&oci_spec_table, changed, changes[i][0], &value), 0);
    }
}

static void values_are_found(void **state)
{
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_value value;
    const struct oci_spec *spec;

    (void)state;
    oci_arena_init(&arena);
    spec = parse(&arena, &oci_spec_table, full_config);
    assert_int_equal(oci_get(&oci_spec_table, spec, "", &value), 0);
    assert_ptr_equal(value.place, spec);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/mounts/1/options/2", &value), 0);
    assert_int_equal(value.kind, OCI_KIND_STRING);
    assert_string_equal(*(const char *const *)value.place, "ro");
    assert_int_equal(oci_get(&oci_spec_table, spec, "/annotations/com.example~1a~0b", &value), 0);
    assert_string_equal(*(const char *const *)value.place, "1");
    assert_int_equal(oci_get(&oci_spec_table, spec, "/linux/resources/rdma/mlx5_1", &value), 0);
    assert_int_equal(value.kind, OCI_KIND_OBJECT);
    assert_ptr_equal(value.place, &spec->linux->resources->rdma[0]);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/linux/seccomp/architectures/1", &value), 0);
    assert_int_equal(*(const enum oci_seccomp_arch *)value.place, OCI_ARCH_X32);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/process/user/additionalGids/1", &value), 0);
    assert_int_equal(*(const uint32_t *)value.place, 4294967294);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/vm", &value), -ENOENT);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/mounts/2", &value), -ENOENT);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/mounts/01", &value), -ENOENT);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/mounts/x", &value), -ENOENT);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/nothing", &value), -ENOENT);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/hostname/x", &value), -EINVAL);
    assert_int_equal(oci_get(&oci_spec_table, spec, "hostname", &value), -EINVAL);
    assert_int_equal(oci_get(&oci_spec_table, spec, "/a~2", &value), -EINVAL);
}

static void refused_values_change_nothing(void **state)
{
    static const struct {
        const char *pointer;
        const char *text;
        int result;
        const char *fault; /* pointer of it */
    } cases[] = {
        {"/hostname", "7", -EINVAL, "/hostname"},
        {"/hostname", "\"a", -EINVAL, "/hostname"},
        {"/linux/namespaces/-", "{\"type\":\"x\"}", -EINVAL, "/linux/namespaces/-/type"},
        {"/mounts/0", "{}", -EINVAL, "/mounts/0/destination"},
        {"/process/args/0", "[]", -EINVAL, "/process/args/0"},
        {"/vm/kernel/path", "1", -EINVAL, "/vm/kernel/path"},
        {"/mounts/9/type", "\"x\"", -ENOENT, ""},
        {"/nothing", "1", -ENOENT, ""},
        {"/hostname/x", "1", -ENOENT, ""},
        {"/process/args/0/x", "1", -ENOENT, ""},
        {"x", "1", -EINVAL, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault = {0};
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        void *original, *changed;

        oci_arena_init(&arena);
        original = parse(&arena, &oci_spec_table, full_config);
        assert_int_equal(oci_copy(&oci_spec_table, original, &arena, &changed), 0);
        assert_int_equal(oci_set(&oci_spec_table, changed, &arena, cases[i].pointer, cases[i].text,
                                 strlen(cases[i].text), &report),
                         cases[i].result);
        assert_string_equal(fault.pointer, cases[i].fault);
        assert_true(oci_equal(&oci_spec_table, original, changed));
    }
}

static void new_objects_are_made_on_the_way(void **state)
{
    static const char process[] = "{\"cwd\":\"/\"}";
    static const char minimal[] = "{\"ociVersion\":\"1.0.0\"}";
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec spec = {0};

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(oci_set(&oci_spec_table, &spec, &arena, "", minimal, strlen(minimal), &report),
                     0);
    assert_string_equal(spec.oci_version, "1.0.0");
    assert_int_equal(
        oci_set(&oci_spec_table, &spec, &arena, "/process", process, strlen(process), &report), 0);
    assert_int_equal(
        oci_set(&oci_spec_table, &spec, &arena, "/linux/resources/cpu/cpus", "\"0-1\"", 5, &report),
        0);
    assert_int_equal(
        oci_set(&oci_spec_table, &spec, &arena, "/process/user/additionalGids/-", "7", 1, &report),
        0);
    assert_string_equal(write_out(&arena, &oci_spec_table, &spec, 0),
                        "{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0,"
                        "\"additionalGids\":[7]},\"cwd\":\"/\"},"
                        "\"linux\":{\"resources\":{\"cpu\":{\"cpus\":\"0-1\"}}}}");
}

/* Copying and changing, with less and less memory missing. */
static void memory_can_run_out(void **state)
{
    static const char value[] = "{\"path\":\"/x\",\"args\":[\"a\"]}";
    _cleanup_oci_arena_ struct oci_arena original_arena;
    void *original;
    int r = -ENOMEM;

    (void)state;
    oci_arena_init(&original_arena);
    original = parse(&original_arena, &oci_spec_table, full_config);
    for (size_t limit = 1; r != 0; limit += 61) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault;
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        void *copy;

        oci_arena_init(&arena);
        arena.limit = limit;
        r = oci_copy(&oci_spec_table, original, &arena, &copy);
        if (r == 0) {
            r = oci_set(&oci_spec_table, copy, &arena, "/hooks/poststop/-", value, strlen(value),
                        &report);
            assert_true(oci_equal(&oci_spec_table, original, copy) == (r != 0));
        }
        if (r == 0)
            r = oci_set(&oci_spec_table, copy, &arena, "/linux/netDevices/new/name", "\"n\"", 3,
                        &report);
        if (r == 0)
            r = oci_set(&oci_spec_table, copy, &arena, "/vm/kernel/path", "\"k\"", 3, &report);
        assert_true(r == 0 || r == -ENOMEM);
        assert_int_equal(report.count, 0);
    }
}

/* A document that is not the library's. */
struct note {
    const char *id;
    uint32_t size;
    uint64_t started;
    int64_t balance;
    struct oci_strings tags;
    struct note *parent;
};
extern const struct oci_table note_table;
static const struct oci_range size_range = {1, 100};
static const struct oci_row note_rows[] = {
    OCI_ROW_STRING(struct note, "id", id, OCI_REQUIRED),
    OCI_ROW_RANGE(U32, struct note, "size", size, OCI_ALWAYS, &size_range),
    OCI_ROW_U64(struct note, "started", started, 0),
    OCI_ROW_I64(struct note, "balance", balance, 0),
    OCI_ROW_STRINGS(struct note, "tags", tags, 0),
    OCI_ROW_OBJECT(struct note, "parent", parent, 0, struct note, &note_table),
};
const struct oci_table note_table = OCI_TABLE(struct note, "note", note_rows);

static void others_can_have_tables(void **state)
{
    static const char text[] = "{\"id\":\"n\",\"size\":100,\"started\":18446744073709551615,"
                               "\"balance\":-9223372036854775808,\"tags\":[\"a\"],"
                               "\"parent\":{\"id\":\"p\",\"size\":1}}";
    static const char level[] = "{\"id\":\"\",\"parent\":";
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    const struct note *note;
    void *object;
    char deep[4096] = "";

    (void)state;
    oci_arena_init(&arena);
    note = parse(&arena, &note_table, text);
    assert_string_equal(note->parent->id, "p");
    assert_true(note->balance == INT64_MIN);
    assert_string_equal(write_out(&arena, &note_table, note, 0), text);
    assert_int_equal(
        oci_parse(&note_table, &arena, "{\"id\":\"\",\"size\":101}", 21, &object, &report),
        -EINVAL);
    assert_string_equal(fault.expected, "integer from 1 to 100");
    /* A table that leads to itself ends where the stack does. */
    for (size_t i = 0; i < 60; i++)
        memcpy(deep + i * strlen(level), level, strlen(level));
    report.count = 0;
    assert_int_equal(oci_parse(&note_table, &arena, deep, strlen(deep), &object, &report), -EINVAL);
    assert_int_equal(fault.kind, OCI_FAULT_TOO_LARGE);
}

static void words_have_values(void **state)
{
    (void)state;
    assert_string_equal(oci_namespace_type_name(OCI_NAMESPACE_TIME), "time");
    assert_null(oci_namespace_type_name(OCI_NAMESPACE_NONE));
    assert_null(oci_namespace_type_name(OCI_NAMESPACE_COUNT));
    assert_int_equal(oci_word_value(&oci_seccomp_arch_words, "SCMP_ARCH_X86_64xx", 16),
                     OCI_ARCH_X86_64);
    assert_int_equal(oci_word_value(&oci_seccomp_arch_words, "SCMP_ARCH_X8", 12), 0);
    assert_int_equal(oci_word_value(&oci_seccomp_arch_words, "", 0), 0);
    assert_string_equal(oci_suggest("moutn", 5, (const char *const[]){"pid", "mount", NULL}),
                        "mount");
    assert_null(oci_suggest("zzz", 3, (const char *const[]){"pid", "mount", NULL}));
    assert_null(oci_suggest("", 0, (const char *const[]){"a", NULL}));
    for (int kind = 0; kind < OCI_FAULT_KIND_COUNT; kind++)
        assert_string_not_equal(oci_fault_kind_name(kind), "UNKNOWN");
    assert_string_equal(oci_fault_kind_name(OCI_FAULT_KIND_COUNT), "UNKNOWN");
}

static void the_arena_keeps_apart(void **state)
{
    volatile size_t huge = SIZE_MAX; /* the compiler would refuse it */

    (void)state;
    for (int separate = 0; separate < 2; separate++) {
        _cleanup_oci_arena_ struct oci_arena arena = {.separate = separate != 0};
        unsigned char *blocks[400];

        for (size_t i = 0; i < COUNT(blocks); i++) {
            size_t size = 1 + i * i % 9000;

            blocks[i] = oci_arena_alloc(&arena, size);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            for (size_t j = 0; j < size; j++)
                assert_int_equal(blocks[i][j], 0);
            memset(blocks[i], (int)i, size);
        }
        for (size_t i = 0; i < COUNT(blocks); i++)
            for (size_t j = 0; j < 1 + i * i % 9000; j++)
                assert_int_equal(blocks[i][j], i & 0xff);
        assert_string_equal(oci_arena_format(&arena, "%s-%d", "a", 7), "a-7");
        assert_string_equal(oci_arena_strdup(&arena, "x"), "x");
        assert_null(oci_arena_strdup(&arena, NULL));
        assert_null(oci_arena_alloc_array(&arena, huge / 2, 4));
        assert_null(oci_arena_alloc(&arena, huge));
        assert_null(oci_arena_copy(&arena, "", huge));
        arena.limit = arena.allocated + 100;
        assert_null(oci_arena_alloc(&arena, 101));
        assert_non_null(oci_arena_alloc(&arena, 100));
    }
}

static void places_are_found(void **state)
{
    static const char text[] = "{\"a\": [1,\n  {\"b/c\": 2, \"\\u00e9\\ud83d\\ude00~\": [ ]}, 3],"
                               "\n\"\": {}, \"a\": 4}";
    static const struct {
        const char *pointer;
        unsigned line;
        unsigned column;
    } cases[] = {
        {"", 1, 1},
        {"/a", 1, 7},
        {"/a/0", 1, 8},
        {"/a/1", 2, 3},
        {"/a/1/b~1c", 2, 11},
        {"/a/1/\xc3\xa9\xf0\x9f\x98\x80~0", 2, 37},
        {"/a/1/nothing", 2, 3},
        {"/a/1/b~1c/x", 2, 11},
        {"/a/2", 2, 43},
        {"/a/3", 1, 7},
        {"/a/x", 1, 7},
        {"/", 3, 5},
        {"//x", 3, 5},
    };
    unsigned line, column;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(oci_locate(text, strlen(text), cases[i].pointer, &line, &column), 0);
        if (line != cases[i].line || column != cases[i].column)
            fail_msg("%s is at %u:%u", cases[i].pointer, line, column);
    }
    assert_int_equal(oci_locate("{\"\\n\\/\\u0041\\u20ac\":1}", 22, "/\n~1A\u20ac", &line, &column),
                     0);
    assert_int_equal(column, 21);
    assert_int_equal(oci_locate("{\"a\"", 4, "/b", &line, &column), -EINVAL);
    assert_int_equal(oci_locate("", 0, "", &line, &column), -EINVAL);
    oci_locate_offset("a\nb", 3, 99, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_documents_are_a_fixed_point),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(indented_text_is_for_people),
        cmocka_unit_test(strange_strings_are_written),
        cmocka_unit_test(copies_share_nothing),
        cmocka_unit_test(differences_are_seen),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(refused_values_change_nothing),
        cmocka_unit_test(new_objects_are_made_on_the_way),
        cmocka_unit_test(memory_can_run_out),
        cmocka_unit_test(others_can_have_tables),
        cmocka_unit_test(words_have_values),
        cmocka_unit_test(the_arena_keeps_apart),
        cmocka_unit_test(places_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
