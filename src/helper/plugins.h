/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared objects that answer seccomp notifications, by the interface of crun's plugins.  They are
 * the caller's code: they run in a process of their own, the helper, or where there is none a child
 * of dray's that has nothing else of it.
 */
#ifndef DRAY_HELPER_PLUGINS_H
#define DRAY_HELPER_PLUGINS_H

/*
 * The whole of such a process, on its end of the socket: takes a struct helper_plugins_request,
 * loads the plugins and replies; takes the listener, and replies once more when nobody is left who
 * could be notified of (0), or when a plugin has failed.  Ends when dray closes its end.
 * Returns what the process exits with.
 */
int plugins_main(int socket);

#endif
