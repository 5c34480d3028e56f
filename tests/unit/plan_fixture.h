/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small spec, a host that can do everything, and a builder: to be changed by each test. */
#ifndef DRAY_TESTS_UNIT_PLAN_FIXTURE_H
#define DRAY_TESTS_UNIT_PLAN_FIXTURE_H

#include <string.h>

#include "plan/planner.h"

struct fixture {
    struct host host;
    struct oci_spec spec;
    struct oci_linux linux;
    struct oci_process process;
    struct oci_user user;
    struct plan_input input;
    struct plan_builder builder;
    struct error error;
};

#define STRINGS(...)                                                     \
    ((struct oci_strings){                                               \
        .items = (const char *[]){__VA_ARGS__, NULL},                    \
        .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
        .set = true,                                                     \
    })

static inline void fixture_init(struct fixture *f)
{
    static const char *args[] = {"/bin/true", "an argument", NULL};

    memset(f, 0, sizeof(*f));
    f->host.last_capability = 40;
    f->host.capabilities = f->host.bounding = UINT64_MAX >> (63 - 40);
    f->process.user = &f->user;
    f->process.args = (struct oci_strings){.items = args, .count = 2, .set = true};
    f->process.cwd = "/";
    f->spec.process = &f->process;
    f->spec.linux = &f->linux;
    f->input = (struct plan_input){
        .spec = &f->spec,
        .process = &f->process,
        .host = &f->host,
        .id = "one",
        .bundle = "/bundle",
        .purpose = PLAN_CREATE,
        .privileged = true,
    };
}

/* Plans the part @function; the plan of an earlier call is given up. */
static inline int fixture_plan(struct fixture *f,
                               int (*function)(const struct plan_input *, struct plan_builder *))
{
    int r;

    plan_builder_done(&f->builder);
    error_clear(&f->error);
    r = plan_builder_init(&f->builder, 65536, &f->error);
    return r < 0 ? r : function(&f->input, &f->builder);
}

static inline void fixture_done(struct fixture *f)
{
    plan_builder_done(&f->builder);
}

/* The text of warning @index, or "". */
static inline const char *fixture_warning(const struct fixture *f, uint32_t index)
{
    return index < f->builder.warnings_count
               ? plan_text(f->builder.plan, f->builder.warnings[index].text)
               : "";
}

#endif
