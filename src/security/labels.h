/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The label that the program gets when it is executed: AppArmor profile and SELinux context.
 * Runs in the stage, as the calling process itself and before its credentials are dropped.
 */
#ifndef DRAY_SECURITY_LABELS_H
#define DRAY_SECURITY_LABELS_H

#include "plan/plan.h"

/*
 * Each does nothing when the plan has no label.
 *
 * @proc: descriptor of the root of a procfs of our own (or one verified), with which
 *        "self" or "thread-self" means the calling process.  Nothing is opened but below it.
 */
int apparmor_set_exec_profile(const struct plan *plan, int proc, struct error *error);
int selinux_set_exec_label(const struct plan *plan, int proc, struct error *error);

/* attr/keycreate: the label of keys made from now on; before keyring_join(). */
int selinux_set_key_label(const struct plan *plan, int proc, struct error *error);

#endif
