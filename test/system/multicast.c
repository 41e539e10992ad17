/* multicast.c: is in two groups until a datagram says "leave", answers each
 * datagram that comes, and tells a third group about it: multicast.py. */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/system/verdict.h"

#define PORT   4600
#define VIF0   2 /* its number as an interface */
#define GROUP  "239.192.2.1"
#define GROUP6 "ff12::4d01"
#define NEWS   "239.192.2.2"
#define NEWS6  "ff12::4d02"

static int fd;

static void belong(int name, int name6)
{
    struct ip_mreqn v4 = {.imr_ifindex = VIF0};
    struct ipv6_mreq v6 = {.ipv6mr_interface = VIF0};

    inet_pton(AF_INET, GROUP, &v4.imr_multiaddr);
    inet_pton(AF_INET6, GROUP6, &v6.ipv6mr_multiaddr);
    CHECK(setsockopt(fd, IPPROTO_IP, name, &v4, sizeof(v4)) == 0);
    CHECK(setsockopt(fd, IPPROTO_IPV6, name6, &v6, sizeof(v6)) == 0);
}

static void tell(const char *group, const char *text)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = htons(PORT)};

    inet_pton(AF_INET6, group, &to.sin6_addr);
    CHECK(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to,
                 sizeof(to)) == (ssize_t)strlen(text));
}

int main(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(PORT)};
    char text[16] = "";

    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK(bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0);
    belong(IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
    printf("ready\n");
    while (strcmp(text, "end") != 0) {
        struct sockaddr_in6 from;
        socklen_t len = sizeof(from);
        const ssize_t n = recvfrom(fd, text, sizeof(text) - 1, 0,
                                   (struct sockaddr *)&from, &len);

        CHECK(n >= 0);
        text[n] = '\0';
        if (strcmp(text, "leave") == 0)
            belong(IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
        CHECK(sendto(fd, text, (size_t)n, 0, (struct sockaddr *)&from, len) ==
              n);
        tell("::ffff:" NEWS, text);
        tell(NEWS6, text);
    }
    return pass();
}
