/* dns.c: asks DNS servers, by UDP and if need be by TCP: see dns.h. */

#include "net/dns.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <lwip/ip_addr.h>

#include "lib/fd.h"
#include "lib/random.h"
#include "lib/util.h"
#include "net/end.h"
#include "net/lwip.h"
#include "net/nameserver.h"
#include "xen/clock.h"

#define PORT     53
#define ROUNDS   2
#define TRY_NS   (3 * SECOND) /* for one server's answers */
#define UDP_MAX  512
#define LIES_MAX 64 /* datagrams that are no answer, each try */

/* What is asked of a server at the same time, and what was said to it: as
 * dns_read(), or WAITING. */
struct question {
    uint8_t query[DNS_QUERY_MAX];
    size_t n;
    int said;
};

#define WAITING (-EBADMSG) /* nothing that fits has come yet */

static void set_timeout(int fd, uint64_t ns)
{
    const struct timeval time = {
        .tv_sec = (time_t)(ns / SECOND),
        .tv_usec = (suseconds_t)(ns % SECOND / MICROSECOND + 1)};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* A socket connected to the server: it hears nobody else. */
static int connect_to(const ip_addr_t *server, int type)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6,
                                .sin6_port = htons(PORT)};
    const int fd = socket(AF_INET6, type, 0);
    struct end end;

    if (fd < 0)
        return -1;
    end_set(&end, server, PORT);
    addr.sin6_addr = end.addr;
    addr.sin6_scope_id = end.scope;
    set_timeout(fd, TRY_NS);
    if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    fd_close(fd);
    return -1;
}

static bool any_said(const struct question *q, unsigned count, int what)
{
    for (unsigned i = 0; i < count; i++)
        if (q[i].said == what)
            return true;
    return false;
}

/* Nobody will answer any more. */
static void give_up(struct question *q, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (q[i].said == WAITING)
            q[i].said = -EAGAIN;
}

static void take_message(const uint8_t *message, size_t n, struct question *q,
                         unsigned count, struct dns_answer *answer)
{
    for (unsigned i = 0; i < count; i++)
        if (q[i].said == WAITING)
            q[i].said = dns_read(message, n, q[i].query, q[i].n, answer);
}

/* Ask what has not been answered yet. */
static void ask_udp(const ip_addr_t *server, struct question *q, unsigned count,
                    struct dns_answer *answer)
{
    const int fd = connect_to(server, SOCK_DGRAM); /* may wait for a route */
    const uint64_t deadline = clock_now() + TRY_NS;
    uint8_t message[UDP_MAX];

    for (unsigned i = 0; fd >= 0 && i < count; i++)
        if (q[i].said == -EAGAIN &&
            send(fd, q[i].query, q[i].n, 0) == (ssize_t)q[i].n)
            q[i].said = WAITING;
    for (unsigned lies = 0; any_said(q, count, WAITING); lies++) {
        const uint64_t now = clock_now();
        ssize_t got = -1;

        if (now < deadline && lies < LIES_MAX) {
            set_timeout(fd, deadline - now);
            got = recv(fd, message, sizeof(message), 0);
        }
        if (got < 0)
            give_up(q, count);
        else
            take_message(message, (size_t)got, q, count, answer);
    }
    if (fd >= 0)
        fd_close(fd);
}

static int ask_tcp(const ip_addr_t *server, const struct question *q,
                   struct dns_answer *answer)
{
    const int fd = connect_to(server, SOCK_STREAM);
    const uint8_t length[] = {(uint8_t)(q->n >> 8), (uint8_t)q->n};
    uint8_t head[2] = {0}, *message;
    size_t size;
    int said = -EAGAIN;

    if (fd < 0)
        return -EAGAIN;
    if (send(fd, length, sizeof(length), MSG_MORE) == sizeof(length) &&
        send(fd, q->query, q->n, 0) == (ssize_t)q->n)
        recv(fd, head, sizeof(head), MSG_WAITALL);
    size = (size_t)head[0] << 8 | head[1];
    message = malloc(size + 1);
    if (message && size &&
        recv(fd, message, size, MSG_WAITALL) == (ssize_t)size)
        said = dns_read(message, size, q->query, q->n, answer);
    free(message);
    fd_close(fd);
    return said == -EBADMSG || said == -EMSGSIZE ? -EAGAIN : said;
}

static void ask(const ip_addr_t *server, struct question *q, unsigned count,
                struct dns_answer *answer)
{
    ask_udp(server, q, count, answer);
    for (unsigned i = 0; i < count; i++)
        if (q[i].said == -EMSGSIZE)
            q[i].said = ask_tcp(server, &q[i], answer);
}

/* At boot the addresses of servers have yet to come. */
static bool wait_server(void)
{
    ip_addr_t server;

    if (net_up())
        return false;
    while (!nameserver_get(0, &server))
        if (!net_await_settling())
            return false;
    return true;
}

/* Ask one server after the other until one knows something of the name.  What
 * it does not say of it (an address of the other kind) nobody will be asked
 * for. */
static int ask_all(struct question *q, unsigned count,
                   struct dns_answer *answer)
{
    ip_addr_t server;

    if (!wait_server())
        return EAI_AGAIN;
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned n = 0; nameserver_get(n, &server); n++) {
            ask(&server, q, count, answer);
            if (any_said(q, count, 0))
                return 0;
            if (any_said(q, count, -ENOENT))
                return EAI_NONAME;
            if (!any_said(q, count, -EAGAIN))
                return EAI_NODATA;
        }
    return EAI_AGAIN;
}

static bool prepare(struct question *q, const char *name, enum dns_type type)
{
    q->n = dns_question(q->query, (uint16_t)random_u32(), name, type);
    q->said = -EAGAIN;
    return q->n > 0;
}

int dns_lookup(const char *name, bool v4, bool v6, struct dns_answer *answer)
{
    struct question q[2];
    unsigned count = 0;

    if ((v6 && !prepare(&q[count++], name, DNS_AAAA)) ||
        (v4 && !prepare(&q[count++], name, DNS_A)))
        return EAI_NONAME;
    answer->count = 0;
    return ask_all(q, count, answer);
}

int dns_name_of(const struct in6_addr *addr, char name[DNS_NAME_SIZE])
{
    struct dns_answer answer = {0};
    struct question q;
    int err;

    dns_reverse_name(addr, answer.name);
    prepare(&q, answer.name, DNS_PTR);
    err = ask_all(&q, 1, &answer);
    if (!err)
        memcpy(name, answer.name, DNS_NAME_SIZE);
    return err;
}
