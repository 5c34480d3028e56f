/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the program is, what it is given, and its execution; runs in the stage.
 *
 * The messages are an interface: engines match on them to tell 126 and 127 (docs/errors.md).  That
 * is why the words for the errno stand in them here, and only here.
 */
#include "process/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "plan/plan_vector.h"
#include "process/home.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439 /* one number on every architecture */
#endif

#define HOME_PREFIX "HOME="

/* HOME=… in memory that stays, with the room of a page. */
static char *make_home(const struct plan *plan, struct error *error)
{
    const size_t size = PROCESS_PATH_SIZE + sizeof(HOME_PREFIX), prefix = strlen(HOME_PREFIX);
    _cleanup_close_ int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *home;

    if (root < 0) {
        error_set(error, ERROR_SYSTEM, errno, "cannot open the root directory");
        return NULL;
    }
    home = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (home == MAP_FAILED) {
        error_set(error, ERROR_OUT_OF_MEMORY, errno, "cannot take memory for the environment");
        return NULL;
    }
    memcpy(home, HOME_PREFIX, prefix);
    process_find_home(root, plan->process.uid, home + prefix, size - prefix);
    return home;
}

int process_prepare_image(const struct plan *plan, struct process_image *image, struct error *error)
{
    const size_t arguments = (size_t)plan->process.args.count + 1;
    const size_t environment = (size_t)plan->process.env.count + 2; /* with HOME */
    char **items = mmap(NULL, (arguments + environment) * sizeof(*items), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (items == MAP_FAILED)
        return error_set(error, ERROR_OUT_OF_MEMORY, errno,
                         "cannot take memory for arguments and environment");
    plan_vector_fill(plan, plan->process.args, items);
    plan_vector_fill(plan, plan->process.env, items + arguments);
    if (plan->process.needs_home) {
        char *home = make_home(plan, error);

        if (home == NULL)
            return -ENOMEM;
        items[arguments + plan->process.env.count] = home;
    }
    image->arguments = items;
    image->environment = items + arguments;
    return 0;
}

/*
 * 0 when the calling process, with its effective ids and capabilities, may execute @path.
 * A directory is -EISDIR.
 */
static int check_executable(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    /* as execve(2) judges later, but at create */
    if (!S_ISREG(status.st_mode))
        return -EACCES;
    if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
        return 0;
    /*
     * Before Linux 5.8, or behind a filter that does not know the call: real and effective ids are
     * the same by now, so the old one judges alike, but for capabilities that only ever add.
     */
    if (errno != ENOSYS && errno != EPERM)
        return -errno;
    return faccessat(AT_FDCWD, path, X_OK, 0) == 0 ? 0 : -errno;
}

static int fail_not_found(const char *name, struct error *error)
{
    error_set(error, ERROR_PROGRAM_NOT_FOUND, ENOENT,
              "exec: \"%s\": executable file not found in $PATH", name);
    return -ENOENT;
}

static int check_path(const char *path, struct error *error)
{
    int r = check_executable(path);

    switch (r) {
    case 0:
        return 0;
    case -ENOENT:
        return error_set(error, ERROR_PROGRAM_NOT_FOUND, ENOENT,
                         "exec: \"%s\": stat %s: no such file or directory", path, path);
    case -ENOTDIR:
        return error_set(error, ERROR_PROGRAM_NOT_FOUND, ENOTDIR,
                         "exec: \"%s\": stat %s: not a directory", path, path);
    case -EACCES:
    case -EPERM:
    case -EISDIR:
        return error_set(error, ERROR_PROGRAM_NOT_EXECUTABLE, -r,
                         "exec: \"%s\": permission denied%s", path,
                         r == -EISDIR ? " (it is a directory)" : "");
    default:
        return error_set(error, ERROR_SYSTEM, -r, "exec: \"%s\": it cannot be looked at", path);
    }
}

/* Tries one directory of PATH, @length bytes long. */
static bool try_directory(const char *directory, size_t length, const char *name, char *program)
{
    int written = snprintf(program, PROCESS_PATH_SIZE, "%.*s/%s", (int)length, directory, name);

    return written > 0 && written < PROCESS_PATH_SIZE && check_executable(program) == 0;
}

int process_find_program(const struct plan *plan, struct process_image *image, struct error *error)
{
    const char *name = plan_text_at(plan, plan->process.args, 0);
    const char *directory = plan_text(plan, plan->process.path_list);

    if (strchr(name, '/') != NULL) {
        size_t length = strlen(name);

        if (length >= sizeof(image->program))
            return error_set(error, ERROR_SYSTEM, ENAMETOOLONG,
                             "the path of the program has %zu bytes", length);
        memcpy(image->program, name, length + 1);
        return check_path(image->program, error);
    }
    while (name[0] != '\0' && *directory != '\0') {
        size_t length = strcspn(directory, ":");

        /* an empty entry means the working directory to shells; nobody asks for that here */
        if (length > 0 && try_directory(directory, length, name, image->program))
            return 0;
        directory += length;
        directory += *directory == ':';
    }
    return fail_not_found(name, error);
}

int process_execute(const struct process_image *image, struct error *error)
{
    const char *program = image->program;

    execve(program, image->arguments, image->environment);
    switch (errno) {
    case ENOENT:
        /* it was there when it was looked up: its interpreter is not */
        return error_set(error, ERROR_PROGRAM_NOT_FOUND, errno,
                         "exec %s: no such file or directory", program);
    case EACCES:
    case EPERM:
        return error_set(error, ERROR_PROGRAM_NOT_EXECUTABLE, errno, "exec %s: permission denied",
                         program);
    case ENOEXEC:
    case ELIBBAD:
        return error_set(error, ERROR_PROGRAM_FORMAT, errno, "exec %s: exec format error", program);
    case E2BIG:
        return error_set(error, ERROR_SYSTEM, errno,
                         "exec %s: arguments and environment are too large", program);
    default:
        return error_set(error, ERROR_SYSTEM, errno, "exec %s: the kernel refuses it", program);
    }
}
