/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All words that mounts[].options knows, in one table (mount(8), mount_setattr(2), runtime-spec
 * "Linux mount options").  What stands in no row is an option of the file system.  No process:
 * pure.
 */
#ifndef DRAY_PLAN_MOUNT_OPTIONS_H
#define DRAY_PLAN_MOUNT_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum mount_option_kind {
    MOUNT_OPTION_NOTHING,     /* says what is so anyway */
    MOUNT_OPTION_ATTRIBUTE,   /* set, clear: MOUNT_ATTR_* of the mount */
    MOUNT_OPTION_RECURSIVE,   /* set, clear: MOUNT_ATTR_* of the mount and all below it */
    MOUNT_OPTION_SUPERBLOCK,  /* set, clear: MS_* of the file system */
    MOUNT_OPTION_READONLY,    /* both: the mount's attribute and the file system's flag */
    MOUNT_OPTION_PROPAGATION, /* set: MS_* */
    MOUNT_OPTION_BIND,        /* set: PLAN_MOUNT_RECURSIVE for rbind */
    MOUNT_OPTION_REMOUNT,
    MOUNT_OPTION_FLAG, /* set: enum plan_mount_flags */
};

struct mount_option {
    const char *name;
    uint32_t kind; /* enum mount_option_kind */
    uint64_t set;
    uint64_t clear;
};

/* The row of @word, or NULL. */
const struct mount_option *mount_option_find(const char *word);

/* The rows in alphabetic order: the @index-th, or NULL past the last one. */
const struct mount_option *mount_option_at(size_t index);

/* The known word that @word was probably meant to be, or NULL. */
const char *mount_option_suggest(const char *word);

#endif
