/* packets.c: any frames, one after the other, into lwIP as it is built here,
 * with a listener, a datagram socket and a connected one behind it, and
 * checksums believed.  What answers becomes buffers again.  When they are
 * over, timers, and then all memory is there again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/inet_chksum.h>
#include <lwip/init.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/random.h"
#include "net/budget.h"
#include "net/direct.h"
#include "net/frame.h"
#include "net/gso.h"
#include "net/iface.h"
#include "net/plain.h"
#include "net/predict.h"
#include "net/route.h"
#include "net/timers.h"
#include "test/fake/page.h"
#include "xen/clock.h"
#include "xen/netfront.h"

#define BUDGET     300000
#define UNREAD_MAX 16
#define OUR_PORT   8
#define THEIR_PORT 9

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct iface us;
static struct net_counts counts;
static const uint8_t peer6[] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0,
                                0,    0,    0, 0, 0, 0, 0, 1};
static uint8_t frame[4096]; /* the last one received */
static uint64_t now = SECOND;
static uint32_t chance;
static struct buf *hoarded;
static struct pbuf *unread[UNREAD_MAX];
static unsigned unread_n;
static bool keeps; /* what is received is not read now */
static bool over;  /* nobody answers any more, not even to ourselves */

uint64_t clock_now(void)
{
    return now;
}

uint32_t random_u32(void)
{
    return chance = chance * 1664525 + 1013904223;
}

void random_bytes(void *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(random_u32() >> 24);
}

static void check(int truth)
{
    if (!truth)
        abort();
}

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* Whatever goes out must be there to its end. */
static err_t output(struct netif *n, struct pbuf *p)
{
    static uint8_t frame[65536];
    struct buf *b = frame_to_send(p, p->tot_len % 2, 0, &counts);

    (void)n;
    check(pbuf_copy_partial(p, frame, p->tot_len, 0) == p->tot_len);
    check(!b || buf_total(b) == p->tot_len);
    buf_free(b);
    return b ? ERR_OK : ERR_MEM;
}

struct iface *iface_of(struct netif *n)
{
    return n == &us.netif ? &us : NULL;
}

struct net_counts *net_counts(struct net *net)
{
    (void)net;
    return &counts;
}

/* The same: IPv4's and TCP's headers, and what they say is there. */
err_t iface_send(struct iface *i, struct buf *b)
{
    check(i == &us && get_u16(b->page + 12) == 0x800 && b->page[23] == 6);
    check(!b->off && buf_total(b) == 14 + get_u16(b->page + 16));
    buf_free(b);
    return ERR_OK;
}

static err_t start_netif(struct netif *n)
{
    memcpy(n->hwaddr, "\x00\x16\x3e\x00\x00\x02", 6);
    n->hwaddr_len = 6;
    n->mtu = 1500;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
               NETIF_FLAG_IGMP | NETIF_FLAG_MLD6 | NETIF_FLAG_LINK_UP;
    n->output = etharp_output;
    n->output_ip6 = ethip6_output;
    n->linkoutput = output;
    NETIF_SET_CHECKSUM_CTRL(n, NETIF_CHECKSUM_DISABLE_ALL);
    return ERR_OK;
}

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *addr, u16_t port)
{
    struct buf *b = NULL;

    (void)arg;
    if (!p)
        return;
    if (!over && !p->next)
        b = direct_frame(pcb, &us.netif, p->payload, p->len, addr, port,
                         &counts);
    check(!b || b->len == 14 + get_u16(b->page + 16));
    if (!over && !b)
        udp_sendto(pcb, p, addr, port);
    buf_free(b);
    pbuf_free(p);
}

/* RFC 1122, 4.1.3.3: it hears of its own datagrams' end, and of nothing else:
 * the frame says that the port cannot be reached, and which it was. */
static void on_error(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                     const ip_addr_t *addr, u16_t port)
{
    const uint8_t *outer = frame + 14, *icmp = outer + (outer[0] & 15) * 4;
    const uint8_t *inner = icmp + 8, *udp = inner + (inner[0] & 15) * 4;

    (void)arg, (void)pcb, (void)addr, (void)port;
    if (p) {
        pbuf_free(p);
        return;
    }
    check(outer[9] == 1 && (get_u16(outer + 6) & 0x3fff) == 0);
    check(icmp[0] == 3 && icmp[1] == 3 && inner[9] == 17);
    check(!memcmp(inner + 12, outer + 16, 4));
    check(get_u16(udp) == OUR_PORT && get_u16(udp + 2) == THEIR_PORT);
}

static void on_error6(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                      const ip_addr_t *addr, u16_t port)
{
    (void)arg, (void)pcb, (void)addr, (void)port;
    if (p)
        pbuf_free(p);
    else if (frame[20] == 58) /* no extension headers */
        check(frame[54] == 1 && frame[55] == 4 && frame[68] == 17 &&
              !memcmp(frame + 70, frame + 38, 16));
}

static err_t on_bytes(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg;
    (void)err;
    if (!p) {
        tcp_close(pcb);
        return ERR_OK;
    }
    tcp_recved(pcb, p->tot_len);
    if (!gso_send(pcb, "answer", 6, false, false))
        gso_write(pcb, "answer", 6, TCP_WRITE_FLAG_COPY);
    tcp_output(pcb);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_connection(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)err;
    tcp_recv(pcb, on_bytes);
    return ERR_OK;
}

static void pass_time(unsigned seconds)
{
    for (unsigned i = 0; i < 4 * seconds; i++) {
        timers_run(true);
        now += SECOND / 4;
    }
}

static void start(void)
{
    const ip4_addr_t ip = {PP_HTONL(0x0a000002)};
    const ip4_addr_t mask = {PP_HTONL(0xffffff00)};
    const ip_addr_t peer = IPADDR4_INIT_BYTES(10, 0, 0, 1);
    const ip6_addr_t router = {{PP_HTONL(0xfe800000), 0, 0, PP_HTONL(1)}, 0};
    ip_addr_t other = IPADDR6_INIT(0, 0, 0, 0);
    struct udp_pcb *udp;
    struct tcp_pcb *tcp;

    fake_pages_free = 64; /* little enough to run out of */
    budget_init(BUDGET);
    if (frame_init())
        abort();
    lwip_init();
    netif_add(&us.netif, &ip, &mask, IP4_ADDR_ANY4, NULL, start_netif,
              ethernet_input);
    netif_set_default(&us.netif);
    netif_set_up(&us.netif);
    netif_set_ip6_autoconfig_enabled(&us.netif, 1);
    netif_create_ip6_linklocal_address(&us.netif, 1);
    udp = udp_new_ip_type(IPADDR_TYPE_ANY);
    udp_bind(udp, IP_ANY_TYPE, 7);
    udp_recv(udp, on_datagram, NULL);
    udp = udp_new();
    udp_bind(udp, IP_ANY_TYPE, OUR_PORT);
    udp_connect(udp, &peer, THEIR_PORT);
    udp_recv(udp, on_error, NULL);
    udp = udp_new_ip_type(IPADDR_TYPE_V6);
    udp_bind(udp, IP6_ADDR_ANY, OUR_PORT);
    memcpy(ip_2_ip6(&other)->addr, peer6, sizeof(peer6));
    ip6_addr_assign_zone(ip_2_ip6(&other), IP6_UNICAST, &us.netif);
    udp_connect(udp, &other, THEIR_PORT);
    udp_recv(udp, on_error6, NULL);
    route_set_gateway6(&us.netif, &router);
    tcp = tcp_new_ip_type(IPADDR_TYPE_ANY);
    tcp_bind(tcp, IP_ANY_TYPE, 7);
    tcp_accept(tcp_listen(tcp), on_connection);
    pass_time(20);
}

static void forget(void)
{
    while (tcp_active_pcbs)
        tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs)
        tcp_abort(tcp_tw_pcbs);
    over = true;
    pass_time(10);
    for (const struct netif *n = netif_list; n; n = n->next)
        while (n->loop_first)
            netif_poll_all();
    over = false;
    etharp_cleanup_netif(&us.netif);
    nd6_cleanup_netif(&us.netif);
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        netif_ip6_addr_set_state(&us.netif, i, IP6_ADDR_INVALID);
    netif_ip6_addr_set_state(&us.netif, 0, IP6_ADDR_PREFERRED);
}

/* The kinds save the fuzzer the guess of what is in front. */
static void fill_in6(uint8_t kind, uint8_t *page, size_t n)
{
    static const uint8_t head[] = "\x00\x16\x3e\x00\x00\x02\x00\x16\x3e"
                                  "\x00\x00\xfe\x86\xdd\x60\x00\x00";

    memcpy(page, head, sizeof(head));
    page[18] = (uint8_t)((n - 54) >> 8);
    page[19] = (uint8_t)(n - 54);
    if (kind & 2)
        memcpy(page + 38, netif_ip6_addr(&us.netif, 0), 16);
    if (kind & 4)
        memcpy(page + 22, netif_ip6_addr(&us.netif, 0), 14);
    if (kind & 8)
        memcpy(page + 20, "\x3a\xff", 2);
    if ((kind & 0x48) == 0x48 && page[54] & 1) { /* a router's DNS servers */
        memcpy(page + 54, "\x86\x00", 2);
        page[70] = 25;
        page[71] = (uint8_t)((n - 70) / 8);
    } else if ((kind & 0x48) == 0x48 && n > 110) { /* unreachable */
        memcpy(page + 54, "\x01\x04", 2);
        page[68] = page[68] & 1 ? 17 : page[68];
        memcpy(page + 70, netif_ip6_addr(&us.netif, 0), page[69] & 1 ? 16 : 15);
        memcpy(page + 86, peer6, sizeof(peer6));
        memcpy(page + 102, "\x00\x08\x00\x09", 4);
    }
}

/* A connection's first segment, or what the last one expects, or nearly so. */
static void fill_in_tcp(uint8_t *page)
{
    const struct tcp_pcb *pcb = tcp_active_pcbs;
    uint32_t seq, ack, how = page[52];

    if (!pcb) {
        page[47] = how & 1 ? page[47] : 2;
        return;
    }
    seq = lwip_htonl(pcb->rcv_nxt);
    ack = lwip_htonl(how & 16 ? pcb->lastack : pcb->snd_nxt);
    if (!(how & 1))
        memcpy(page + 38, &seq, 4);
    if (!(how & 2))
        memcpy(page + 42, &ack, 4);
    if (!(how & 4))
        page[47] = how & 8 ? 24 : 16;
}

static void fill_in4(uint8_t kind, uint8_t *page, size_t n)
{
    static const uint8_t head[] = "\x00\x16\x3e\x00\x00\x02\x00\x16\x3e"
                                  "\x00\x00\xfe\x08\x00\x45";
    /* ICMP's "port unreachable", about a datagram of ours. */
    static const uint8_t icmp[] = "\x03\x03\x00\x00\x00\x00\x00\x00\x45\x00"
                                  "\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00"
                                  "\x0a\x00\x00\x02\x0a\x00\x00\x01\x00\x08"
                                  "\x00\x09\x00\x08\x00";
    static const uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
    size_t byte = kind & 4 ? 34u + page[n - 2] % sizeof(icmp) : n;
    uint8_t other = page[n - 1];

    memcpy(page, head, sizeof(head) - 1);
    page[16] = (uint8_t)((n - 14) >> 8);
    page[17] = (uint8_t)(n - 14);
    memcpy(page + 26, addresses, sizeof(addresses));
    if (!(kind & 4)) {
        memcpy(page + 34, "\x00\x09\x00\x07", 4);
        page[23] = kind & 8 ? 6 : 17;
        page[kind & 8 ? 46 : 38] = kind & 8 ? 0x50 : (uint8_t)((n - 34) >> 8);
        page[kind & 8 ? 50 : 39] = kind & 8 ? 0 : (uint8_t)(n - 34);
        page[20] &= 0x3f;
        if (kind & 8)
            fill_in_tcp(page);
        memset(page + 24, 0, 2);
        byte = kind & 0x40 ? inet_chksum(page + 14, 20) : 0;
        memcpy(page + 24, &byte, 2);
    } else { /* with one byte of it changed */
        page[20] &= kind & 8 ? 0xff : 0;
        page[21] &= kind & 8 ? 0xff : 0;
        page[23] = 1;
        memcpy(page + 34, icmp, sizeof(icmp));
        if (byte < n)
            page[byte] = kind & 8 ? other : page[byte];
        byte = inet_chksum(page + 34, (u16_t)(n - 34));
        memcpy(page + 36, &byte, 2);
    }
}

/* Who is trusted has its checksum within the frame, and is no fragment. */
static void check_trust(const struct buf *b)
{
    const uint8_t *ip = b->page + 14;
    bool v6 = get_u16(b->page + 12) == 0x86dd;
    size_t header = v6 ? 40 : (ip[0] & 15u) * 4;
    uint8_t protocol = v6 ? ip[6] : ip[9];

    check(v6 || get_u16(b->page + 12) == 0x0800);
    check(protocol == 6 || protocol == 17);
    check(v6 || (get_u16(ip + 6) & 0x3fff) == 0);
    check(b->len >= 14 + header + (protocol == 6 ? 18 : 8));
}

/* Memory and buffers become short, or not; frames stay unread, or not. */
static void vary(unsigned how)
{
    struct buf *b;

    budget_init(how & 1 ? slab_in_use() : BUDGET);
    buf_free(hoarded);
    hoarded = NULL;
    while (how & 2 && (b = buf_alloc())) {
        b->next = hoarded;
        hoarded = b;
    }
    while (!(how & 4) && unread_n > 0)
        pbuf_free(unread[--unread_n]);
    keeps = how & 4;
}

static bool shortcut(struct buf *b)
{
    const struct plain *h = plain_received(&us.netif, b);

    return h && (h->ip._proto == IP_PROTO_UDP
                     ? direct_received(&us.netif, h, b, &counts)
                     : predict_received(h, b, &counts));
}

static void receive(uint8_t kind, const uint8_t *data, size_t n)
{
    struct buf *b;
    struct pbuf *p;

    b = buf_alloc();
    if (!b || n == 0) {
        buf_free(b);
        return;
    }
    b->len = (uint16_t)n;
    memcpy(b->page, data, n);
    if (kind & 1 && n > 58)
        fill_in6(kind, b->page, n);
    else if (kind & 2 && n > 78)
        fill_in4(kind, b->page, n);
    if (kind & 0x40)
        b->flags = BUF_CSUM_OK;
    if (frame_trusted(b))
        check_trust(b);
    memcpy(frame, b->page, sizeof(frame));
    if (kind & 0x80 && (b->next = buf_alloc())) { /* in two pieces */
        b->next->len = (uint16_t)(n % 2 ? PAGE_SIZE : n / 2);
        b->len = (uint16_t)(n - n / 2);
        memcpy(b->next->page, b->page + b->len, n / 2);
        memcpy(frame + b->len, b->next->page, sizeof(frame) - b->len);
    }
    if (!keeps && shortcut(b)) {
        netif_poll_all();
        return;
    }
    p = frame_received(b, &counts);
    if (!p)
        return;
    if (kind & 0x80)
        output(&us.netif, p); /* as it may come out again */
    if (keeps && unread_n < UNREAD_MAX) {
        unread[unread_n++] = p;
        return;
    }
    us.netif.chksum_flags = (kind & 0x40 ? NETIF_CHECKSUM_CHECK_ICMP : 0) |
                            (kind & 0x80 ? NETIF_CHECKSUM_CHECK_ICMP6 : 0);
    if (us.netif.input(p, &us.netif) != ERR_OK)
        pbuf_free(p);
    us.netif.chksum_flags = 0;
    netif_poll_all();
}

/* A neighbour asks for us, and so tells where it is itself. */
static void meet_neighbour(void)
{
    static const uint8_t ask[] =
        "\xff\xff\xff\xff\xff\xff\x00\x16\x3e\x00\x00\xfe\x08\x06"
        "\x00\x01\x08\x00\x06\x04\x00\x01\x00\x16\x3e\x00\x00\xfe"
        "\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02";

    receive(0, ask, sizeof(ask) - 1);
}

/* RFC 8201, 4: no path takes less. */
static void check_paths(void)
{
    for (size_t i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++)
        check(ip6_addr_isany(&destination_cache[i].destination_addr) ||
              destination_cache[i].pmtu >= 1280);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static size_t before;

    if (!before) {
        start();
        forget();
        forget();
        before = slab_in_use();
    }
    meet_neighbour();
    while (n > 2) {
        size_t len = (size_t)data[1] << ((data[0] >> 4) & 3);

        if (data[0] >= 0xfe)
            len = 0;
        if (len > n - 2)
            len = n - 2;
        if (data[0] == 0xff)
            pass_time(1 + (data[1] & 7));
        else if (data[0] == 0xfe)
            vary(data[1]);
        else
            receive(data[0], data + 2, len);
        data += 2 + len;
        n -= 2 + len;
    }
    check_paths();
    vary(0);
    forget();
    check(slab_in_use() == before && !buf_in_use());
    return 0;
}
