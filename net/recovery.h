/*
 * recovery.h: what TCP does about losses, beyond lwIP.
 *
 * lwIP sends one lost segment again when three duplicate acknowledgements tell
 * of it, and takes the first that tells of new data for the end of the trouble.
 * If more of the same window was lost, nothing tells of that but the timer, a
 * second later.  Here such an acknowledgement, which does not reach the end of
 * what was under way, sends the next hole again (NewReno, RFC 6582).
 */
#pragma once

struct tcp_pcb;

/* Beside lwIP's own flags of a pcb: what was under way at a loss, up to
 * rto_end, has not all arrived.  lwIP uses that field with TF_RTO alone. */
#define TF_HOLES 0x4000u

/* Losses are being dealt with. */
#define TF_TROUBLE (TF_INFR | TF_RTO | TF_HOLES)

/* Before tcp_output(): an acknowledgement may have come. */
void recovery_continue(struct tcp_pcb *pcb);

/* After it: a hole that could not be sent must not stay where lwIP put it,
 * before what is unsent: if nothing is, what is written next, or a FIN, would
 * go into its segment, with newer ones under way. */
void recovery_settle(struct tcp_pcb *pcb);

void __wrap_tcp_rexmit_fast(struct tcp_pcb *pcb);
