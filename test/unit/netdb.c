#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
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
#include "xen/clock.h"
#include "xen/start.h"

/* ---- the ramdisk ---- */

static const char *hosts; /* NULL: there is none */

const void *start_ramdisk(size_t *size)
{
    *size = 0;
    return hosts;
}

static int file_map(struct file *f, off_t offset, size_t n, const void **data)
{
    (void)f;
    (void)n;
    *data = hosts + offset;
    return 0;
}

static int file_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_size = (off_t)strlen(hosts);
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

/* ---- a name server, which the stack finds at PEER through the mirror ---- */

static uint8_t message[600];
static size_t size;
static unsigned asked; /* questions that came */

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

/* Make the answer of the question in message; false: there is none. */
static bool make_answer(bool udp)
{
    message[2] = 0x81;
    message[3] = 0x80;
    if (is_for("silent"))
        return false;
    if (is_for("none"))
        message[3] |= 3;
    else if (is_for("broken"))
        message[3] |= 2;
    else if (is_for("large") && udp)
        message[2] |= 2;
    else if (!is_for("empty"))
        put_record(DNS_A, "\xc0\x00\x02\x01", 4);
    if (is_for("two"))
        put_record(DNS_A, "\xc0\x00\x02\x02", 4);
    return true;
}

/* Before the right answer. */
static void tell_lies(int fd, const struct sockaddr *to)
{
    const uint8_t right = message[0];

    sendto(fd, "", 0, 0, to, sizeof(struct sockaddr_in));
    sendto(fd, message, 11, 0, to, sizeof(struct sockaddr_in));
    message[0] ^= 1;
    sendto(fd, message, size, 0, to, sizeof(struct sockaddr_in));
    message[0] = right;
    sendto(fd, message, size - 1, 0, to, sizeof(struct sockaddr_in));
}

static void serve_udp(void *arg)
{
    const int fd = bound(53);
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    (void)arg;
    for (;;) {
        struct sockaddr *to = (struct sockaddr *)&from;

        size = (size_t)recvfrom(fd, message, 512, 0, to, &len);
        if (size == 4)
            break;
        asked++;
        if (!make_answer(true))
            continue;
        if (is_for("lies"))
            tell_lies(fd, to);
        sendto(fd, message, size, 0, to, len);
    }
    fd_close(fd);
}

static void serve_tcp(void *arg)
{
    const int l = listener(53, 1), fd = accept(l, NULL, NULL);
    uint8_t head[2];

    (void)arg;
    if (recv(fd, head, 2, MSG_WAITALL) == 2) {
        size = (size_t)head[0] << 8 | head[1];
        cr_assert_eq(recv(fd, message, size, MSG_WAITALL), size);
        make_answer(false);
        send(fd, (uint8_t[]){0, (uint8_t)size}, 2, 0);
        send(fd, message, size, 0);
    }
    fd_close(fd);
    fd_close(l);
}

static void set_server(unsigned n, const char *addr)
{
    ip_addr_t ip;

    cr_assert_eq(inet_pton(AF_INET, addr, &ip_2_ip4(&ip)->addr), 1);
    nameserver_set(n, &ip);
}

static void start_server(void)
{
    set_server(1, PEER);
    thread_create("dns", serve_udp, NULL);
    nap(FAKE_SECOND);
}

static void stop_server(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    send_to(fd, "quit", 4, PEER, 53);
    fd_close(fd);
    nap(FAKE_SECOND);
}

/* The addresses of a name as text, or the error. */
static const char *found(const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    static char text[512];
    struct addrinfo *list;
    const int err = getaddrinfo(name, "80", &hints, &list);

    text[0] = '\0';
    if (err) {
        cr_assert_null(list);
        return gai_strerror(err);
    }
    for (struct addrinfo *i = list; i; i = i->ai_next) {
        const struct sockaddr_in *in = (const void *)i->ai_addr;

        cr_assert_eq(i->ai_addrlen, sizeof(*in));
        cr_assert_eq(in->sin_port, htons(80));
        cr_assert_eq(i->ai_protocol, IPPROTO_TCP);
        strcat(text, *text ? " " : "");
        strcat(text, inet_ntoa(in->sin_addr));
    }
    freeaddrinfo(list);
    return text;
}

static void asking(void)
{
    start_server();
    cr_expect_str_eq(found("one.test"), "192.0.2.1");
    cr_expect_str_eq(found("two.test"), "192.0.2.1 192.0.2.2");
    cr_expect_str_eq(found("none.test"), gai_strerror(EAI_NONAME));
    cr_expect_str_eq(found("empty.test"), gai_strerror(EAI_NODATA));
    cr_expect_str_eq(found("lies.test"), "192.0.2.1");
    asked = 0;
    cr_expect_str_eq(found("broken.test"), gai_strerror(EAI_AGAIN));
    cr_expect_eq(asked, 2, "twice, at once");
    cr_expect_str_eq(found("bad name"), gai_strerror(EAI_NONAME));
    cr_expect_eq(asked, 2, "what is no name is not asked for");
    stop_server();
}

Test(netdb, asks_a_name_server)
{
    cr_assert(world(asking));
}

static void silence(void)
{
    uint64_t before = fake_now;

    cr_expect_str_eq(found("no.server"), gai_strerror(EAI_AGAIN));
    start_server();
    before = fake_now;
    cr_expect_str_eq(found("silent.test"), gai_strerror(EAI_AGAIN));
    cr_expect_leq(fake_now - before, 8 * FAKE_SECOND);
    set_server(0, "10.0.0.77"); /* nobody is there */
    cr_expect_str_eq(found("one.test"), "192.0.2.1");
    stop_server();
    set_server(0, HERE);
    set_server(1, "127.0.0.1");
    before = fake_now;
    cr_expect_str_eq(found("refused.test"), gai_strerror(EAI_AGAIN));
    cr_expect_lt(fake_now - before, FAKE_SECOND,
                 "a closed port is no reason to wait");
}

Test(netdb, does_not_wait_for_ever)
{
    cr_assert(world(silence));
}

static void large(void)
{
    thread_create("tcp", serve_tcp, NULL);
    start_server();
    cr_expect_str_eq(found("large.test"), "192.0.2.1");
    cr_expect_str_eq(found("large.test"), gai_strerror(EAI_AGAIN),
                     "nobody listens any more");
    stop_server();
}

Test(netdb, asks_again_by_tcp_when_an_answer_is_cut)
{
    cr_assert(world(large));
}

static void from_file(void)
{
    start_server();
    hosts = "# comment\n192.0.2.7 seven.test Seven\t# seven.not\n"
            "bad line\n\n  192.0.2.8\tSEVEN  \r\n192.0.2.9 one.test";
    asked = 0;
    cr_expect_str_eq(found("SEVEN"), "192.0.2.7 192.0.2.8");
    cr_expect_str_eq(found("one.test"), "192.0.2.9");
    cr_expect_str_eq(found("localhost"), "127.0.0.1");
    cr_expect_str_eq(found("192.0.2.200"), "192.0.2.200");
    cr_expect_eq(asked, 0);
    cr_expect_str_eq(found("seven"), "192.0.2.7 192.0.2.8");
    cr_expect_str_eq(found("none.not"), gai_strerror(EAI_NONAME));
    cr_expect_eq(asked, 1, "what is not in the file is asked for");
    stop_server();
}

Test(netdb, looks_into_the_ramdisk_first)
{
    cr_assert(world(from_file));
}

static int look(const char *name, const char *service, int flags, int family,
                int type, int protocol)
{
    const struct addrinfo hints = {.ai_flags = flags,
                                   .ai_family = family,
                                   .ai_socktype = type,
                                   .ai_protocol = protocol};
    struct addrinfo *list = NULL;
    int err = getaddrinfo(name, service, &hints, &list);

    while (list) {
        struct addrinfo *next = list->ai_next;

        list->ai_next = NULL;
        freeaddrinfo(list);
        list = next;
        err++;
    }
    return err;
}

/* How many results, or the error. */
static void hints(void)
{
    const char *addr = "192.0.2.1";

    cr_expect_eq(look(NULL, NULL, 0, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, NULL, 0x8000, 0, 0, 0), EAI_BADFLAGS);
    cr_expect_eq(look(NULL, "1", AI_CANONNAME, 0, 0, 0), EAI_BADFLAGS);
    cr_expect_eq(look(addr, NULL, 0, 77, 0, 0), EAI_FAMILY);
    cr_expect_eq(look(addr, NULL, 0, 0, 77, 0), EAI_SOCKTYPE);
    cr_expect_eq(look(addr, NULL, 0, 0, SOCK_STREAM, IPPROTO_UDP),
                 EAI_SOCKTYPE);
    cr_expect_eq(look(addr, "nonsense", 0, 0, 0, 0), EAI_SERVICE);
    cr_expect_eq(look(addr, "65536", 0, 0, 0, 0), EAI_SERVICE);
    cr_expect_eq(look(addr, "http", AI_NUMERICSERV, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, "http", 0, 0, SOCK_DGRAM, 0), EAI_SERVICE);
    cr_expect_eq(look("a.name", NULL, AI_NUMERICHOST, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, "http", 0, 0, 0, 0), 1);
    cr_expect_eq(look(addr, "domain", 0, AF_INET, 0, 0), 2);
    cr_expect_eq(look(NULL, "0", AI_PASSIVE, 0, 0, IPPROTO_UDP), 1);
    mallocs_left = 1;
    cr_expect_eq(look(addr, "domain", 0, AF_INET, 0, 0), EAI_MEMORY);
    mallocs_left = SIZE_MAX;
}

Test(netdb, does_what_the_hints_say)
{
    cr_assert(world(hints));
}

static void no_names(void)
{
    const struct addrinfo passive = {.ai_flags = AI_PASSIVE};
    const struct addrinfo canonical = {.ai_flags = AI_CANONNAME};
    struct addrinfo *list;

    cr_assert_eq(getaddrinfo(NULL, "7", &passive, &list), 0);
    cr_expect_eq(((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr,
                 INADDR_ANY);
    freeaddrinfo(list);
    cr_assert_eq(getaddrinfo(NULL, "7", NULL, &list), 0);
    cr_expect_eq(((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr,
                 htonl(INADDR_LOOPBACK));
    freeaddrinfo(list);
    hosts = "192.0.2.7 seven.test seven";
    cr_assert_eq(getaddrinfo("seven", "7", &canonical, &list), 0);
    cr_expect_str_eq(list->ai_canonname, "seven.test");
    cr_expect_null(list->ai_next->ai_canonname, "the first has it");
    freeaddrinfo(list);
}

Test(netdb, knows_this_host_and_true_names)
{
    cr_assert(world(no_names));
}

static void back(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons(80),
                             .sin_addr.s_addr = inet_addr("192.0.2.7")};
    const struct sockaddr *addr = (const struct sockaddr *)&in;
    char name[64], service[8];

#define INFO(flags)                                                            \
    getnameinfo(addr, sizeof(in), name, sizeof(name), service,                 \
                sizeof(service), flags)
    cr_expect_eq(INFO(0), 0);
    cr_expect_str_eq(name, "192.0.2.7");
    cr_expect_str_eq(service, "http");
    cr_expect_eq(INFO(NI_NAMEREQD), EAI_NONAME);
    hosts = "192.0.2.7 seven.test";
    cr_expect_eq(INFO(NI_NUMERICSERV), 0);
    cr_expect_str_eq(name, "seven.test");
    cr_expect_str_eq(service, "80");
    cr_expect_eq(INFO(NI_NOFQDN | NI_DGRAM), 0);
    cr_expect_str_eq(name, "seven");
    cr_expect_str_eq(service, "80", "by UDP it is nobody's");
    cr_expect_eq(INFO(NI_NUMERICHOST), 0);
    cr_expect_str_eq(name, "192.0.2.7");
    cr_expect_eq(INFO(0x4000), EAI_BADFLAGS);
    cr_expect_eq(getnameinfo(addr, 8, name, 9, NULL, 0, 0), EAI_FAMILY);
    cr_expect_eq(getnameinfo(addr, sizeof(in), NULL, 0, NULL, 0, 0),
                 EAI_NONAME);
    cr_expect_eq(getnameinfo(addr, sizeof(in), name, 10, NULL, 0, 0),
                 EAI_OVERFLOW);
    cr_expect_eq(getnameinfo(addr, sizeof(in), NULL, 0, service, 4, 0),
                 EAI_OVERFLOW);
    in.sin_family = AF_UNSPEC;
    cr_expect_eq(INFO(0), EAI_FAMILY);
#undef INFO
}

Test(netdb, tells_the_name_of_an_address)
{
    cr_assert(world(back));
}

Test(netdb, has_a_text_for_every_error)
{
    for (int e = EAI_OVERFLOW; e <= 0; e++)
        cr_expect(strlen(gai_strerror(e)) > 4);
    cr_expect_str_eq(gai_strerror(1), "Unknown error");
    cr_expect_str_eq(gai_strerror(-9), "Unknown error");
    cr_expect_str_eq(gai_strerror(-99), "Unknown error");
}
