/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options and positional arguments of the command line, read by tables.  Runs in dray. */
#include "cli/arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const struct option_row help_options[] = {
    {"help", 'h', FLAG(help)},
    {"help", '?', FLAG(help)},
    {"usage", 0, FLAG(usage)},
    {0},
};

struct reader {
    const char *name;
    const struct option_row *const *groups;
    char **argv;
    int next; /* of argv */
    struct arguments *arguments;
    struct error *error;
};

static const char *separator(const struct reader *reader)
{
    return reader->name[0] != '\0' ? ": " : "";
}

static const struct option_row *find_in(const struct option_row *rows, const char *name,
                                        size_t length, char letter)
{
    for (const struct option_row *row = rows; row != NULL && row->name != NULL; row++) {
        if (name == NULL ? row->letter == letter
                         : strncmp(row->name, name, length) == 0 && row->name[length] == '\0')
            return row;
    }
    return NULL;
}

/* The option of that name, or of that letter when @name is NULL. */
static const struct option_row *find(const struct reader *reader, const char *name, size_t length,
                                     char letter)
{
    const struct option_row *row = NULL;

    for (size_t i = 0; row == NULL && i < OPTION_GROUPS; i++)
        row = find_in(reader->groups[i], name, length, letter);
    return row != NULL ? row : find_in(help_options, name, length, letter);
}

static int refuse_value(const struct reader *reader, const struct option_row *row,
                        const char *value, const char *expected)
{
    return error_set(reader->error, ERROR_USAGE, 0, "%s%sinvalid value \"%s\" for flag --%s: %s",
                     reader->name, separator(reader), value, row->name, expected);
}

static int refuse_word(const struct reader *reader, const struct option_row *row, const char *value)
{
    char known[160] = "one of";
    size_t length = strlen(known);

    for (const char *const *word = row->words; *word != NULL; word++) {
        size_t size = strlen(*word);

        if (length + size + 2 > sizeof(known))
            break;
        known[length++] = ' ';
        memcpy(known + length, *word, size + 1);
        length += size;
    }
    return refuse_value(reader, row, value, known);
}

static int out_of_memory(const struct reader *reader)
{
    return error_set(reader->error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot store the arguments");
}

/* A list cannot get longer than the arguments that are left, so it is allocated once. */
static size_t list_room(const struct reader *reader)
{
    size_t left = 0;

    while (reader->argv[reader->next + (int)left] != NULL)
        left++;
    return left + 2;
}

static int add_text(const struct reader *reader, struct text_list *list, const char *value)
{
    if (list->items == NULL) {
        list->items = calloc(list_room(reader), sizeof(*list->items));
        if (list->items == NULL)
            return out_of_memory(reader);
    }
    list->items[list->count++] = value;
    return 0;
}

static int add_number(const struct reader *reader, const struct option_row *row,
                      struct number_list *list, const char *value)
{
    uint32_t number;

    if (parse_u32(value, &number) < 0)
        return refuse_value(reader, row, value, "not a number from 0 to 4294967295");
    if (list->items == NULL) {
        list->items = calloc(list_room(reader), sizeof(*list->items));
        if (list->items == NULL)
            return out_of_memory(reader);
    }
    list->items[list->count++] = number;
    return 0;
}

static int store_flag(const struct reader *reader, const struct option_row *row, bool *place,
                      const char *value)
{
    if (value == NULL || strcmp(value, "true") == 0)
        *place = true;
    else if (strcmp(value, "false") == 0)
        *place = false;
    else
        return refuse_value(reader, row, value, "true or false");
    return 0;
}

static int store_word(const struct reader *reader, const struct option_row *row, int *place,
                      const char *value)
{
    for (int i = 0; row->words[i] != NULL; i++) {
        if (strcmp(row->words[i], value) == 0) {
            *place = i;
            return 0;
        }
    }
    return refuse_word(reader, row, value);
}

static int store(const struct reader *reader, const struct option_row *row, const char *value)
{
    void *place = (char *)reader->arguments + row->offset;
    bool given = true;

    switch ((enum option_kind)row->kind) {
    case OPTION_FLAG:
        return store_flag(reader, row, place, value);
    case OPTION_SET:
        if (store_flag(reader, row, &given, value) < 0)
            return -EINVAL;
        if (given)
            *(int *)place = row->constant;
        return 0;
    case OPTION_IGNORED:
        return store_flag(reader, row, &given, value);
    case OPTION_TEXT:
        *(const char **)place = value;
        return 0;
    case OPTION_TEXTS:
        return add_text(reader, place, value);
    case OPTION_NUMBER:
        if (parse_u32(value, place) < 0)
            return refuse_value(reader, row, value, "not a number from 0 to 4294967295");
        return 0;
    case OPTION_NUMBERS:
        return add_number(reader, row, place, value);
    case OPTION_WORD:
        return value != NULL ? store_word(reader, row, place, value) : -EINVAL;
    }
    return -EINVAL;
}

/* Stores @value, or for options that need one and have none yet the next argument. */
static int take(struct reader *reader, const struct option_row *row, const char *value)
{
    if (value == NULL && row->value != NULL) {
        value = reader->argv[reader->next];
        if (value == NULL)
            return error_set(reader->error, ERROR_USAGE, 0, "%s%sflag needs an argument: --%s",
                             reader->name, separator(reader), row->name);
        reader->next++;
    }
    return store(reader, row, value);
}

static int refuse_option(const struct reader *reader, const char *option)
{
    return error_set(reader->error, ERROR_USAGE, 0, "%s%sunknown option \"%s\"", reader->name,
                     separator(reader), option);
}

/* Letters: flags can stand together; the first one that takes a value takes the rest. */
static int read_letters(struct reader *reader, const char *argument)
{
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        const struct option_row *row = find(reader, NULL, 0, *letter);
        const char *rest = letter + 1;
        int result;

        if (row == NULL)
            return refuse_option(reader, argument);
        if (*rest == '=')
            return take(reader, row, rest + 1);
        if (row->value != NULL)
            return take(reader, row, *rest != '\0' ? rest : NULL);
        result = take(reader, row, NULL);
        if (result < 0)
            return result;
    }
    return 0;
}

static int read_option(struct reader *reader, const char *argument)
{
    bool two_dashes = argument[1] == '-';
    const char *name = argument + (two_dashes ? 2 : 1);
    size_t length = strcspn(name, "=");
    const struct option_row *row = NULL;

    if (two_dashes || length > 1)
        row = find(reader, name, length, 0);
    if (row != NULL)
        return take(reader, row, name[length] == '=' ? name + length + 1 : NULL);
    return two_dashes ? refuse_option(reader, argument) : read_letters(reader, argument);
}

/* Whether @argument is to be read as an option: "-" alone is none. */
static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* "exec ID -- PROGRAM": the mark is for us, not the program's name. */
static void skip_mark(struct reader *reader)
{
    const char *argument = reader->argv[reader->next];

    if (argument != NULL && strcmp(argument, "--") == 0)
        reader->next++;
}

int arguments_read(const char *name, const struct option_row *const groups[OPTION_GROUPS],
                   enum argument_order order, char **argv, int from, struct arguments *arguments,
                   struct error *error)
{
    struct reader reader = {name, groups, argv, from, arguments, error};
    bool options_end = false;

    arguments->words = argv + from;
    arguments->word_count = 0;
    while (argv[reader.next] != NULL) {
        char *argument = argv[reader.next++];
        int result;

        if (!options_end && strcmp(argument, "--") == 0) {
            options_end = true;
            if (order == ORDER_STOP)
                break;
            continue;
        }
        if (!options_end && is_option(argument)) {
            result = read_option(&reader, argument);
            if (result < 0)
                return result;
            continue;
        }
        if (order == ORDER_STOP) {
            reader.next--;
            break;
        }
        arguments->words[arguments->word_count++] = argument;
        if (order == ORDER_FIRST_ENDS && !options_end) {
            options_end = true;
            skip_mark(&reader);
        }
    }
    if (order == ORDER_STOP)
        arguments->words = argv + reader.next;
    else
        arguments->words[arguments->word_count] = NULL;
    while (arguments->words[arguments->word_count] != NULL)
        arguments->word_count++;
    return 0;
}

void arguments_done(struct arguments *arguments)
{
    free(arguments->env.items);
    free(arguments->capabilities.items);
    free(arguments->cgroups.items);
    free(arguments->additional_gids.items);
}
