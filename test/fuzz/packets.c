/* packets.c: any frames, one after the other, into lwIP as it is built here,
 * with a listener and a datagram socket behind it and checksums believed.
 * When they are over, timers, and then all memory is there again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#include "kernel/buf.h"
#include "lib/random.h"
#include "net/budget.h"
#include "net/frame.h"
#include "net/timers.h"
#include "test/fake/page.h"
#include "xen/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct netif netif;
static uint64_t now = SECOND;
static uint32_t chance;

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

/* Whatever goes out must be there to its end. */
static err_t output(struct netif *n, struct pbuf *p)
{
    static uint8_t frame[65536];

    (void)n;
    if (pbuf_copy_partial(p, frame, p->tot_len, 0) != p->tot_len)
        abort();
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
    (void)arg;
    if (!p)
        return;
    udp_sendto(pcb, p, addr, port);
    pbuf_free(p);
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
    tcp_write(pcb, "answer", 6, TCP_WRITE_FLAG_COPY);
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
        timers_run();
        now += SECOND / 4;
    }
}

static void start(void)
{
    const ip4_addr_t ip = {PP_HTONL(0x0a000002)};
    const ip4_addr_t mask = {PP_HTONL(0xffffff00)};
    struct udp_pcb *udp;
    struct tcp_pcb *tcp;

    fake_pages_free = 1024;
    budget_init(4000000);
    if (frame_init())
        abort();
    lwip_init();
    netif_add(&netif, &ip, &mask, IP4_ADDR_ANY4, NULL, start_netif,
              ethernet_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    netif_create_ip6_linklocal_address(&netif, 1);
    udp = udp_new_ip_type(IPADDR_TYPE_ANY);
    udp_bind(udp, IP_ANY_TYPE, 7);
    udp_recv(udp, on_datagram, NULL);
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
    netif_poll_all();
    pass_time(10);
    etharp_cleanup_netif(&netif);
    nd6_cleanup_netif(&netif);
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        netif_ip6_addr_set_state(&netif, i, IP6_ADDR_INVALID);
    netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
}

/* The kinds save the fuzzer the guess of what is in front. */
static void receive(uint8_t kind, const uint8_t *data, size_t n)
{
    static const uint8_t ether6[] = "\x00\x16\x3e\x00\x00\x02\x00\x16\x3e"
                                    "\x00\x00\xfe\x86\xdd\x60\x00\x00";
    struct buf *b;
    struct pbuf *p;

    if (kind == 0xff) {
        pass_time(1 + (n & 7));
        return;
    }
    b = buf_alloc();
    if (!b || n == 0) {
        buf_free(b);
        return;
    }
    b->len = (uint16_t)n;
    memcpy(b->page, data, n);
    if (kind & 1 && n > 58) {
        memcpy(b->page, ether6, sizeof(ether6));
        b->page[18] = (uint8_t)((n - 54) >> 8);
        b->page[19] = (uint8_t)(n - 54);
        if (kind & 2)
            memcpy(b->page + 38, netif_ip6_addr(&netif, 0), 16);
        if (kind & 4)
            memcpy(b->page + 22, netif_ip6_addr(&netif, 0), 14);
        if (kind & 8)
            memcpy(b->page + 20, "\x3a\xff", 2);
    }
    p = frame_received(b);
    if (!p)
        return;
    if (netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
    netif_poll_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static size_t before;

    if (!before) {
        start();
        forget();
        forget();
        before = budget_used();
    }
    while (n > 2) {
        size_t len = (size_t)data[1] << ((data[0] >> 4) & 3);

        if (len > n - 2)
            len = n - 2;
        receive(data[0], data + 2, len);
        data += 2 + len;
        n -= 2 + len;
    }
    forget();
    if (budget_used() != before || buf_in_use())
        abort();
    return 0;
}
