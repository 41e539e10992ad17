/* outbox.c: sent bytes until they are acknowledged: see outbox.h. */

#include "net/outbox.h"

#include <string.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "net/budget.h"

#define POOL_SHARE                                                             \
    4 /* all outboxes together: one page of the pool in so many */
#define EXT_ARG 0

struct sent {
    struct sent *next;
    struct buf *buf;
    u32_t end; /* the sequence number behind it */
};

struct outbox {
    struct sent *first, *last;
};

static size_t pages; /* in all of them */

static struct outbox *outbox_of(const struct tcp_pcb *pcb)
{
    return tcp_ext_arg_get(pcb, EXT_ARG);
}

static void free_first(struct outbox *o)
{
    struct sent *s = o->first;

    o->first = s->next;
    if (!o->first)
        o->last = NULL;
    buf_free(s->buf);
    budget_free(s);
    pages--;
}

/* The pcb ends. */
static void destroy(u8_t id, void *data)
{
    struct outbox *o = data;

    (void)id;
    while (o && o->first)
        free_first(o);
    budget_free(o);
}

static const struct tcp_ext_arg_callbacks callbacks = {.destroy = destroy};

static struct outbox *need_outbox(struct tcp_pcb *pcb)
{
    struct outbox *o = outbox_of(pcb);

    if (!o && (o = budget_calloc(1, sizeof(*o)))) {
        tcp_ext_arg_set(pcb, EXT_ARG, o);
        tcp_ext_arg_set_callbacks(pcb, EXT_ARG, &callbacks);
    }
    return o;
}

const void *outbox_put(struct tcp_pcb *pcb, const void *data, size_t *n)
{
    struct outbox *o;
    struct sent *s;

    if (pages >= buf_limit() / POOL_SHARE || !(o = need_outbox(pcb)) ||
        !(s = budget_malloc(sizeof(*s))))
        return NULL;
    if (!(s->buf = buf_alloc())) {
        budget_free(s);
        return NULL;
    }
    if (*n > PAGE_SIZE)
        *n = PAGE_SIZE;
    memcpy(s->buf->page, data, *n);
    s->end = pcb->snd_lbb + (u32_t)*n;
    s->next = NULL;
    if (o->last)
        o->last->next = s;
    else
        o->first = s;
    o->last = s;
    pages++;
    return s->buf->page;
}

void outbox_undo(struct tcp_pcb *pcb)
{
    struct outbox *o = outbox_of(pcb);
    struct sent **at = &o->first, *last = NULL;

    while ((*at)->next) {
        last = *at;
        at = &last->next;
    }
    buf_free((*at)->buf);
    budget_free(*at);
    *at = NULL;
    o->last = last;
    pages--;
}

/* The number of the first byte that lwIP still holds.  It frees segments as a
 * whole, and those that are sent again stand before those under way. */
static u32_t first_held(const struct tcp_pcb *pcb)
{
    u32_t first = pcb->lastack;

    if (pcb->unacked &&
        TCP_SEQ_LT(lwip_ntohl(pcb->unacked->tcphdr->seqno), first))
        first = lwip_ntohl(pcb->unacked->tcphdr->seqno);
    if (pcb->unsent &&
        TCP_SEQ_LT(lwip_ntohl(pcb->unsent->tcphdr->seqno), first))
        first = lwip_ntohl(pcb->unsent->tcphdr->seqno);
    return first;
}

void outbox_trim(struct tcp_pcb *pcb)
{
    struct outbox *o = outbox_of(pcb);
    u32_t first;

    if (!o || !o->first)
        return;
    first = first_held(pcb);
    while (o->first && TCP_SEQ_LEQ(o->first->end, first))
        free_first(o);
}
