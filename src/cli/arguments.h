/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options and positional arguments of the command line, read by tables.  Runs in dray.
 *
 * What callers of runc and crun send, and why getopt_long(3) does not read it:
 *   --opt V, --opt=V         and no abbreviations, which would change their meaning with new
 * options -b V, -bV, -b=V, -dt -no-subreaper, -root=V   a long option after one dash, as Go
 * programs take it; goes before letters only when the whole name is known
 *   --flag=true|false
 *   options after positional arguments, unless the command says that these belong to a program
 */
#ifndef DRAY_CLI_ARGUMENTS_H
#define DRAY_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct text_list {
    const char **items; /* NULL terminated once there is one */
    size_t count;
};

struct number_list {
    uint32_t *items;
    size_t count;
};

enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
};

/* The limits that update has options for. */
enum update_limit {
    UPDATE_BLKIO_WEIGHT,
    UPDATE_CPU_BURST,
    UPDATE_CPU_IDLE,
    UPDATE_CPU_PERIOD,
    UPDATE_CPU_QUOTA,
    UPDATE_CPU_RT_PERIOD,
    UPDATE_CPU_RT_RUNTIME,
    UPDATE_CPU_SHARE,
    UPDATE_CPUSET_CPUS,
    UPDATE_CPUSET_MEMS,
    UPDATE_KERNEL_MEMORY,
    UPDATE_KERNEL_MEMORY_TCP,
    UPDATE_MEMORY,
    UPDATE_MEMORY_RESERVATION,
    UPDATE_MEMORY_SWAP,
    UPDATE_PIDS_LIMIT,
    UPDATE_LIMITS
};

enum output_format {
    OUTPUT_TABLE,
    OUTPUT_JSON,
};

/* The values of all options of all commands, and what is left. */
struct arguments {
    char **words; /* positional arguments, NULL terminated; in the caller's argv */
    int word_count;

    bool help;
    bool usage;

    /* global */
    bool version;
    bool debug;
    const char *root;
    const char *log;
    int log_format;     /* enum log_format */
    int log_level;      /* enum dray_log_level */
    int cgroup_manager; /* enum dray_cgroup_manager */
    int rootless;       /* enum dray_rootless */

    /* create, run, exec, spec */
    const char *bundle;
    const char *config;
    const char *console_socket;
    const char *pidfd_socket;
    const char *pid_file;
    uint32_t preserve_fds;
    bool no_pivot;
    bool no_new_keyring;
    bool detach;
    bool keep;
    bool rootless_spec;
    const char *file;

    /* exec */
    const char *process;
    const char *cwd;
    const char *user;
    const char *apparmor;
    const char *process_label;
    struct text_list env;
    struct text_list capabilities;
    struct text_list cgroups;
    struct number_list additional_gids;
    bool tty;
    bool no_new_privileges;
    bool ignore_paused;

    /* kill, delete, list, ps, events */
    bool all;
    bool regex;
    bool force;
    bool quiet;
    bool stats;
    int format; /* enum output_format */

    /* update */
    const char *resources;
    const char *limits[UPDATE_LIMITS];
    const char *l3_cache_schema;
    const char *mem_bw_schema;

    /* events */
    const char *interval;

    /* checkpoint and restore */
    const char *image_path;
    const char *work_path;
    const char *parent_path;
    const char *page_server;
    const char *status_fd;
    const char *empty_ns;
    const char *lsm_profile;
    const char *lsm_mount_context;
    int cgroups_mode; /* enum dray_cgroups_mode */
    int network_lock; /* enum dray_network_lock */
    bool leave_running;
    bool pre_dump;
    bool tcp_established;
    bool tcp_skip_in_flight;
    bool tcp_close;
    bool ext_unix_sk;
    bool shell_job;
    bool file_locks;
    bool link_remap;
    bool lazy_pages;
    bool auto_dedup;
};

enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* const char *; the last one given wins */
    OPTION_TEXTS,   /* struct text_list; can be repeated */
    OPTION_NUMBER,  /* uint32_t */
    OPTION_NUMBERS, /* struct number_list; can be repeated */
    OPTION_WORD,    /* int: index of the value in .words */
    OPTION_SET,     /* int: becomes .constant */
    OPTION_IGNORED, /* a flag that others know; nothing to do here */
};

/* One option of a command; a list of them ends with a row without a name. */
struct option_row {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    uint8_t kind;     /* enum option_kind */
    uint16_t offset;  /* of the member of struct arguments */
    int constant;
    const char *value; /* name of the value for people ("DIR"); NULL for flags */
    const char *help;  /* one line; NULL: not shown */
    const char *const *words;
};

/* 0, and proof that the member has the type that the kind of option needs. */
#define OPTION_PROVE_(member, type)                                                              \
    (0 * sizeof(struct {                                                                         \
         _Static_assert(                                                                         \
             __builtin_types_compatible_p(__typeof__(((struct arguments *)NULL)->member), type), \
             "the kind of the option does not fit the type of " #member);                        \
         char dummy;                                                                             \
     }))
#define OPTION_AT_(kind_, member, type) \
    .kind = (kind_), .offset = offsetof(struct arguments, member) + OPTION_PROVE_(member, type)

#define FLAG(member)         OPTION_AT_(OPTION_FLAG, member, bool)
#define TEXT(member)         OPTION_AT_(OPTION_TEXT, member, const char *)
#define TEXTS(member)        OPTION_AT_(OPTION_TEXTS, member, struct text_list)
#define NUMBER(member)       OPTION_AT_(OPTION_NUMBER, member, uint32_t)
#define NUMBERS(member)      OPTION_AT_(OPTION_NUMBERS, member, struct number_list)
#define WORD(member, words_) OPTION_AT_(OPTION_WORD, member, int), .words = (words_)
#define SET(member, value)   OPTION_AT_(OPTION_SET, member, int), .constant = (value)

#define OPTION_GROUPS 3

enum argument_order {
    ORDER_ANY,        /* options may stand behind positional arguments */
    ORDER_FIRST_ENDS, /* what follows the first positional argument is positional too */
    ORDER_STOP,       /* reading stops in front of the first positional argument */
};

/*
 * Reads @argv[@from] to the last argument (argv[argc] is NULL).
 *
 * @name: what the options belong to, for messages: "create", or "" for the global options.
 * @groups: up to OPTION_GROUPS lists of options; --help, -h, -? and --usage are always known.
 * @argv: positional arguments are moved together to where arguments->words points.
 *
 * Returns 0 or a negative errno value with ERROR_USAGE.  *@arguments keeps what was there before;
 * arguments_done() frees its lists.
 */
int arguments_read(const char *name, const struct option_row *const groups[OPTION_GROUPS],
                   enum argument_order order, char **argv, int from, struct arguments *arguments,
                   struct error *error);

void arguments_done(struct arguments *arguments);

#endif
