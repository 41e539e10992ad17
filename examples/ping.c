/*
 * ping.c: asks a host whether it is there, as ping(8) does.
 *
 *     ping [ADDRESS [COUNT]]
 *
 * Without a count it goes on until `xl shutdown`; status 0: there were answers.
 * Without an address it only answers, as every guest with a network does.
 */

#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

#define SIZE     64      /* bytes of a message, its header among them */
#define INTERVAL 1000000 /* us, and how long the last one is waited for */

struct message {
    struct icmphdr header; /* IPv6's is the same but for the type */
    uint8_t data[SIZE - sizeof(struct icmphdr)];
};

static struct {
    unsigned sent, received;
    long min, max, sum; /* us there and back */
} count;

static long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Noreturn void fail(const char *what)
{
    iprintf("ping: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct addrinfo *find(const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    int err = getaddrinfo(name, NULL, &hints, &found);

    if (!err)
        return found;
    iprintf("ping: %s: %s\n", name, gai_strerror(err));
    exit(1);
}

/* Each carries the time when it was sent. */
static void ask(int fd, int family)
{
    const long sent = now();
    struct message m = {
        .header.type = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
        .header.un.echo.sequence = htons((uint16_t)count.sent),
    };

    memcpy(m.data, &sent, sizeof(sent));
    count.sent++;
    if (send(fd, &m, sizeof(m), 0) < 0)
        iprintf("ping: cannot send: %s\n", strerror(errno));
}

static void take_answer(int fd, const char *name)
{
    struct message m;
    const ssize_t n = recv(fd, &m, sizeof(m), MSG_DONTWAIT);
    long took;

    if (n != sizeof(m))
        return;
    memcpy(&took, m.data, sizeof(took));
    took = now() - took;
    count.min = !count.received || took < count.min ? took : count.min;
    count.max = took > count.max ? took : count.max;
    count.sum += took;
    count.received++;
    iprintf("%zd bytes from %s: seq=%u time=%ld.%03ld ms\n", n, name,
            ntohs(m.header.un.echo.sequence), took / 1000, took % 1000);
}

/* Ask wanted times, once an interval, until the last answer or SIGTERM. */
static void ping(int fd, const struct addrinfo *to, const char *name,
                 unsigned wanted)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.events = POLLIN}};
    long next = now(), left;
    sigset_t term;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    p[1].fd = signalfd(-1, &term, 0);
    while (count.received < wanted && !p[1].revents) {
        left = next - now();
        if (left <= 0 && count.sent == wanted)
            return;
        if (left <= 0) {
            ask(fd, to->ai_family);
            next += INTERVAL;
        } else if (poll(p, 2, (int)(left / 1000) + 1) > 0 && p[0].revents) {
            take_answer(fd, name);
        }
    }
}

static void say_result(const char *name)
{
    const unsigned n = count.received;

    iprintf("--- %s ---\n%u sent, %u received, %u%% lost\n", name, count.sent,
            n, count.sent ? (count.sent - n) * 100 / count.sent : 0);
    if (n)
        iprintf("there and back min/avg/max %ld/%ld/%ld us\n", count.min,
                count.sum / n, count.max);
}

/* The network answers by itself as soon as there is a socket. */
static _Noreturn void only_answer(void)
{
    if (socket(AF_INET, SOCK_DGRAM, 0) < 0)
        fail("socket");
    for (;;)
        poll(NULL, 0, -1);
}

int main(int argc, char *argv[])
{
    const unsigned wanted = argc > 2 ? (unsigned)atoi(argv[2]) : UINT32_MAX;
    const struct addrinfo *to;
    int fd;

    if (argc < 2)
        only_answer();
    if (argc > 3 || wanted == 0) {
        iprintf("ping: after -- in extra= stand [ADDRESS [COUNT]]\n");
        return 1;
    }
    to = find(argv[1]);
    fd = socket(to->ai_family, SOCK_DGRAM,
                to->ai_family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    if (fd < 0)
        fail("socket");
    if (connect(fd, to->ai_addr, to->ai_addrlen))
        fail(argv[1]);
    ping(fd, to, argv[1], wanted);
    say_result(argv[1]);
    return count.received ? 0 : 1;
}
