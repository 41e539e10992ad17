/*
 * behave.h: what the parts of the behave program share.
 *
 * Each behaviour is one line "NAME: outcome"; the program is run on Linux and
 * in a guest, and the lines are compared (behave.test).  Everything happens in
 * one thread over the loopback interface, so what takes time is polled for.
 *
 * What sockets do is told for each kind of them, with the kind before the name:
 * "v6 NAME: outcome".
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SOON     50   /* ms: for what will not come */
#define PATIENCE 2000 /* ms: for what comes */

/* NAME: result, or -1 and the name of errno. */
void tell(const char *name, long result);
void tell_text(const char *name, const char *text);

/* NAME: n bytes, and which; or as tell(). */
void tell_bytes(const char *name, const void *data, long n);

/* NAME: poll()'s answer once one of the events has come, or after SOON. */
void tell_ready(const char *name, int fd, int events);

/* Wait until one of the events comes; what poll() says. */
int await(int fd, int events);

/* A kind of sockets, and of addresses they use. */
struct kind {
    const char *name; /* "": nothing is said of it */
    int family;
    const char *loopback, *any, *foreign; /* addresses */
    size_t largest, too_much;             /* bytes of a datagram */
};
extern const struct kind v4, v6, mapped,
    *kind; /* kind: the one that is told of */

/* From now on the functions below are about this kind. */
void be(const struct kind *k);

/* The name of an end, as the calls want it. */
struct name {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
    socklen_t len;
};

struct name name_of(const char *addr, int port); /* in host byte order */
struct name loopback(int port);
struct name blank(void); /* to be filled, with all the room there is */
bool is_loopback(const struct name *n);
int name_port(const struct name *n);
int port_of(int fd); /* bound to or connected from */
int new_socket(int type);
int bound_socket(int type); /* to the loopback address */
int new_listener(void);
int connect_to(int fd, int port);
void tcp_pair(int fds[2]); /* connected; [1] was accepted */
void udp_pair(int fds[2]); /* connected to each other */

void behave_stream(void);
void behave_dgram(void);
void behave_pipe(void);
void behave_option(void);
void behave_dual(void); /* what only both families together do */
void behave_scope(void);
void behave_ping(void);
void behave_multicast4(void);
void behave_multicast6(void);
void behave_text(void); /* addresses as text */
