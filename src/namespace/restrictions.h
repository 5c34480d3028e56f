/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the host that keep users from making user namespaces.  Runs in dray. */
#ifndef DRAY_NAMESPACE_RESTRICTIONS_H
#define DRAY_NAMESPACE_RESTRICTIONS_H

/*
 * Called when a user namespace, or what belongs into it, was refused: the end of a message that
 * names the setting which forbids it and the command that changes it; "" when there is none.
 */
const char *restrictions_explain(void);

#endif
