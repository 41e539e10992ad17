/* frame.c: frames between buffers and pbufs: see frame.h. */

#include "net/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "lib/util.h"
#include "net/budget.h"

/* Where things stand in a frame (RFC 894, 791, 8200, 9293, 768). */
enum {
    ETHER_TYPE = 12,
    ETHER_SIZE = 14,
    IP_LENGTH = 2,
    IP_FRAGMENT = 6,
    IP_PROTOCOL = 9,
    IP_ADDRESSES = 12,
    IP_SIZE = 20,
    IP6_LENGTH = 4,
    IP6_NEXT = 6,
    IP6_ADDRESSES = 8,
    IP6_SIZE = 40,
    TCP_CHECKSUM = 16,
    UDP_CHECKSUM = 6,
};

#define TYPE_IPV4     0x0800
#define TYPE_IPV6     0x86dd
#define FRAGMENT_PART 0x3fff /* more fragments, or an offset */
#define PROTOCOL_TCP  6
#define PROTOCOL_UDP  17

/* A page on its way through lwIP. */
struct held {
    struct pbuf_custom pbuf; /* first: pbuf_free() gives us this */
    struct buf *buf;
    struct held *next; /* while free */
};

static struct held *spare; /* so many pages may still go up */
static struct frame_counters counters;

int frame_init(void)
{
    const size_t n = buf_limit() / 2;
    struct held *h = calloc(n, sizeof(*h));

    if (!h)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        h[i].next = spare;
        spare = &h[i];
    }
    return 0;
}

static void held_free(struct pbuf *p)
{
    struct held *h = CONTAINER_OF(p, struct held, pbuf.pbuf);

    buf_free(h->buf);
    h->next = spare;
    spare = h;
    counters.pages--;
}

static bool spare_for(const struct buf *b)
{
    const struct held *h = spare;

    for (; b && h; b = b->next)
        h = h->next;
    return !b;
}

/* The pages themselves, when there are spares for all of them. */
static struct pbuf *pass(struct buf *b)
{
    struct pbuf *head = NULL;

    if (!spare_for(b))
        return NULL;
    while (b) {
        struct held *h = spare;
        struct buf *next = b->next;
        struct pbuf *p;

        spare = h->next;
        b->next = NULL;
        h->buf = b;
        h->pbuf.custom_free_function = held_free;
        p = pbuf_alloced_custom(PBUF_RAW, b->len, PBUF_REF, &h->pbuf,
                                b->page + b->off, b->len);
        counters.pages++;
        if (head)
            pbuf_cat(head, p);
        else
            head = p;
        b = next;
    }
    return head;
}

/* With zeros up to Ethernet's smallest frame: lwIP looks at headers before it
 * knows that they are there. */
static struct pbuf *copy(struct buf *b, size_t total)
{
    const size_t size = total < FRAME_MIN ? FRAME_MIN : total;
    struct pbuf *p;
    uint8_t *to;

    if (budget_low() && total > FRAME_ACK_MAX)
        return NULL;
    p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);
    if (!p)
        return NULL;
    to = p->payload;
    for (struct buf *from = b; from; from = from->next) {
        memcpy(to, from->page + from->off, from->len);
        to += from->len;
    }
    memset(to, 0, size - total);
    buf_free(b);
    return p;
}

struct pbuf *frame_received(struct buf *b)
{
    const size_t total = buf_total(b);
    struct pbuf *p = NULL;

    if (total <= FRAME_COPY_MAX)
        p = copy(b, total);
    if (!p && total <= UINT16_MAX)
        p = pass(b);
    if (!p && total > FRAME_COPY_MAX && total <= UINT16_MAX) {
        p = copy(b, total);
        counters.copied += p != NULL;
    }
    if (!p) {
        buf_free(b);
        counters.dropped++;
    }
    return p;
}

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* A TCP segment or UDP datagram in one frame. */
struct segment {
    uint8_t *checksum;
    const uint8_t *addresses; /* source and destination */
    unsigned addresses_size;
    unsigned protocol, length;
    bool v6;
};

/* Not for fragments, nor behind IPv6's extension headers. */
static bool find_segment(const struct buf *b, struct segment *s)
{
    uint8_t *frame = b->page + b->off, *ip = frame + ETHER_SIZE;
    unsigned header, at;

    if (b->len < ETHER_SIZE + IP_SIZE)
        return false;
    s->v6 = get_u16(frame + ETHER_TYPE) == TYPE_IPV6;
    if (s->v6 && b->len >= ETHER_SIZE + IP6_SIZE) {
        header = IP6_SIZE;
        s->addresses = ip + IP6_ADDRESSES;
        s->addresses_size = 32;
        s->protocol = ip[IP6_NEXT];
        s->length = get_u16(ip + IP6_LENGTH);
    } else if (get_u16(frame + ETHER_TYPE) == TYPE_IPV4 &&
               !(get_u16(ip + IP_FRAGMENT) & FRAGMENT_PART)) {
        header = (ip[0] & 15u) * 4;
        s->addresses = ip + IP_ADDRESSES;
        s->addresses_size = 8;
        s->protocol = ip[IP_PROTOCOL];
        s->length = get_u16(ip + IP_LENGTH) - header;
    } else {
        return false;
    }
    if (s->protocol != PROTOCOL_TCP && s->protocol != PROTOCOL_UDP)
        return false;
    at = header + (s->protocol == PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
    s->checksum = ip + at;
    return ETHER_SIZE + at + 2 <= b->len;
}

/* A fragment's mark would vouch for the whole datagram: never trusted. */
bool frame_trusted(const struct buf *b)
{
    struct segment s;

    return b->flags & (BUF_CSUM_OK | BUF_CSUM_BLANK) && find_segment(b, &s);
}

/* The ones' complement sum that stands for source, destination, protocol and
 * length (RFC 1071), folded, not inverted: what netif.h wants to find. */
static uint16_t pseudo_header_sum(const struct segment *s)
{
    unsigned sum = s->protocol + s->length;

    for (unsigned i = 0; i < s->addresses_size; i += 2)
        sum += get_u16(s->addresses + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void leave_checksum(struct buf *b, bool v6_too)
{
    struct segment s;
    uint16_t sum;

    if (!find_segment(b, &s) || (s.v6 && !v6_too))
        return;
    sum = pseudo_header_sum(&s);
    s.checksum[0] = (uint8_t)(sum >> 8);
    s.checksum[1] = (uint8_t)sum;
    b->flags |= BUF_CSUM_BLANK;
}

struct buf *frame_to_send(const struct pbuf *p, bool v6_too)
{
    struct buf *first = buf_alloc(), *b = first;
    size_t left = p->tot_len, done = 0; /* in the frame, in p */

    while (b && left) {
        size_t n = PAGE_SIZE - b->len;

        if (n == 0) {
            b = b->next = buf_alloc();
            continue;
        }
        if (n > p->len - done)
            n = p->len - done;
        memcpy(b->page + b->len, (const uint8_t *)p->payload + done, n);
        b->len = (uint16_t)(b->len + n);
        left -= n;
        done += n;
        if (done == p->len) {
            p = p->next;
            done = 0;
        }
    }
    if (b) {
        leave_checksum(first, v6_too);
        return first;
    }
    buf_free(first);
    counters.unsent++;
    return NULL;
}

const struct frame_counters *frame_counters(void)
{
    return &counters;
}
