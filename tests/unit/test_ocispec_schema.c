/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps the tables in step with the specification: walks the OCI JSON schema in $OCI_SCHEMA_DIR
 * and demands for every property a row of the right kind, or a line with the reason below; then
 * reads the schema's own good and bad cases.  Without the variable it is skipped: no copy of the
 * schema is kept here.
 */
#include "cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "ocispec/ocispec.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define EXIT_SKIP     77
#define SCHEMA_FILES  32
#define CASE_SIZE_MAX (1 << 20)

/* Where tables and schema differ on purpose. */
static const struct {
    const char *path;
    const char *reason;
} exemptions[] = {
    {"/linux/resources/pids/limit required", "the text of the specification has it optional"},
    {"/linux/resources/devices/type enum", "the schema has any string, the kernel three letters"},
    {"/linux/devices/type enum", "the schema has a pattern of four letters, which are words here"},
    {"/windows/resources/cpu/affinity kind", "the text has an array, the schema one object"},
    {"/status enum", "the text allows runtimes further words"},
    {"/linux/namespaces kind", "features: words that the library does not know are kept"},
    {"/linux/seccomp/actions kind", "the same"},
    {"/linux/seccomp/operators kind", "the same"},
    {"/linux/seccomp/archs kind", "the same"},
    {"/linux/seccomp/knownFlags kind", "the same"},
    {"/linux/seccomp/supportedFlags kind", "the same"},
    {"/linux/intelRdt/schemata row", "features.md has it, the schema forgot it"},
    {"/linux/intelRdt/monitoring row", "the same"},
    {"/linux/memoryPolicy row", "the same"},
};
static bool exemption_used[COUNT(exemptions)];

struct schema_file {
    char name[64];
    yajl_val root;
};

static const char *schema_dir;
static struct schema_file schema_files[SCHEMA_FILES];
static size_t schema_file_count;
static unsigned problems;

static bool is_exempt(const char *path, const char *what)
{
    char wanted[512];

    snprintf(wanted, sizeof(wanted), "%s %s", path, what);
    for (size_t i = 0; i < COUNT(exemptions); i++)
        if (strcmp(exemptions[i].path, wanted) == 0) {
            exemption_used[i] = true;
            return true;
        }
    return false;
}

static void complain(const char *path, const char *what, const char *detail)
{
    if (is_exempt(path, what))
        return;
    fprintf(stderr, "%s %s: %s\n", path, what, detail);
    problems++;
}

static char *read_whole(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(CASE_SIZE_MAX);

    if (file == NULL || text == NULL) {
        print_error("cannot read \"%s\"\n", path);
        abort();
    }
    *ret_length = fread(text, 1, CASE_SIZE_MAX - 1, file);
    text[*ret_length] = '\0';
    fclose(file);
    return text;
}

static const struct schema_file *load(const char *name, size_t name_length)
{
    struct schema_file *file;
    char path[1024], error[256], *text;
    size_t length;

    for (size_t i = 0; i < schema_file_count; i++)
        if (strlen(schema_files[i].name) == name_length &&
            strncmp(schema_files[i].name, name, name_length) == 0)
            return &schema_files[i];
    assert_true(schema_file_count < SCHEMA_FILES);
    file = &schema_files[schema_file_count++];
    snprintf(file->name, sizeof(file->name), "%.*s", (int)name_length, name);
    snprintf(path, sizeof(path), "%s/%s", schema_dir, file->name);
    text = read_whole(path, &length);
    file->root = yajl_tree_parse(text, error, sizeof(error));
    free(text);
    assert_non_null(file->root);
    return file;
}

static yajl_val member(yajl_val object, const char *key)
{
    for (size_t i = 0; YAJL_IS_OBJECT(object) && i < YAJL_GET_OBJECT(object)->len; i++)
        if (strcmp(YAJL_GET_OBJECT(object)->keys[i], key) == 0)
            return YAJL_GET_OBJECT(object)->values[i];
    return NULL;
}

static const char *text_of(yajl_val object, const char *key)
{
    yajl_val value = member(object, key);

    return YAJL_IS_STRING(value) ? YAJL_GET_STRING(value) : "";
}

/* A schema and the file its references are relative to. */
struct node {
    const struct schema_file *file;
    yajl_val value;
};

/* Follows "file.json#/a/b" as long as there is a reference; 1.3.0 forgets the first slash once. */
static struct node resolve(struct node node)
{
    yajl_val reference = member(node.value, "$ref");

    while (YAJL_IS_STRING(reference)) {
        const char *text = YAJL_GET_STRING(reference);
        const char *fragment = strchr(text, '#');

        assert_non_null(fragment);
        if (fragment != text)
            node.file = load(text, (size_t)(fragment - text));
        node.value = node.file->root;
        for (fragment++; *fragment != '\0';) {
            size_t length;
            char key[128];

            fragment += *fragment == '/';
            length = strcspn(fragment, "/");
            snprintf(key, sizeof(key), "%.*s", (int)length, fragment);
            node.value = member(node.value, key);
            assert_non_null(node.value);
            fragment += length;
        }
        reference = member(node.value, "$ref");
    }
    return node;
}

static void walk_object(struct node node, const struct oci_table *table, const char *path);

static struct node inner(struct node node, const char *key)
{
    return resolve((struct node){node.file, member(node.value, key)});
}

/*
 * Alternatives with one entry, as the schema has for namespaces, are that entry; so is a list of
 * one entry, as runtime-spec 1.3.0 has for the memory of virtual machines.
 */
static struct node item_of(struct node array)
{
    struct node item = inner(array, "items");
    yajl_val any;

    if (YAJL_IS_ARRAY(item.value) && YAJL_GET_ARRAY(item.value)->len == 1)
        item = resolve((struct node){item.file, YAJL_GET_ARRAY(item.value)->values[0]});
    any = member(item.value, "anyOf");
    if (YAJL_IS_ARRAY(any))
        item = resolve((struct node){item.file, YAJL_GET_ARRAY(any)->values[0]});
    return item;
}

static bool is_integer_kind(unsigned kind)
{
    return kind >= OCI_KIND_U32 && kind <= OCI_KIND_OPTIONAL_I64 && kind != OCI_KIND_OPTIONAL_BOOL;
}

static void check_words(struct node node, const struct oci_row *row, const char *path)
{
    yajl_val words = member(node.value, "enum");
    bool is_words = row->kind == OCI_KIND_ENUM || row->kind == OCI_KIND_ENUMS;

    if (!YAJL_IS_ARRAY(words)) {
        if (is_words)
            complain(path, "enum", "the row has words, the schema has none");
        return;
    }
    if (!is_words) {
        complain(path, row->kind == OCI_KIND_STRINGS ? "kind" : "enum",
                 "the schema has words, the row has none");
        return;
    }
    for (size_t i = 0; i < YAJL_GET_ARRAY(words)->len; i++) {
        const char *word = YAJL_GET_STRING(YAJL_GET_ARRAY(words)->values[i]);

        if (oci_word_value(row->words, word, strlen(word)) == 0)
            complain(path, "enum", word);
    }
}

static void check_array(struct node node, const struct oci_row *row, const char *path)
{
    struct node item = item_of(node);
    const char *type = text_of(item.value, "type");

    if (strcmp(type, "string") == 0) {
        if (row->kind != OCI_KIND_STRINGS && row->kind != OCI_KIND_ENUMS)
            complain(path, "kind", "an array of strings");
        check_words(item, row, path);
    } else if (strcmp(type, "integer") == 0) {
        if (row->kind != OCI_KIND_U32S)
            complain(path, "kind", "an array of integers");
    } else {
        if (row->kind != OCI_KIND_OBJECTS)
            complain(path, "kind", "an array of objects");
        else
            walk_object(item, row->table, path);
    }
    if (member(node.value, "minItems") != NULL && (row->flags & OCI_NOT_EMPTY) == 0)
        complain(path, "minItems", "may not be empty");
}

static void check_nested_object(struct node node, const struct oci_row *row, const char *path)
{
    if (member(node.value, "patternProperties") != NULL) {
        if (row->kind != OCI_KIND_STRING_MAP)
            complain(path, "kind", "a map of strings");
    } else if (member(node.value, "additionalProperties") != NULL) {
        if (row->kind != OCI_KIND_OBJECT_MAP)
            complain(path, "kind", "a map of objects");
        else
            walk_object(inner(node, "additionalProperties"), row->table, path);
    } else if (member(node.value, "properties") == NULL) {
        if (row->kind != OCI_KIND_RAW)
            complain(path, "kind", "any object");
    } else {
        if (row->kind != OCI_KIND_OBJECT)
            complain(path, "kind", "an object");
        if (row->kind == OCI_KIND_OBJECT || row->kind == OCI_KIND_OBJECTS)
            walk_object(node, row->table, path);
    }
}

static void check_property(struct node node, const struct oci_row *row, const char *path)
{
    const char *type = text_of(node.value, "type");

    if (strcmp(type, "string") == 0) {
        if (row->kind != OCI_KIND_STRING && row->kind != OCI_KIND_ENUM)
            complain(path, "kind", "a string");
        check_words(node, row, path);
    } else if (strcmp(type, "boolean") == 0) {
        if (row->kind != OCI_KIND_BOOL && row->kind != OCI_KIND_OPTIONAL_BOOL)
            complain(path, "kind", "a boolean");
    } else if (strcmp(type, "integer") == 0) {
        if (!is_integer_kind(row->kind))
            complain(path, "kind", "an integer");
    } else if (strcmp(type, "array") == 0) {
        check_array(node, row, path);
    } else if (strcmp(type, "object") == 0) {
        check_nested_object(node, row, path);
    } else {
        complain(path, "type", "the schema says nothing that this test knows");
    }
}

static void check_required(struct node node, const struct oci_table *table, const char *path)
{
    yajl_val required = member(node.value, "required");

    for (size_t i = 0; YAJL_IS_ARRAY(required) && i < YAJL_GET_ARRAY(required)->len; i++) {
        const char *key = YAJL_GET_STRING(YAJL_GET_ARRAY(required)->values[i]);
        char full[512];

        snprintf(full, sizeof(full), "%s/%s", path, key);
        for (unsigned row = 0; row < table->row_count; row++)
            if (strcmp(table->rows[row].key, key) == 0 &&
                (table->rows[row].flags & OCI_REQUIRED) == 0)
                complain(full, "required", "the row lets it be absent");
    }
}

/* Ticks off in @seen the rows that have a property. */
static void walk_properties(struct node node, const struct oci_table *table, const char *path,
                            uint64_t *seen)
{
    yajl_val properties = member(node.value, "properties");
    yajl_val parts = member(node.value, "allOf");

    for (size_t i = 0; YAJL_IS_OBJECT(properties) && i < YAJL_GET_OBJECT(properties)->len; i++) {
        const char *key = YAJL_GET_OBJECT(properties)->keys[i];
        struct node property =
            resolve((struct node){node.file, YAJL_GET_OBJECT(properties)->values[i]});
        const struct oci_row *row = NULL;
        char full[512];

        snprintf(full, sizeof(full), "%s/%s", path, key);
        for (unsigned at = 0; at < table->row_count; at++)
            if (strcmp(table->rows[at].key, key) == 0)
                row = &table->rows[at];
        if (row == NULL) {
            complain(full, "row", "there is none");
            continue;
        }
        *seen |= UINT64_C(1) << (row - table->rows);
        check_property(property, row, full);
    }
    check_required(node, table, path);
    for (size_t i = 0; YAJL_IS_ARRAY(parts) && i < YAJL_GET_ARRAY(parts)->len; i++)
        walk_properties(resolve((struct node){node.file, YAJL_GET_ARRAY(parts)->values[i]}), table,
                        path, seen);
}

static void walk_object(struct node node, const struct oci_table *table, const char *path)
{
    uint64_t seen = 0;

    walk_properties(node, table, path, &seen);
    for (unsigned i = 0; i < table->row_count; i++) {
        char full[512];

        snprintf(full, sizeof(full), "%s/%s", path, table->rows[i].key);
        if ((seen & UINT64_C(1) << i) == 0)
            complain(full, "row", "the schema has no such property");
    }
}

static const struct {
    const char *schema;
    const char *cases; /* folder below "test" */
    const struct oci_table *table;
} documents[] = {
    {"config-schema.json", "config", &oci_spec_table},
    {"state-schema.json", "state", &oci_state_table},
    {"features-schema.json", "features", &oci_features_table},
};

static void every_property_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        const struct schema_file *file = load(documents[i].schema, strlen(documents[i].schema));

        walk_object((struct node){file, file->root}, documents[i].table, "");
    }
    assert_int_equal(problems, 0);
    for (size_t i = 0; i < COUNT(exemptions); i++)
        if (!exemption_used[i])
            fail_msg("nothing needs the exemption of %s", exemptions[i].path);
    for (size_t i = 0; i < schema_file_count; i++)
        yajl_tree_free(schema_files[i].root);
}

static void check_case(const struct oci_table *table, const char *path, bool good)
{
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault = {0};
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    char words[1024];
    size_t length;
    char *text = read_whole(path, &length);
    void *object, *again;
    const char *written;
    int r;

    oci_arena_init(&arena);
    r = oci_parse(table, &arena, text, length, &object, &report);
    free(text);
    oci_fault_format(&fault, words, sizeof(words));
    if ((r == 0) != good)
        fail_msg("%s was %s: %s", path, good ? "refused" : "accepted", words);
    if (r < 0)
        return;
    assert_int_equal(oci_write(table, object, OCI_WRITE_INDENT, &arena, &written, &length), 0);
    assert_int_equal(oci_parse(table, &arena, written, length, &again, &report), 0);
    assert_true(oci_equal(table, object, again));
}

static unsigned check_cases(const struct oci_table *table, const char *folder, bool good)
{
    char path[1024];
    struct dirent *entry;
    unsigned count = 0;
    DIR *directory;

    snprintf(path, sizeof(path), "%s/test/%s/%s", schema_dir, folder, good ? "good" : "bad");
    directory = opendir(path);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        char file[2048];

        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        check_case(table, file, good);
        count++;
    }
    closedir(directory);
    return count;
}

static void good_cases_pass_and_bad_ones_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        assert_true(check_cases(documents[i].table, documents[i].cases, true) > 0);
        assert_true(check_cases(documents[i].table, documents[i].cases, false) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_property_has_a_row),
        cmocka_unit_test(good_cases_pass_and_bad_ones_do_not),
    };

    schema_dir = getenv("OCI_SCHEMA_DIR");
    if (schema_dir == NULL || schema_dir[0] == '\0') {
        printf("1..0 # SKIP OCI_SCHEMA_DIR does not name the OCI schema\n");
        return EXIT_SKIP;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
