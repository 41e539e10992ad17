/* pipe.h: a queue of bytes between two files of this program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/fd.h"

#define PIPE_SIZE   16384
#define PIPE_ATOMIC 4096 /* POSIX's PIPE_BUF: written in one piece */

struct pipe {
    struct file *reader, *writer; /* NULL: closed */
    size_t first, count;
    bool ended; /* the writer will write no more */
    char bytes[PIPE_SIZE];
};

/* As much as there is, at least a byte; 0: the end.  dontwait: -EAGAIN instead
 * of a wait; peek: it stays there. */
ssize_t pipe_read(struct pipe *p, void *data, size_t n, bool dontwait,
                  bool peek);

/* All of it, or as much as goes in when it may not wait; -EPIPE. */
ssize_t pipe_write(struct pipe *p, const void *data, size_t n, bool dontwait);

bool pipe_readable(const struct pipe *p); /* a byte, or the end */
bool pipe_writable(const struct pipe *p); /* PIPE_ATOMIC bytes, or -EPIPE */

void pipe_close_reader(struct pipe *p);
void pipe_close_writer(struct pipe *p);
