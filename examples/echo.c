/* echo.c: what comes in goes out again (RFC 862): TCP and UDP port 7, IPv6 and
 * IPv4. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/sched.h"
#include "lib/server.h"

#define PORT 7

static int open_port(int type)
{
    const int fd = server_open(type, PORT);

    if (fd < 0) {
        perror("echo");
        exit(1);
    }
    return fd;
}

static void echo_stream(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    char data[1500];
    ssize_t n;

    while ((n = read(fd, data, sizeof(data))) > 0)
        if (write(fd, data, (size_t)n) != n)
            break;
    close(fd);
}

static void echo_datagrams(void *arg)
{
    static char data[65536];
    const int fd = open_port(SOCK_DGRAM);
    struct sockaddr_storage from;
    socklen_t len;
    ssize_t n;

    (void)arg;
    for (;;) {
        len = sizeof(from);
        n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
        if (n >= 0)
            sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
    }
}

int main(void)
{
    const int listener = open_port(SOCK_STREAM);

    if (!thread_create("udp", echo_datagrams, NULL)) {
        perror("echo");
        return 1;
    }
    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        if (fd >= 0 && !thread_create("tcp", echo_stream, (void *)(intptr_t)fd))
            close(fd); /* no memory for one more */
    }
}
