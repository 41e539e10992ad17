/* ping.c: what ping sockets do: behave.h.  Linux wants to be allowed to have
 * them: sysctl net.ipv4.ping_group_range. */

#include "test/system/behave/behave.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

static struct sockaddr_in here(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_here(int fd)
{
    const struct sockaddr_in in = here(0);

    return connect(fd, (const struct sockaddr *)&in, sizeof(in));
}

struct message {
    struct icmphdr header;
    char text[8];
};

static struct message request(const char *text)
{
    struct message m = {
        .header = {.type = ICMP_ECHO, .un.echo = {.id = 7, .sequence = 9}}};

    memcpy(m.text, text, strnlen(text, sizeof(m.text)));
    return m;
}

static int new_ping(int family)
{
    const struct timeval time = {.tv_sec = PATIENCE / 1000};
    const int fd = socket(family, SOCK_DGRAM,
                          family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    return fd;
}

static void making(void)
{
    static const struct {
        const char *name;
        int family, type, protocol;
    } cases[] = {
        {"ping socket", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
        {"ping socket of a stream", AF_INET, SOCK_STREAM, IPPROTO_ICMP},
        {"ping socket of ICMPv6", AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const int fd =
            socket(cases[i].family, cases[i].type, cases[i].protocol);

        tell(cases[i].name, fd < 0 ? fd : 0);
        if (fd >= 0)
            close(fd);
    }
}

#define SEND(data, size)                                                       \
    sendto(fd, data, size, 0, (const struct sockaddr *)&to, sizeof(to))

static void refusing(void)
{
    static char large[65536] = {ICMP_ECHO};
    struct sockaddr_in to = here(0);
    const int fd = new_ping(AF_INET);
    struct message m = request("");
    char byte;

    tell("ping of no header", SEND(&m, 7));
    m.header.type = ICMP_ECHOREPLY;
    tell("ping of a reply", SEND(&m, sizeof(m)));
    m.header.type = 77;
    tell("ping of an unknown type", SEND(&m, sizeof(m)));
    m = request("");
    m.header.code = 1;
    tell("ping of an unknown code", SEND(&m, sizeof(m)));
    tell("ping too much", SEND(large, 65516));
    tell("ping much too much", SEND(large, 65536));
    tell("ping to nobody", send(fd, large, 8, 0));
    tell("ping sendto too short",
         sendto(fd, large, 8, 0, (const struct sockaddr *)&to, 8));
    to.sin_family = 77;
    tell("ping to an unknown family", SEND(large, 8));
    tell("ping recv nothing now", recv(fd, &byte, 1, MSG_DONTWAIT));
    tell("ping listen", listen(fd, 1));
    tell("ping accept", accept(fd, NULL, NULL));
    tell("ping shutdown alone", shutdown(fd, SHUT_WR));
    close(fd);
}

static void answering(void)
{
    const struct sockaddr_in to = here(99); /* which means nothing */
    const int fd = new_ping(AF_INET);
    const struct message m = request("hello");
    struct message got = {0};
    struct sockaddr_in in = {.sin_port = 1};
    socklen_t len = sizeof(in);
    int n = -1;

    tell_ready("ping new", fd, POLLOUT);
    tell("ping a host", SEND(&m, sizeof(m)));
    tell("ping has a port", port_of(fd) != 0);
    tell_ready("ping answered", fd, POLLIN);
    ioctl(fd, FIONREAD, &n);
    tell("ping FIONREAD", n);
    tell("ping peek", recv(fd, &got, 4, MSG_PEEK | MSG_TRUNC));
    tell("ping recvfrom",
         recvfrom(fd, &got, sizeof(got), 0, (struct sockaddr *)&in, &len));
    tell("ping reply type", got.header.type);
    tell("ping reply code", got.header.code);
    tell("ping reply id", ntohs(got.header.un.echo.id) == port_of(fd));
    tell("ping reply sequence", got.header.un.echo.sequence);
    tell_bytes("ping reply", got.text, 5);
    tell("ping from length", (long)len);
    tell("ping from family", in.sin_family);
    tell("ping from here", in.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    tell("ping from port", in.sin_port);
    tell("ping once", recv(fd, &got, sizeof(got), MSG_DONTWAIT));
    tell("ping nothing but a header", SEND(&m, 8));
    tell("ping answer to it", recv(fd, &got, sizeof(got), 0));
    close(fd);
}
#undef SEND

static void naming(void)
{
    const struct sockaddr_in own = here(4711);
    struct sockaddr_in foreign = own, in;
    const int fd = new_ping(AF_INET), other = new_ping(AF_INET),
              rival = new_ping(AF_INET);
    const struct message m = request("there");
    struct message got = {0};
    socklen_t len = sizeof(in);

    foreign.sin_addr.s_addr = htonl(0xc0000201);
#define BIND(fd, to) bind(fd, (const struct sockaddr *)&to, sizeof(to))
    tell("ping bind", BIND(fd, own));
    tell("ping bind's port", port_of(fd));
    tell("ping bind again", BIND(fd, own));
    tell("ping bind in use", BIND(rival, own));
    close(rival); /* which on Linux would take the answers */
    tell("ping bind to a foreign address", BIND(other, foreign));
    tell("ping getpeername alone",
         getpeername(fd, (struct sockaddr *)&in, &len));
    tell("ping connect", connect_here(fd));
    tell("ping send", send(fd, &m, sizeof(m), 0));
    tell("ping write", write(fd, &m, sizeof(m)));
    tell("ping recv", recv(fd, &got, sizeof(got), 0));
    tell("ping reply's id", ntohs(got.header.un.echo.id));
    tell("ping read", read(fd, &got, sizeof(got)));
    tell("ping connect without a port", connect_here(other));
    getsockname(other, (struct sockaddr *)&in, &len);
    tell("ping connect gives an address",
         in.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    tell("ping connect gives a port", in.sin_port != 0);
    tell("ping shutdown", shutdown(fd, SHUT_WR));
    tell("ping when shut", send(fd, &m, sizeof(m), MSG_NOSIGNAL));
#undef BIND
    close(fd);
    close(other);
}

static void options(void)
{
    static const struct {
        const char *name;
        int level, option;
    } cases[] = {{"ping SO_TYPE", SOL_SOCKET, SO_TYPE},
                 {"ping SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL},
                 {"ping SO_DOMAIN", SOL_SOCKET, SO_DOMAIN},
                 {"ping SO_BROADCAST", SOL_SOCKET, SO_BROADCAST},
                 {"ping IP_TTL", IPPROTO_IP, IP_TTL}};
    const int fd = new_ping(AF_INET);

    for (size_t i = 0; i < COUNT(cases); i++) {
        int value = -1;
        socklen_t len = sizeof(value);

        getsockopt(fd, cases[i].level, cases[i].option, &value, &len);
        tell(cases[i].name, value);
    }
    close(fd);
}

static void answering6(void)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6}, in = {.sin6_port = 1};
    const int fd = new_ping(AF_INET6);
    struct icmp6_hdr m = {.icmp6_type = ICMP6_ECHO_REQUEST}, got = {0};
    socklen_t len = sizeof(in);
    char text[INET6_ADDRSTRLEN] = "";

    to.sin6_addr = in6addr_loopback;
#define SEND(to) sendto(fd, &m, sizeof(m), 0, (const struct sockaddr *)&to, len)
    tell("ping6 a host", SEND(to));
    tell("ping6 recvfrom",
         recvfrom(fd, &got, sizeof(got), 0, (struct sockaddr *)&in, &len));
    tell("ping6 reply type", got.icmp6_type);
    tell("ping6 reply id", ntohs(got.icmp6_id) == port_of(fd));
    tell("ping6 from length", (long)len);
    tell_text("ping6 from",
              inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof(text)));
    tell("ping6 from port", in.sin6_port);
    m.icmp6_type = ICMP_ECHO;
    tell("ping6 of ICMP's type", SEND(to));
    m.icmp6_type = ICMP6_ECHO_REQUEST;
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
    tell("ping6 to IPv4", SEND(to));
    inet_pton(AF_INET6, "fe80::1", &to.sin6_addr);
    tell("ping6 without a scope", SEND(to));
#undef SEND
    close(fd);
}

void behave_ping(void)
{
    making();
    refusing();
    answering();
    naming();
    options();
    answering6();
}
