/* dnsd.c: a name server: see dnsd.h. */

#include "test/fake/dnsd.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <lwip/ip_addr.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/dns_message.h"
#include "net/nameserver.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/start.h"

unsigned dnsd_asked;
const char *dnsd_hosts;

/* ---- the ramdisk ---- */

const void *start_ramdisk(size_t *size)
{
    *size = 0;
    return dnsd_hosts;
}

static int file_map(struct file *f, off_t offset, size_t n, const void **data)
{
    (void)f;
    (void)n;
    *data = dnsd_hosts + offset;
    return 0;
}

static int file_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_size = (off_t)strlen(dnsd_hosts);
    return 0;
}

static const struct file_ops file_ops = {.map = file_map, .stat = file_stat};
static struct file hosts_file;

int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...)
{
    cr_assert_str_eq(path, "/etc/hosts");
    file_init(&hosts_file, &file_ops, flags);
    return fd_open(&hosts_file);
}

/* ---- the server ---- */

static uint8_t message[600];
static size_t size;

static void put_record(uint8_t type, const void *data, uint8_t n)
{
    const uint8_t head[] = {0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, n};

    memcpy(message + size, head, sizeof(head));
    memcpy(message + size + sizeof(head), data, n);
    size += sizeof(head) + n;
    message[7]++;
}

static bool is_for(const char *label)
{
    return memcmp(message + 13, label, strlen(label)) == 0;
}

/* What a name has beside an error: an IPv4 address, unless it begins with
 * "six"; an IPv6 one if it begins with that or with "both". */
static void put_records(uint8_t type)
{
    if (type == DNS_A && !is_for("six"))
        put_record(DNS_A, "\xc0\x00\x02\x01", 4);
    if (type == DNS_A && is_for("two"))
        put_record(DNS_A, "\xc0\x00\x02\x02", 4);
    if (type == DNS_AAAA && (is_for("six") || is_for("both")))
        put_record(DNS_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    if (type == DNS_PTR && is_for("7\1\x32"))
        put_record(DNS_PTR, "\5seven\4test", 12);
    if (type == DNS_PTR && is_for("6\1\x30"))
        put_record(DNS_PTR, "\3six\4test", 10);
}

/* Make the answer of the question in message; false: there is none. */
static bool make_answer(bool udp)
{
    const uint8_t type = message[size - 3];

    message[2] = 0x81;
    message[3] = 0x80;
    if (is_for("silent") || (is_for("half") && type == DNS_AAAA))
        return false;
    if (is_for("none"))
        message[3] |= 3;
    else if (is_for("broken") || (is_for("lame") && type == DNS_AAAA))
        message[3] |= 2;
    else if (is_for("large") && type == DNS_A && udp)
        message[2] |= 2;
    else if (!is_for("empty"))
        put_records(type);
    return true;
}

/* Before the right answer. */
static void tell_lies(int fd, const struct sockaddr *to, socklen_t len)
{
    const uint8_t right = message[0];

    sendto(fd, "", 0, 0, to, len);
    sendto(fd, message, 11, 0, to, len);
    message[0] ^= 1;
    sendto(fd, message, size, 0, to, len);
    message[0] = right;
    sendto(fd, message, size - 1, 0, to, len);
}

static void serve_udp(void *arg)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(53)};
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 from;
    struct sockaddr *to = (struct sockaddr *)&from;

    (void)arg;
    cr_assert_eq(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    for (;;) {
        socklen_t len = sizeof(from);

        size = (size_t)recvfrom(fd, message, 512, 0, to, &len);
        if (size == 4)
            break;
        dnsd_asked++;
        if (!make_answer(true))
            continue;
        if (is_for("lies"))
            tell_lies(fd, to, len);
        sendto(fd, message, size, 0, to, len);
    }
    fd_close(fd);
}

static void answer_tcp(int fd)
{
    uint8_t head[2];

    if (recv(fd, head, 2, MSG_WAITALL) != 2)
        return;
    size = (size_t)head[0] << 8 | head[1];
    if (recv(fd, message, size, MSG_WAITALL) != (ssize_t)size)
        return;
    make_answer(false);
    send(fd, (uint8_t[]){0, (uint8_t)size}, 2, 0);
    send(fd, message, size, 0);
}

static int tcp;

static void serve_tcp(void *arg)
{
    int fd;

    (void)arg;
    while ((fd = accept(tcp, NULL, NULL)) >= 0 || errno != EBADF)
        if (fd >= 0) {
            answer_tcp(fd);
            fd_close(fd);
        }
}

void dnsd_known(unsigned n, const char *addr)
{
    ip_addr_t ip = IPADDR4_INIT(0);

    if (inet_pton(AF_INET, addr, &ip_2_ip4(&ip)->addr) != 1) {
        IP_SET_TYPE_VAL(ip, IPADDR_TYPE_V6);
        cr_assert_eq(inet_pton(AF_INET6, addr, ip_2_ip6(&ip)->addr), 1);
    }
    nameserver_set(n, &ip);
}

void dnsd_start(void)
{
    dnsd_known(1, PEER);
    thread_create("dns", serve_udp, NULL);
    nap(FAKE_SECOND);
}

void dnsd_start_tcp(void)
{
    tcp = listener(53, 1);
    thread_create("tcp", serve_tcp, NULL);
}

void dnsd_stop_tcp(void)
{
    fd_close(tcp);
    nap(FAKE_SECOND);
}

void dnsd_stop(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    send_to(fd, "quit", 4, PEER, 53);
    fd_close(fd);
    nap(FAKE_SECOND);
}

/* ---- who asks ---- */

const char *found_as(const char *name, int family, int flags)
{
    const struct addrinfo hints = {
        .ai_flags = flags, .ai_family = family, .ai_socktype = SOCK_STREAM};
    static char text[512];
    struct addrinfo *list;
    const int err = getaddrinfo(name, "80", &hints, &list);

    text[0] = '\0';
    if (err) {
        cr_assert_null(list);
        return gai_strerror(err);
    }
    for (struct addrinfo *i = list; i; i = i->ai_next) {
        const bool v6 = i->ai_family == AF_INET6;
        const struct sockaddr_in *in = (const void *)i->ai_addr;
        const struct sockaddr_in6 *in6 = (const void *)i->ai_addr;
        char addr[INET6_ADDRSTRLEN];

        cr_assert_eq(i->ai_addrlen, v6 ? sizeof(*in6) : sizeof(*in));
        cr_assert_eq(in->sin_family, i->ai_family);
        cr_assert_eq(in->sin_port, htons(80));
        cr_assert_eq(i->ai_protocol, IPPROTO_TCP);
        inet_ntop(i->ai_family,
                  v6 ? (const void *)&in6->sin6_addr : &in->sin_addr, addr,
                  sizeof(addr));
        strcat(text, *text ? " " : "");
        strcat(text, addr);
        if (v6 && in6->sin6_scope_id)
            sprintf(text + strlen(text), "%%%u", in6->sin6_scope_id);
    }
    freeaddrinfo(list);
    return text;
}

const char *found(const char *name)
{
    return found_as(name, AF_UNSPEC, 0);
}
