/* serve.c: what the benches talk to: echo, discard and chargen (RFC 862-864) by
 * TCP, echo by UDP.  One thread, epoll, plain POSIX: the same program runs on
 * Linux and on mote. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum service { ECHO = 7, DISCARD = 9, CHARGEN = 19 }; /* their ports */

struct peer {
    int fd;
    enum service service;
    bool listens, datagrams;
};

static char data[65536];
static int epoll;

static void watch(struct peer *p, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = p};

    epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &e);
}

static void open_port(enum service service, int type)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)service)};
    const int on = 1;
    struct peer *p = calloc(1, sizeof(*p));

    if (!p) {
        perror("serve");
        exit(1);
    }
    p->fd = socket(AF_INET, type, 0);
    p->service = service;
    p->listens = type == SOCK_STREAM;
    p->datagrams = type == SOCK_DGRAM;
    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (p->fd < 0 || bind(p->fd, (const struct sockaddr *)&any, sizeof(any)) ||
        fcntl(p->fd, F_SETFL, O_NONBLOCK) ||
        (p->listens && listen(p->fd, 128))) {
        perror("serve");
        exit(1);
    }
    watch(p, EPOLLIN);
}

static void welcome(const struct peer *listener)
{
    const int fd = accept(listener->fd, NULL, NULL), on = 1;
    struct peer *p = fd < 0 ? NULL : calloc(1, sizeof(*p));

    if (fd >= 0 && !p)
        close(fd);
    if (!p)
        return;
    p->fd = fd;
    p->service = listener->service;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(p, p->service == CHARGEN ? EPOLLOUT : EPOLLIN);
}

static void echo_datagrams(const struct peer *p)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    ssize_t n;

    while ((n = recvfrom(p->fd, data, sizeof(data), 0, (struct sockaddr *)&from,
                         &len)) >= 0)
        sendto(p->fd, data, (size_t)n, 0, (const struct sockaddr *)&from, len);
}

/* One step for a connection; false: it is over.  An echo's peer waits for each
 * answer, so that what it sends always fits. */
static bool serve(const struct peer *p)
{
    ssize_t n = p->service == CHARGEN
                    ? send(p->fd, data, sizeof(data), MSG_NOSIGNAL)
                    : recv(p->fd, data, sizeof(data), 0);

    if (n > 0 && p->service == ECHO)
        n = send(p->fd, data, (size_t)n, MSG_NOSIGNAL);
    return n > 0 || (n < 0 && errno == EAGAIN);
}

int main(void)
{
    epoll = epoll_create1(0);
    open_port(ECHO, SOCK_STREAM);
    open_port(DISCARD, SOCK_STREAM);
    open_port(CHARGEN, SOCK_STREAM);
    open_port(ECHO, SOCK_DGRAM);
    puts("serve: ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[16];
        const int n = epoll_wait(epoll, events, 16, -1);

        for (int i = 0; i < n; i++) {
            struct peer *p = events[i].data.ptr;

            if (p->datagrams)
                echo_datagrams(p);
            else if (p->listens)
                welcome(p);
            else if (!serve(p)) {
                close(p->fd);
                free(p);
            }
        }
    }
}
