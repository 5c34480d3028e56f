/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents that are cut, damaged or huge: an error or a document, never a crash, never slow. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../fuzz/fuzz_ocispec.h"
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

/* Every beginning of a document is refused with a place in it; memory ends where the text ends. */
static void truncated_documents_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        size_t whole = strrchr(samples[i].text, '}') - samples[i].text;

        for (size_t length = 0; length <= whole; length++) {
            _cleanup_oci_arena_ struct oci_arena arena;
            struct oci_fault fault = {0};
            struct oci_report report = OCI_REPORT_FIRST(&fault);
            char *text = malloc(length + 1); /* the sanitizer sees reads behind it */
            void *object;

            assert_non_null(text);
            memcpy(text, samples[i].text, length);
            oci_arena_init(&arena);
            assert_int_equal(oci_parse(samples[i].table, &arena, text, length, &object, &report),
                             -EINVAL);
            assert_int_equal(fault.kind, OCI_FAULT_SYNTAX);
            assert_int_equal(fault.offset, length);
            free(text);
        }
    }
}

/* xorshift64*: the same damage in every run. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* Replaces, inserts, removes or repeats a piece; returns the new length. */
static size_t damage(char *text, size_t length, size_t size, uint64_t *seed)
{
    static const char *const pieces[] = {
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "-1",
        "0",
        "1e9",
        "18446744073709551616",
        "\\u0000",
        "\\ud800",
        "\xff",
        "\xc3\xa9",
        "\"\":",
        "\"ociVersion\":",
        "{}",
        "[]",
        " ",
        "\n",
        "\"SCMP_ACT_NOTIFY\"",
        "\"/\"",
        "4294967295",
    };
    size_t at = next_random(seed) % (length + 1);
    size_t span = next_random(seed) % 12;
    const char *piece = pieces[next_random(seed) % COUNT(pieces)];
    size_t piece_length = strlen(piece);

    if (span > length - at)
        span = length - at;
    switch (next_random(seed) % 4) {
    case 0: /* remove */
        memmove(text + at, text + at + span, length - at - span);
        return length - span;
    case 1: /* repeat */
        if (length + span > size)
            return length;
        memmove(text + at + span, text + at, length - at);
        return length + span;
    case 2: /* one byte */
        if (at < length)
            text[at] = (char)next_random(seed);
        return length;
    default: /* insert */
        if (length + piece_length > size)
            return length;
        memmove(text + at + piece_length, text + at, length - at);
        memcpy(text + at, piece, piece_length);
        return length + piece_length;
    }
}

static void damaged_documents_do_no_harm(void **state)
{
    const char *wanted = getenv("OCISPEC_ROUNDS");
    long rounds = wanted == NULL ? 4000 : atol(wanted);
    uint64_t seed = 88172645463325252;
    char buffer[16384];

    (void)state;
    for (long round = 0; round < rounds; round++) {
        size_t sample = (size_t)round % COUNT(samples);
        size_t length = strlen(samples[sample].text);
        size_t wounds = 1 + next_random(&seed) % 4;
        char *text;

        assert_true(length < sizeof(buffer));
        memcpy(buffer, samples[sample].text, length);
        for (size_t i = 0; i < wounds; i++)
            length = damage(buffer, length, sizeof(buffer), &seed);
        text = malloc(length + 1);
        assert_non_null(text);
        memcpy(text, buffer, length);
        fuzz_document(samples[sample].table, text, length);
        free(text);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU time to read @count environment entries and as many annotations, the best of three. */
static double time_to_read(size_t count)
{
    size_t size = count * 80 + 200;
    char *text = malloc(size);
    double best = 1e9;
    size_t used;

    assert_non_null(text);
    used = (size_t)snprintf(text, size,
                            "{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\","
                            "\"env\":[\"A=b\"");
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, ",\"VARIABLE_%zu=value\"", i);
    used += (size_t)snprintf(text + used, size - used, "]},\"annotations\":{\"a\":\"b\"");
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, ",\"com.example.key.%zu\":\"v\"", i);
    used += (size_t)snprintf(text + used, size - used, "}}");
    for (int i = 0; i < 3; i++) {
        _cleanup_oci_arena_ struct oci_arena arena;
        struct oci_fault fault;
        struct oci_report report = OCI_REPORT_FIRST(&fault);
        struct oci_spec *spec;
        double start = seconds(), taken;

        oci_arena_init(&arena);
        assert_int_equal(oci_spec_parse(&arena, text, used, &spec, &report), 0);
        taken = seconds() - start;
        best = taken < best ? taken : best;
        assert_int_equal(spec->process->env.count, count + 1);
        assert_int_equal(spec->annotations.count, count + 1);
    }
    free(text);
    return best;
}

/* Sixteen times as many entries would take 256 times as long if anything were quadratic. */
static void long_lists_are_linear(void **state)
{
    double few = time_to_read(5000);
    double many = time_to_read(80000);

    (void)state;
    assert_true(many < few * 64);
}

static void duplicates_are_found_in_long_maps(void **state)
{
    enum { KEYS = 20000 };
    char *text = malloc(KEYS * 20 + 100);
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_spec *spec;
    int used;

    (void)state;
    assert_non_null(text);
    oci_arena_init(&arena);
    used = sprintf(text, "{\"ociVersion\":\"1.0.0\",\"annotations\":{");
    for (int i = 0; i < KEYS; i++)
        used += sprintf(text + used, "\"k%d\":\"\",", i);
    sprintf(text + used, "\"k%d\":\"\"}}", KEYS / 2);
    assert_int_equal(oci_spec_parse(&arena, text, strlen(text), &spec, &report), -EINVAL);
    assert_int_equal(fault.kind, OCI_FAULT_DUPLICATE);
    assert_string_equal(fault.pointer, "/annotations/k10000");
    assert_int_equal(fault.offset, used);
    free(text);
}

/* Keys of values at fault never become entries, and there may be more of them than of others. */
static void faults_in_long_maps_are_counted(void **state)
{
    enum { GOOD = 20, BAD = 1000 };
    char *text = malloc((GOOD + BAD) * 20 + 100);
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault faults[4];
    struct oci_report report = {.faults = faults, .capacity = COUNT(faults), .all = true};
    struct oci_spec *spec;
    int used;

    (void)state;
    assert_non_null(text);
    oci_arena_init(&arena);
    used = sprintf(text, "{\"ociVersion\":\"1.0.0\",\"annotations\":{");
    for (int i = 0; i < GOOD; i++)
        used += sprintf(text + used, "\"k%d\":\"\",", i);
    for (int i = 0; i < BAD; i++)
        used += sprintf(text + used, "\"b%d\":1,", i);
    used += sprintf(text + used, "\"k%d\":\"\"}}", GOOD / 2);
    assert_int_equal(oci_spec_parse(&arena, text, (size_t)used, &spec, &report), -EINVAL);
    assert_int_equal(report.count, BAD + 1);
    free(text);
}

/* Pointers and words that do not fit are cut, not overrun. */
static void long_names_are_cut(void **state)
{
    enum { LENGTH = 5000 };
    char *text = malloc(LENGTH * 2 + 200);
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault faults[4];
    struct oci_report report = {
        .faults = faults, .capacity = COUNT(faults), .all = true, .unknown_keys = true};
    struct oci_spec *spec;
    char words[1024];
    char *at = text;

    (void)state;
    assert_non_null(text);
    oci_arena_init(&arena);
    at += sprintf(at, "{\"ociVersion\":\"1.0.0\",\"annotations\":{\"");
    memset(at, '~', LENGTH);
    at += LENGTH;
    at += sprintf(at, "\":1},\"");
    memset(at, 'x', LENGTH);
    at += LENGTH;
    at += sprintf(at, "\":1,\"linux\":{\"rootfsPropagation\":\"\\u001b\\u001b\\u001b\"}}");
    assert_int_equal(oci_spec_parse(&arena, text, (size_t)(at - text), &spec, &report), -EINVAL);
    assert_int_equal(report.count, 3);
    assert_string_equal(faults[0].pointer, "/annotations");
    assert_string_equal(faults[1].pointer, "");
    assert_non_null(strstr(faults[1].message, "…"));
    assert_string_equal(faults[2].message, "\"\\x1b\\x1b\\x1b\" is not known here");
    for (size_t i = 0; i < report.count; i++)
        assert_true(oci_fault_format(&faults[i], words, sizeof(words)) < sizeof(words));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_documents_are_refused),
        cmocka_unit_test(damaged_documents_do_no_harm),
        cmocka_unit_test(long_lists_are_linear),
        cmocka_unit_test(duplicates_are_found_in_long_maps),
        cmocka_unit_test(faults_in_long_maps_are_counted),
        cmocka_unit_test(long_names_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
