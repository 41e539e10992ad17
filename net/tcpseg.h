/*
 * tcpseg.h: lwIP's TCP segments, made, made longer and cut from outside, with
 * payload that stays where it is.
 */
#pragma once

#include <stdbool.h>

#include <lwip/priv/tcp_priv.h>

/* The last one that is unsent, or NULL: last, below. */
struct tcp_seg *tcpseg_last(const struct tcp_pcb *pcb);

/* Queue payload, of at most 64 KB, behind what is unsent, in the last segment
 * if that then has no more than limit bytes, or in one of its own; push: with
 * PSH.  False: no memory, and payload stays the caller's. */
bool tcpseg_append(struct tcp_pcb *pcb, struct tcp_seg *last,
                   struct pbuf *payload, u32_t limit, bool push);

/* Queue a copy of data, which fits into a segment, where nothing is unsent;
 * false: no memory. */
bool tcpseg_write(struct tcp_pcb *pcb, const void *data, u16_t n);

/* Copy data into the last pages of what is unsent, as far as there is room and
 * its segment then has no more than limit bytes: how many bytes. */
size_t tcpseg_extend(struct tcp_pcb *pcb, struct tcp_seg *last,
                     const void *data, size_t n, u32_t limit, bool more);

/* Leave n bytes in seg, of either queue, and make the rest the next one; false:
 * no memory, or seg waits in lwIP's ARP queue, or has options, or what is left
 * in it ended before pcb->lastack and would never fit into lwIP's window. */
bool tcpseg_cut(struct tcp_pcb *pcb, struct tcp_seg *seg, u16_t n);

/* Free the part of the first segment in a queue that has arrived, which must
 * not be sent again.  False: no memory. */
bool tcpseg_drop_arrived(struct tcp_pcb *pcb, struct tcp_seg **queue);
