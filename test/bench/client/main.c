/* main.c: the benches' client in dom0. */

#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static const char usage[] =
    "client out ADDRESS MIB           take so much from chargen\n"
    "client in ADDRESS MIB            give so much to discard\n"
    "client rr ADDRESS COUNT          a byte to echo by TCP, and back\n"
    "client udp ADDRESS COUNT WINDOW  64 bytes by UDP, WINDOW under way\n"
    "client keep ADDRESS COUNT WINDOW a byte and back, on WINDOW connections\n"
    "client new ADDRESS COUNT WINDOW  the same, each on a connection of its "
    "own\n"
    "client hold ADDRESS COUNT        open so many connections, leave them "
    "open\n"
    "client load ADDRESS COUNT RATE   HTTP requests, RATE a second, whatever\n"
    "                                 the answers do\n"
    "client flood FROM TO COUNT SIZE  frames between the interfaces and "
    "network\n"
    "                                 namespaces of these names\n";

static uint32_t latency[COUNT_MAX];
static size_t latencies, memory;

uint64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

int dial(const char *address, uint16_t port, int flags)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval patience = {.tv_sec = 10};
    const int fd = socket(AF_INET, flags | SOCK_CLOEXEC, 0), on = 1;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)
        fail("connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (flags & SOCK_STREAM)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

void note_latency(uint64_t ns)
{
    if (latencies < COUNT_MAX)
        latency[latencies++] = (uint32_t)ns;
}

void note_memory(size_t bytes)
{
    memory = bytes;
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

void report(size_t units, uint64_t ns)
{
    printf("{\"units\": %zu, \"ns\": %lu", units, ns);
    if (memory)
        printf(", \"memory\": %zu", memory);
    if (latencies) {
        qsort(latency, latencies, sizeof(latency[0]), by_size);
        printf(", \"p50\": %u, \"p99\": %u", latency[latencies / 2],
               latency[latencies * 99 / 100]);
    }
    puts("}");
}

static size_t number(const char *text)
{
    const size_t n = strtoul(text, NULL, 10);

    if (n == 0 || n > COUNT_MAX) {
        fputs(usage, stderr);
        exit(1);
    }
    return n;
}

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[1] : "", *address = argv[2];

    if (!strcmp(what, "out"))
        take(address, number(argv[3]));
    else if (!strcmp(what, "in"))
        give(address, number(argv[3]));
    else if (!strcmp(what, "rr"))
        request(address, number(argv[3]));
    else if (!strcmp(what, "udp") && argc > 4)
        datagrams(address, number(argv[3]), number(argv[4]));
    else if (!strcmp(what, "keep") && argc > 4)
        keep(address, number(argv[3]), number(argv[4]));
    else if (!strcmp(what, "new") && argc > 4)
        anew(address, number(argv[3]), number(argv[4]));
    else if (!strcmp(what, "hold"))
        hold(address, number(argv[3]));
    else if (!strcmp(what, "load") && argc > 4)
        load(address, number(argv[3]), number(argv[4]));
    else if (!strcmp(what, "flood") && argc > 5)
        flood(address, argv[3], number(argv[4]), number(argv[5]));
    else {
        fputs(usage, stderr);
        return 1;
    }
    return 0;
}
