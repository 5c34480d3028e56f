/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "ocispec/ocispec.h"
#include "state/directory.h"

/* the status holds the annotations */
#define JOURNAL_SIZE_MAX (2 * OCI_SIZE_LIMIT)
/* the records of process and cgroup come before the status */
#define JOURNAL_BEGINNING (1u << 16)

int journal_open(int directory, int make, struct error *error)
{
    int flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | (make ? O_RDWR | O_CREAT | O_EXCL : O_WRONLY);
    int fd = openat(directory, STATE_JOURNAL, flags, 0600);

    if (fd < 0 && errno == ENOENT && !make)
        return -ENOENT;
    if (fd < 0)
        return error_set(error, ERROR_STATE_WRITE, errno, "cannot open the container's journal");
    return fd;
}

/* The beginning of a record on a full file system: what is appended later must not follow it. */
static void cut_off(int journal, ssize_t written)
{
    struct stat status;

    if (fstat(journal, &status) < 0 || ftruncate(journal, status.st_size - written) < 0) {
        /* then the journal ends here: readers stop at a record that is not whole */
    }
}

int journal_append(int journal, enum journal_kind kind, const void *payload, size_t length,
                   struct error *error)
{
    struct journal_header header = {.kind = (uint32_t)kind, .length = (uint32_t)length};
    const struct iovec parts[] = {
        {.iov_base = &header, .iov_len = sizeof(header)},
        {.iov_base = (void *)(uintptr_t)payload, .iov_len = length},
    };
    ssize_t n = writev(journal, parts, ARRAY_SIZE(parts));
    int r;

    if (n == (ssize_t)(sizeof(header) + length))
        return 0;
    r = error_set(error, ERROR_STATE_WRITE, n < 0 ? errno : ENOSPC,
                  "cannot write the container's journal");
    if (n > 0)
        cut_off(journal, n);
    return r;
}

static size_t count_records(const char *text, size_t length, struct journal_record *records)
{
    size_t count = 0;

    while (length >= sizeof(struct journal_header)) {
        struct journal_header header;

        memcpy(&header, text, sizeof(header));
        text += sizeof(header);
        length -= sizeof(header);
        /* cut short, or what a disk makes of a file that it lost: nothing behind it is a record */
        if (header.kind == 0 || header.length > length)
            break;
        if (records != NULL)
            records[count] = (struct journal_record){header.kind, header.length, text};
        count++;
        text += header.length;
        length -= header.length;
    }
    return count;
}

/* A file that something made far too large: our records stand at its beginning. */
static int read_beginning(int directory, struct oci_arena *arena, char **ret_text,
                          size_t *ret_length)
{
    _cleanup_close_ int fd =
        openat(directory, STATE_JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *text = oci_arena_alloc(arena, JOURNAL_BEGINNING);
    ssize_t length;

    if (text == NULL)
        return -ENOMEM;
    length = fd >= 0 ? read(fd, text, JOURNAL_BEGINNING) : -1;
    if (length < 0)
        return -errno;
    *ret_text = text;
    *ret_length = (size_t)length;
    return 0;
}

int journal_parse(const char *text, size_t length, struct oci_arena *arena, struct journal *ret)
{
    size_t count = count_records(text, length, NULL);
    struct journal_record *records = oci_arena_alloc_array(arena, count + 1, sizeof(*records));

    if (records == NULL)
        return -ENOMEM;
    count_records(text, length, records);
    *ret = (struct journal){.records = records, .count = count};
    return 0;
}

int journal_read(int directory, struct oci_arena *arena, struct journal *ret, struct error *error)
{
    char *text;
    size_t length;
    int r;

    *ret = (struct journal){0};
    r = file_read_all_at(directory, STATE_JOURNAL, JOURNAL_SIZE_MAX, arena, &text, &length);
    if (r == -ENOENT)
        return 0;
    if (r == -EFBIG)
        r = read_beginning(directory, arena, &text, &length);
    if (r < 0)
        return error_set(error, ERROR_STATE_DAMAGED, -r, "cannot read the container's journal");
    if (journal_parse(text, length, arena, ret) < 0)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot read the container's journal");
    return 0;
}

const struct journal_record *journal_find(const struct journal *journal, enum journal_kind kind)
{
    for (size_t i = journal->count; i > 0; i--) {
        if (journal->records[i - 1].kind == kind)
            return &journal->records[i - 1];
    }
    return NULL;
}
