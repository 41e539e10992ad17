/*
 * gso.h: what tests of net/gso.c share that need no connection: a pcb, and an
 * interface that cuts segments of IPv4.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/gso.h"
#include "net/payload.h"
#include "net/tcpseg.h"
#include "test/fake/page.h"

#define FIRST  0xffff0000u /* the first byte's sequence number: they wrap */
#define STREAM 300000
#define MEMORY (4u << 20)
#define MUCH   1000000

static struct tcp_pcb pcb;
static struct netif card;
static uint8_t stream[STREAM];
static u32_t queued;          /* bytes */
static unsigned packets;      /* that left by the card, */
static size_t longest_packet; /* with IP's header */

static err_t leave(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    (void)netif;
    (void)to;
    packets++;
    if (p->tot_len > longest_packet)
        longest_packet = p->tot_len;
    return ERR_OK;
}

/* A pcb whose MSS is 1000 and whose windows are wide. */
static inline void begin(void)
{
    memset(&pcb, 0, sizeof(pcb));
    pcb.state = ESTABLISHED;
    pcb.local_ip = card.ip_addr;
    IP_ADDR4(&pcb.remote_ip, 10, 0, 0, 9);
    pcb.mss = 1000;
    pcb.rtime = -1;
    pcb.lastack = pcb.snd_nxt = pcb.snd_lbb = FIRST;
    pcb.snd_buf = STREAM;
    pcb.cwnd = pcb.ssthresh = pcb.snd_wnd = pcb.snd_wnd_max = MUCH;
    queued = 0;
}

static inline void free_queue(struct tcp_seg **queue)
{
    tcp_segs_free(*queue);
    *queue = NULL;
}

/* Nothing may be left of it. */
static inline void end(void)
{
    free_queue(&pcb.unacked);
    free_queue(&pcb.unsent);
    cr_assert_eq(slab_in_use(), 0);
    cr_assert_eq(buf_in_use(), 0);
}

static inline void start(void)
{
    budget_init(MEMORY);
    fake_pages_free = 100000;
    card.flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;
    card.mtu = 1500;
    card.chksum_flags = GSO_V4;
    card.output = leave;
    IP_ADDR4(&card.ip_addr, 10, 0, 0, 2);
    IP_ADDR4(&card.netmask, 255, 255, 255, 0);
    netif_list = &card;
    for (size_t i = 0; i < STREAM; i++)
        stream[i] = (uint8_t)(i * 7 + i / 251);
    begin();
}

/* A segment of its own behind the others. */
static inline struct tcp_seg *add(u32_t n)
{
    struct pbuf *p = payload_refer(stream + queued, n);

    cr_assert(tcpseg_append(&pcb, tcpseg_last(&pcb), p, 0, false));
    queued += n;
    return tcpseg_last(&pcb);
}

/* All that is unsent is under way. */
static inline void send_all(void)
{
    pcb.unacked = pcb.unsent;
    pcb.unsent = NULL;
    pcb.snd_nxt = pcb.snd_lbb;
}

/* So long are the segments in it, and there are no more. */
#define HAS(queue, ...) has(queue, (const u16_t[]){__VA_ARGS__, 0})

static inline void has(const struct tcp_seg *seg, const u16_t *lengths)
{
    for (size_t i = 0; lengths[i]; i++, seg = seg->next) {
        cr_assert(seg, "no more than %zu", i);
        cr_assert_eq(seg->len, lengths[i], "%zu: %u, not %u", i, seg->len,
                     lengths[i]);
    }
    cr_assert_null(seg);
}
