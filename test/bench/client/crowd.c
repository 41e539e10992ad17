/* crowd.c: many connections to the echo service at a time. */

#include "client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW_MAX 64
#define PATIENCE   10000 /* ms */

/* What becomes of a connection when its byte has come back. */
enum after { AFTER_AGAIN, AFTER_CLOSE, AFTER_HOLD };

static int epoll;

static void watch(int fd, int op, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll, op, fd, &e))
        fail("epoll_ctl");
}

/* The byte goes out when the connection is there. */
static void begin(const char *address, enum after after)
{
    const struct linger reset = {.l_onoff = 1};
    const int fd = dial(address, PORT_ECHO, SOCK_STREAM | SOCK_NONBLOCK);

    if (after == AFTER_HOLD)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    watch(fd, EPOLL_CTL_ADD, EPOLLOUT);
}

static void say(int fd)
{
    if (send(fd, "x", 1, 0) != 1)
        fail("send");
}

/* The byte that comes back is a unit, and begins the next one if that is
 * wanted. */
static void end(const char *address, int fd, bool more, enum after after)
{
    char byte;

    if (recv(fd, &byte, 1, 0) != 1)
        fail("recv");
    if (after == AFTER_AGAIN && more)
        say(fd);
    else if (after == AFTER_CLOSE)
        close(fd);
    if (after != AFTER_AGAIN && more)
        begin(address, after);
}

/* One thing happened to a connection; true: it was a unit's end. */
static bool step(const char *address, const struct epoll_event *e, bool more,
                 enum after after)
{
    if (e->events & EPOLLOUT) {
        say(e->data.fd);
        watch(e->data.fd, EPOLL_CTL_MOD, EPOLLIN);
        return false;
    }
    end(address, e->data.fd, more, after);
    return true;
}

/* In how many ns? */
static uint64_t run(const char *address, size_t count, size_t window,
                    enum after after)
{
    const uint64_t start = now();
    size_t begun = 0, ended = 0;

    epoll = epoll_create1(0);
    for (; begun < window && begun < count; begun++)
        begin(address, after);
    while (ended < count) {
        struct epoll_event events[WINDOW_MAX];
        const int n = epoll_wait(epoll, events, WINDOW_MAX, PATIENCE);

        if (n <= 0)
            fail("no answer");
        for (int i = 0; i < n; i++)
            if (step(address, &events[i], begun < count, after)) {
                begun++;
                ended++;
            }
    }
    return now() - start;
}

void keep(const char *address, size_t count, size_t window)
{
    report(count, run(address, count, window, AFTER_AGAIN));
}

void anew(const char *address, size_t count, size_t window)
{
    report(count, run(address, count, window, AFTER_CLOSE));
}

/* What is free in a Linux guest, which has /proc/meminfo at a port; 0 in
 * others, which tell in their own way. */
static size_t free_memory(const char *address)
{
    char text[4096] = "", *line;
    FILE *nc;
    size_t n;

    snprintf(text, sizeof(text), "nc -w 5 %s %d 2>/dev/null", address,
             PORT_SYSTAT);
    if (!(nc = popen(text, "r")))
        fail("nc");
    n = fread(text, 1, sizeof(text) - 1, nc);
    text[n] = '\0';
    pclose(nc);
    line = strstr(text, "MemFree:");
    return line ? strtoul(line + strlen("MemFree:"), NULL, 10) * 1024 : 0;
}

/* A child keeps them; when it is killed they are reset. */
void hold(const char *address, size_t count)
{
    const size_t before = free_memory(address);
    const uint64_t ns = run(address, count, WINDOW_MAX, AFTER_HOLD);
    size_t after = 0;

    if (before && !(after = free_memory(address)))
        fail("it tells its memory no more");
    note_memory(before - after);
    report(count, ns);
    fflush(stdout);
    if (fork() == 0)
        pause();
}
