/* multicast.c: groups of datagram sockets, by the loopback interface, over
 * which Linux sends to those of IPv4 only: behave.h. */

#include "test/system/behave/behave.h"

#define GROUP  0xefc00201 /* 239.192.2.1 */
#define LO     1          /* everywhere */
#define GROUP6 "ff12::4d01"

static struct ip_mreq request4(uint32_t group, uint32_t interface)
{
    return (struct ip_mreq){.imr_multiaddr.s_addr = htonl(group),
                            .imr_interface.s_addr = htonl(interface)};
}

static struct ipv6_mreq request6(const char *group, unsigned index)
{
    return (struct ipv6_mreq){.ipv6mr_multiaddr =
                                  name_of(group, 0).in6.sin6_addr,
                              .ipv6mr_interface = index};
}

static void options(const char *what, int fd, int level, int name,
                    const int values[4])
{
    char line[64];
    int value = -1;
    socklen_t len = sizeof(value);
    int result = getsockopt(fd, level, name, &value, &len);

    tell(what, result ? result : value);
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof(line), "%s set %d", what, values[i]);
        result = setsockopt(fd, level, name, &values[i], sizeof(values[i]));
        if (!result)
            result = getsockopt(fd, level, name, &value, &len);
        tell(line, result ? result : value);
    }
}

static void options4(void)
{
    static const int ttls[] = {0, 255, 256, -1}, loops[] = {0, 1, 7, -1};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const struct in_addr lo = {htonl(INADDR_LOOPBACK)},
                         none = {htonl(0xc0000201)}, any = {0};
    const unsigned char byte = 5;
    struct in_addr got = {1};
    socklen_t len = sizeof(got);
    int value = -1;
    socklen_t size = sizeof(value);

    options("IP_MULTICAST_TTL", fd, IPPROTO_IP, IP_MULTICAST_TTL, ttls);
    options("IP_MULTICAST_LOOP", fd, IPPROTO_IP, IP_MULTICAST_LOOP, loops);
    tell("IP_MULTICAST_TTL of a byte",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &byte, 1));
    getsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &value, &size);
    tell("IP_MULTICAST_TTL then", value);
    tell("IP_MULTICAST_TTL of nothing",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &byte, 0));
    tell("IP_MULTICAST_IF",
         getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &got, &len));
    tell("IP_MULTICAST_IF at first", got.s_addr);
    tell("IP_MULTICAST_IF set",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
    getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &got, &len);
    tell("IP_MULTICAST_IF then", got.s_addr == lo.s_addr);
    tell("IP_MULTICAST_IF of a foreign address",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &none, sizeof(none)));
    tell("IP_MULTICAST_IF too short",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, 3));
    tell("IP_MULTICAST_IF taken back",
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &any, sizeof(any)));
    getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &got, &len);
    tell("IP_MULTICAST_IF at last", got.s_addr);
    close(fd);
}

static void options6(void)
{
    static const int hops[] = {0, 255, 256, -1}, loops[] = {0, 1, 7, -1};
    static const int netifs[] = {LO, 99, -1, 0};
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    const unsigned char byte = 5;

    options("IPV6_MULTICAST_HOPS", fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
    options("IPV6_MULTICAST_LOOP", fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP,
            loops);
    options("IPV6_MULTICAST_IF", fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, netifs);
    tell("IPV6_MULTICAST_HOPS of a byte",
         setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &byte, 1));
    close(fd);
}

/* Everything about being in groups, of IPv4. */
static void groups4(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const struct ip_mreq group = request4(GROUP, INADDR_LOOPBACK),
                         unicast = request4(0x0a000001, INADDR_LOOPBACK),
                         foreign = request4(GROUP, 0xc0000201),
                         any = request4(GROUP, INADDR_ANY),
                         everyone =
                             request4(INADDR_ALLHOSTS_GROUP, INADDR_LOOPBACK);
    struct ip_mreqn by_index = {.imr_multiaddr = group.imr_multiaddr,
                                .imr_ifindex = 99};

#define SET(name, request, size)                                               \
    setsockopt(fd, IPPROTO_IP, name, &(request), (socklen_t)(size))
    tell("join", SET(IP_ADD_MEMBERSHIP, group, sizeof(group)));
    tell("join again", SET(IP_ADD_MEMBERSHIP, group, sizeof(group)));
    tell("join too short", SET(IP_ADD_MEMBERSHIP, group, 7));
    tell("join no group", SET(IP_ADD_MEMBERSHIP, unicast, sizeof(unicast)));
    tell("join by a foreign address",
         SET(IP_ADD_MEMBERSHIP, foreign, sizeof(foreign)));
    tell("join by no interface",
         SET(IP_ADD_MEMBERSHIP, by_index, sizeof(by_index)));
    by_index.imr_ifindex = LO;
    tell("join again by number",
         SET(IP_ADD_MEMBERSHIP, by_index, sizeof(by_index)));
    tell("join everyone", SET(IP_ADD_MEMBERSHIP, everyone, sizeof(everyone)));
    tell("leave everyone", SET(IP_DROP_MEMBERSHIP, everyone, sizeof(everyone)));
    tell("leave everyone again",
         SET(IP_DROP_MEMBERSHIP, everyone, sizeof(everyone)));
    tell("leave too short", SET(IP_DROP_MEMBERSHIP, group, 7));
    tell("leave no group", SET(IP_DROP_MEMBERSHIP, unicast, sizeof(unicast)));
    tell("leave", SET(IP_DROP_MEMBERSHIP, any, sizeof(any)));
    tell("leave again", SET(IP_DROP_MEMBERSHIP, group, sizeof(group)));
    for (uint32_t n = 0; n < 20; n++) {
        const struct ip_mreq more = request4(GROUP + n, INADDR_LOOPBACK);

        SET(IP_ADD_MEMBERSHIP, more, sizeof(more));
    }
#undef SET
    close(fd);
}

static void groups6(void)
{
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0),
              old = socket(AF_INET, SOCK_DGRAM, 0);
    const struct ipv6_mreq group = request6(GROUP6, LO),
                           unicast = request6("2001:db8::1", LO),
                           foreign = request6(GROUP6, 99),
                           any = request6(GROUP6, 0);
    const struct ip_mreq old_group = request4(GROUP, INADDR_LOOPBACK);

#define SET(name, request, size)                                               \
    setsockopt(fd, IPPROTO_IPV6, name, &(request), (socklen_t)(size))
    tell("join", SET(IPV6_JOIN_GROUP, group, sizeof(group)));
    tell("join again", SET(IPV6_JOIN_GROUP, group, sizeof(group)));
    tell("join too short", SET(IPV6_JOIN_GROUP, group, 19));
    tell("join no group", SET(IPV6_JOIN_GROUP, unicast, sizeof(unicast)));
    tell("join by no interface",
         SET(IPV6_JOIN_GROUP, foreign, sizeof(foreign)));
    tell("leave", SET(IPV6_LEAVE_GROUP, any, sizeof(any)));
    tell("leave again", SET(IPV6_LEAVE_GROUP, group, sizeof(group)));
    tell("leave no group", SET(IPV6_LEAVE_GROUP, unicast, sizeof(unicast)));
    tell("join of IPv4", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP,
                                    &old_group, sizeof(old_group)));
    tell("join of an IPv4 socket",
         setsockopt(old, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)));
#undef SET
    close(fd);
    close(old);
}

/* Two receivers at one port, of which one joins, then neither. */
static void sending(const char *label, int sender, struct name to,
                    const int fds[2])
{
    char line[64], byte[8];

    for (int i = 0; i < 3; i++) {
        snprintf(line, sizeof(line), "%s %d send", label, i);
        tell(line, sendto(sender, "hello", 5, 0, &to.any, to.len));
        for (int k = 0; k < 2; k++) {
            await(fds[k], POLLIN);
            snprintf(line, sizeof(line), "%s %d to %d", label, i, k);
            tell(line, recv(fds[k], byte, sizeof(byte), MSG_DONTWAIT));
        }
    }
}

static int receiver(struct name at)
{
    const int fd = socket(at.any.sa_family, SOCK_DGRAM, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    tell("receiver bind", bind(fd, &at.any, at.len));
    return fd;
}

static void traffic4(void)
{
    const struct in_addr lo = {htonl(INADDR_LOOPBACK)};
    const struct ip_mreq group = request4(GROUP, INADDR_LOOPBACK);
    const int sender = socket(AF_INET, SOCK_DGRAM, 0), off = 0;
    const int first = receiver(name_of("0.0.0.0", 0)), port = port_of(first);
    const int fds[] = {first, receiver(name_of("0.0.0.0", port))};
    const int bound = receiver(name_of("239.192.2.1", 0));
    struct name from = blank(), to = name_of("239.192.2.1", port);

    setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo));
    setsockopt(fds[0], IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
    sending("member", sender, to, fds);
    setsockopt(sender, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
    sending("no loop", sender, to, fds);
    tell("connect", connect(sender, &to.any, to.len));
    getsockname(sender, &from.any, &from.len);
    tell("sends from", is_loopback(&from));
    setsockopt(fds[0], IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group));
    close(sender);
    close(fds[0]);
    close(fds[1]);
    getsockname(bound, &from.any, &from.len);
    tell("bound to", from.in.sin_addr.s_addr == to.in.sin_addr.s_addr);
    close(bound);
}

void behave_multicast4(void)
{
    be(&v4);
    options4();
    groups4();
    traffic4();
}

void behave_multicast6(void)
{
    be(&v6);
    options6();
    groups6();
}
