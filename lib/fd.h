/*
 * fd.h: open files: what a descriptor stands for, and the table of them.
 *
 * Whatever can be opened embeds struct file, starts it with file_init() and
 * gets a number from fd_open().  All functions here return -errno, but
 * fd_get(); lib/newlib.c and its neighbours give them their POSIX names.
 *
 * Paths: this file knows none.  open() in lib/open.c calls ramdisk_open() by
 * name, so the linker drops the ramdisk from an image whose main never opens a
 * path.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "kernel/sched.h"

#define FD_LIMIT 16384 /* descriptors; the table grows as they are used */

struct file;

/*
 * A missing operation: read EINVAL, write EINVAL, seek ESPIPE, map ENODEV,
 * stat all zeros, ready always POLLIN | POLLOUT, unread ENOTTY, close nothing
 * to do.
 */
struct file_ops {
    ssize_t (*read)(struct file *f, void *data, size_t n);
    ssize_t (*write)(struct file *f, const void *data, size_t n);
    off_t (*seek)(struct file *f, off_t offset, int whence);
    int (*stat)(struct file *f, struct stat *st); /* st comes zeroed */
    int (*map)(struct file *f, off_t offset, size_t n, const void **data);
    unsigned (*ready)(struct file *f, unsigned wanted); /* see file_ready() */
    size_t (*unread)(struct file *f); /* FIONREAD: bytes to be read */
    void (*close)(struct file *f);    /* nobody uses it any more: free it */
};

/* Told of every file_changed(); lib/epoll.c is behind it. */
struct watch {
    struct watch *next; /* of the same file */
    /* It is ready for these events now, or it must be asked (0).  May remove w
     * itself. */
    void (*changed)(struct watch *w, unsigned events);
};

struct file {
    const struct file_ops *ops;
    int flags;             /* O_ACCMODE and O_NONBLOCK */
    unsigned refs;         /* descriptors, and calls under way */
    unsigned fds;          /* descriptors alone; back at 0: closed */
    struct waitq changed;  /* blocked calls and poll() wait here */
    struct watch *watches; /* only while it has a descriptor */
};

void file_init(struct file *f, const struct file_ops *ops, int flags);

/* poll()'s names for one thing. */
#define POLL_READ  (POLLIN | POLLRDNORM)
#define POLL_WRITE (POLLOUT | POLLWRNORM)

/* Readiness may have changed, or a condition someone waits for in
 * file_wait(): wakes them all.  Never waits; cheap when nobody listens. */
void file_changed(struct file *f);

/* The same, and f has become ready for these events and for nothing else. */
void file_became(struct file *f, unsigned events);

/* What a blocking call does when it cannot go on.  0: something changed, look
 * again.  -EAGAIN: O_NONBLOCK.  -EBADF: closed meanwhile.  -ETIMEDOUT. */
int file_wait(struct file *f, uint64_t deadline);

/* POLLIN | POLLOUT ... right now.  What is not wanted may be missing: someone
 * who does not want to write need not be told when he can, either. */
unsigned file_ready(struct file *f, unsigned wanted);

/* file_put() of the last reference calls ops->close(). */
void file_put(struct file *f);

/* The lowest free descriptor, or -EMFILE, -ENOMEM; then f stays the caller's
 * to free.  From here on f lives until its last close and last call end. */
int fd_open(struct file *f);

/* 0 if there is a descriptor for the next fd_open(), or -EMFILE, -ENOMEM. */
int fd_room(void);

/* As descriptor fd, which must be free: for 0, 1 and 2 at boot. */
int fd_install(int fd, struct file *f);

/* The file with a reference the caller must file_put(); NULL: EBADF. */
struct file *fd_get(int fd);

/* Calls blocked in the file by other threads return -EBADF if this was its
 * last descriptor. */
int fd_close(int fd);

ssize_t fd_read(int fd, void *data, size_t n);
ssize_t fd_write(int fd, const void *data, size_t n);
off_t fd_seek(int fd, off_t offset, int whence);
int fd_stat(int fd, struct stat *st);
bool fd_isatty(int fd); /* a character device; false with a bad fd too */

/* Where n bytes at offset lie in memory, read-only, for ever: a file that is
 * closed keeps its bytes.  -ENODEV: not that kind of file. */
int fd_map(int fd, off_t offset, size_t n, const void **data);

int fd_dup(int fd);
int fd_dup2(int fd, int to);
int fd_control(int fd, int command, int arg); /* fcntl(): F_DUPFD, F_GETFL,
                                                 F_SETFL, F_GETFD, F_SETFD */
