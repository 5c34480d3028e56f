/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* src/plan/config_fields.def has a row for every field of libocispec's tables, in their order. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "ocispec/ocispec.h"

#define DEPTH_LIMIT 16

struct field {
    const char *pointer;
    bool object; /* the row is for all that is below */
};

static const struct field fields[] = {
#define WORKS(pointer, since, tests, note)  {pointer, false},
#define REFUSED(pointer, tests, why)        {pointer, false},
#define NO_EFFECT(pointer, tests, why)      {pointer, false},
#define REFUSED_OBJECT(pointer, tests, why) {pointer, true},
#include "plan/config_fields.def"
};

static size_t next_field;

static bool is_object(uint8_t kind)
{
    return kind == OCI_KIND_OBJECT || kind == OCI_KIND_OBJECTS || kind == OCI_KIND_OBJECT_MAP;
}

static void walk(const struct oci_table *table, const char *prefix, unsigned depth)
{
    assert_true(depth < DEPTH_LIMIT);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct oci_row *row = &table->rows[i];
        char pointer[512];
        bool whole;

        snprintf(pointer, sizeof(pointer), "%s/%s", prefix, row->key);
        assert_true(next_field < sizeof(fields) / sizeof(fields[0]));
        whole = fields[next_field].object && strcmp(fields[next_field].pointer, pointer) == 0;
        if (is_object(row->kind) && !whole) {
            if (row->kind != OCI_KIND_OBJECT)
                strcat(pointer, "/*");
            walk(row->table, pointer, depth + 1);
            continue;
        }
        assert_string_equal(fields[next_field].pointer, pointer);
        assert_int_equal(fields[next_field].object, whole);
        next_field++;
    }
}

static void every_field_has_its_row(void **state)
{
    (void)state;
    next_field = 0;
    walk(&oci_spec_table, "", 0);
    assert_int_equal(next_field, sizeof(fields) / sizeof(fields[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
