/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session keyring; runs in the stage. */
#include "security/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* keyctl_setperm(3): search by the keyring's user, so that its processes find keys in it */
#define PERMISSION_USER_SEARCH 0x00080000u
#define PERMISSION_DIGITS      8u

/*
 * The permission mask of a key.  KEYCTL_DESCRIBE writes "type;uid;gid;permissions;description",
 * the permissions in hexadecimal; a description, ours or not, may be long but comes last.
 */
static int read_permissions(int32_t key, uint32_t *ret)
{
    char text[4200];
    const char *field = text;
    long length = syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof(text) - 1);
    uint32_t permissions = 0;

    if (length < 0)
        return -errno;
    text[(size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        field = strchr(field, ';');
        if (field == NULL)
            return -EPROTO;
        field++;
    }
    for (unsigned i = 0; i < PERMISSION_DIGITS && field[i] != ';'; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = field[i] != '\0' ? strchr(digits, field[i]) : NULL;

        if (digit == NULL)
            return -EPROTO;
        permissions = permissions << 4 | (uint32_t)(digit - digits);
    }
    *ret = permissions;
    return 0;
}

int keyring_join(const struct plan *plan, struct error *error)
{
    const char *name = plan_text(plan, plan->process.keyring_name);
    uint32_t permissions;
    long key;
    int r;

    if (!plan->process.new_keyring)
        return 0;
    key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
    if (key < 0 && errno == ENOSYS)
        return 0;
    if (key < 0)
        return error_set(error, ERROR_KEYRING_FAILED, errno,
                         "cannot join the session keyring \"%s\"", name);
    /* an exec finds the keyring that create made, with its permissions already set */
    if (plan->purpose != PLAN_CREATE)
        return 0;
    r = read_permissions((int32_t)key, &permissions);
    if (r == 0 && (permissions & PERMISSION_USER_SEARCH) == 0 &&
        syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions | PERMISSION_USER_SEARCH) < 0)
        r = -errno;
    if (r < 0)
        return error_set(error, ERROR_KEYRING_FAILED, -r,
                         "cannot set the permissions of the session keyring \"%s\"", name);
    return 0;
}
