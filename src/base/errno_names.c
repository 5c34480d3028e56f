/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errno values by name.  Messages carry the name, never strerror()'s sentence: engines look for
 * those sentences and would take any ENOENT for a missing program.
 */
#include "base/error.h"

#include <errno.h>

#include "base/cleanup.h"

#define NAME(value) [value] = #value
static const char *const names[] = {
    NAME(EPERM),        NAME(ENOENT),        NAME(ESRCH),        NAME(EINTR),
    NAME(EIO),          NAME(ENXIO),         NAME(E2BIG),        NAME(ENOEXEC),
    NAME(EBADF),        NAME(ECHILD),        NAME(EAGAIN),       NAME(ENOMEM),
    NAME(EACCES),       NAME(EFAULT),        NAME(ENOTBLK),      NAME(EBUSY),
    NAME(EEXIST),       NAME(EXDEV),         NAME(ENODEV),       NAME(ENOTDIR),
    NAME(EISDIR),       NAME(EINVAL),        NAME(ENFILE),       NAME(EMFILE),
    NAME(ENOTTY),       NAME(ETXTBSY),       NAME(EFBIG),        NAME(ENOSPC),
    NAME(ESPIPE),       NAME(EROFS),         NAME(EMLINK),       NAME(EPIPE),
    NAME(EDOM),         NAME(ERANGE),        NAME(EDEADLK),      NAME(ENAMETOOLONG),
    NAME(ENOLCK),       NAME(ENOSYS),        NAME(ENOTEMPTY),    NAME(ELOOP),
    NAME(ENOMSG),       NAME(EIDRM),         NAME(ENODATA),      NAME(ETIME),
    NAME(EPROTO),       NAME(EBADMSG),       NAME(EOVERFLOW),    NAME(EILSEQ),
    NAME(EUSERS),       NAME(ENOTSOCK),      NAME(EDESTADDRREQ), NAME(EMSGSIZE),
    NAME(EPROTOTYPE),   NAME(ENOPROTOOPT),   NAME(EOPNOTSUPP),   NAME(EAFNOSUPPORT),
    NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL), NAME(ENETDOWN),     NAME(ENETUNREACH),
    NAME(ECONNABORTED), NAME(ECONNRESET),    NAME(ENOBUFS),      NAME(EISCONN),
    NAME(ENOTCONN),     NAME(ETIMEDOUT),     NAME(ECONNREFUSED), NAME(EHOSTUNREACH),
    NAME(EALREADY),     NAME(EINPROGRESS),   NAME(ESTALE),       NAME(EDQUOT),
    NAME(ECANCELED),    NAME(ENOKEY),        NAME(EKEYEXPIRED),  NAME(EKEYREVOKED),
    NAME(ELIBBAD),
};
#undef NAME

const char *error_errno_name(int sys_errno)
{
    if (sys_errno < 0 || (size_t)sys_errno >= ARRAY_SIZE(names))
        return NULL;
    return names[sys_errno];
}
