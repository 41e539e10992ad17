/*
 * ramdisk.h: the tar archive of the config's ramdisk= as a read-only tree.
 *
 * Nothing is copied: contents are read, mapped and sent from where Xen loaded
 * the archive, and stay there for ever.  The index is built at the first path
 * that is looked up.  Relative paths begin at the root.
 *
 * Hard links are resolved; of entries with the same name the last counts;
 * directories that the archive leaves out are made up.  Symbolic links,
 * devices and sparse files are refused, and with them the whole archive: one
 * message on the console names the reason and the offset.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

#include "lib/tree.h"

/* A descriptor, or -errno: ENOENT, also without a ramdisk; EINVAL: a bad
 * archive; EROFS, EISDIR, ENOTDIR, EEXIST, ENAMETOOLONG, EMFILE, ENOMEM. */
int ramdisk_open(const char *path, int flags);
int ramdisk_stat(const char *path, struct stat *st);

/* The first of what is in a directory, NULL if nothing is: go on with
 * tree_after(). */
int ramdisk_opendir(const char *path, const struct tree_node **first);

/* Read another archive instead of Xen's.  -EINVAL: bad, -ENOMEM; then every
 * path fails with it.  Open files keep what they have. */
int ramdisk_mount(const void *archive, size_t size);
