/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes run.oci.seccomp_bpf_data; the kernel checks the program itself.  Runs in dray; pure. */
#include "security/seccomp_raw.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/types.h>

static int digit_value(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : -1;
}

/* Four digits are three bytes.  Returns the number of bytes, or -EINVAL. */
static ssize_t decode_base64(const char *text, size_t length, unsigned char *bytes)
{
    size_t padding = 0, count = 0;

    while (length > 0 && padding < 2 && text[length - 1] == '=') {
        length--;
        padding++;
    }
    if ((length + padding) % 4 != 0 || length % 4 == 1)
        return -EINVAL;
    for (size_t i = 0, bits = 0, kept = 0; i < length; i++) {
        int value = digit_value(text[i]);

        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (unsigned)value;
        kept += 6;
        if (kept >= 8) {
            kept -= 8;
            bytes[count++] = (unsigned char)(bits >> kept);
        }
    }
    return (ssize_t)count;
}

int seccomp_decode(const char *base64, struct oci_arena *arena, struct seccomp_program *ret,
                   struct error *error)
{
    static const char pointer[] = "/annotations/run.oci.seccomp_bpf_data";
    size_t length = strlen(base64);
    struct sock_filter *instructions = oci_arena_alloc(arena, length / 4 * 3 + 8);
    bool uses_notify = false;
    ssize_t size;
    size_t count;
    int r;

    if (instructions == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot decode the seccomp filter");
    size = decode_base64(base64, length, (unsigned char *)instructions);
    count = size < 0 ? 0 : (size_t)size / sizeof(*instructions);
    if (count == 0 || count > BPF_MAXINSNS || (size_t)size % sizeof(*instructions) != 0) {
        r = size < 0 ? error_set(error, ERROR_SECCOMP_INVALID, 0,
                                 "the seccomp filter in run.oci.seccomp_bpf_data is not base64")
                     : error_set(error, ERROR_SECCOMP_INVALID, 0,
                                 "the seccomp filter in run.oci.seccomp_bpf_data has %zd bytes, "
                                 "not 1 to %d times %zu",
                                 size, BPF_MAXINSNS, sizeof(*instructions));
        error_set_pointer(error, pointer);
        return r;
    }
    for (size_t i = 0; i < count; i++)
        uses_notify |= instructions[i].code == (BPF_RET | BPF_K) &&
                       (instructions[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
    *ret = (struct seccomp_program){.instructions = instructions,
                                    .count = count,
                                    .flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                                    .uses_notify = uses_notify};
    return 0;
}
