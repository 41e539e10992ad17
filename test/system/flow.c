/* flow: bytes that know their place in a stream, sent and received, in a guest
 * and in dom0: the same program for both.
 *
 *     flow                                    in the guest: does what is asked
 *     flow ADDRESS take|give BYTES [STALL]    in dom0: asks for one stream
 *
 * Who receives looks at every byte, and stops reading half way, for STALL
 * milliseconds.  What is said in the end is the rate in kB/s. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT  5000
#define CHUNK 65536
#define SMALL 2000

struct order {
    uint64_t bytes;
    uint32_t stall; /* ms */
    uint32_t give;  /* the guest receives */
};

/* Part of the stream, at the same place within a word as there. */
static uint64_t words[CHUNK / 8 + 2];

static uint64_t word(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15;
    return i ^ i >> 29;
}

/* Writes and reads are of all sizes, many of them small. */
static size_t size_at(uint64_t at)
{
    const uint64_t w = word(at) >> 8;

    return 1 + w % (w >> 32 & 3 ? CHUNK : SMALL);
}

static uint8_t *lay_out(uint64_t at, size_t n)
{
    for (size_t i = 0; i < (at % 8 + n + 7) / 8; i++)
        words[i] = word(at / 8 + i);
    return (uint8_t *)words + at % 8;
}

/* Are the n bytes there those that begin at this place?  What is before them
 * in their first word is. */
static bool are_right(uint64_t at, size_t n)
{
    const size_t whole = (at % 8 + n) / 8;
    const uint64_t last = word(at / 8 + whole);

    for (size_t i = 0; i < whole; i++)
        if (words[i] != word(at / 8 + i))
            return false;
    return !memcmp(&words[whole], &last, (at + n) % 8);
}

static void pause_for(uint32_t ms)
{
    const struct timespec ts = {.tv_sec = ms / 1000,
                                .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&ts, NULL);
}

static bool send_stream(int fd, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes;) {
        size_t n = size_at(at);
        ssize_t sent;

        if (n > bytes - at)
            n = (size_t)(bytes - at);
        if ((sent = send(fd, lay_out(at, n), n, MSG_NOSIGNAL)) <= 0)
            return false;
        at += (uint64_t)sent;
    }
    return shutdown(fd, SHUT_WR) == 0;
}

/* How many bytes came before the end, or before one that is wrong; errno is 0
 * unless there was an error. */
static uint64_t receive_stream(int fd, uint64_t bytes, uint32_t stall)
{
    uint64_t at = 0;
    ssize_t n;

    for (errno = 0;; at += (uint64_t)n) {
        n = recv(fd, lay_out(at, 1), size_at(at), 0);
        if (n <= 0 || !are_right(at, (size_t)n))
            return at;
        if (stall && at >= bytes / 2) {
            pause_for(stall);
            stall = 0;
        }
    }
}

static void serve(int fd)
{
    struct order o;
    uint64_t got = 0;

    if (recv(fd, &o, sizeof(o), MSG_WAITALL) != sizeof(o)) {
        printf("flow: no order: %s\n", strerror(errno));
    } else if (o.give) {
        got = receive_stream(fd, o.bytes, o.stall);
        printf("flow: received %ju: %s\n", (uintmax_t)got, strerror(errno));
        send(fd, &got, sizeof(got), MSG_NOSIGNAL);
    } else if (!send_stream(fd, o.bytes)) {
        printf("flow: cannot send: %s\n", strerror(errno));
    } else {
        recv(fd, &got, 1, 0); /* until the other side has it all */
    }
    close(fd);
}

static int serve_all(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(PORT)};
    const int listener = socket(AF_INET6, SOCK_STREAM, 0);
    int fd;

    if (bind(listener, (const struct sockaddr *)&any, sizeof(any)) ||
        listen(listener, 5))
        return 1;
    puts("flow: ready");
    fflush(stdout);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve(fd);
    return 1;
}

static int dial(const char *address, bool small_window)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(PORT)};
    const bool is6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
    const int fd = socket(is6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    const int size = CHUNK;

    if (small_window)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (is6 ? connect(fd, (const struct sockaddr *)&v6, sizeof(v6)) == 0
            : inet_pton(AF_INET, address, &v4.sin_addr) == 1 &&
                  connect(fd, (const struct sockaddr *)&v4, sizeof(v4)) == 0)
        return fd;
    perror(address);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* How much has arrived. */
static uint64_t ask(int fd, const struct order *o)
{
    uint64_t got = 0;

    if (send(fd, o, sizeof(*o), 0) != sizeof(*o))
        perror("order");
    else if (!o->give)
        got = receive_stream(fd, o->bytes, o->stall);
    else if (!send_stream(fd, o->bytes) ||
             recv(fd, &got, sizeof(got), MSG_WAITALL) != sizeof(got))
        perror("give");
    return got;
}

int main(int argc, char **argv)
{
    struct order o = {0};
    uint64_t start, got;
    int fd;

    if (argc < 4)
        return serve_all();
    o.give = !strcmp(argv[2], "give");
    o.bytes = strtoull(argv[3], NULL, 10);
    o.stall = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
    fd = dial(argv[1], o.stall && !o.give);
    start = now();
    got = ask(fd, &o);
    if (got != o.bytes) {
        fprintf(stderr, "flow: %ju of %ju bytes: %s\n", (uintmax_t)got,
                (uintmax_t)o.bytes, strerror(errno));
        return 1;
    }
    printf("%ju\n", (uintmax_t)(got * 1000000 / (now() - start)));
    return 0;
}
