/*
 * sockets.h: what tests of sockets do all the time.  The stack's own address is
 * 10.0.0.2; at 10.0.0.9 it talks to itself through test/fake/net.c's mirror.
 * In world6() it has IPv6, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "test/fake/scarce.h"

#define PORT 7
#define HERE "10.0.0.2"
#define PEER "10.0.0.9"

#define HERE6 "2001:db8::2"
#define PEER6 "2001:db8::9"

/* Run fn with the address on the command line, then see to it that nothing of
 * what it did is left: not in the heap, not in the pool, not in lwIP's lists.
 * False: it waits for ever. */
bool world(void (*fn)(void));
bool world6(void (*fn)(void));

/* bind() or connect() */
int call(int (*fn)(int, const struct sockaddr *, socklen_t), int fd,
         const char *addr, uint16_t port);
int listener(uint16_t port, int backlog);
int client(const char *addr, uint16_t port);
void make_pair(const char *addr, int pair[2]); /* connected through addr */
void make_pair6(int pair[2]);                  /* and through PEER6 */
int bound(uint16_t port);                      /* for datagrams */
ssize_t send_to(int fd, const void *data, size_t n, const char *addr,
                uint16_t port);
unsigned ready(int fd); /* POLLIN ... */
void set_int(int fd, int level, int name, int value);
int get_int(int fd, int level, int name);
void set_timeout(int fd, int name, int seconds);

void nap(uint64_t ns);
uint8_t byte_at(size_t i); /* of a stream that any two places can agree on */
