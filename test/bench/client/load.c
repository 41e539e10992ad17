/* load.c: HTTP in an open loop: requests begin when their time has come, not
 * when an answer has, and latency counts from that time on.  The times between
 * them are exponential, the same in each run. */

#include "client.h"

#include <stdbool.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define PORT        80
#define CONNECTIONS 64
#define PATIENCE    10000000000 /* ns */

static const char request_text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

static struct peer {
    int fd;
    uint64_t due;   /* when its request should have begun */
    size_t missing; /* bytes of the answer; 0: there is no request */
    struct peer *next;
} peers[CONNECTIONS], *idle;

static int epoll;
static size_t answer_size; /* all are alike */
static char data[65536];

static void ask(struct peer *p, uint64_t due)
{
    if (send(p->fd, request_text, sizeof(request_text) - 1, 0) < 0)
        fail("send");
    p->due = due;
    p->missing = answer_size;
}

/* Bytes of the whole answer in data; 0: not all of it is there. */
static size_t whole(size_t n)
{
    const char *body, *length;
    size_t size;

    data[n] = '\0';
    body = strstr(data, "\r\n\r\n");
    length = strcasestr(data, "\r\nContent-Length:");
    if (!body || !length || length > body)
        return 0;
    size = (size_t)(body + 4 - data) + strtoul(length + 17, NULL, 10);
    return n < size ? 0 : size;
}

/* A request to learn the answer's size by. */
static void try_one(const char *address)
{
    struct peer p = {.fd = dial(address, PORT, SOCK_STREAM)};
    size_t n = 0;

    ask(&p, 0);
    while (!(answer_size = whole(n))) {
        const ssize_t got = recv(p.fd, data + n, sizeof(data) - 1 - n, 0);

        if (got <= 0)
            fail("no answer");
        n += (size_t)got;
    }
    if (strncmp(data, "HTTP/1.1 200", 12) != 0)
        fail("not served");
}

static void open_all(const char *address)
{
    epoll = epoll_create1(0);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct peer *p = &peers[i];
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};

        p->fd = dial(address, PORT, SOCK_STREAM);
        p->next = idle;
        idle = p;
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &e))
            fail("epoll_ctl");
    }
}

/* True: the answer is complete. */
static bool hear(struct peer *p)
{
    const ssize_t n = recv(p->fd, data, sizeof(data), 0);

    if (n <= 0 || (size_t)n > p->missing)
        fail("another answer than expected");
    p->missing -= (size_t)n;
    if (p->missing)
        return false;
    note_latency(now() - p->due);
    p->next = idle;
    idle = p;
    return true;
}

static double gap(size_t rate)
{
    return -log(1 - drand48()) * 1e9 / (double)rate;
}

/* Answers that came by time due. */
static size_t wait_until(uint64_t due)
{
    const uint64_t at = now(), ns = due > at ? due - at : 0;
    const struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000),
                                .tv_nsec = (long)(ns % 1000000000)};
    struct epoll_event events[CONNECTIONS];
    const int n = epoll_pwait2(epoll, events, CONNECTIONS, &ts, NULL);
    size_t heard = 0;

    if (n < 0)
        fail("epoll");
    for (int i = 0; i < n; i++)
        heard += hear(events[i].data.ptr);
    return heard;
}

void load(const char *address, size_t count, size_t rate)
{
    uint64_t start, end;
    double due;

    prctl(PR_SET_TIMERSLACK, 1);
    try_one(address);
    open_all(address);
    start = now();
    end = start + PATIENCE;
    due = (double)start + gap(rate);
    for (size_t begun = 0, ended = 0; ended < count;) {
        while (begun < count && idle && (uint64_t)due <= now()) {
            struct peer *p = idle;

            idle = p->next;
            ask(p, (uint64_t)due);
            due += gap(rate);
            begun++;
        }
        ended += wait_until(begun < count && idle ? (uint64_t)due : end);
        if (now() > end)
            fail("too slow");
    }
    report(count, now() - start);
}
