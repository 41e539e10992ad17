/*
 * server.h: how a server begins: its port, its clients' names, and how it
 * hears that it is to end.  Plain POSIX and signalfd().
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* A socket of this type (SOCK_*, also with SOCK_NONBLOCK) at the port, open to
 * IPv6 and IPv4 alike (RFC 3493, 5.3), or to IPv4 alone where that is all there
 * is.  Streams are listened for.  -1 and errno. */
int server_open(int type, uint16_t port);

/* An address as text; an IPv4 address is one even where it came in as a mapped
 * one.  "-": neither. */
void server_client(const struct sockaddr_storage *from,
                   char text[INET6_ADDRSTRLEN]);

/* A descriptor that becomes readable when the server is to end, by SIGTERM or,
 * as a guest, by `xl shutdown`.  -1 and errno. */
int server_end(void);
