/*
 * xenstore.c: the client of xenstored: requests, replies, watches.
 *
 * There is no thread here.  Whoever waits takes in all that has come (pump),
 * hands replies to the calls and events to the watches they belong to, and
 * sleeps if its own is not among them.
 */

#include "xen/xenstore.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/panic.h"
#include "lib/shared.h"
#include "lib/util.h"
#include "xen/abi.h"
#include "xen/evtchn.h"
#include <xen/io/xs_wire.h>

#define POSTED 0 /* the id of what nobody waits for */

/* One message as it arrives, in whatever pieces the ring brings. */
struct message {
    struct xsd_sockmsg head;
    char body[XENSTORE_PAYLOAD_MAX];
};

static struct {
    struct xenstore_domain_interface *ring;
    uint32_t port;
    uint32_t req_prod; /* ours: xenstored cannot move them */
    uint32_t rsp_cons;
    uint32_t last_id;
    struct waitq wake;
    struct xs_call *waiting; /* sent, no reply yet; newest first */
    unsigned posted;         /* sent with POSTED, no reply yet */
    struct xs_watch *watches;
    struct message in;
    size_t in_len; /* bytes of it that are here */
    struct xs_counts counts;
    bool sending; /* somebody is in the middle of a batch */
    bool broken;
} xs;

/* op -> type on the wire; a token's NUL is sent, a value's is not. */
static const struct {
    uint32_t type;
    uint32_t text_nul;
} wire[] = {
    [XS_CALL_READ] = {XS_READ, 0},
    [XS_CALL_WRITE] = {XS_WRITE, 0},
    [XS_CALL_POST] = {XS_WRITE, 0},
    [XS_CALL_REMOVE] = {XS_RM, 0},
    [XS_CALL_WATCH] = {XS_WATCH, 1},
    [XS_CALL_UNWATCH] = {XS_UNWATCH, 1},
    [XS_CALL_BEGIN] = {XS_TRANSACTION_START, 0},
    [XS_CALL_END] = {XS_TRANSACTION_END, 0},
};

static void unlist_watch(const struct xs_watch *w)
{
    struct xs_watch **p = &xs.watches;

    while (*p && *p != w)
        p = &(*p)->next;
    if (*p)
        *p = w->next;
}

/* call is not in any list any more. */
static void finish(struct xs_call *call, int err)
{
    call->err = err;
    call->id = 0;
    if (err && call->size)
        call->value[0] = '\0';
    if (err && call->op == XS_CALL_WATCH) {
        unlist_watch(call->watch);
        call->watch->token[0] = '\0';
    }
}

/* xenstored broke the protocol: nothing in the ring means anything now. */
static void give_up(const char *why)
{
    if (xs.broken)
        return;
    xs.broken = true;
    say("xenstore: %s; it is not used any more", why);
    while (xs.waiting) {
        struct xs_call *call = xs.waiting;

        xs.waiting = call->next;
        finish(call, -EIO);
    }
    waitq_wake(&xs.wake);
}

/* Taking in */

static int error_number(const char *name, size_t len)
{
    if (len == sizeof("EQUOTA") && !memcmp(name, "EQUOTA", len))
        return EDQUOT; /* oxenstored's, not in the list */
    for (size_t i = 0; i < ARRAY_LEN(xsd_errors); i++)
        if (len == strlen(xsd_errors[i].errstring) + 1 &&
            !memcmp(name, xsd_errors[i].errstring, len))
            return xsd_errors[i].errnum;
    return EIO;
}

static int take_value(struct xs_call *call, const char *body, size_t len)
{
    if (call->op == XS_CALL_BEGIN && len && !body[len - 1])
        len--; /* an id is sent with its NUL */
    if (memchr(body, '\0', len))
        return -EINVAL;
    if (len >= call->size)
        return -ENAMETOOLONG;
    memcpy(call->value, body, len);
    call->value[len] = '\0';
    return 0;
}

static void take_reply(const struct message *m)
{
    struct xs_call **p = &xs.waiting, *call;

    if (m->head.req_id == POSTED && xs.posted > 0) {
        xs.posted--;
        return;
    }
    while (*p && (*p)->id != m->head.req_id)
        p = &(*p)->next;
    call = *p;
    if (!call) {
        give_up("a reply to what was not asked");
        return;
    }
    if (m->head.type != wire[call->op].type && m->head.type != XS_ERROR) {
        give_up("a reply of the wrong type");
        return;
    }
    *p = call->next;
    if (call->op == XS_CALL_READ && call->watch)
        call->watch->fired = false;
    if (m->head.type == XS_ERROR)
        finish(call, -error_number(m->body, m->head.len));
    else
        finish(call, call->value ? take_value(call, m->body, m->head.len) : 0);
}

/* The path that changed, NUL, the watch's token, NUL.  An event for a watch
 * no longer set was on its way when it was taken back. */
static void take_event(const struct message *m)
{
    const char *end = m->body + m->head.len;
    const char *nul = memchr(m->body, '\0', m->head.len);

    if (!nul || nul + 1 == end || end[-1]) {
        give_up("a watch event without a token");
        return;
    }
    for (struct xs_watch *w = xs.watches; w; w = w->next)
        if (!strcmp(w->token, nul + 1))
            w->fired = true;
}

static void take_message(const struct message *m)
{
    if (m->head.type == XS_WATCH_EVENT)
        take_event(m);
    else
        take_reply(m);
}

/* Take bytes from the ring up to index prod, message after message. */
static void take_bytes(uint32_t prod)
{
    while (xs.rsp_cons != prod && !xs.broken) {
        uint32_t at = MASK_XENSTORE_IDX(xs.rsp_cons);
        size_t want = sizeof(xs.in.head), n = prod - xs.rsp_cons;

        if (xs.in_len >= want)
            want += xs.in.head.len;
        if (n > want - xs.in_len)
            n = want - xs.in_len;
        if (n > XENSTORE_RING_SIZE - at)
            n = XENSTORE_RING_SIZE - at;
        memcpy((char *)&xs.in + xs.in_len, xs.ring->rsp + at, n);
        xs.in_len += n;
        xs.rsp_cons += (uint32_t)n;

        if (xs.in_len < sizeof(xs.in.head))
            continue;
        if (xs.in.head.len > XENSTORE_PAYLOAD_MAX) {
            give_up("a message longer than any may be");
        } else if (xs.in_len == sizeof(xs.in.head) + xs.in.head.len) {
            take_message(&xs.in);
            xs.in_len = 0;
        }
    }
}

/* While xenstored resets the ring nothing in it counts. */
static bool usable(void)
{
    return !xs.broken &&
           load_acquire(&xs.ring->connection) == XENSTORE_CONNECTED;
}

/* After whatever it writes xenstored sends an event, which wakes everybody:
 * no need to do so here for those whose messages we take in. */
static void pump(void)
{
    while (usable()) {
        uint32_t from = xs.rsp_cons, prod = load_acquire(&xs.ring->rsp_prod);

        if (prod == from)
            break;
        if (prod - from > XENSTORE_RING_SIZE) {
            give_up("more in the ring than fits");
            return;
        }
        take_bytes(prod);
        store_release(&xs.ring->rsp_cons, xs.rsp_cons);
        /* It stops writing only if it finds the ring full.  Either we see
         * here that it could have, or it sees the new rsp_cons. */
        full_barrier();
        if (load_relaxed(&xs.ring->rsp_prod) - from >= XENSTORE_RING_SIZE)
            evtchn_send(xs.port);
    }
}

/* Sending */

static void kick(void)
{
    store_release(&xs.ring->req_prod, xs.req_prod);
    evtchn_send(xs.port);
}

/* Bytes free in the request ring; waits until there are some.  0: broken. */
static uint32_t wait_for_room(void)
{
    bool kicked = false;

    for (;;) {
        pump(); /* xenstored may be waiting for room itself */
        uint32_t used = xs.req_prod - load_acquire(&xs.ring->req_cons);

        if (used > XENSTORE_RING_SIZE)
            give_up("it read more than was written");
        if (xs.broken)
            return 0;
        if (used < XENSTORE_RING_SIZE && usable())
            return XENSTORE_RING_SIZE - used;
        if (!kicked)
            kick();
        kicked = true;
        waitq_wait(&xs.wake);
    }
}

static void put(const void *data, size_t len)
{
    const char *from = data;

    while (len) {
        uint32_t at = MASK_XENSTORE_IDX(xs.req_prod);
        size_t n = wait_for_room();

        if (!n)
            return;
        if (n > len)
            n = len;
        if (n > XENSTORE_RING_SIZE - at)
            n = XENSTORE_RING_SIZE - at;
        memcpy(xs.ring->req + at, from, n);
        xs.req_prod += (uint32_t)n;
        from += n;
        len -= n;
    }
}

static void prepare_watch(struct xs_call *call)
{
    struct xs_watch *w = call->watch;

    if (call->op == XS_CALL_WATCH) {
        *w = (struct xs_watch){.dir = call->dir, .path = call->path};
        sniprintf(w->token, sizeof(w->token), "%lx", (unsigned long)call->id);
        w->next = xs.watches; /* its first event may come before the reply */
        xs.watches = w;
    } else {
        unlist_watch(w);
    }
    call->text = w->token;
}

/* Every request is a path, NUL, and perhaps a text: send one. */
static void send(uint32_t tx, struct xs_call *call)
{
    size_t dir = call->dir ? strlen(call->dir) : 0;
    size_t path = strlen(call->path) + 1, text, len;

    if (!++xs.last_id)
        xs.last_id = 1;
    call->id = call->op == XS_CALL_POST ? POSTED : xs.last_id;
    call->round = xs.counts.rounds;
    call->err = 0;
    if (call->op == XS_CALL_WATCH || call->op == XS_CALL_UNWATCH)
        prepare_watch(call);
    text = call->text ? strlen(call->text) + wire[call->op].text_nul : 0;
    len = (dir ? dir + 1 : 0) + path + text;
    if (xs.broken || len > XENSTORE_PAYLOAD_MAX) {
        finish(call, xs.broken ? -EIO : -E2BIG);
        return;
    }
    xs.counts.requests++;
    if (call->id == POSTED) {
        xs.posted++;
    } else {
        call->next = xs.waiting;
        xs.waiting = call;
    }

    const struct xsd_sockmsg head = {
        .type = wire[call->op].type,
        .req_id = call->id,
        .tx_id = tx,
        .len = (uint32_t)len,
    };
    put(&head, sizeof(head));
    put(call->dir, dir);
    put("/", dir ? 1 : 0);
    put(call->path, path);
    put(call->text, text);
}

void xs_send(uint32_t tx, struct xs_call *calls, size_t n)
{
    assert(thread_self());
    while (xs.sending) /* messages must not mix */
        waitq_wait(&xs.wake);
    xs.sending = true;
    for (size_t i = 0; i < n; i++)
        send(tx, &calls[i]);
    if (!xs.broken)
        kick();
    xs.sending = false;
    waitq_wake(&xs.wake);
}

int xs_await(struct xs_call *calls, size_t n)
{
    int err = 0;

    for (size_t i = 0; i < n; i++) {
        for (pump(); calls[i].id; pump())
            waitq_wait(&xs.wake);
        if (calls[i].round == xs.counts.rounds)
            xs.counts.rounds++;
        if (!err)
            err = calls[i].err;
    }
    return err;
}

int xs_batch(uint32_t tx, struct xs_call *calls, size_t n)
{
    xs_send(tx, calls, n);
    return xs_await(calls, n);
}

/* What is made of these */

void xs_init(void *ring, uint32_t port)
{
    xs.ring = ring;
    xs.port = port;
    xs.in_len = 0;
    xs.broken = !port || evtchn_watch(port, &xs.wake);
    if (xs.broken)
        return;
    xs.req_prod = load_acquire(&xs.ring->req_prod);
    xs.rsp_cons = load_acquire(&xs.ring->rsp_cons);
}

static int ask(struct xs_call call)
{
    return xs_batch(0, &call, 1);
}

int xs_read(const char *path, char *value, size_t size)
{
    return ask(xs_read_call(NULL, path, value, size));
}

int xs_write(const char *path, const char *value)
{
    return ask(xs_write_call(NULL, path, value));
}

int xs_remove(const char *path)
{
    return ask((struct xs_call){.op = XS_CALL_REMOVE, .path = path});
}

int xs_watch(struct xs_watch *w, const char *path)
{
    return ask((struct xs_call){.op = XS_CALL_WATCH, .path = path, .watch = w});
}

void xs_unwatch(struct xs_watch *w)
{
    if (w->token[0]) /* whatever the reply, no event reaches it any more */
        ask((struct xs_call){
            .op = XS_CALL_UNWATCH, .dir = w->dir, .path = w->path, .watch = w});
    w->token[0] = '\0';
}

bool xs_watch_fired(struct xs_watch *w)
{
    pump();
    bool fired = w->fired;
    w->fired = false;
    return fired;
}

int xs_wait(uint64_t deadline)
{
    return xs.broken ? -EIO : waitq_wait_until(&xs.wake, deadline);
}

int xs_watch_wait(struct xs_watch *w, uint64_t deadline)
{
    int err = 0;

    while (!xs_watch_fired(w)) {
        if (err)
            return err;
        err = xs_wait(deadline);
    }
    return 0;
}

struct waitq *xs_wake(void)
{
    return &xs.wake;
}

struct xs_counts xs_counts(void)
{
    return xs.counts;
}

int xs_begin(uint32_t *tx)
{
    char id[16] = "";
    struct xs_call call = {
        .op = XS_CALL_BEGIN, .path = "", .value = id, .size = sizeof(id)};
    uint64_t number;
    int err = xs_batch(0, &call, 1);

    if (err)
        return err;
    if (xs_number(id, &number) || !number || number > UINT32_MAX) {
        give_up("a transaction without a number");
        return -EIO;
    }
    *tx = (uint32_t)number;
    return 0;
}

int xs_end(uint32_t tx, bool commit)
{
    struct xs_call call = {.op = XS_CALL_END, .path = commit ? "T" : "F"};

    return xs_batch(tx, &call, 1);
}

int xs_number(const char *text, uint64_t *number)
{
    uint64_t n = 0;

    do
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
            return -EINVAL;
    while (*++text);
    *number = n;
    return 0;
}
