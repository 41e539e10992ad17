/*
 * dnsd.h: a name server, which the stack finds at PEER and PEER6 through the
 * mirror, and its ramdisk's /etc/hosts.
 *
 * What it says depends on how the name begins: see dnsd.c.
 */
#pragma once

#include <stdint.h>

extern unsigned dnsd_asked;    /* questions that came */
extern const char *dnsd_hosts; /* /etc/hosts; NULL: there is no ramdisk */

void dnsd_start(void);     /* by UDP; at PEER it is known to the stack */
void dnsd_start_tcp(void); /* beside it */
void dnsd_stop(void);      /* by UDP */
void dnsd_stop_tcp(void);

/* The n-th of DHCP's servers; addr of either family. */
void dnsd_known(unsigned n, const char *addr);

/* What getaddrinfo() finds, as text, or its error. */
const char *found(const char *name);
const char *found_as(const char *name, int family, int flags);
