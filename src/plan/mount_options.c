/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of mount options; no process: pure. */
#include "plan/mount_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "io/syscalls.h"
#include "ocispec/diagnostic.h"
#include "plan/plan.h"

/* The three ways of keeping access times share one field: to set one is to clear the field. */
#define ATIME MOUNT_ATTR__ATIME

#define NOTHING(name)                    \
    {                                    \
        name, MOUNT_OPTION_NOTHING, 0, 0 \
    }
#define ATTRIBUTE(name, set, clear)              \
    {                                            \
        name, MOUNT_OPTION_ATTRIBUTE, set, clear \
    }
#define RECURSIVE(name, set, clear)              \
    {                                            \
        name, MOUNT_OPTION_RECURSIVE, set, clear \
    }
#define SUPERBLOCK(name, set, clear)              \
    {                                             \
        name, MOUNT_OPTION_SUPERBLOCK, set, clear \
    }
#define PROPAGATION(name, set)                 \
    {                                          \
        name, MOUNT_OPTION_PROPAGATION, set, 0 \
    }
#define FLAG(name, set)                 \
    {                                   \
        name, MOUNT_OPTION_FLAG, set, 0 \
    }

/*
 * In alphabetic order.  "norelatime" and "nostrictatime" ask for the kernel's default, which is
 * relatime.  The recursive forms of what belongs to a superblock ("rsync") mean the same as the
 * plain ones: a superblock is not a tree.
 */
static const struct mount_option options[] = {
    SUPERBLOCK("acl", MS_POSIXACL, 0),
    SUPERBLOCK("async", 0, MS_SYNCHRONOUS),
    ATTRIBUTE("atime", 0, ATIME),
    {"bind", MOUNT_OPTION_BIND, 0, 0},
    FLAG("copy-symlink", PLAN_MOUNT_COPY_SYMLINK),
    NOTHING("defaults"),
    FLAG("dest-nofollow", PLAN_MOUNT_TARGET_NOFOLLOW),
    ATTRIBUTE("dev", 0, MOUNT_ATTR_NODEV),
    ATTRIBUTE("diratime", 0, MOUNT_ATTR_NODIRATIME),
    SUPERBLOCK("dirsync", MS_DIRSYNC, 0),
    ATTRIBUTE("exec", 0, MOUNT_ATTR_NOEXEC),
    FLAG("idmap", PLAN_MOUNT_IDMAP),
    SUPERBLOCK("iversion", MS_I_VERSION, 0),
    SUPERBLOCK("lazytime", MS_LAZYTIME, 0),
    SUPERBLOCK("loud", 0, MS_SILENT),
    SUPERBLOCK("mand", MS_MANDLOCK, 0),
    SUPERBLOCK("noacl", 0, MS_POSIXACL),
    ATTRIBUTE("noatime", MOUNT_ATTR_NOATIME, ATIME),
    ATTRIBUTE("nodev", MOUNT_ATTR_NODEV, 0),
    ATTRIBUTE("nodiratime", MOUNT_ATTR_NODIRATIME, 0),
    ATTRIBUTE("noexec", MOUNT_ATTR_NOEXEC, 0),
    SUPERBLOCK("noiversion", 0, MS_I_VERSION),
    SUPERBLOCK("nolazytime", 0, MS_LAZYTIME),
    SUPERBLOCK("nomand", 0, MS_MANDLOCK),
    ATTRIBUTE("norelatime", 0, ATIME),
    ATTRIBUTE("nostrictatime", 0, ATIME),
    ATTRIBUTE("nosuid", MOUNT_ATTR_NOSUID, 0),
    ATTRIBUTE("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
    PROPAGATION("private", MS_PRIVATE),
    SUPERBLOCK("rasync", 0, MS_SYNCHRONOUS),
    RECURSIVE("ratime", 0, ATIME),
    {"rbind", MOUNT_OPTION_BIND, PLAN_MOUNT_RECURSIVE, 0},
    RECURSIVE("rdev", 0, MOUNT_ATTR_NODEV),
    RECURSIVE("rdiratime", 0, MOUNT_ATTR_NODIRATIME),
    SUPERBLOCK("rdirsync", MS_DIRSYNC, 0),
    ATTRIBUTE("relatime", MOUNT_ATTR_RELATIME, ATIME),
    {"remount", MOUNT_OPTION_REMOUNT, 0, 0},
    RECURSIVE("rexec", 0, MOUNT_ATTR_NOEXEC),
    FLAG("ridmap", PLAN_MOUNT_IDMAP | PLAN_MOUNT_IDMAP_RECURSIVE),
    SUPERBLOCK("rmand", MS_MANDLOCK, 0),
    RECURSIVE("rnoatime", MOUNT_ATTR_NOATIME, ATIME),
    RECURSIVE("rnodev", MOUNT_ATTR_NODEV, 0),
    RECURSIVE("rnodiratime", MOUNT_ATTR_NODIRATIME, 0),
    RECURSIVE("rnoexec", MOUNT_ATTR_NOEXEC, 0),
    SUPERBLOCK("rnomand", 0, MS_MANDLOCK),
    RECURSIVE("rnorelatime", 0, ATIME),
    RECURSIVE("rnostrictatime", 0, ATIME),
    RECURSIVE("rnosuid", MOUNT_ATTR_NOSUID, 0),
    RECURSIVE("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
    {"ro", MOUNT_OPTION_READONLY, MS_RDONLY, 0},
    PROPAGATION("rprivate", MS_PRIVATE | MS_REC),
    RECURSIVE("rrelatime", MOUNT_ATTR_RELATIME, ATIME),
    RECURSIVE("rro", MOUNT_ATTR_RDONLY, 0),
    RECURSIVE("rrw", 0, MOUNT_ATTR_RDONLY),
    PROPAGATION("rshared", MS_SHARED | MS_REC),
    PROPAGATION("rslave", MS_SLAVE | MS_REC),
    RECURSIVE("rstrictatime", MOUNT_ATTR_STRICTATIME, ATIME),
    RECURSIVE("rsuid", 0, MOUNT_ATTR_NOSUID),
    RECURSIVE("rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
    SUPERBLOCK("rsync", MS_SYNCHRONOUS, 0),
    PROPAGATION("runbindable", MS_UNBINDABLE | MS_REC),
    {"rw", MOUNT_OPTION_READONLY, 0, MS_RDONLY},
    PROPAGATION("shared", MS_SHARED),
    SUPERBLOCK("silent", MS_SILENT, 0),
    PROPAGATION("slave", MS_SLAVE),
    FLAG("src-nofollow", PLAN_MOUNT_SOURCE_NOFOLLOW),
    ATTRIBUTE("strictatime", MOUNT_ATTR_STRICTATIME, ATIME),
    ATTRIBUTE("suid", 0, MOUNT_ATTR_NOSUID),
    ATTRIBUTE("symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
    SUPERBLOCK("sync", MS_SYNCHRONOUS, 0),
    FLAG("tmpcopyup", PLAN_MOUNT_TMPCOPYUP),
    PROPAGATION("unbindable", MS_UNBINDABLE),
};

static int compare_name(const void *word, const void *row)
{
    return strcmp(word, ((const struct mount_option *)row)->name);
}

const struct mount_option *mount_option_find(const char *word)
{
    return bsearch(word, options, ARRAY_SIZE(options), sizeof(options[0]), compare_name);
}

const struct mount_option *mount_option_at(size_t index)
{
    return index < ARRAY_SIZE(options) ? &options[index] : NULL;
}

const char *mount_option_suggest(const char *word)
{
    const char *names[ARRAY_SIZE(options) + 1] = {NULL};

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        names[i] = options[i].name;
    return oci_suggest(word, strlen(word), names);
}
