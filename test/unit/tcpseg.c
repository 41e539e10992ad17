/* tcpseg.c: lwIP's segments after anything that is done to them, beside a list
 * of what they should be. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/payload.h"
#include "net/tcpseg.h"
#include "test/fake/page.h"

#define FIRST      0xffff8000u /* the first byte's sequence number: they wrap */
#define STREAM     100000
#define PARTS      300
#define PIECES_MAX 0x8000u /* a segment is not cut when so many are queued */
#define MEMORY     (1u << 20)

struct part { /* what a segment should be */
    u32_t at, len;
    unsigned flags;
};

enum kind { REFERRED, IN_PAGES, IN_HEAP };

static struct tcp_pcb pcb;
static uint8_t stream[STREAM];
static uint8_t kind[STREAM]; /* of the memory that each byte is in */
static struct part part[PARTS];
static size_t parts, sent;    /* the first ones are under way */
static u32_t queued, arrived; /* bytes */
static u32_t space;
static unsigned oversize, others; /* others: pieces that stand nowhere */
static bool scarce;               /* memory */
static bool uncut; /* what is in pages of its own has them alone */
static unsigned seed;

/* lwIP's. */
void tcp_seg_free(struct tcp_seg *seg)
{
    pbuf_free(seg->p);
    budget_free(seg);
}

static unsigned below(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

static bool happens(unsigned one_in)
{
    return below(one_in) == 0;
}

/* How many pieces it has. */
static unsigned check_segment(const struct tcp_seg *seg, const struct part *is)
{
    const struct tcp_hdr *h = seg->tcphdr;
    size_t at = is->at, left = is->len;
    size_t head =
        (size_t)((const uint8_t *)(h + 1) - (const uint8_t *)seg->p->payload);
    unsigned pieces = 0;

    cr_assert_eq(lwip_ntohl(h->seqno), FIRST + is->at);
    cr_assert_eq(TCPH_FLAGS(h), is->flags);
    cr_assert_eq(TCPH_HDRLEN_BYTES(h), TCP_HLEN);
    cr_assert_eq(lwip_ntohs(h->src), 1234);
    cr_assert_eq(lwip_ntohs(h->dest), 80);
    cr_assert_eq(h->urgp, 0);
    cr_assert_eq(seg->flags, 0);
    cr_assert_eq(seg->len, is->len);
    for (const struct pbuf *p = seg->p; p; p = p->next, head = 0, pieces++) {
        const size_t n = p->len - head;
        const uint8_t *bytes = (const uint8_t *)p->payload + head;

        cr_assert_eq(p->tot_len, head + left);
        cr_assert(n ? n <= left : head, "no piece is empty");
        cr_assert_arr_eq(bytes, stream + at, n);
        for (size_t i = at; i < at + n; i++) {
            cr_assert_eq(payload_stays(p), kind[i] != IN_HEAP);
            if (kind[i] == REFERRED)
                cr_assert_eq(bytes + (i - at), stream + i);
        }
        at += n;
        left -= n;
    }
    cr_assert_eq(left, 0);
    return pieces;
}

static void check(void)
{
    const struct tcp_seg *seg = pcb.unacked;
    unsigned pieces = others;

    for (size_t i = 0; i <= parts; i++) {
        if (i == sent) {
            cr_assert_null(seg);
            seg = pcb.unsent;
        }
        if (i < parts) {
            cr_assert(seg);
            pieces += check_segment(seg, &part[i]);
            seg = seg->next;
        }
    }
    cr_assert_null(seg);
    cr_assert_eq(pcb.snd_queuelen, pieces);
    cr_assert_eq(pcb.snd_buf, space);
    cr_assert_eq(pcb.snd_lbb, FIRST + queued);
    cr_assert_eq(pcb.unsent_oversize, oversize);
}

static struct tcp_seg *segment(size_t i)
{
    struct tcp_seg *seg = i < sent ? pcb.unacked : pcb.unsent;

    for (i -= i < sent ? 0 : sent; i > 0; i--)
        seg = seg->next;
    return seg;
}

/* The last unsent one. */
static struct part *last_part(void)
{
    return parts > sent ? &part[parts - 1] : NULL;
}

static bool is_closed(void)
{
    return parts && part[parts - 1].flags & TCP_FIN;
}

/* About as much room as n bytes need. */
static u32_t about(u32_t n)
{
    return happens(2) ? n + below(100000) : n + below(3) - (n > 0);
}

static void set_space(u32_t n)
{
    space = pcb.snd_buf = n;
}

/* n bytes are queued, in a segment of their own or in the last. */
static void note(u32_t n, bool own, bool push, enum kind memory)
{
    if (own)
        part[parts++] = (struct part){.at = queued};
    part[parts - 1].len += n;
    part[parts - 1].flags |= push ? TCP_PSH : 0;
    memset(kind + queued, (int)memory, n);
    queued += n;
    space -= n;
    oversize = 0;
}

/* The next n bytes of the stream in up to three pieces. */
static struct pbuf *load(u32_t n, enum kind memory)
{
    struct pbuf *all = NULL, *p;

    for (u32_t at = queued, end = queued + n, m; at < end; at += m) {
        m = all && all->next ? end - at : 1 + below(end - at);
        if (memory == REFERRED)
            p = payload_refer(stream + at, m);
        else if (memory == IN_PAGES)
            p = payload_copy(stream + at, m);
        else if ((p = pbuf_alloc(PBUF_RAW, (u16_t)m, PBUF_RAM)))
            memcpy(p->payload, stream + at, m);
        cr_assert(p);
        cr_assert_eq(p->len, m);
        if (all)
            pbuf_cat(all, p);
        else
            all = p;
    }
    return all;
}

static void make_scarce(void)
{
    if (scarce)
        budget_init(slab_in_use() + below(400));
}

static void set_options(struct tcp_seg *seg, bool on)
{
    if (seg)
        seg->flags = on ? TF_SEG_OPTS_MSS : 0;
}

static void append(void)
{
    const u32_t n = 1 + below(happens(8) ? PAGE_SIZE : 900);
    const enum kind memory = below(3);
    const struct part *last = last_part();
    const u32_t limit = about((last ? last->len : 0) + n);
    const bool push = happens(2), options = last && happens(8);
    struct tcp_seg *seg = tcpseg_last(&pcb);
    bool done, fits, joins;
    struct pbuf *p;

    if (is_closed() || queued + n > STREAM)
        return;
    p = load(n, memory);
    joins = last && last->len + n <= limit && !options;
    set_space(about(n));
    fits = space >= n && pcb.snd_queuelen + pbuf_clen(p) < TCP_SND_QUEUELEN;
    make_scarce();
    set_options(seg, options);
    done = tcpseg_append(&pcb, seg, p, limit, push);
    set_options(seg, false);
    cr_assert(done ? fits : !fits || (scarce && !joins));
    if (!done) {
        pbuf_free(p);
        return;
    }
    note(n, !joins, push, memory);
    uncut = true;
}

static void write_alone(void)
{
    const u32_t n = 1 + below(3000);
    bool done, fits;

    if (last_part() || is_closed() || queued + n > STREAM)
        return;
    set_space(about(n));
    fits = space >= n && pcb.snd_queuelen + 1u <= TCP_SND_QUEUELEN;
    make_scarce();
    done = tcpseg_write(&pcb, stream + queued, (u16_t)n);
    cr_assert(done ? fits : !fits || scarce);
    if (done)
        note(n, true, true, IN_HEAP);
}

/* How much goes behind what is in the last pages, if they are its alone. */
static u32_t room_in_pages(const struct tcp_seg *last)
{
    const struct pbuf *p = last->p;

    while (p->next)
        p = p->next;
    return (u32_t)(-(uintptr_t)((const uint8_t *)p->payload + p->len) %
                   PAGE_SIZE);
}

static void extend(void)
{
    const u32_t n = 1 + below(happens(2) ? 3 : 2000);
    const bool more = happens(2), options = happens(8);
    const struct part *last = last_part();
    const bool paged =
        last && kind[queued - 1] == IN_PAGES && !is_closed() && !options;
    const u32_t limit = last ? about(last->len + (happens(2) ? n : 1)) : n;
    struct tcp_seg *seg = tcpseg_last(&pcb);
    u32_t least, got;

    if (queued + n > STREAM)
        return;
    set_space(about(n));
    least = LWIP_MIN(space, n);
    if (paged) {
        least = LWIP_MIN(least, room_in_pages(seg));
        least = LWIP_MIN(least, LWIP_MAX(limit, last->len) - last->len);
    }
    set_options(seg, options);
    got = (u32_t)tcpseg_extend(&pcb, seg, stream + queued, n, limit, more);
    set_options(seg, false);
    cr_assert(got == 0 || (paged && got == least));
    cr_assert(got || !paged || !uncut || least == 0);
    if (got)
        note(got, false, got == n && !more, IN_PAGES);
}

/* A part becomes two. */
static void split(size_t i, u32_t n)
{
    uncut = false;
    memmove(&part[i + 1], &part[i], (parts++ - i) * sizeof(part[0]));
    part[i].len = n;
    part[i].flags = 0;
    part[i + 1].at += n;
    part[i + 1].len -= n;
    sent += i < sent;
}

/* The last of a queue: nothing is reserved behind it. */
static bool is_last(size_t i)
{
    return i + 1 == parts || i + 1 == sent;
}

/* Where one of its pieces ends. */
static u32_t end_of_piece(const struct tcp_seg *seg)
{
    u32_t n = (u32_t)(seg->p->len - (seg->p->tot_len - seg->len));

    for (const struct pbuf *p = seg->p->next; p && (!n || happens(2));
         p = p->next)
        n += p->len;
    return n;
}

static bool drop(size_t i)
{
    return tcpseg_drop_arrived(&pcb, i < sent ? &pcb.unacked : &pcb.unsent);
}

/* Any segment, or the part of a queue's first that has arrived. */
static void cut(void)
{
    const bool dropped = happens(3);
    const size_t i =
        dropped ? (happens(2) ? 0 : sent) : below((unsigned)parts + 1);
    const bool busy = happens(8), options = happens(8);
    const u32_t past = arrived - part[i].at; /* if it is in this one */
    struct tcp_seg *seg;
    bool refused, done;
    u32_t n;

    if (i >= parts) {
        cr_assert(!dropped || drop(i), "it is empty");
        return;
    }
    cr_assert_lt(parts, PARTS);
    seg = segment(i);
    n = dropped || part[i].len < 2 ? past
        : happens(2)               ? end_of_piece(seg)
                                   : 1 + below(part[i].len - 1);
    if (n == 0 || n >= part[i].len) {
        cr_assert(!dropped || drop(i), "nothing to be done");
        return;
    }
    refused = busy || options || pcb.snd_queuelen >= PIECES_MAX ||
              (past > n && past <= part[i].len);
    if (busy)
        pbuf_ref(seg->p);
    set_options(seg, options);
    make_scarce();
    done = dropped ? drop(i) : tcpseg_cut(&pcb, seg, (u16_t)n);
    cr_assert(done ? !refused : refused || scarce);
    if (busy)
        pbuf_free(seg->p);
    if (!done) {
        set_options(seg, false);
        return;
    }
    if (is_last(i))
        oversize = 0;
    split(i, n);
    if (dropped) {
        memmove(&part[i], &part[i + 1], (--parts - i) * sizeof(part[0]));
        sent -= i < sent;
        space += n;
    }
}

/* As lwIP does: the first unsent one leaves, and has more headers since. */
static void leave(void)
{
    struct tcp_seg *seg = pcb.unsent, **end = &pcb.unacked;

    if (!seg)
        return;
    pcb.unsent = seg->next;
    seg->next = NULL;
    while (*end)
        end = &(*end)->next;
    *end = seg;
    if (seg->p->payload == seg->tcphdr)
        cr_assert_eq(pbuf_add_header(seg->p, happens(2) ? 34 : 54), 0);
    sent++;
}

/* All that is under way is sent again. */
static void return_all(void)
{
    struct tcp_seg **end = &pcb.unacked;

    while (*end)
        end = &(*end)->next;
    *end = pcb.unsent;
    pcb.unsent = pcb.unacked;
    pcb.unacked = NULL;
    sent = 0;
}

static void lose(void)
{
    if (happens(4))
        return_all();
}

/* The first segment, or a part of it, has arrived. */
static void arrive(void)
{
    struct tcp_seg *seg;
    u32_t n;

    if (!sent)
        return;
    n = part[0].at + part[0].len - arrived;
    arrived += happens(3) ? n : happens(2) ? n > 0 : n ? below(n) : 0;
    while (sent && arrived >= part[0].at + part[0].len &&
           !(part[0].flags & TCP_FIN)) { /* which has a number, too */
        seg = pcb.unacked;
        pcb.unacked = seg->next;
        pcb.snd_queuelen = (u16_t)(pcb.snd_queuelen - pbuf_clen(seg->p));
        space = pcb.snd_buf += seg->len;
        tcp_seg_free(seg);
        memmove(&part[0], &part[1], --parts * sizeof(part[0]));
        sent--;
    }
    pcb.lastack = FIRST + arrived;
}

static void close_it(void)
{
    if (!last_part() || !happens(20))
        return;
    TCPH_SET_FLAG(tcpseg_last(&pcb)->tcphdr, TCP_FIN);
    last_part()->flags |= TCP_FIN;
}

/* How many pieces are queued beside those, and what lwIP has reserved. */
static void vary(void)
{
    const unsigned ours = pcb.snd_queuelen - others;

    others = happens(2)   ? 0
             : happens(2) ? TCP_SND_QUEUELEN - 4 + below(5) - ours
                          : PIECES_MAX - 1 + below(3) - ours;
    if (others > 2 * PIECES_MAX)
        others = 0;
    pcb.snd_queuelen = (u16_t)(ours + others);
    oversize = pcb.unsent_oversize = (u16_t)below(3);
    scarce = happens(4);
}

static void (*const things[])(void) = {
    append, extend, cut, cut, leave, arrive, lose, close_it, write_alone};

static void run(void)
{
    memset(&pcb, 0, sizeof(pcb));
    pcb.local_port = 1234;
    pcb.remote_port = 80;
    pcb.lastack = pcb.snd_lbb = FIRST;
    parts = sent = queued = arrived = space = others = oversize = 0;
    for (int i = 0; i < 150; i++) {
        vary();
        things[below(ARRAY_LEN(things))]();
        budget_init(MEMORY);
        check();
    }
    return_all();
    for (struct tcp_seg *seg = pcb.unsent, *next; seg; seg = next) {
        next = seg->next;
        tcp_seg_free(seg);
    }
    cr_assert_eq(slab_in_use(), 0);
    cr_assert_eq(buf_in_use(), 0);
}

Test(tcpseg, leaves_the_stream_as_it_is_and_counted_whatever_is_done)
{
    budget_init(MEMORY);
    fake_pages_free = 100000;
    for (size_t i = 0; i < STREAM; i++)
        stream[i] = (uint8_t)(i * 7 + i / 251);
    for (unsigned i = 1; i <= 300; i++) {
        seed = i;
        run();
    }
}
