/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every command, every option: what the command line understands, and its help.  Runs in dray. */
#include "cli/command.h"

#include <string.h>

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "debug", NULL};
static const char *const cgroup_managers[] = {"cgroupfs", "systemd", "disabled", NULL};
static const char *const rootless_words[] = {"auto", "true", "false", NULL};
static const char *const cgroups_modes[] = {"soft", "full", "strict", "ignore", NULL};
static const char *const network_locks[] = {"default", "iptables", "nftables", "skip", NULL};
static const char *const output_formats[] = {"table", "json", NULL};

/* The words stand in the order of the enums that their index becomes. */
_Static_assert(LOG_FORMAT_TEXT == 0 && LOG_FORMAT_JSON == 1, "log_formats");
_Static_assert(DRAY_LOG_ERROR == 0 && DRAY_LOG_WARNING == 1 && DRAY_LOG_DEBUG == 2, "log_levels");
_Static_assert(DRAY_CGROUP_CGROUPFS == 0 && DRAY_CGROUP_SYSTEMD == 1 && DRAY_CGROUP_DISABLED == 2,
               "cgroup_managers");
_Static_assert(DRAY_ROOTLESS_AUTO == 0 && DRAY_ROOTLESS_TRUE == 1 && DRAY_ROOTLESS_FALSE == 2,
               "rootless_words");
_Static_assert(DRAY_CGROUPS_SOFT == 0 && DRAY_CGROUPS_FULL == 1 && DRAY_CGROUPS_STRICT == 2 &&
                   DRAY_CGROUPS_IGNORE == 3,
               "cgroups_modes");
_Static_assert(DRAY_NETWORK_LOCK_DEFAULT == 0 && DRAY_NETWORK_LOCK_IPTABLES == 1 &&
                   DRAY_NETWORK_LOCK_NFTABLES == 2 && DRAY_NETWORK_LOCK_SKIP == 3,
               "network_locks");
_Static_assert(OUTPUT_TABLE == 0 && OUTPUT_JSON == 1, "output_formats");

/* clang-format off */
const struct option_row global_options[] = {
    {"root", 0, TEXT(root), .value = "DIR",
     .help = "where states are kept (/run/dray; for other users $XDG_RUNTIME_DIR/dray)"},
    {"log", 0, TEXT(log), .value = "DEST",
     .help = "write what there is to say to PATH, file:PATH, syslog:NAME or journald:NAME"},
    {"log-format", 0, WORD(log_format, log_formats), .value = "text|json",
     .help = "form of the log; json is one object a line (text)"},
    {"log-level", 0, WORD(log_level, log_levels), .value = "error|warning|debug",
     .help = "what is logged at most (error)"},
    {"debug", 0, FLAG(debug), .help = "same as --log-level debug"},
    {"cgroup-manager", 0, WORD(cgroup_manager, cgroup_managers),
     .value = "cgroupfs|systemd|disabled", .help = "who makes the cgroups (cgroupfs)"},
    {"systemd-cgroup", 0, SET(cgroup_manager, DRAY_CGROUP_SYSTEMD),
     .help = "same as --cgroup-manager systemd"},
    {"rootless", 0, WORD(rootless, rootless_words), .value = "true|false|auto",
     .help = "work without the rights of root (auto)"},
    {"version", 'v', FLAG(version), .help = "print the version and exit"},
    {"version", 'V', FLAG(version)},
    {0},
};

static const struct option_row create_options[] = {
    {"bundle", 'b', TEXT(bundle), .value = "DIR",
     .help = "the bundle (the working directory)"},
    {"config", 'f', TEXT(config), .value = "FILE",
     .help = "read FILE instead of the bundle's config.json"},
    {"console-socket", 0, TEXT(console_socket), .value = "SOCKET",
     .help = "unix socket that gets the master of the container's terminal"},
    {"pidfd-socket", 0, TEXT(pidfd_socket), .value = "SOCKET",
     .help = "unix socket that gets a pidfd of the process"},
    {"pid-file", 0, TEXT(pid_file), .value = "FILE", .help = "write the process id to FILE"},
    {"no-pivot", 0, FLAG(no_pivot),
     .help = "change the root without pivot_root, for hosts that run from a ramdisk"},
    {"no-new-keyring", 0, FLAG(no_new_keyring), .help = "keep the caller's session keyring"},
    {"preserve-fds", 0, NUMBER(preserve_fds), .value = "N",
     .help = "hand the descriptors 3 to 2 + N to the program (0)"},
    {"no-subreaper", 0, .kind = OPTION_IGNORED, .help = "accepted, without effect"},
    {0},
};

static const struct option_row run_options[] = {
    {"detach", 'd', FLAG(detach), .help = "return as soon as the program runs"},
    {"keep", 0, FLAG(keep), .help = "keep the container when its program has ended"},
    {0},
};

static const struct option_row exec_options[] = {
    {"process", 'p', TEXT(process), .value = "FILE",
     .help = "read the process from the JSON in FILE instead of the command line"},
    {"cwd", 0, TEXT(cwd), .value = "DIR", .help = "working directory in the container"},
    {"env", 'e', TEXTS(env), .value = "NAME=VALUE",
     .help = "set an environment variable; can be repeated"},
    {"user", 'u', TEXT(user), .value = "UID[:GID]", .help = "user and group, as numbers"},
    {"additional-gids", 'g', NUMBERS(additional_gids), .value = "GID",
     .help = "a further group; can be repeated"},
    {"cap", 'c', TEXTS(capabilities), .value = "CAP",
     .help = "add a capability; can be repeated"},
    {"apparmor", 0, TEXT(apparmor), .value = "PROFILE", .help = "AppArmor profile"},
    {"process-label", 0, TEXT(process_label), .value = "LABEL", .help = "SELinux label"},
    {"no-new-privs", 0, FLAG(no_new_privileges), .help = "the program cannot gain privileges"},
    {"tty", 't', FLAG(tty), .help = "give the program a terminal"},
    {"detach", 'd', FLAG(detach), .help = "return as soon as the program runs"},
    {"cgroup", 0, TEXTS(cgroups), .value = "[CONTROLLER:]PATH",
     .help = "run in this cgroup below the container's; can be repeated"},
    {"ignore-paused", 0, FLAG(ignore_paused), .help = "do it in a paused container too"},
    {"console-socket", 0, TEXT(console_socket), .value = "SOCKET",
     .help = "unix socket that gets the master of the program's terminal"},
    {"pidfd-socket", 0, TEXT(pidfd_socket), .value = "SOCKET",
     .help = "unix socket that gets a pidfd of the process"},
    {"pid-file", 0, TEXT(pid_file), .value = "FILE", .help = "write the process id to FILE"},
    {"preserve-fds", 0, NUMBER(preserve_fds), .value = "N",
     .help = "hand the descriptors 3 to 2 + N to the program (0)"},
    {"no-subreaper", 0, .kind = OPTION_IGNORED, .help = "accepted, without effect"},
    {0},
};

static const struct option_row kill_options[] = {
    {"all", 'a', FLAG(all), .help = "every process of the container instead of the first"},
    {"regex", 'r', FLAG(regex), .help = "ID is a regular expression: all containers it matches"},
    {0},
};

static const struct option_row delete_options[] = {
    {"force", 'f', FLAG(force),
     .help = "kill it first, remove what a failed create left; no error when there is none"},
    {"regex", 'r', FLAG(regex), .help = "ID is a regular expression: all containers it matches"},
    {0},
};

static const struct option_row list_options[] = {
    {"format", 'f', WORD(format, output_formats), .value = "table|json",
     .help = "form of the output (table)"},
    {"quiet", 'q', FLAG(quiet), .help = "only the ids"},
    {0},
};

static const struct option_row ps_options[] = {
    {"format", 'f', WORD(format, output_formats), .value = "table|json",
     .help = "form of the output; json is the list of process ids (table)"},
    {0},
};

static const struct option_row update_options[] = {
    {"resources", 'r', TEXT(resources), .value = "FILE",
     .help = "read limits from the JSON in FILE, - is standard input; other options go on top"},
    {"blkio-weight", 0, TEXT(limits[UPDATE_BLKIO_WEIGHT]), .value = "WEIGHT",
     .help = "share of block device time, 10 to 1000"},
    {"cpu-burst", 0, TEXT(limits[UPDATE_CPU_BURST]), .value = "US",
     .help = "unused quota that can be saved up, microseconds"},
    {"cpu-idle", 0, TEXT(limits[UPDATE_CPU_IDLE]), .value = "0|1",
     .help = "1: run only when no one else wants the CPU"},
    {"cpu-period", 0, TEXT(limits[UPDATE_CPU_PERIOD]), .value = "US",
     .help = "period that the quota is for, microseconds"},
    {"cpu-quota", 0, TEXT(limits[UPDATE_CPU_QUOTA]), .value = "US",
     .help = "CPU time in a period, microseconds; -1 is unlimited"},
    {"cpu-rt-period", 0, TEXT(limits[UPDATE_CPU_RT_PERIOD]), .value = "US",
     .help = "period for real-time scheduling, microseconds"},
    {"cpu-rt-runtime", 0, TEXT(limits[UPDATE_CPU_RT_RUNTIME]), .value = "US",
     .help = "real-time CPU time in a period, microseconds"},
    {"cpu-share", 0, TEXT(limits[UPDATE_CPU_SHARE]), .value = "SHARES",
     .help = "share of CPU time against others"},
    {"cpuset-cpus", 0, TEXT(limits[UPDATE_CPUSET_CPUS]), .value = "LIST",
     .help = "CPUs to use, such as 0-3,7"},
    {"cpuset-mems", 0, TEXT(limits[UPDATE_CPUSET_MEMS]), .value = "LIST",
     .help = "memory nodes to use"},
    {"kernel-memory", 0, TEXT(limits[UPDATE_KERNEL_MEMORY]), .value = "BYTES",
     .help = "limit on kernel memory (cgroup v1, older kernels)"},
    {"kernel-memory-tcp", 0, TEXT(limits[UPDATE_KERNEL_MEMORY_TCP]), .value = "BYTES",
     .help = "limit on memory for TCP buffers (cgroup v1)"},
    {"memory", 0, TEXT(limits[UPDATE_MEMORY]), .value = "BYTES",
     .help = "limit on memory, with a unit if you like (512m); -1 is unlimited"},
    {"memory-reservation", 0, TEXT(limits[UPDATE_MEMORY_RESERVATION]), .value = "BYTES",
     .help = "memory that is protected from others"},
    {"memory-swap", 0, TEXT(limits[UPDATE_MEMORY_SWAP]), .value = "BYTES",
     .help = "limit on memory and swap together; -1 is unlimited"},
    {"pids-limit", 0, TEXT(limits[UPDATE_PIDS_LIMIT]), .value = "N",
     .help = "number of processes and threads; -1 is unlimited"},
    {"l3-cache-schema", 0, TEXT(l3_cache_schema), .value = "SCHEMA",
     .help = "L3 cache of a container with intelRdt"},
    {"mem-bw-schema", 0, TEXT(mem_bw_schema), .value = "SCHEMA",
     .help = "memory bandwidth of a container with intelRdt"},
    {0},
};

static const struct option_row events_options[] = {
    {"stats", 0, FLAG(stats), .help = "print the statistics once and exit"},
    {"interval", 0, TEXT(interval), .value = "TIME",
     .help = "time between statistics, such as 500ms, 5s or 1m30s (5s)"},
    {0},
};

static const struct option_row criu_options[] = {
    {"image-path", 0, TEXT(image_path), .value = "DIR",
     .help = "directory of the images (checkpoint)"},
    {"work-path", 0, TEXT(work_path), .value = "DIR",
     .help = "directory of CRIU's logs and other files (that of the images)"},
    {"tcp-established", 0, FLAG(tcp_established), .help = "TCP connections that are established"},
    {"ext-unix-sk", 0, FLAG(ext_unix_sk), .help = "unix sockets connected to the outside"},
    {"shell-job", 0, FLAG(shell_job), .help = "sessions and terminals of the caller's"},
    {"file-locks", 0, FLAG(file_locks), .help = "file locks"},
    {"manage-cgroups-mode", 0, WORD(cgroups_mode, cgroups_modes),
     .value = "soft|full|strict|ignore", .help = "what to do with the container's cgroups (soft)"},
    {"empty-ns", 0, TEXT(empty_ns), .value = "network",
     .help = "leave out what is in this namespace"},
    {"network-lock", 0, WORD(network_lock, network_locks), .value = "iptables|nftables|skip",
     .help = "how connections are held back meanwhile (CRIU's default)"},
    {"lazy-pages", 0, FLAG(lazy_pages), .help = "hand memory over when it is asked for"},
    {"auto-dedup", 0, FLAG(auto_dedup), .help = "punch memory that is needed no more out of images"},
    {0},
};

static const struct option_row checkpoint_options[] = {
    {"parent-path", 0, TEXT(parent_path), .value = "DIR",
     .help = "images of the pre-dump to build upon, relative to the image path"},
    {"leave-running", 0, FLAG(leave_running), .help = "let the container run on"},
    {"pre-dump", 0, FLAG(pre_dump), .help = "write only memory, and let the container run on"},
    {"tcp-skip-in-flight", 0, FLAG(tcp_skip_in_flight),
     .help = "leave out TCP connections that are being made"},
    {"link-remap", 0, FLAG(link_remap), .help = "give files that have no name left one"},
    {"page-server", 0, TEXT(page_server), .value = "ADDRESS:PORT",
     .help = "send the memory to criu page-server there; with --lazy-pages serve it there"},
    {"status-fd", 0, TEXT(status_fd), .value = "N",
     .help = "descriptor that gets a NUL byte when lazy pages are served"},
    {0},
};

static const struct option_row restore_options[] = {
    {"bundle", 'b', TEXT(bundle), .value = "DIR",
     .help = "the bundle (the working directory)"},
    {"config", 'f', TEXT(config), .value = "FILE",
     .help = "read FILE of the bundle instead of config.json"},
    {"console-socket", 0, TEXT(console_socket), .value = "SOCKET",
     .help = "unix socket that gets the master of the container's terminal"},
    {"pid-file", 0, TEXT(pid_file), .value = "FILE", .help = "write the process id to FILE"},
    {"detach", 'd', FLAG(detach), .help = "return as soon as the container runs"},
    {"keep", 0, FLAG(keep), .help = "keep the container when its first process has ended"},
    {"tcp-close", 0, FLAG(tcp_close), .help = "restore TCP connections as closed ones"},
    {"lsm-profile", 0, TEXT(lsm_profile), .value = "TYPE:NAME",
     .help = "label of the processes, selinux:LABEL or apparmor:PROFILE (the config's)"},
    {"lsm-mount-context", 0, TEXT(lsm_mount_context), .value = "CONTEXT",
     .help = "SELinux context of the mounts (the config's)"},
    {"no-pivot", 0, .kind = OPTION_IGNORED, .help = "accepted, without effect"},
    {"no-new-keyring", 0, .kind = OPTION_IGNORED, .help = "accepted, without effect"},
    {"no-subreaper", 0, .kind = OPTION_IGNORED, .help = "accepted, without effect"},
    {0},
};

static const struct option_row spec_options[] = {
    {"bundle", 'b', TEXT(bundle), .value = "DIR",
     .help = "where to write it (the working directory)"},
    {"file", 'f', TEXT(file), .value = "FILE", .help = "write to FILE instead of config.json"},
    {"rootless", 0, FLAG(rootless_spec), .help = "for a container of a user who is not root"},
    {0},
};

const struct command commands[] = {
    {"create", "set a container up, ready to start", {create_options}, "ID", NULL, 1, 1,
     .run = command_create, .lends_stdio = true},
    {"start", "run the program of a created container", {NULL}, "ID", NULL, 1, 1,
     .run = command_start},
    {"run", "create and start a container, wait for its program and delete it",
     {create_options, run_options}, "ID",
     "Exits with the code of the program, or 128 plus the signal that killed it.", 1, 1,
     .run = command_run, .lends_stdio = true},
    {"exec", "run a further program in a container", {exec_options},
     "ID PROGRAM [ARGUMENT...]",
     "Exits with the code of the program, 128 plus the signal that killed it, or 255 when it\n"
     "could not be run.", 1, WORDS_ANY, ORDER_FIRST_ENDS, 255, .run = command_exec,
     .lends_stdio = true},
    {"state", "print the state of a container as JSON", {NULL}, "ID", NULL, 1, 1,
     .run = command_state},
    {"kill", "send a signal to a container", {kill_options}, "ID [SIGNAL]",
     "SIGNAL is a name (TERM, SIGKILL, RTMIN+1) or a number; without it TERM.", 1, 2,
     .run = command_kill},
    {"delete", "remove a container", {delete_options}, "ID", NULL, 1, 1, .run = command_delete},
    {"list", "list the containers", {list_options}, "", NULL, 0, 0, .run = command_list},
    {"ps", "list the processes of a container", {ps_options}, "ID [PS-OPTION...]",
     "The table is made by ps(1); options for it follow the id (-ef).", 1, WORDS_ANY,
     ORDER_FIRST_ENDS, .run = command_ps},
    {"pause", "stop all processes of a container", {NULL}, "ID", NULL, 1, 1,
     .run = command_pause},
    {"resume", "let a paused container run again", {NULL}, "ID", NULL, 1, 1,
     .run = command_resume},
    {"spec", "write a config.json to begin with", {spec_options}, "",
     "An existing file is never overwritten.", 0, 0, .run = command_spec},
    {"features", "print what this runtime can do as JSON", {NULL}, "", NULL, 0, 0,
     .run = command_features},
    {"update", "change the resource limits of a container", {update_options}, "ID",
     "Either all of it is changed or nothing.  A zero leaves a limit as it is.", 1, 1,
     .run = command_update},
    {"events", "print statistics and out-of-memory events of a container", {events_options}, "ID",
     "One JSON object a line, until the container stops.", 1, 1, .run = command_events},
    {"checkpoint", "save a running container with CRIU", {checkpoint_options, criu_options}, "ID",
     "The container is deleted then, unless it is left running.", 1, 1,
     .run = command_checkpoint},
    {"restore", "bring a saved container back with CRIU", {restore_options, criu_options}, "ID",
     "Exits with the code of its first process, or 128 plus the signal that killed it.", 1, 1,
     .run = command_restore, .lends_stdio = true},
    {"mounts", "add bind mounts to a running container, or remove these", {NULL},
     "add|remove ID FILE",
     "FILE is a JSON object with \"mounts\" as in config.json; of those to remove only the\n"
     "destinations matter.", 3, 3, .run = command_mounts},
    {"help", "print the help of a command", {NULL}, "[COMMAND]", NULL, 0, 1,
     .run = command_help},
    {0},
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}
