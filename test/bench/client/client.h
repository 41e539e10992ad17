/* client.h: what the clients' parts have in common.  Each prints one line of
 * JSON: how many units it had, in how many ns, and for requests the latencies'
 * percentiles. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define COUNT_MAX 1000000ul

enum { PORT_ECHO = 7, PORT_DISCARD = 9, PORT_SYSTAT = 11, PORT_CHARGEN = 19 };

uint64_t now(void); /* ns */
_Noreturn void fail(const char *what);

/* A connected socket; flags: SOCK_STREAM or SOCK_DGRAM, SOCK_NONBLOCK. */
int dial(const char *address, uint16_t port, int flags);

/* One of the latencies, in ns, of which report() tells the percentiles. */
void note_latency(uint64_t ns);
void note_memory(size_t bytes); /* that the guest has taken for them */
void report(size_t units, uint64_t ns);

/* echo.c */
void take(const char *address, size_t mib);
void give(const char *address, size_t mib);
void request(const char *address, size_t count);
void datagrams(const char *address, size_t count, size_t window);

/* crowd.c */
void keep(const char *address, size_t count, size_t window);
void anew(const char *address, size_t count, size_t window);
void hold(const char *address, size_t count);

/* load.c */
void load(const char *address, size_t count, size_t rate);

/* flood.c */
void flood(const char *from, const char *to, size_t size, size_t count);
