/* flood.c: frames from one network namespace into another, as fast as they
 * leave: only the socket's buffer bounds how many are under way.  An interface
 * has the name of its namespace. */

#include "client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHERTYPE 0x88b5 /* for experiments (IEEE 802): nobody answers */
#define FRAME_MAX 1514
#define BATCH     32
#define STILL     10000000 /* ns without a frame: no more will come */

struct end {
    int fd;
    uint8_t mac[6];
};

/* A socket that sees all such frames of the namespace, and counts them. */
static struct end enter(const char *name)
{
    char path[64];
    struct ifreq ifr = {0};
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETHERTYPE)};
    const int least = 1;
    struct end e;

    snprintf(path, sizeof(path), "/run/netns/%s", name);
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    if (setns(open(path, O_RDONLY), CLONE_NEWNET))
        fail(path);
    e.fd = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE));
    at.sll_ifindex = (int)if_nametoindex(name);
    if (bind(e.fd, (struct sockaddr *)&at, sizeof(at)) ||
        ioctl(e.fd, SIOCGIFHWADDR, &ifr))
        fail(name);
    /* Nobody reads: beyond this they are counted and dropped. */
    setsockopt(e.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
    memcpy(e.mac, ifr.ifr_hwaddr.sa_data, 6);
    return e;
}

/* Frames that have come since the last call, without those sent. */
static size_t arrived(const struct end *e)
{
    struct tpacket_stats stats;
    socklen_t n = sizeof(stats);

    if (getsockopt(e->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n))
        fail("PACKET_STATISTICS");
    return stats.tp_packets;
}

static void address_frame(uint8_t *frame, const struct end *from,
                          const struct end *to)
{
    frame[12] = ETHERTYPE >> 8;
    frame[13] = ETHERTYPE & 0xff;
    memcpy(frame, to->mac, 6);
    memcpy(frame + 6, from->mac, 6);
}

/* The bridges learn where it is: a frame from its side that the other hears. */
static void introduce(const struct end *self, const struct end *other)
{
    uint8_t frame[60] = {0};

    address_frame(frame, self, other);
    for (int tries = 0; arrived(other) == 0; tries++) {
        if (tries == 1000)
            fail("nothing gets through");
        if (send(self->fd, frame, sizeof(frame), 0) < 0)
            fail("send");
        usleep(10000);
    }
}

void flood(const char *from_name, const char *to_name, size_t count,
           size_t size)
{
    static uint8_t frame[FRAME_MAX];
    struct iovec iov = {.iov_base = frame, .iov_len = size};
    struct mmsghdr batch[BATCH] = {0};
    const struct end from = enter(from_name), to = enter(to_name);
    size_t got = 0, more;
    uint64_t start, last;

    for (size_t i = 0; i < BATCH; i++)
        batch[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
    introduce(&to, &from);
    introduce(&from, &to);
    address_frame(frame, &from, &to);
    arrived(&to);
    start = now();
    for (size_t sent = 0; sent < count; sent += BATCH)
        if (sendmmsg(from.fd, batch, BATCH, 0) != BATCH)
            fail("sendmmsg");
    for (last = now(); now() - last < STILL;) {
        usleep(100);
        if ((more = arrived(&to)))
            last = now();
        got += more;
    }
    report(got, last - start);
}
