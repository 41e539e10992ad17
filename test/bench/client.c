/* client.c: the benches' client in dom0.  Each prints one line of JSON: how
 * many units it had, in how many ns, and for requests the latencies'
 * percentiles.
 *
 *     client out ADDRESS MIB            take so much from chargen
 *     client in ADDRESS MIB             give so much to discard
 *     client rr ADDRESS COUNT           a byte to echo by TCP, and back
 *     client udp ADDRESS COUNT WINDOW   64 bytes by UDP, WINDOW under way */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MIB       (1ul << 20)
#define UDP_SIZE  64
#define COUNT_MAX 1000000ul

static char data[65536];
static uint32_t latency[COUNT_MAX]; /* ns */

static uint64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(const char *address, uint16_t port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval patience = {.tv_sec = 10};
    const int fd = socket(AF_INET, type, 0), on = 1;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
        fail("connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void report(size_t units, uint64_t start, bool latencies)
{
    const uint64_t ns = now() - start;

    printf("{\"units\": %zu, \"ns\": %lu", units, ns);
    if (latencies) {
        qsort(latency, units, sizeof(latency[0]), by_size);
        printf(", \"p50\": %u, \"p99\": %u", latency[units / 2],
               latency[units * 99 / 100]);
    }
    puts("}");
}

static void take(const char *address, size_t mib)
{
    const int fd = dial(address, 19, SOCK_STREAM);
    const uint64_t start = now();

    for (size_t done = 0; done < mib * MIB;) {
        const ssize_t n = recv(fd, data, sizeof(data), 0);

        if (n <= 0)
            fail("recv");
        done += (size_t)n;
    }
    report(mib, start, false);
}

/* Until the other side has had all of it: it closes when we have. */
static void give(const char *address, size_t mib)
{
    const int fd = dial(address, 9, SOCK_STREAM);
    const uint64_t start = now();

    for (size_t done = 0; done < mib * MIB; done += sizeof(data))
        if (send(fd, data, sizeof(data), 0) != sizeof(data))
            fail("send");
    shutdown(fd, SHUT_WR);
    if (recv(fd, data, 1, 0) != 0)
        fail("close");
    report(mib, start, false);
}

static void request(const char *address, size_t count)
{
    const int fd = dial(address, 7, SOCK_STREAM);
    const uint64_t start = now();
    uint64_t last = start;

    for (size_t i = 0; i < count; i++) {
        uint64_t then;

        if (send(fd, "x", 1, 0) != 1 || recv(fd, data, 1, 0) != 1)
            fail("echo");
        then = now();
        latency[i] = (uint32_t)(then - last);
        last = then;
    }
    report(count, start, true);
}

/* Each datagram carries the time when it was sent. */
static void send_stamp(int fd)
{
    const uint64_t stamp = now();

    memcpy(data, &stamp, sizeof(stamp));
    if (send(fd, data, UDP_SIZE, 0) != UDP_SIZE)
        fail("send");
}

static void datagrams(const char *address, size_t count, size_t window)
{
    const int fd = dial(address, 7, SOCK_DGRAM);
    const uint64_t start = now();

    for (size_t i = 0; i < window; i++)
        send_stamp(fd);
    for (size_t i = 0; i < count; i++) {
        uint64_t stamp;

        if (recv(fd, data, sizeof(data), 0) != UDP_SIZE)
            fail("a datagram is lost");
        memcpy(&stamp, data, sizeof(stamp));
        latency[i] = (uint32_t)(now() - stamp);
        if (i + window < count)
            send_stamp(fd);
    }
    report(count, start, true);
}

int main(int argc, char **argv)
{
    const size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

    if (n == 0 || n > COUNT_MAX) {
        fprintf(stderr, "usage: client out|in|rr|udp ADDRESS N [WINDOW]\n");
        return 1;
    }
    if (!strcmp(argv[1], "out"))
        take(argv[2], n);
    else if (!strcmp(argv[1], "in"))
        give(argv[2], n);
    else if (!strcmp(argv[1], "rr"))
        request(argv[2], n);
    else if (!strcmp(argv[1], "udp") && argc > 4)
        datagrams(argv[2], n, strtoul(argv[4], NULL, 10));
    else
        return 1;
    return 0;
}
