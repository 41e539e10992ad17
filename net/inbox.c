/* inbox.c: received bytes: see inbox.h. */

#include "net/inbox.h"

#include "lib/util.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SMALL     256  /* bytes; larger pieces waste less than they hold */
#define PACK_FROM 16   /* pieces: fewer are not worth a copy */
#define PACK_SIZE 1984 /* bytes: two, with their pbufs, share a page */

static inline void append(struct inbox *in, struct pbuf *p)
{
    if (in->last)
        in->last->next = p;
    else
        in->first = p;
    in->last = p;
    in->pieces++;
    in->room = 0;
}

/* Copy p behind the last piece, if that is one of ours or becomes one. */
static bool pack(struct inbox *in, const struct pbuf *p)
{
    struct pbuf *to;

    if (p->len > SMALL)
        return false;
    if (in->room < p->len) {
        if (in->pieces < PACK_FROM ||
            !(to = pbuf_alloc(PBUF_RAW, PACK_SIZE, PBUF_RAM)))
            return false;
        to->len = to->tot_len = 0;
        append(in, to);
        in->room = PACK_SIZE;
    }
    to = in->last;
    memcpy((uint8_t *)to->payload + to->len, p->payload, p->len);
    to->len = to->tot_len = (u16_t)(to->len + p->len);
    in->room -= p->len;
    return true;
}

void inbox_put(struct inbox *in, struct pbuf *p)
{
    while (p) {
        struct pbuf *next = p->next;

        p->next = NULL;
        p->tot_len = p->len;
        in->bytes += p->len;
        if (p->len == 0 || pack(in, p))
            pbuf_free(p);
        else
            append(in, p);
        p = next;
    }
}

COLD size_t inbox_peek(const struct inbox *in, void *data, size_t n)
{
    size_t done = 0;

    for (const struct pbuf *p = in->first; p && done < n; p = p->next) {
        const size_t m = n - done < p->len ? n - done : p->len;

        memcpy((uint8_t *)data + done, p->payload, m);
        done += m;
    }
    return done;
}

static void free_first(struct inbox *in)
{
    struct pbuf *p = in->first;

    in->first = p->next;
    if (!in->first) {
        in->last = NULL;
        in->room = 0;
    }
    in->pieces--;
    p->next = NULL;
    pbuf_free(p);
}

size_t inbox_take(struct inbox *in, void *data, size_t n)
{
    struct pbuf *p;
    size_t done = 0;

    while ((p = in->first) && done < n) {
        const size_t m = n - done < p->len ? n - done : p->len;

        memcpy((uint8_t *)data + done, p->payload, m);
        done += m;
        if (m == p->len)
            free_first(in);
        else
            pbuf_remove_header(p, m);
    }
    in->bytes -= done;
    return done;
}

COLD void inbox_drop(struct inbox *in)
{
    while (in->first)
        free_first(in);
    in->bytes = 0;
}
