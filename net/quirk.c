/* quirk.c: where lwIP needs help from outside: see quirk.h. */

#include "net/quirk.h"

#include <string.h>

#include <lwip/priv/raw_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#include "net/budget.h"
#include "net/ends.h"

#define TIME_WAIT_MAX 128
#define DUPACKS       3
#define MSS_MIN       88 /* as Linux: TCP and IPv4 with all options fit into 128 */

/* It tells nothing new to a connection whose window is closed, not even that
 * something was lost (RFC 5681, 3.2). */
static bool is_echo(struct tcp_pcb *pcb, const struct tcp_hdr *header,
                    const struct pbuf *payload)
{
    if (pcb->rcv_wnd || (pcb->unacked && pcb->dupacks < DUPACKS) ||
        payload->tot_len || TCPH_FLAGS(header) != TCP_ACK ||
        header->seqno != pcb->rcv_nxt || header->ackno != pcb->lastack ||
        (tcpwnd_size_t)SND_WND_SCALE(pcb, header->wnd) != pcb->snd_wnd)
        return false;
    /* The peer lives: what lwIP would have noted first. */
    pcb->tmr = tcp_ticks;
    pcb->keep_cnt_sent = 0;
    pcb->persist_probe = 0;
    return true;
}

/* An MSS is for a connection that begins, and none is below MSS_MIN. */
static void bound_mss(const struct tcp_pcb *pcb, uint8_t *option, size_t n)
{
    const bool begins = pcb->state == LISTEN || pcb->state == SYN_SENT;
    size_t length;

    for (; n && *option != LWIP_TCP_OPT_EOL; option += length, n -= length) {
        length = *option == LWIP_TCP_OPT_NOP ? 1 : n > 1 ? option[1] : 0;
        if (length == 0 || length > n)
            return;
        if (*option != LWIP_TCP_OPT_MSS || length != LWIP_TCP_OPT_LEN_MSS)
            continue;
        if (!begins)
            memset(option, LWIP_TCP_OPT_NOP, length);
        else if (option[2] == 0 && option[3] < MSS_MIN)
            option[3] = MSS_MIN;
    }
}

/* What comes early ends in the window.  False: there is no memory for it. */
static bool bound_early(const struct tcp_pcb *pcb, struct tcp_hdr *header,
                        struct pbuf *payload)
{
    const u32_t early = header->seqno - pcb->rcv_nxt;

    if (early == 0 || early >= pcb->rcv_wnd)
        return true;
    if (payload->tot_len >= pcb->rcv_wnd - early) {
        TCPH_UNSET_FLAG(header, TCP_FIN);
        pbuf_realloc(payload, (u16_t)(pcb->rcv_wnd - early));
    }
    return payload->tot_len == 0 || !budget_low();
}

bool quirk_refuses(struct tcp_pcb *pcb, struct tcp_hdr *header, uint16_t n,
                   const void *torn, struct pbuf *payload)
{
    u32_t least;

    if (torn)
        return true;
    bound_mss(pcb, (uint8_t *)(header + 1), n);
    if (pcb->state < ESTABLISHED || pcb->state == TIME_WAIT ||
        TCPH_FLAGS(header) & (TCP_SYN | TCP_RST))
        return false;
    if (!(TCPH_FLAGS(header) & TCP_ACK) || is_echo(pcb, header, payload))
        return true;
    least = pcb->lastack - pcb->snd_wnd_max;
    if (header->ackno - least <= pcb->snd_nxt - least &&
        bound_early(pcb, header, payload))
        return false;
    tcp_send_empty_ack(pcb);
    return true;
}

/* The closed connection that a SYN is about, if it may give way. */
static struct tcp_pcb *reopened(const struct tcp_hdr *syn)
{
    for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
        if (pcb->remote_port == lwip_ntohs(syn->src) &&
            pcb->local_port == lwip_ntohs(syn->dest) &&
            ip_addr_eq(&pcb->remote_ip, ip_current_src_addr()) &&
            ip_addr_eq(&pcb->local_ip, ip_current_dest_addr()))
            return TCP_SEQ_GEQ(lwip_ntohl(syn->seqno), pcb->rcv_nxt) ? pcb
                                                                     : NULL;
    return NULL;
}

/* Of the connections that wait for their handshake's last part. */
static struct tcp_pcb *oldest_half_open(const struct tcp_pcb_listen *l)
{
    struct tcp_pcb *pcb = tcp_active_pcbs, *oldest = NULL;

    for (unsigned left = l->accepts_pending; pcb && left; pcb = pcb->next) {
        if (pcb->listener != l || !(pcb->flags & TF_BACKLOGPEND))
            continue;
        left--;
        if (pcb->state == SYN_RCVD &&
            (!oldest || tcp_ticks - pcb->tmr >= tcp_ticks - oldest->tmr))
            oldest = pcb;
    }
    return oldest;
}

static void make_room(const struct tcp_hdr *syn)
{
    const struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs;
    struct tcp_pcb *old;

    for (; l; l = l->next)
        if (l->local_port == lwip_ntohs(syn->dest) &&
            l->accepts_pending >= l->backlog && (old = oldest_half_open(l)))
            tcp_abandon(old, 0); /* no RST: whom would it reach? */
}

void __real_tcp_input(struct pbuf *p, struct netif *from);

static bool is_new(const struct tcp_hdr *syn)
{
    return !ends_known(ip_current_dest_addr(), lwip_ntohs(syn->dest),
                       ip_current_src_addr(), lwip_ntohs(syn->src));
}

/* As if there were no connections, with which it has nothing to do. */
static void input_alone(struct pbuf *p, struct netif *from)
{
    struct tcp_pcb *others = tcp_active_pcbs, **end = &tcp_active_pcbs;

    tcp_active_pcbs = NULL;
    __real_tcp_input(p, from);
    while (*end)
        end = &(*end)->next;
    *end = others;
}

void __wrap_tcp_input(struct pbuf *p, struct netif *from)
{
    const struct tcp_hdr *header = p->payload;
    struct tcp_pcb *old;

    if (p->len >= TCP_HLEN &&
        (TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
        if ((old = reopened(header)))
            tcp_abort(old);
        make_room(header);
        if (is_new(header) && !budget_low()) {
            input_alone(p, from);
            return;
        }
    }
    __real_tcp_input(p, from);
}

void __real_udp_input(struct pbuf *p, struct netif *from);

void __wrap_udp_input(struct pbuf *p, struct netif *from)
{
    const struct udp_hdr *header = p->payload;

    if (p->len >= UDP_HLEN) {
        const u16_t length = lwip_ntohs(header->len);

        if (length > p->tot_len ||
            (!header->chksum && ip_current_is_v6() &&
             from->chksum_flags & NETIF_CHECKSUM_CHECK_UDP)) {
            pbuf_free(p);
            return;
        }
        pbuf_realloc(p, length); /* too short a one goes no further */
    }
    __real_udp_input(p, from);
}

void quirk_trim_time_wait(void)
{
    struct tcp_pcb *pcb = tcp_tw_pcbs; /* newest first */

    for (unsigned n = 1; pcb && n < TIME_WAIT_MAX; n++)
        pcb = pcb->next;
    while (pcb && pcb->next)
        tcp_abort(pcb->next); /* no RST: only forgets it */
}

/* Is there a peer that both would be for? */
static bool overlap(const ip_addr_t *a, const ip_addr_t *b)
{
    if (IP_GET_TYPE(a) == IPADDR_TYPE_ANY || IP_GET_TYPE(b) == IPADDR_TYPE_ANY)
        return true;
    return IP_GET_TYPE(a) == IP_GET_TYPE(b) &&
           (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_eq(a, b));
}

bool quirk_taken(const struct tcp_pcb *pcb, const struct ip_addr *addr,
                 uint16_t port)
{
    const bool reuse = ip_get_option(pcb, SOF_REUSEADDR);

    for (int i = 0; i < NUM_TCP_PCB_LISTS; i++)
        for (const struct tcp_pcb *c = *tcp_pcb_lists[i]; c; c = c->next)
            if (c != pcb && c->local_port == port &&
                overlap(addr, &c->local_ip) &&
                (c->state == LISTEN || !reuse ||
                 !ip_get_option(c, SOF_REUSEADDR)))
                return true;
    return false;
}

const struct quirk_raw *quirk_raw;

raw_input_state_t __wrap_raw_input(struct pbuf *p, struct netif *from);
void __wrap_raw_netif_ip_addr_changed(const ip_addr_t *old,
                                      const ip_addr_t *now);

raw_input_state_t __wrap_raw_input(struct pbuf *p, struct netif *from)
{
    return quirk_raw ? (raw_input_state_t)quirk_raw->input(p, from)
                     : RAW_INPUT_NONE;
}

void __wrap_raw_netif_ip_addr_changed(const ip_addr_t *old,
                                      const ip_addr_t *now)
{
    if (quirk_raw)
        quirk_raw->moved(old, now);
}
