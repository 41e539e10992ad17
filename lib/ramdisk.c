/* ramdisk.c: the ramdisk's files: see ramdisk.h. */

#include "lib/ramdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/panic.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "xen/start.h"

static struct {
    bool tried;
    int err; /* what came of it */
} mounted;

struct ramdisk_file {
    struct file file;
    const char *data;
    struct stat st;
    off_t at;
};

/* Index what Xen loaded, once. */
static int mount(void)
{
    const void *archive;
    size_t size;

    if (mounted.tried)
        return mounted.err;
    archive = start_ramdisk(&size);
    if (archive)
        return ramdisk_mount(archive, size);
    say("ramdisk: there is none: name an archive in the config's ramdisk=");
    mounted.tried = true;
    mounted.err = -ENOENT;
    return -ENOENT;
}

static int look_up(const char *path, const struct tree_node **n)
{
    int err = mount();

    return err ? err : tree_find(path, n);
}

static void describe(const struct tree_node *n, struct stat *st)
{
    bool directory = n->type == TAR_DIRECTORY;

    memset(st, 0, sizeof(*st));
    st->st_ino = (ino_t)tree_number(n);
    st->st_mode = directory ? S_IFDIR | 0555 : S_IFREG | 0444;
    st->st_nlink = directory ? 2 : 1;
    st->st_size = (off_t)n->size;
    st->st_blksize = 4096;
    st->st_blocks = (blkcnt_t)((n->size + 511) / 512);
    st->st_atime = st->st_mtime = st->st_ctime = n->modified;
}

static struct ramdisk_file *file_of(struct file *f)
{
    return CONTAINER_OF(f, struct ramdisk_file, file);
}

static ssize_t file_read(struct file *f, void *data, size_t n)
{
    struct ramdisk_file *r = file_of(f);

    if (S_ISDIR(r->st.st_mode))
        return -EISDIR;
    if (r->at >= r->st.st_size)
        return 0;
    if (n > (size_t)(r->st.st_size - r->at))
        n = (size_t)(r->st.st_size - r->at);
    memcpy(data, r->data + r->at, n);
    r->at += (off_t)n;
    return (ssize_t)n;
}

static off_t file_seek(struct file *f, off_t offset, int whence)
{
    struct ramdisk_file *r = file_of(f);
    off_t from = whence == SEEK_CUR   ? r->at
                 : whence == SEEK_END ? r->st.st_size
                                      : 0;

    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow(from, offset, &from))
        return -EOVERFLOW;
    if (from < 0)
        return -EINVAL;
    return r->at = from;
}

static int file_stat(struct file *f, struct stat *st)
{
    *st = file_of(f)->st;
    return 0;
}

static int file_map(struct file *f, off_t offset, size_t n, const void **data)
{
    const struct ramdisk_file *r = file_of(f);

    if (S_ISDIR(r->st.st_mode))
        return -ENODEV;
    if (offset < 0 || offset > r->st.st_size ||
        n > (size_t)(r->st.st_size - offset))
        return -ENXIO;
    *data = r->data + offset;
    return 0;
}

static void file_close(struct file *f)
{
    free(file_of(f));
}

static const struct file_ops ops = {
    .read = file_read,
    .seek = file_seek,
    .stat = file_stat,
    .map = file_map,
    .close = file_close,
};

/* What speaks against opening n (NULL: there is nothing) with these flags. */
static int may_open(const struct tree_node *n, int flags)
{
    bool change = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

    if (!n)
        return flags & O_CREAT ? -EROFS : -ENOENT;
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (n->type != TAR_DIRECTORY && (flags & O_DIRECTORY))
        return -ENOTDIR;
    if (change)
        return n->type == TAR_DIRECTORY ? -EISDIR : -EROFS;
    return 0;
}

int ramdisk_open(const char *path, int flags)
{
    const struct tree_node *n = NULL;
    struct ramdisk_file *r;
    int err = look_up(path, &n);
    int fd;

    if (err == 0 || (err == -ENOENT && mounted.err == 0))
        err = may_open(n, flags);
    if (err)
        return err;
    r = malloc(sizeof(*r));
    if (!r)
        return -ENOMEM;
    file_init(&r->file, &ops, flags);
    describe(n, &r->st);
    r->data = n->data;
    r->at = 0;
    fd = fd_open(&r->file);
    if (fd < 0)
        free(r);
    return fd;
}

int ramdisk_stat(const char *path, struct stat *st)
{
    const struct tree_node *n;
    int err = look_up(path, &n);

    if (!err)
        describe(n, st);
    return err;
}

int ramdisk_opendir(const char *path, const struct tree_node **first)
{
    const struct tree_node *n;
    int err = look_up(path, &n);

    if (err)
        return err;
    if (n->type != TAR_DIRECTORY)
        return -ENOTDIR;
    *first = tree_first(n);
    return 0;
}

int ramdisk_mount(const void *archive, size_t size)
{
    const char *why;
    size_t where;
    int err = tree_build(archive, size, &why, &where);

    if (err == -EINVAL)
        say("ramdisk: bad archive: %s, at byte %lu", why, (unsigned long)where);
    else if (err)
        say("ramdisk: no memory for its index: raise memory= in the config");
    mounted.tried = true;
    mounted.err = err;
    return err;
}
