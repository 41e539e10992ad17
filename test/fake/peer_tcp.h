/*
 * peer_tcp.h: a TCP peer at 10.0.0.9, port PEER_PORT, that says what a test
 * wants it to say.
 *
 * It takes a stream of byte_at() and acknowledges each segment.  What it counts
 * in that stream begins with 0, whatever the sequence numbers are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_PORT 99

struct tcp_pcb;

extern struct peer_tcp {
    /* What a test sets. */
    unsigned mss, scale; /* in its SYN */
    uint32_t window;     /* bytes */
    uint32_t edge;       /* where it ends, however much is taken; 0: nowhere */
    bool deaf;           /* what is sent to it is lost */

    /* What it looks at. */
    uint32_t next; /* so many bytes have arrived */
    bool fin;      /* and the end of the stream behind them */
} peer_tcp;

/* Connect to it: the socket. */
int peer_tcp_accept(void);

/* It connects to PORT, where l listens, with so many SYNs: the socket. */
int peer_tcp_connect(int l, unsigned syns);

/* Its end of the connection is gone; ours is left alone for a second. */
void peer_tcp_reset(void);

struct tcp_pcb *peer_tcp_pcb(void); /* our end; NULL: there is none */

/* Say that ack bytes have arrived, and how many more may come: with no data,
 * with n bytes of it, or with an MSS as nobody should say in mid-connection. */
void peer_tcp_say(uint32_t ack, uint32_t window);
void peer_tcp_send(uint32_t ack, uint32_t window, size_t n);
void peer_tcp_say_mss(uint32_t ack, uint32_t window, unsigned mss);

void peer_tcp_ack(void);       /* what is true */
void peer_tcp_say_hello(void); /* SYN|ACK, as when the first was lost */
