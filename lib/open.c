/* open.c: files by their path: only images that use one hold the ramdisk. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/posix.h"
#include "lib/ramdisk.h"

int open(const char *path, int flags, ...)
{
    return posix_status(ramdisk_open(path, flags));
}

int stat(const char *path, struct stat *st)
{
    return posix_status(ramdisk_stat(path, st));
}

int access(const char *path, int mode)
{
    struct stat st;
    int err = ramdisk_stat(path, &st);

    if (mode & ~(R_OK | W_OK | X_OK))
        err = -EINVAL;
    else if (!err && mode & W_OK)
        err = -EROFS;
    else if (!err && mode & X_OK && !(st.st_mode & S_IXUSR))
        err = -EACCES;
    return posix_status(err);
}
