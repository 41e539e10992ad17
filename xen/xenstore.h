/*
 * xenstore.h: the configuration database that dom0 serves
 * (xen/io/xs_wire.h, docs/misc/xenstore.txt).
 *
 * Calls wait only for xenstored's reply, but for that without limit, and only
 * threads may make them.  Paths are absolute, or relative to the domain's own
 * folder.  Errors are -errno, translated from the names xenstored sends:
 * -ENOENT, -EACCES, -EAGAIN (a transaction that must be repeated), -EDQUOT
 * ...; -E2BIG for a request above XENSTORE_PAYLOAD_MAX; -EIO for a name we do
 * not know, and for everything once xenstored has broken the protocol.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/sched.h"

/* The ring page shared with xenstored and its event channel, as start_info
 * names them; port 0: there is no xenstored. */
void xs_init(void *ring, uint32_t port);

/* The value as a string: 0, -ENAMETOOLONG when it does not fit, or -EINVAL
 * when it holds a NUL.  On an error value is "". */
int xs_read(const char *path, char *value, size_t size);
int xs_write(const char *path, const char *value);
int xs_remove(const char *path);

/*
 * A watch fires once when set, and whenever path or something below it
 * changes.  The struct and path must stay until xs_unwatch().
 *
 * Nobody is told which watch fired: whoever waits asks.  To wait for other
 * things at the same time, join xs_wake(), and ask xs_watch_fired() after the
 * join and after every wake.
 */
struct xs_watch {
    const char *dir;
    const char *path;
    char token[9]; /* "": not set */
    bool fired;
    struct xs_watch *next;
};
int xs_watch(struct xs_watch *w, const char *path);
void xs_unwatch(struct xs_watch *w); /* one not set is left alone */

/* True once per firing; does not wait. */
bool xs_watch_fired(struct xs_watch *w);

/* Wait until w fires: 0, -ETIMEDOUT at the deadline, or -EIO. */
int xs_watch_wait(struct xs_watch *w, uint64_t deadline);

/* Wait until xenstored has sent something: 0, -ETIMEDOUT, or -EIO. */
int xs_wait(uint64_t deadline);

struct waitq *xs_wake(void); /* woken then */

/*
 * Several requests with one kick.  xenstored serves them in the order given;
 * each gets its own result in err.  Returns the first error, or 0.
 *
 * A read may name a watch: the events that came before its reply tell of no
 * change that the value does not show, so they have fired nothing.
 */
enum xs_op {
    XS_CALL_READ,   /* into value, up to size bytes */
    XS_CALL_WRITE,  /* text */
    XS_CALL_POST,   /* the same, for xs_post() */
    XS_CALL_REMOVE, /* path and all below it */
    XS_CALL_WATCH,  /* set watch, on path */
    XS_CALL_UNWATCH,
    XS_CALL_BEGIN, /* for xs_begin() and xs_end() */
    XS_CALL_END,
};
struct xs_call {
    enum xs_op op;
    int err;
    const char *dir; /* path is below it; NULL: path is whole */
    const char *path;
    const char *text;
    char *value;
    size_t size;
    struct xs_watch *watch;
    uint32_t id; /* private until the reply is here */
    unsigned round;
    struct xs_call *next;
};
int xs_batch(uint32_t tx, struct xs_call *calls, size_t n);

/* The same in two steps.  Between them the calls must stay where they are, but
 * for their paths and texts; err is 0 until the reply is here. */
void xs_send(uint32_t tx, struct xs_call *calls, size_t n);
int xs_await(struct xs_call *calls, size_t n);

static inline struct xs_call xs_read_call(const char *dir, const char *path,
                                          char *value, size_t size)
{
    return (struct xs_call){.op = XS_CALL_READ,
                            .dir = dir,
                            .path = path,
                            .value = value,
                            .size = size};
}

static inline struct xs_call xs_write_call(const char *dir, const char *path,
                                           const char *text)
{
    return (struct xs_call){
        .op = XS_CALL_WRITE, .dir = dir, .path = path, .text = text};
}

/* Write what nobody waits for, nor learns whether it worked. */
static inline void xs_post(const char *path, const char *value)
{
    struct xs_call call = {.op = XS_CALL_POST, .path = path, .text = value};

    xs_send(0, &call, 1);
}

/*
 * How much was asked so far.  A round is over when somebody has taken a reply
 * to a request that was sent in it: what is sent from then on may depend on
 * it.  So the longest chain of requests that depend on each other's replies
 * has no more links than there were rounds.  To wait for a watch is to wait
 * for whoever changes the key, and to wait for nothing is none at all.
 */
struct xs_counts {
    unsigned requests, rounds;
};
struct xs_counts xs_counts(void);

/* A transaction: pass tx to xs_batch(), end it with commit or without.
 * -EAGAIN: somebody else was faster, begin again. */
int xs_begin(uint32_t *tx);
int xs_end(uint32_t tx, bool commit);

/* text is a decimal number and nothing else: 0, or -EINVAL. */
int xs_number(const char *text, uint64_t *number);
