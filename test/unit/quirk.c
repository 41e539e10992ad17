/* quirk.c: what becomes of a segment before lwIP looks at it. */

#include <criterion/criterion.h>
#include <string.h>

#include <lwip/priv/tcp_priv.h>

#include "lib/util.h"
#include "net/quirk.h"
#include "test/fake/sockets.h"

#define RCV_NXT 0xffffff00u /* the numbers wrap within the windows */
#define UNA     0xfffffff0u

static unsigned acks;
static bool low;

err_t __wrap_tcp_send_empty_ack(struct tcp_pcb *pcb);
bool __wrap_budget_low(void);

err_t __wrap_tcp_send_empty_ack(struct tcp_pcb *pcb)
{
    (void)pcb;
    acks++;
    return ERR_OK;
}

bool __wrap_budget_low(void)
{
    return low;
}

static uint32_t pick(uint32_t n)
{
    static uint64_t x = 1;

    x = x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(x >> 33) % n;
}

#define PICK(...)                                                              \
    ((const int64_t[]){__VA_ARGS__}[pick(sizeof((int64_t[]){__VA_ARGS__}) /    \
                                         sizeof(int64_t))])

/* ---- numbers ---- */

enum fate { GOES_ON, DROPPED, ANSWERED };

struct segment {
    struct tcp_pcb pcb;
    struct tcp_hdr header;
    struct pbuf *payload;
    int64_t early, ack; /* beyond what is expected, beyond what was had */
    unsigned flags, len;
};

/* As the RFCs have it, with numbers that do not wrap.  What is left of it is
 * cut to *len and *flags. */
static enum fate rules(const struct segment *s, unsigned *len, unsigned *flags)
{
    const struct tcp_pcb *pcb = &s->pcb;
    const int64_t wnd = pcb->rcv_wnd, sent = pcb->snd_nxt - pcb->lastack;
    const bool nothing_new =
        s->len == 0 && s->early == 0 && s->ack == 0 && s->flags == TCP_ACK &&
        (int64_t)s->header.wnd << pcb->snd_scale == pcb->snd_wnd;

    *len = s->len;
    *flags = s->flags;
    if (pcb->state == SYN_RCVD || pcb->state == TIME_WAIT ||
        s->flags & (TCP_SYN | TCP_RST))
        return GOES_ON;
    if (!(s->flags & TCP_ACK))
        return DROPPED;
    if (wnd == 0 && nothing_new && !(pcb->unacked && pcb->dupacks < 3))
        return DROPPED;
    if (s->ack > sent || s->ack < -(int64_t)pcb->snd_wnd_max)
        return ANSWERED; /* RFC 5961, 5.2 */
    if (s->early <= 0 || s->early >= wnd)
        return GOES_ON;
    if (s->early + s->len >= wnd) {
        *len = (unsigned)(wnd - s->early);
        *flags &= ~(unsigned)TCP_FIN;
    }
    return *len && low ? ANSWERED : GOES_ON;
}

static void make(struct segment *s, struct tcp_seg *unacked)
{
    static const uint8_t states[] = {SYN_RCVD,    ESTABLISHED, ESTABLISHED,
                                     ESTABLISHED, CLOSE_WAIT,  TIME_WAIT};
    const unsigned scale = pick(3), window = pick(2) ? 1000 : 0;
    uint32_t wnd, sent, most;
    int64_t end;

    wnd = (uint32_t)PICK(0, 0, 1, 2, 1000, 65535, 200000);
    sent = (uint32_t)PICK(0, 1, 1000, 100000);
    most = (uint32_t)PICK(0, 1, 1000, 100000);
    s->early = PICK(0, 0, 0, -1, 1, wnd / 2, wnd - 1, wnd, wnd + 1, 1 << 30);
    end = wnd - s->early;
    s->len = (unsigned)PICK(0, 0, 1, 2, 1460, end, end - 1, end + 1, 65535);
    if (s->len > 65535)
        s->len = 65535;
    s->ack = PICK(0, 0, 0, 0, 1, sent, sent + 1, -1, -(int64_t)most,
                  -1 - (int64_t)most);
    s->flags = (unsigned)PICK(TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_FIN,
                              TCP_ACK | TCP_PSH, 0, TCP_FIN, TCP_SYN,
                              TCP_ACK | TCP_SYN, TCP_RST, TCP_ACK | TCP_RST);
    s->pcb = (struct tcp_pcb){
        .state = states[pick(ARRAY_LEN(states))],
        .rcv_nxt = RCV_NXT,
        .rcv_wnd = wnd,
        .lastack = UNA,
        .snd_nxt = UNA + sent,
        .snd_wnd_max = most,
        .snd_wnd = (tcpwnd_size_t)PICK(window << scale, window << scale, 7),
        .snd_scale = (u8_t)scale,
        .flags = TF_WND_SCALE,
        .unacked = pick(2) ? unacked : NULL,
        .dupacks = (u8_t)pick(5),
        .tmr = tcp_ticks - 9,
        .keep_cnt_sent = 3,
        .persist_probe = 2,
    };
    s->header = (struct tcp_hdr){.seqno = RCV_NXT + (uint32_t)s->early,
                                 .ackno = UNA + (uint32_t)s->ack,
                                 .wnd = (u16_t)window};
    TCPH_HDRLEN_FLAGS_SET(&s->header, 5, (u16_t)s->flags);
    s->payload = pbuf_alloc(PBUF_RAW, (u16_t)s->len, PBUF_RAM);
    cr_assert(s->payload);
}

static void segments(void)
{
    struct tcp_seg unacked = {0};
    unsigned fates[ANSWERED + 1] = {0}, len, flags;
    struct segment s;

    for (unsigned i = 0; i < 300000; i++) {
        enum fate fate;
        bool refused;

        make(&s, &unacked);
        low = pick(2);
        acks = 0;
        fate = rules(&s, &len, &flags);
        fates[fate]++;
        refused = quirk_refuses(&s.pcb, &s.header, 0, NULL, s.payload);
        cr_assert_eq(refused, fate != GOES_ON, "%u", i);
        cr_assert_eq(acks, fate == ANSWERED, "%u", i);
        if (fate == GOES_ON) {
            cr_assert_eq(s.payload->tot_len, len, "%u", i);
            cr_assert_eq(TCPH_FLAGS(&s.header), flags, "%u", i);
        }
        if (fate == DROPPED && s.flags & TCP_ACK) {
            cr_assert_eq(s.pcb.tmr, tcp_ticks, "it is alive");
            cr_assert_eq(s.pcb.keep_cnt_sent, 0);
            cr_assert_eq(s.pcb.persist_probe, 0);
        }
        pbuf_free(s.payload);
    }
    for (unsigned i = 0; i < ARRAY_LEN(fates); i++)
        cr_assert_gt(fates[i], 1000, "fate %u", i);
}

Test(quirk, lets_on_what_the_rfcs_let_on)
{
    cr_assert(world(segments));
}

/* ---- options ---- */

#define BYTES 40

struct list {
    struct {
        struct tcp_hdr header;
        uint8_t option[BYTES];
    } segment;
    uint8_t wanted[BYTES];
    unsigned n;
};

static void add(struct list *l, const void *option, unsigned n,
                const void *wanted)
{
    if (l->n + n > BYTES)
        return;
    memcpy(l->segment.option + l->n, option, n);
    memcpy(l->wanted + l->n, wanted, n);
    l->n += n;
}

/* An MSS, and what is to become of it. */
static void add_mss(struct list *l, bool begins)
{
    const unsigned mss =
        (unsigned)PICK(0, 1, 87, 88, 89, 255, 256, 257, 512, 1460, 65535);
    const unsigned least = mss < 88 ? 88 : mss;
    const uint8_t option[] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};
    const uint8_t more[] = {2, 4, (uint8_t)(least >> 8), (uint8_t)least};

    add(l, option, 4, begins ? more : (const uint8_t *)"\1\1\1\1");
}

/* Options, and perhaps at last one that is none, behind which nothing is to
 * change though it looks like an MSS. */
static void add_options(struct list *l, bool begins)
{
    static const char *const others[] = {
        "\1",     "\3\3\7",     "\x8\xa\0\2\4\0\1\2\4\0",
        "\2\3\1", "\2\5\0\1\1", "\4\2"};
    static const uint8_t sizes[] = {1, 3, 10, 3, 5, 2};
    static const char *const ends[] = {"\0\2\2\4\0\1",     "\xfe\0\2\4\0\1",
                                       "\xfe\x29\2\4\0\1", "\2",
                                       "\2\4\0",           "\xfe"};
    static const uint8_t end_sizes[] = {6, 6, 6, 1, 3, 1};
    const unsigned end = pick(2 * ARRAY_LEN(ends));

    for (unsigned n = pick(6); n > 0; n--) {
        const unsigned i = pick(2 * ARRAY_LEN(others));

        if (i < ARRAY_LEN(others))
            add(l, others[i], sizes[i], others[i]);
        else
            add_mss(l, begins);
    }
    if (end < ARRAY_LEN(ends))
        add(l, ends[end], end_sizes[end], ends[end]);
}

static void options(void)
{
    static const uint8_t states[] = {LISTEN, SYN_SENT, SYN_RCVD, ESTABLISHED};
    struct pbuf *payload = pbuf_alloc(PBUF_RAW, 0, PBUF_RAM);

    for (unsigned i = 0; i < 100000; i++) {
        struct tcp_pcb pcb = {.state = states[pick(ARRAY_LEN(states))]};
        struct list l = {0};

        add_options(&l, pcb.state == LISTEN || pcb.state == SYN_SENT);
        TCPH_HDRLEN_FLAGS_SET(&l.segment.header, 5, TCP_SYN);
        cr_assert_not(
            quirk_refuses(&pcb, &l.segment.header, (u16_t)l.n, NULL, payload));
        cr_assert_arr_eq(l.segment.option, l.wanted, BYTES, "%u", i);
        cr_assert(quirk_refuses(&pcb, &l.segment.header, (u16_t)l.n,
                                l.segment.option, payload),
                  "torn");
    }
    pbuf_free(payload);
}

Test(quirk, bounds_the_mss_of_those_who_begin)
{
    cr_assert(world(options));
}
