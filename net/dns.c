/* dns.c: asks DNS servers, by UDP and if need be by TCP: see dns.h. */

#include "net/dns.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/fd.h"
#include "lib/random.h"
#include "net/lwip.h"
#include "net/nameserver.h"
#include "xen/clock.h"

#define PORT       53
#define ROUNDS     2
#define TRY_NS     3000000000ull /* for one server's answer */
#define ADDRESS_NS (10 * SECOND) /* DHCP must come first */
#define UDP_MAX    512
#define LIES_MAX   64 /* datagrams that are no answer, each try */

static void set_timeout(int fd, uint64_t ns)
{
    const struct timeval time = {
        .tv_sec = (time_t)(ns / SECOND),
        .tv_usec = (suseconds_t)(ns % SECOND / MICROSECOND + 1)};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* A socket connected to the server: it hears nobody else. */
static int connect_to(unsigned server, int type)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd;

    if (!nameserver_get(server, &addr.sin_addr.s_addr))
        return -1;
    fd = socket(AF_INET, type, 0);
    if (fd < 0)
        return -1;
    set_timeout(fd, TRY_NS);
    if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    fd_close(fd);
    return -1;
}

/* As dns_read(); -EAGAIN: no answer. */
static int ask_udp(unsigned server, const uint8_t *query, size_t n,
                   struct dns_answer *answer)
{
    const uint64_t deadline = clock_now() + TRY_NS;
    const int fd = connect_to(server, SOCK_DGRAM);
    uint8_t message[UDP_MAX];
    int said = -EBADMSG;

    if (fd < 0 || send(fd, query, n, 0) < 0)
        said = -EAGAIN;
    for (unsigned lies = 0; said == -EBADMSG; lies++) {
        const uint64_t now = clock_now();
        ssize_t got = -1;

        if (now < deadline && lies < LIES_MAX) {
            set_timeout(fd, deadline - now);
            got = recv(fd, message, sizeof(message), 0);
        }
        said = got < 0 ? -EAGAIN
                       : dns_read(message, (size_t)got, query, n, answer);
    }
    if (fd >= 0)
        fd_close(fd);
    return said;
}

static int ask_tcp(unsigned server, const uint8_t *query, size_t n,
                   struct dns_answer *answer)
{
    const int fd = connect_to(server, SOCK_STREAM);
    const uint8_t length[] = {(uint8_t)(n >> 8), (uint8_t)n};
    uint8_t head[2] = {0}, *message;
    size_t size;
    int said = -EAGAIN;

    if (fd < 0)
        return -EAGAIN;
    if (send(fd, length, sizeof(length), MSG_MORE) == sizeof(length) &&
        send(fd, query, n, 0) == (ssize_t)n)
        recv(fd, head, sizeof(head), MSG_WAITALL);
    size = (size_t)head[0] << 8 | head[1];
    message = malloc(size + 1);
    if (message && size &&
        recv(fd, message, size, MSG_WAITALL) == (ssize_t)size)
        said = dns_read(message, size, query, n, answer);
    free(message);
    fd_close(fd);
    return said == -EBADMSG || said == -EMSGSIZE ? -EAGAIN : said;
}

static int ask(unsigned server, const char *name, enum dns_type type,
               struct dns_answer *answer)
{
    uint8_t query[DNS_QUERY_MAX];
    const size_t n = dns_question(query, (uint16_t)random_u32(), name, type);
    int said;

    if (n == 0)
        return -ENOENT;
    said = ask_udp(server, query, n, answer);
    return said == -EMSGSIZE ? ask_tcp(server, query, n, answer) : said;
}

int dns_lookup(const char *name, enum dns_type type, struct dns_answer *answer)
{
    if (net_up() || net_wait_address(clock_now() + ADDRESS_NS))
        return EAI_AGAIN;
    for (unsigned i = 0; i < ROUNDS * NAMESERVERS; i++) {
        uint8_t addr[16];

        if (!nameserver_get(i % NAMESERVERS, addr))
            continue;
        switch (ask(i % NAMESERVERS, name, type, answer)) {
        case 0:
            return 0;
        case -ENOENT:
            return EAI_NONAME;
        case -ENODATA:
            return EAI_NODATA;
        default:
            break; /* someone else may know */
        }
    }
    return EAI_AGAIN;
}
