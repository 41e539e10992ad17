/* echo.c: one peer of the echo, discard and chargen services at a time. */

#include "client.h"

#include <string.h>
#include <sys/socket.h>

#define MIB      (1ul << 20)
#define UDP_SIZE 64

static char data[65536];

void take(const char *address, size_t mib)
{
    const int fd = dial(address, PORT_CHARGEN, SOCK_STREAM);
    const uint64_t start = now();

    for (size_t done = 0; done < mib * MIB;) {
        const ssize_t n = recv(fd, data, sizeof(data), 0);

        if (n <= 0)
            fail("recv");
        done += (size_t)n;
    }
    report(mib, now() - start);
}

/* Until the other side has had all of it: it closes when we have. */
void give(const char *address, size_t mib)
{
    const int fd = dial(address, PORT_DISCARD, SOCK_STREAM);
    const uint64_t start = now();

    for (size_t done = 0; done < mib * MIB; done += sizeof(data))
        if (send(fd, data, sizeof(data), 0) != sizeof(data))
            fail("send");
    shutdown(fd, SHUT_WR);
    if (recv(fd, data, 1, 0) != 0)
        fail("close");
    report(mib, now() - start);
}

void request(const char *address, size_t count)
{
    const int fd = dial(address, PORT_ECHO, SOCK_STREAM);
    const uint64_t start = now();
    uint64_t last = start;

    for (size_t i = 0; i < count; i++) {
        uint64_t then;

        if (send(fd, "x", 1, 0) != 1 || recv(fd, data, 1, 0) != 1)
            fail("echo");
        then = now();
        note_latency(then - last);
        last = then;
    }
    report(count, now() - start);
}

/* Each datagram carries the time when it was sent. */
static void send_stamp(int fd)
{
    const uint64_t stamp = now();

    memcpy(data, &stamp, sizeof(stamp));
    if (send(fd, data, UDP_SIZE, 0) != UDP_SIZE)
        fail("send");
}

void datagrams(const char *address, size_t count, size_t window)
{
    const int fd = dial(address, PORT_ECHO, SOCK_DGRAM);
    const uint64_t start = now();

    for (size_t i = 0; i < window; i++)
        send_stamp(fd);
    for (size_t i = 0; i < count; i++) {
        uint64_t stamp;

        if (recv(fd, data, sizeof(data), 0) != UDP_SIZE)
            fail("a datagram is lost");
        memcpy(&stamp, data, sizeof(stamp));
        note_latency(now() - stamp);
        if (i + window < count)
            send_stamp(fd);
    }
    report(count, now() - start);
}
