/* open.c: files by their path: only images that use one hold the ramdisk. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ramdisk.h"

static int result(int r)
{
    if (r >= 0)
        return r;
    errno = -r;
    return -1;
}

int open(const char *path, int flags, ...)
{
    return result(ramdisk_open(path, flags));
}

int stat(const char *path, struct stat *st)
{
    return result(ramdisk_stat(path, st));
}

int access(const char *path, int mode)
{
    struct stat st;
    int err = ramdisk_stat(path, &st);

    return result(!err && mode & W_OK ? -EROFS : err);
}
