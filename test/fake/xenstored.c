/* xenstored.c: see xenstored.h. */

#include "test/fake/xenstored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shared.h"
#include "test/fake/events.h"
#include "xen/abi.h"
#include <xen/io/xs_wire.h>

#define NODES    64
#define WATCHES  32
#define MESSAGES 128
#define BODY_MAX (XENSTORE_PAYLOAD_MAX + 64)

struct fake_xs fake_xs;

static struct xenstore_domain_interface *ring;
static bool awake; /* kicked, and not yet done with that */

static struct node {
    char path[128];
    char value[XENSTORE_PAYLOAD_MAX + 1];
    size_t len;
    bool there;
} nodes[NODES];

static struct change { /* in a transaction */
    uint32_t tx;
    char path[128], value[256];
    bool removes;
} changes[NODES];
static bool tx_open[1000];
static uint32_t last_tx = 40;

static struct {
    char path[128], token[64];
    bool set;
} watches[WATCHES];

struct message {
    struct xsd_sockmsg head;
    char body[BODY_MAX];
};
static struct message in, held[MESSAGES];
static size_t in_len, nheld;
static char out[MESSAGES * sizeof(struct message)];
static size_t out_len, out_done;

/* The store */

static void copy(char *to, size_t size, const char *from)
{
    if (strlen(from) >= size)
        abort(); /* a test wants more than this xenstored has */
    strcpy(to, from);
}

static void absolute(char out_path[128], const char *path)
{
    snprintf(out_path, 128, "%s%s", *path == '/' ? "" : FAKE_HOME, path);
}

static struct node *find(const char *path)
{
    for (size_t i = 0; i < NODES; i++)
        if (nodes[i].there && !strcmp(nodes[i].path, path))
            return &nodes[i];
    return NULL;
}

static bool below(const char *path, const char *top)
{
    size_t n = strlen(top);

    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

static void hold(const struct xsd_sockmsg *head, const void *body)
{
    struct message *m = &held[nheld++];

    if (nheld > MESSAGES)
        abort();
    m->head = *head;
    memcpy(m->body, body, head->len);
}

static void hold_event(const char *path, const char *token)
{
    char body[256];
    int n = snprintf(body, sizeof(body), "%s%c%s", path, 0, token);
    struct xsd_sockmsg head = {.type = XS_WATCH_EVENT, .len = (uint32_t)n + 1};

    hold(&head, body);
}

static void fire(const char *path)
{
    char top[128];

    for (size_t i = 0; i < WATCHES; i++) {
        absolute(top, watches[i].path);
        if (watches[i].set && (below(path, top) || below(top, path)))
            hold_event(watches[i].path, watches[i].token);
    }
}

static void store(const char *path, const void *value, size_t len)
{
    struct node *node = find(path);

    for (size_t i = 0; !node && i < NODES; i++)
        if (!nodes[i].there)
            node = &nodes[i];
    copy(node->path, sizeof(node->path), path);
    memcpy(node->value, value, len);
    node->value[len] = '\0';
    node->len = len;
    node->there = true;
    fire(path);
}

static void drop(const char *path)
{
    for (size_t i = 0; i < NODES; i++)
        if (nodes[i].there && below(nodes[i].path, path))
            nodes[i].there = false;
    fire(path);
}

void fake_xs_set_bytes(const char *path, const void *value, size_t len)
{
    char full[128];

    absolute(full, path);
    store(full, value, len);
}

void fake_xs_set(const char *path, const char *value)
{
    char full[128];

    absolute(full, path);
    if (value)
        store(full, value, strlen(value));
    else
        drop(full);
}

const char *fake_xs_get(const char *path)
{
    char full[128];

    absolute(full, path);
    return find(full) ? find(full)->value : NULL;
}

/* What the guest writes; its backend may be looking. */
static void guest_sets(const char *path, const char *value)
{
    fake_xs_set(path, value);
    if (fake_xs.on_write)
        fake_xs.on_write(path, value);
}

static void change(uint32_t tx, const char *path, const char *value)
{
    struct change *c = changes;

    if (!tx) {
        guest_sets(path, value);
        return;
    }
    while (c->tx)
        c++;
    c->tx = tx;
    c->removes = !value;
    copy(c->path, sizeof(c->path), path);
    copy(c->value, sizeof(c->value), value ? value : "");
}

/* Serving */

static void tell(struct xsd_sockmsg *head, const void *body)
{
    static const char other[] = "other\0"
                                "5555";

    if (fake_xs.strange) {
        struct xsd_sockmsg event = {.type = XS_WATCH_EVENT,
                                    .len = sizeof(other)};
        hold(&event, other);
    }
    switch (fake_xs.lie) {
    case LIE_ID:
        head->req_id += 1000;
        break;
    case LIE_POSTED:
        head->req_id = 0;
        break;
    case LIE_TYPE:
        head->type = XS_GET_PERMS;
        break;
    case LIE_LENGTH:
        head->len = XENSTORE_PAYLOAD_MAX + 1;
        break;
    case LIE_EVENT_EMPTY:
        head->type = XS_WATCH_EVENT;
        head->len = 0;
        break;
    case LIE_EVENT_NO_NUL:
        head->type = XS_WATCH_EVENT;
        head->len = 4;
        body = "path";
        break;
    case LIE_EVENT_TOKEN:
        head->type = XS_WATCH_EVENT;
        head->len = 5;
        body = "path";
        break;
    case LIE_EVENT_CUT:
        head->type = XS_WATCH_EVENT;
        head->len = 6;
        body = "path\0001";
        break;
    case LIE_RSP_PROD:
        store_release(&ring->rsp_prod, ring->rsp_cons + 1025);
        break;
    case LIE_REQ_CONS:
        store_release(&ring->req_cons, ring->req_prod + 1);
        break;
    default:
        break;
    }
    if (fake_xs.lie < LIE_TX_ZERO)
        fake_xs.lie = TRUTH;
    hold(head, body);
}

static void answer(const struct message *m, const void *body, size_t len)
{
    struct xsd_sockmsg head = m->head;
    char copy[BODY_MAX] = {0};

    head.len = (uint32_t)len;
    memcpy(copy, body, len);
    tell(&head, copy);
}

static void refuse(const struct message *m, const char *error)
{
    struct xsd_sockmsg head = m->head;
    char copy[BODY_MAX] = {0};

    head.type = XS_ERROR;
    head.len = (uint32_t)strlen(error) + 1;
    memcpy(copy, error, head.len);
    tell(&head, copy);
}

static void begin(const struct message *m)
{
    char id[32];

    snprintf(id, sizeof(id), "%u", ++last_tx);
    tx_open[last_tx] = true;
    fake_xs.transactions++;
    if (fake_xs.on_begin)
        fake_xs.on_begin();
    if (fake_xs.lie == LIE_TX_ZERO)
        strcpy(id, "0");
    if (fake_xs.lie == LIE_TX_TEXT)
        strcpy(id, "1a");
    if (fake_xs.lie == LIE_TX_LONG)
        strcpy(id, "4294967296");
    if (fake_xs.lie == LARGEST_TX)
        strcpy(id, "4294967295");
    answer(m, id, strlen(id) + 1);
}

static void end(const struct message *m)
{
    uint32_t tx = m->head.tx_id;
    bool commit = m->body[0] == 'T', conflict = false;

    tx_open[tx] = false;
    fake_xs.transactions--;
    if (commit && fake_xs.conflicts) {
        fake_xs.conflicts--;
        conflict = true;
    }
    for (struct change *c = changes; c < changes + NODES; c++)
        if (c->tx == tx) {
            c->tx = 0;
            if (commit && !conflict)
                guest_sets(c->path, c->removes ? NULL : c->value);
        }
    if (conflict) {
        refuse(m, "EAGAIN");
        return;
    }
    fake_xs.commits += commit;
    answer(m, "OK", 3);
}

static void watch(const struct message *m, const char *token)
{
    size_t i = 0;

    while (watches[i].set)
        i++;
    watches[i].set = true;
    copy(watches[i].path, sizeof(watches[i].path), m->body);
    copy(watches[i].token, sizeof(watches[i].token), token);
    fake_xs.watches++;
    answer(m, "OK", 3);
    hold_event(m->body, token);
}

static void unwatch(const struct message *m, const char *token)
{
    for (size_t i = 0; i < WATCHES; i++)
        if (watches[i].set && !strcmp(watches[i].path, m->body) &&
            !strcmp(watches[i].token, token)) {
            watches[i].set = false;
            fake_xs.watches--;
            answer(m, "OK", 3);
            return;
        }
    refuse(m, "ENOENT");
}

static void serve(const struct message *m)
{
    const char *second = m->body + strlen(m->body) + 1;
    char path[128];
    const struct node *node;

    fake_xs.requests++;
    absolute(path, m->body);
    if ((fake_xs.error_path && !strcmp(m->body, fake_xs.error_path)) ||
        (fake_xs.scarce && m->head.type != XS_READ &&
         m->head.type != XS_UNWATCH && fake_xs.scarce())) {
        refuse(m, fake_xs.error);
        return;
    }
    if (m->head.tx_id && !tx_open[m->head.tx_id]) {
        refuse(m, "EINVAL");
        return;
    }
    switch (m->head.type) {
    case XS_READ:
        node = find(path);
        if (node)
            answer(m, node->value, node->len);
        else
            refuse(m, "ENOENT");
        break;
    case XS_WRITE: /* in.body is kept NUL-terminated */
        change(m->head.tx_id, m->body, second);
        answer(m, "OK", 3);
        break;
    case XS_RM:
        change(m->head.tx_id, m->body, NULL);
        answer(m, "OK", 3);
        break;
    case XS_WATCH:
        watch(m, second);
        break;
    case XS_UNWATCH:
        unwatch(m, second);
        break;
    case XS_TRANSACTION_START:
        begin(m);
        break;
    case XS_TRANSACTION_END:
        end(m);
        break;
    default:
        refuse(m, "ENOSYS");
    }
}

/* The ring */

static bool take_in(void)
{
    uint32_t start = ring->req_cons, cons = start;
    uint32_t n = load_acquire(&ring->req_prod) - cons;
    unsigned before = fake_xs.requests;

    if (!n || n > XENSTORE_RING_SIZE || fake_xs.deaf || out_len)
        return false; /* with answers that did not fit yet it reads no more */
    if (fake_xs.piece && n > fake_xs.piece)
        n = fake_xs.piece;
    while (n--) {
        ((char *)&in)[in_len++] = ring->req[MASK_XENSTORE_IDX(cons++)];
        if (in_len < sizeof(in.head) || in_len < sizeof(in.head) + in.head.len)
            continue;
        if (in.head.len > XENSTORE_PAYLOAD_MAX)
            abort();
        in.body[in.head.len] = '\0';
        in.body[in.head.len + 1] = '\0';
        in_len = 0;
        serve(&in);
        if (fake_xs.on_request)
            fake_xs.on_request();
    }
    if (ring->req_cons == start) /* no lie about it was told meanwhile */
        store_release(&ring->req_cons, cons);
    fake_xs.rounds += fake_xs.requests != before;
    return true;
}

static void release(void)
{
    if (fake_xs.mute)
        nheld = 0;
    if (fake_xs.reverse && ring->req_prod != ring->req_cons)
        return; /* there may be more to mix up */
    for (size_t i = 0; i < nheld; i++) {
        struct message *m = &held[fake_xs.reverse ? nheld - 1 - i : i];
        size_t n = sizeof(m->head) + m->head.len;

        if (n > sizeof(*m) || out_len + n > sizeof(out))
            abort();
        memcpy(out + out_len, m, n);
        out_len += n;
    }
    nheld = 0;
}

static bool give_out(void)
{
    uint32_t prod = ring->rsp_prod;
    uint32_t room = XENSTORE_RING_SIZE - (prod - load_acquire(&ring->rsp_cons));
    size_t n = out_len - out_done;

    if (room > XENSTORE_RING_SIZE)
        return false; /* a lie is waiting to be seen */
    if (n > room)
        n = room;
    if (fake_xs.piece && n > fake_xs.piece)
        n = fake_xs.piece;
    for (size_t i = 0; i < n; i++)
        ring->rsp[MASK_XENSTORE_IDX(prod++)] = out[out_done++];
    store_release(&ring->rsp_prod, prod);
    if (out_done == out_len)
        out_done = out_len = 0;
    return n;
}

void *fake_xs_ring(uint32_t start)
{
    static _Alignas(4096) char page[4096];

    nheld = in_len = out_len = out_done = 0;
    awake = false;
    memset(page, 0, sizeof(page));
    ring = (struct xenstore_domain_interface *)(void *)page;
    ring->req_cons = ring->req_prod = ring->rsp_cons = ring->rsp_prod = start;
    return ring;
}

static bool move(void)
{
    bool moved = take_in();

    release();
    return give_out() || moved;
}

void fake_xs_kick(void)
{
    fake_xs.kicks++;
    awake = true;
}

/* Asleep until kicked, or until the store changes by itself. */
bool fake_xs_step(void)
{
    bool moved = false;

    if (!ring || (!awake && !nheld))
        return false;
    while (move()) {
        moved = true;
        if (fake_xs.piece)
            break;
    }
    awake = moved && fake_xs.piece;
    if (moved)
        fake_event(FAKE_XS_PORT);
    return moved;
}
