/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the arguments of the program to the exit status.  Runs in dray. */
#include "cli/dispatch.h"

#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"

#define EXIT_FAULT 1

static int print_version(struct error *error)
{
    _cleanup_buffer_ struct buffer text = {0};

    buffer_add_text(&text, "dray version ");
    buffer_add_text(&text, dray_version());
    buffer_add_text(&text, "\ncommit: ");
    buffer_add_text(&text, dray_commit());
    buffer_add_text(&text, "\nspec: ");
    buffer_add_text(&text, dray_spec_version());
    buffer_add_char(&text, '\n');
    return output_write(&text, error);
}

static int print_help(struct invocation *invocation)
{
    _cleanup_buffer_ struct buffer text = {0};

    if (invocation->arguments.help)
        help_add(&text, invocation->command);
    else
        help_add_usage(&text, invocation->command);
    return output_write(&text, &invocation->error);
}

static bool wants_help(const struct arguments *arguments)
{
    return arguments->help || arguments->usage;
}

/* The global options, and the log that they describe: also for what is wrong with the others. */
static int read_global_options(struct invocation *invocation, char **argv)
{
    const struct option_row *const groups[OPTION_GROUPS] = {global_options};
    struct arguments *arguments = &invocation->arguments;
    int result, log_result;

    if (argv[0] == NULL)
        return error_set(&invocation->error, ERROR_USAGE, 0, "no command given");
    result = arguments_read("", groups, ORDER_STOP, argv, 1, arguments, &invocation->error);
    invocation->log.format = arguments->log_format;
    invocation->log.level = arguments->debug ? DRAY_LOG_DEBUG : arguments->log_level;
    log_result = log_open(&invocation->log, arguments->log, &invocation->error);
    return result < 0 ? result : log_result;
}

static int check_words(const struct command *command, const struct arguments *arguments,
                       struct error *error)
{
    if (arguments->word_count < command->words_min)
        return error_set(error, ERROR_USAGE, 0, "%s: %s is missing; usage: dray %s%s %s",
                         command->name, arguments->word_count == 0 ? "ID" : "an argument",
                         command->name, command->options[0] != NULL ? " [OPTION...]" : "",
                         command->words);
    if (arguments->word_count > command->words_max)
        return error_set(error, ERROR_USAGE, 0, "%s: unexpected argument \"%s\"", command->name,
                         arguments->words[command->words_max]);
    return 0;
}

static int run_command(struct invocation *invocation)
{
    struct arguments *arguments = &invocation->arguments;
    const struct command *command = command_find(arguments->words[0]);
    int result;

    if (command == NULL)
        return error_set(&invocation->error, ERROR_USAGE, 0, "unknown command \"%s\"",
                         arguments->words[0]);
    invocation->command = command;
    result = arguments_read(command->name, command->options, (enum argument_order)command->order,
                            arguments->words, 1, arguments, &invocation->error);
    if (result < 0)
        return result;
    if (wants_help(arguments))
        return print_help(invocation);
    result = check_words(command, arguments, &invocation->error);
    if (result < 0)
        return result;
    log_message(&invocation->log, DRAY_LOG_DEBUG, command->name);
    return command->run(invocation);
}

static int run(struct invocation *invocation, char **argv)
{
    int result = read_global_options(invocation, argv);

    if (result < 0)
        return result;
    if (wants_help(&invocation->arguments))
        return print_help(invocation);
    if (invocation->arguments.version)
        return print_version(&invocation->error);
    if (invocation->arguments.words[0] == NULL)
        return error_set(&invocation->error, ERROR_USAGE, 0, "no command given");
    return run_command(invocation);
}

static void report_fault_to(const struct log *log, const struct invocation *invocation)
{
    struct dray *dray = invocation->dray;
    struct log_entry entry = {.level = DRAY_LOG_ERROR};

    if (invocation->error.code != ERROR_NONE || dray == NULL) {
        log_error(log, &invocation->error);
        return;
    }
    entry.message = dray_error_message(dray);
    entry.text = dray_error_text(dray);
    entry.code = dray_error_code(dray);
    entry.errno_name = dray_error_errno(dray);
    entry.pointer = dray_error_pointer(dray);
    entry.detail = dray_error_detail(dray);
    log_write(log, &entry);
}

/*
 * containerd's shim reads the log of some commands and the stderr of others: by what kill and
 * delete say there it tells a container that is gone from a failure.
 */
static void report_fault(const struct invocation *invocation)
{
    const struct command *command = invocation->command;

    report_fault_to(&invocation->log, invocation);
    if (command != NULL && !command->lends_stdio && !log_is_stderr(&invocation->log))
        report_fault_to(&LOG_STDERR, invocation);
}

/* AddressSanitizer's leak checker wants everything back. */
#ifdef __SANITIZE_ADDRESS__
#define LEAVES_TO_EXIT false
#else
#define LEAVES_TO_EXIT true
#endif

int dispatch(char **argv)
{
    struct invocation invocation = {.log = LOG_STDERR};
    int result = run(&invocation, argv);

    if (result < 0) {
        report_fault(&invocation);
        result = EXIT_FAULT;
        if (invocation.command != NULL && invocation.command->fault_code != 0)
            result = invocation.command->fault_code;
    }
    if (!LEAVES_TO_EXIT) {
        dray_free(invocation.dray);
        arguments_done(&invocation.arguments);
    }
    log_close(&invocation.log);
    return result;
}

int command_open_library(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    const struct dray_options options = {
        .size = sizeof(options),
        .root = arguments->root,
        .cgroup_manager = (enum dray_cgroup_manager)arguments->cgroup_manager,
        .rootless = (enum dray_rootless)arguments->rootless,
        .log_level = (enum dray_log_level)invocation->log.level,
        .log = log_message,
        .log_data = &invocation->log,
        .ends_after_use = LEAVES_TO_EXIT,
    };
    int result = dray_new(&options, &invocation->dray);

    if (result < 0 && invocation->dray == NULL)
        return error_set(&invocation->error, ERROR_OUT_OF_MEMORY, -result,
                         "cannot make the library's handle");
    return result;
}

int command_help(struct invocation *invocation)
{
    struct arguments *arguments = &invocation->arguments;

    invocation->command = NULL;
    if (arguments->word_count > 0) {
        invocation->command = command_find(arguments->words[0]);
        if (invocation->command == NULL)
            return error_set(&invocation->error, ERROR_USAGE, 0, "unknown command \"%s\"",
                             arguments->words[0]);
    }
    arguments->help = true;
    return print_help(invocation);
}
