/*
 * xenstore.h: the configuration database that dom0 serves
 * (xen/io/xs_wire.h, docs/misc/xenstore.txt).
 *
 * All calls but the watch's wait only for xenstored's reply.  Paths are
 * absolute, or relative to the domain's own folder.  Errors are -errno,
 * translated from the names xenstored sends: -ENOENT, -EACCES, -EAGAIN (a
 * transaction that must be repeated), -EQUOTA as -EDQUOT, -EIO (xenstored broke
 * the protocol) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/sched.h"

#define XS_VALUE_MAX 256 /* the longest value anyone here needs, NUL included  \
                          */

void xs_init(void);

/* The value as a string: 0, or -ENAMETOOLONG when it does not fit. */
int xs_read(const char *path, char *value, size_t size);
int xs_write(const char *path, const char *value);
int xs_remove(const char *path);

/*
 * Several requests with one kick: each call gets its own result in err.
 * Returns the first error, or 0.  tx is xs_begin()'s, or 0.
 */
enum xs_op { XS_CALL_READ, XS_CALL_WRITE, XS_CALL_REMOVE };
struct xs_call {
    enum xs_op op;
    const char *path;
    const char *text; /* to write */
    char *value;      /* to read into */
    size_t size;
    int err;
};
int xs_batch(uint32_t tx, struct xs_call *calls, size_t n);

/* A transaction: end it with commit or without.  -EAGAIN: begin again. */
int xs_begin(uint32_t *tx);
int xs_end(uint32_t tx, bool commit);

/* A watch fires once when set, and whenever path or something below it
 * changes.  Its owner keeps the struct until xs_unwatch(). */
struct xs_watch {
    const char *path;
    struct waitq wake; /* woken when it has fired */
    bool fired;        /* set on an event; the owner clears it, then looks */
    uint32_t token;
    struct xs_watch *next;
};
int xs_watch(struct xs_watch *w, const char *path);
void xs_unwatch(struct xs_watch *w);

/* Wait until w fires or the deadline passes (-ETIMEDOUT); clears fired. */
int xs_watch_wait(struct xs_watch *w, uint64_t deadline);
