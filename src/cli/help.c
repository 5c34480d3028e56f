/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help, made from the tables.  Runs in dray. */
#include "cli/help.h"

#include <string.h>

#define HELP_COLUMN 32

static bool has_options(const struct command *command)
{
    return command->options[0] != NULL;
}

void help_add_usage(struct buffer *buffer, const struct command *command)
{
    buffer_add_text(buffer, "usage: dray ");
    if (command == NULL) {
        buffer_add_text(buffer, "[GLOBAL-OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n");
        return;
    }
    buffer_add_text(buffer, command->name);
    if (has_options(command))
        buffer_add_text(buffer, " [OPTION...]");
    if (command->words[0] != '\0') {
        buffer_add_char(buffer, ' ');
        buffer_add_text(buffer, command->words);
    }
    buffer_add_char(buffer, '\n');
}

/* Fills up to the column of the explanations, on the next line when there is no room. */
static void add_explanation(struct buffer *buffer, size_t line_start, const char *text)
{
    size_t width = buffer->length - line_start;

    if (width + 2 > HELP_COLUMN) {
        buffer_add_char(buffer, '\n');
        width = 0;
    }
    buffer_add_blanks(buffer, HELP_COLUMN - width);
    buffer_add_text(buffer, text);
    buffer_add_char(buffer, '\n');
}

static void add_option(struct buffer *buffer, const struct option_row *row)
{
    size_t start = buffer->length;

    if (row->letter != 0) {
        buffer_add_text(buffer, "  -");
        buffer_add_char(buffer, row->letter);
        buffer_add_text(buffer, ", --");
    } else {
        buffer_add_text(buffer, "      --");
    }
    buffer_add_text(buffer, row->name);
    if (row->value != NULL) {
        buffer_add_char(buffer, ' ');
        buffer_add_text(buffer, row->value);
    }
    add_explanation(buffer, start, row->help);
}

static void add_options(struct buffer *buffer, const char *title,
                        const struct option_row *const groups[OPTION_GROUPS])
{
    static const struct option_row help_row = {"help", 'h', .help = "print this help and exit"};

    buffer_add_char(buffer, '\n');
    buffer_add_text(buffer, title);
    buffer_add_text(buffer, ":\n");
    for (size_t i = 0; i < OPTION_GROUPS && groups[i] != NULL; i++) {
        for (const struct option_row *row = groups[i]; row->name != NULL; row++) {
            if (row->help != NULL)
                add_option(buffer, row);
        }
    }
    add_option(buffer, &help_row);
}

static void add_program(struct buffer *buffer)
{
    const struct option_row *const groups[OPTION_GROUPS] = {global_options};

    help_add_usage(buffer, NULL);
    buffer_add_text(buffer, "\ndray runs containers from OCI bundles.\n\nCommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++) {
        size_t start = buffer->length;

        buffer_add_text(buffer, "  ");
        buffer_add_text(buffer, command->name);
        add_explanation(buffer, start, command->help);
    }
    add_options(buffer, "Global options", groups);
    buffer_add_text(buffer, "\ndray COMMAND --help explains a command.\n");
}

void help_add(struct buffer *buffer, const struct command *command)
{
    if (command == NULL) {
        add_program(buffer);
        return;
    }
    help_add_usage(buffer, command);
    buffer_add_text(buffer, "\ndray ");
    buffer_add_text(buffer, command->name);
    buffer_add_text(buffer, ": ");
    buffer_add_text(buffer, command->help);
    buffer_add_text(buffer, ".\n");
    if (command->more != NULL) {
        buffer_add_text(buffer, command->more);
        buffer_add_char(buffer, '\n');
    }
    add_options(buffer, "Options", command->options);
}
