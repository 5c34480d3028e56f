/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans the environment: exactly what the config says, each name once, the last one given wins.
 * Linear in the number of variables.  Runs in dray.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/plan_process_parts.h"

/* what a shell would use when the config gives no PATH */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Open addressing, at most half full: slot -> index of the latest entry of that name, plus one. */
struct name_table {
    uint32_t *slots;
    size_t mask;
};

static uint64_t hash_name(const char *name, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* Where @name is, or the free slot where it belongs. */
static uint32_t *find_slot(const struct name_table *table, const struct oci_strings *env,
                           const char *name, size_t length)
{
    size_t place = hash_name(name, length) & table->mask;

    for (;; place = (place + 1) & table->mask) {
        uint32_t *slot = &table->slots[place];
        const char *entry;

        if (*slot == 0)
            return slot;
        entry = env->items[*slot - 1];
        if (strncmp(entry, name, length) == 0 && entry[length] == '=')
            return slot;
    }
}

/*
 * Fills @wanted: which entries are in the environment.  Returns their number.
 * Entries that are no variable never fall back to the caller's environment: they are left out.
 */
static size_t choose_entries(struct plan_builder *builder, const struct oci_strings *env,
                             const struct name_table *table, bool *wanted)
{
    size_t count = 0;

    for (size_t i = 0; i < env->count; i++) {
        const char *entry = env->items[i], *equals = strchr(entry, '=');
        uint32_t *slot;

        if (equals == NULL || equals == entry) {
            plan_warn(builder, ORIGIN_ENV, (uint32_t)i,
                      "\"%s\" is not an environment variable (NAME=value) and is ignored", entry);
            continue;
        }
        slot = find_slot(table, env, entry, (size_t)(equals - entry));
        if (*slot != 0)
            wanted[*slot - 1] = false;
        else
            count++;
        *slot = (uint32_t)i + 1;
        wanted[i] = true;
    }
    return count;
}

static const char *value_of(const struct name_table *table, const struct oci_strings *env,
                            const char *name)
{
    size_t length = strlen(name);
    uint32_t slot = *find_slot(table, env, name, length);

    return slot != 0 ? env->items[slot - 1] + length + 1 : NULL;
}

static int add_entries(struct plan_builder *builder, const struct oci_strings *env,
                       const bool *wanted, size_t count)
{
    struct plan_process *plan = &builder->plan->process;
    plan_string *strings = plan_add_array(builder, sizeof(*strings), count, &plan->env);

    if (strings == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < env->count; i++) {
        if (!wanted[i])
            continue;
        *strings = plan_add_string(builder, env->items[i]);
        if (*strings++ == 0)
            return -ENOMEM;
    }
    return 0;
}

int plan_process_env(const struct plan_input *input, struct plan_builder *builder)
{
    const struct oci_strings *env = &input->process->env;
    struct plan_process *plan = &builder->plan->process;
    uint32_t *slots;
    bool *wanted;
    struct name_table table = {.mask = 15};
    const char *home, *path;
    size_t count;

    if (env->count > UINT32_MAX / 4)
        return error_set(builder->error, ERROR_CONFIG_TOO_LARGE, 0, "the environment is too large");
    while (table.mask < env->count * 2)
        table.mask = table.mask * 2 + 1;
    table.slots = slots = oci_arena_alloc_array(&builder->scratch, table.mask + 1, sizeof(*slots));
    wanted = oci_arena_alloc_array(&builder->scratch, env->count + 1, sizeof(*wanted));
    if (slots == NULL || wanted == NULL)
        return error_set(builder->error, ERROR_OUT_OF_MEMORY, ENOMEM,
                         "cannot take memory for %zu environment variables", env->count);

    count = choose_entries(builder, env, &table, wanted);
    path = value_of(&table, env, "PATH");
    plan->path_list = plan_add_string(builder, path != NULL ? path : DEFAULT_PATH);
    if (plan->path_list == 0)
        return -ENOMEM;
    home = value_of(&table, env, "HOME");
    plan->needs_home = home == NULL || home[0] == '\0';
    if (home != NULL && plan->needs_home) {
        /* an empty HOME is replaced by the stage, not given twice */
        wanted[*find_slot(&table, env, "HOME", strlen("HOME")) - 1] = false;
        count--;
    }
    return add_entries(builder, env, wanted, count);
}
