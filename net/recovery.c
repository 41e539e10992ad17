/* recovery.c: what TCP does about losses: see recovery.h. */

#include "net/recovery.h"

#include <lwip/priv/tcp_priv.h>

#include "net/tcpseg.h"

/* The hole is one segment of the wire's, most of the time. */
static void cut_hole(struct tcp_pcb *pcb)
{
    if (pcb->unacked && tcpseg_drop_arrived(pcb, &pcb->unacked) &&
        pcb->unacked->len > pcb->mss)
        tcpseg_cut(pcb, pcb->unacked, pcb->mss);
}

/* An acknowledgement of new data has cleared TF_INFR, and the window is half of
 * what it was at the loss. */
void recovery_continue(struct tcp_pcb *pcb)
{
    if (!(pcb->flags & TF_HOLES) || pcb->flags & TF_INFR)
        return;
    if (pcb->flags & TF_RTO || !TCP_SEQ_LT(pcb->lastack, pcb->rto_end)) {
        tcp_clear_flags(pcb, TF_HOLES);
        return;
    }
    cut_hole(pcb);
    if (tcp_rexmit(pcb) == ERR_OK)
        tcp_set_flags(pcb, TF_INFR);
}

void recovery_settle(struct tcp_pcb *pcb)
{
    struct tcp_seg *seg = pcb->unsent, *next = pcb->unacked;

    if (!seg || !next ||
        !TCP_SEQ_LT(lwip_ntohl(seg->tcphdr->seqno),
                    lwip_ntohl(next->tcphdr->seqno)))
        return;
    pcb->unsent = seg->next;
    seg->next = next;
    pcb->unacked = seg;
    if (pcb->nrtx)
        pcb->nrtx--;               /* nothing was sent */
    tcp_clear_flags(pcb, TF_INFR); /* to be tried again */
}

void __real_tcp_rexmit_fast(struct tcp_pcb *pcb);

void __wrap_tcp_rexmit_fast(struct tcp_pcb *pcb)
{
    if (pcb->flags & (TF_INFR | TF_HOLES))
        return;
    cut_hole(pcb);
    __real_tcp_rexmit_fast(pcb);
    if ((pcb->flags & (TF_INFR | TF_RTO)) != TF_INFR)
        return; /* with TF_RTO all of it is sent again */
    pcb->rto_end = pcb->snd_nxt;
    tcp_set_flags(pcb, TF_HOLES);
}
