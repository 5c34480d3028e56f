/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/saved_config.h"

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

/* what most journals fit into at that time */
#define USUAL_SIZE 4096

static const char key[] = "\"dray.journal\"";
static const char opening[] = ",\"dray.journal\":\"";
static const char closing[] = "\"}";

#define OPENING (sizeof(opening) - 1)
#define CLOSING (sizeof(closing) - 1)

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Its length without the "}" that ends it, or 0 if it does not end so. */
static size_t find_brace(const char *text, size_t length)
{
    while (length > 0 && is_space(text[length - 1]))
        length--;
    return length > 0 && text[length - 1] == '}' ? length - 1 : 0;
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * The digits of our property at the end of a saved configuration: nothing but hexadecimal digits
 * stands between its name and the end of the file.  Returns NULL when there is none.
 */
static const char *find_copy(const char *text, size_t length, size_t *ret_length)
{
    const char *digits, *end;

    if (length < OPENING + CLOSING || memcmp(text + length - CLOSING, closing, CLOSING) != 0)
        return NULL;
    end = digits = text + length - CLOSING;
    while (digits > text && digit_value(digits[-1]) >= 0)
        digits--;
    if ((size_t)(digits - text) < OPENING || memcmp(digits - OPENING, opening, OPENING) != 0)
        return NULL;
    *ret_length = (size_t)(end - digits);
    return digits;
}

/*
 * The four parts that a saved configuration consists of, or one, as it is, when there is no copy.
 * Somebody may have made @text from a saved one: the name must not stand there twice.
 */
static int divide(const char *text, size_t length, const char *digits, size_t digits_length,
                  struct iovec parts[4])
{
    size_t foreign_length;
    const char *foreign = find_copy(text, length, &foreign_length);
    size_t brace = foreign != NULL ? (size_t)(foreign - text) - OPENING : find_brace(text, length);

    parts[0] = (struct iovec){(void *)(uintptr_t)text, length};
    if (foreign != NULL) { /* never left for ours */
        parts[0].iov_len = brace;
        parts[1] = (struct iovec){(void *)(uintptr_t)(closing + 1), 1};
    }
    if (digits_length == 0 || brace == 0 || length + digits_length > OCI_SIZE_LIMIT - 64 ||
        memmem(text, brace, key, sizeof(key) - 1) != NULL)
        return foreign != NULL ? 2 : 1;
    parts[0].iov_len = brace;
    parts[1] = (struct iovec){(void *)(uintptr_t)opening, OPENING};
    parts[2] = (struct iovec){(void *)(uintptr_t)digits, digits_length};
    parts[3] = (struct iovec){(void *)(uintptr_t)closing, CLOSING};
    return 4;
}

static size_t total_length(const struct iovec *parts, int count)
{
    size_t length = 0;

    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return length;
}

static int make_file(int directory, const struct iovec *parts, int count)
{
    _cleanup_close_ int fd =
        openat(directory, STATE_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ssize_t n = fd >= 0 ? writev(fd, parts, count) : -1;

    if (n < 0)
        return -errno;
    /* less than all of it is what a full file system takes */
    return (size_t)n == total_length(parts, count) ? 0 : -ENOSPC;
}

static int replace_file(int directory, const struct iovec *parts, int count,
                        struct oci_arena *arena)
{
    size_t length = total_length(parts, count), end = 0;
    char *text = oci_arena_alloc(arena, length + 1);

    if (text == NULL)
        return -ENOMEM;
    for (int i = 0; i < count; i++) {
        memcpy(text + end, parts[i].iov_base, parts[i].iov_len);
        end += parts[i].iov_len;
    }
    return file_replace_at(directory, STATE_CONFIG, text, length, 0600);
}

/* All that the journal holds, in @buffer if it has room. */
static int read_records(int journal, char buffer[USUAL_SIZE], struct oci_arena *arena,
                        const char **ret_text, size_t *ret_length)
{
    ssize_t n = pread(journal, buffer, USUAL_SIZE, 0);
    struct stat status;
    char *text = buffer;

    if (n == USUAL_SIZE) {
        if (fstat(journal, &status) < 0)
            return -errno;
        text = oci_arena_alloc(arena, (size_t)status.st_size + 1);
        if (text == NULL)
            return -ENOMEM;
        n = pread(journal, text, (size_t)status.st_size, 0);
    }
    if (n < 0)
        return -errno;
    *ret_text = text;
    *ret_length = (size_t)n;
    return 0;
}

static char *encode(char *out, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = bytes;

    for (; length > 0; length--, byte++) {
        *out++ = digits[*byte >> 4];
        *out++ = digits[*byte & 15];
    }
    return out;
}

int saved_config_make(int directory, const struct saved_config *config, bool again,
                      struct oci_arena *arena)
{
    size_t bundle_length = config->owes_hooks != NULL ? strlen(config->owes_hooks) : 0;
    const struct journal_header header = {.kind = JOURNAL_HOOKS, .length = (uint32_t)bundle_length};
    char buffer[USUAL_SIZE], *digits, *end;
    struct iovec parts[4];
    const char *records = NULL;
    size_t length = 0;
    int count, r = read_records(config->journal, buffer, arena, &records, &length);

    if (r < 0)
        return r;
    digits = oci_arena_alloc(arena, 2 * (length + sizeof(header) + bundle_length) + 1);
    if (digits == NULL)
        return -ENOMEM;
    end = encode(digits, records, length);
    if (config->owes_hooks != NULL) {
        end = encode(end, &header, sizeof(header));
        end = encode(end, config->owes_hooks, bundle_length);
    }
    count = divide(config->text, config->length, digits, (size_t)(end - digits), parts);
    return again ? replace_file(directory, parts, count, arena)
                 : make_file(directory, parts, count);
}

int saved_config_change(int directory, const char *before, size_t before_length, const char *text,
                        size_t length, struct oci_arena *arena)
{
    struct iovec parts[4];
    size_t digits_length = 0;
    const char *digits = find_copy(before, before_length, &digits_length);

    return replace_file(directory, parts, divide(text, length, digits, digits_length, parts),
                        arena);
}

int saved_config_read_journal(int directory, struct oci_arena *arena, struct journal *ret)
{
    char *text, *records;
    const char *digits;
    size_t length, digits_length;
    int r = file_read_all_at(directory, STATE_CONFIG, OCI_SIZE_LIMIT, arena, &text, &length);

    if (r < 0)
        return r;
    digits = find_copy(text, length, &digits_length);
    if (digits == NULL)
        return -ENOENT;
    records = oci_arena_alloc(arena, digits_length / 2 + 1);
    if (records == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < digits_length / 2; i++)
        records[i] = (char)(digit_value(digits[2 * i]) * 16 + digit_value(digits[2 * i + 1]));
    return journal_parse(records, digits_length / 2, arena, ret);
}
