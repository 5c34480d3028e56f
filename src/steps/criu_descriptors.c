/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * descriptors.json in the images: what the first process had for stdio, ["pipe:[4711]", …] as runc
 * writes it.  What comes from outside has no place in the images; by its name there, restore puts
 * the caller's stdio in its place.  Runs in dray.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "io/file.h"
#include "plan/json_text.h"
#include "steps/checkpoint.h"

#define STDIO_COUNT     3
#define DESCRIPTORS_MAX (1 << 16) /* bytes of the file that are read */

static void add_all(struct json_text *text, char names[STDIO_COUNT][PATH_MAX])
{
    json_add_raw(text, "[");
    for (int fd = 0; fd < STDIO_COUNT; fd++) {
        if (fd > 0)
            json_add_raw(text, ",");
        json_add_string(text, names[fd]);
    }
    json_add_raw(text, "]");
}

/* Whether the mount is in the process's mount namespace (proc_pid_mountinfo(5), first field). */
static bool has_mount(pid_t pid, uint64_t mount)
{
    char path[40], line[64];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return true;
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        const char *next = line;
        uint64_t number;

        found = parse_u64_prefix(&next, &number) == 0 && number == mount;
        while (strchr(line, '\n') == NULL && fgets(line, sizeof(line), file) != NULL)
            ;
    }
    fclose(file);
    return found;
}

/* The mount that descriptor @fd of the process is on (proc_pid_fdinfo(5)). */
static int find_mount(pid_t pid, int fd, uint64_t *ret)
{
    char path[48], text[1024];
    const char *line;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
        return -ENOENT;
    line = strstr(text, "mnt_id:");
    if (line == NULL)
        return -ENOENT;
    line += strlen("mnt_id:");
    line += strspn(line, " \t");
    return parse_u64_prefix(&line, ret);
}

static bool is_terminal(const struct stat *status)
{
    unsigned major_number = major(status->st_rdev);

    return S_ISCHR(status->st_mode) &&
           (major_number == 4 || major_number == 5 || (major_number >= 136 && major_number <= 143));
}

/*
 * A pipe has a name of its own.  A file that no mount of the container has, such as the caller's
 * /dev/null, is called file[MOUNT:INODE] by CRIU, and has to be announced.  The rest is CRIU's.
 */
static void find_name(pid_t pid, int fd, struct wire_writer *options, char name[PATH_MAX])
{
    char path[40];
    struct stat status;
    uint64_t mount;
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
    length = readlink(path, name, PATH_MAX - 1);
    name[length > 0 ? length : 0] = '\0'; /* one that is closed has no name */
    if (length <= 0 || stat(path, &status) < 0 ||
        !(S_ISREG(status.st_mode) || S_ISCHR(status.st_mode)) || is_terminal(&status) ||
        find_mount(pid, fd, &mount) < 0 || has_mount(pid, mount))
        return;
    snprintf(name, PATH_MAX, "file[%llx:%llx]", (unsigned long long)mount,
             (unsigned long long)status.st_ino);
    criu_set_text(options, CRIU_OPTION_EXTERNAL, name);
}

int criu_write_descriptors(int images, pid_t pid, struct wire_writer *options, struct error *error)
{
    char names[STDIO_COUNT][PATH_MAX];
    struct json_text text = {0};
    char *out;
    int r;

    for (int fd = 0; fd < STDIO_COUNT; fd++)
        find_name(pid, fd, options, names[fd]);
    add_all(&text, names);
    out = malloc(text.length);
    if (out == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot write \"%s\"",
                         DESCRIPTORS_FILE);
    text = (struct json_text){.out = out};
    add_all(&text, names);
    r = file_replace_at(images, DESCRIPTORS_FILE, out, text.length, 0600);
    free(out);
    return r < 0 ? error_set(error, ERROR_CHECKPOINT_FILES, -r,
                             "cannot write \"%s\" beside the images", DESCRIPTORS_FILE)
                 : 0;
}

struct descriptors_document {
    struct oci_strings names;
};

static const struct oci_row descriptors_rows[] = {
    OCI_ROW_STRINGS(struct descriptors_document, "names", names, OCI_REQUIRED),
};
static const struct oci_table descriptors_table =
    OCI_TABLE(struct descriptors_document, "descriptors", descriptors_rows);

int criu_read_descriptors(int images, struct oci_arena *arena, struct oci_strings *ret,
                          struct error *error)
{
    static const char head[] = "{\"names\":", tail[] = "}"; /* our reader reads objects */
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    char *text, *object;
    size_t length, size;
    void *document;
    int r = file_read_all_at(images, DESCRIPTORS_FILE, DESCRIPTORS_MAX, arena, &text, &length);

    *ret = (struct oci_strings){0};
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return error_set(error, ERROR_CHECKPOINT_FILES, -r, "cannot read \"%s\" beside the images",
                         DESCRIPTORS_FILE);
    size = length + sizeof(head) + sizeof(tail);
    object = oci_arena_alloc(arena, size);
    if (object == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot read \"%s\"",
                         DESCRIPTORS_FILE);
    length = (size_t)snprintf(object, size, "%s%s%s", head, text, tail);
    r = oci_parse(&descriptors_table, arena, object, length, &document, &report);
    if (r < 0)
        return error_set(error, ERROR_CHECKPOINT_FILES, 0,
                         "\"%s\" beside the images is no list of strings", DESCRIPTORS_FILE);
    *ret = ((struct descriptors_document *)document)->names;
    return 0;
}
