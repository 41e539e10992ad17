/* packets.c: UDP echo by packets alone, without sockets and without lwIP: each
 * datagram is turned round in the page it came in.  ADDRESS, main's argument,
 * is announced to whoever asks (RFC 826). */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "xen/netfront.h"

enum { ETHERNET = 14, ARP = 28, IP = 20, UDP = 8 }; /* headers' bytes */

static struct net *net;
static uint8_t address[4];

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t kept[6];

    memcpy(kept, a, n);
    memcpy(a, b, n);
    memcpy(b, kept, n);
}

/* A question for our address becomes the answer. */
static bool answer_arp(uint8_t *p)
{
    static const uint8_t question[] = {0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t *arp = p + ETHERNET, *sender = arp + 8, *target = arp + 18;

    if (memcmp(arp, question, sizeof(question)) != 0 ||
        memcmp(target + 6, address, 4) != 0)
        return false;
    arp[7] = 2;
    memcpy(target, sender, 10);
    memcpy(sender, net_mac(net), 6);
    memcpy(sender + 6, address, 4);
    return true;
}

/* Whole datagrams without IP options for the echo port go back.  Sums of words
 * do not mind their order: the checksums stay right. */
static bool turn_udp(uint8_t *p)
{
    uint8_t *ip = p + ETHERNET, *udp = ip + IP;
    const bool fragment = (ip[6] & 0x3f) | ip[7];

    if (ip[0] != 0x45 || fragment || ip[9] != 17 || udp[2] != 0 ||
        udp[3] != 7 || memcmp(ip + 16, address, 4) != 0)
        return false;
    swap(ip + 12, ip + 16, 4);
    swap(udp, udp + 2, 2);
    return true;
}

/* Make an answer of what has come; false: there is none to it. */
static bool turn(struct buf *b)
{
    uint8_t *p = b->page + b->off;
    bool answered = false;

    if (b->len >= ETHERNET + ARP && p[12] == 8 && p[13] == 6)
        answered = answer_arp(p);
    else if (b->len >= ETHERNET + IP + UDP && p[12] == 8 && p[13] == 0)
        answered = turn_udp(p);
    if (!answered)
        return false;
    memcpy(p, p + 6, 6);
    memcpy(p + 6, net_mac(net), 6);
    return true;
}

int main(int argc, char **argv)
{
    struct buf *b;

    if (argc != 2 || inet_pton(AF_INET, argv[1], address) != 1) {
        puts("usage: packets ADDRESS");
        return 1;
    }
    if (!(net = net_open(0))) {
        perror("packets");
        return 1;
    }
    puts("packets: ready");
    while ((b = net_recv(net))) {
        do {
            if (turn(b))
                net_send(net, b);
            else
                buf_free(b);
        } while ((b = net_poll(net)));
        net_flush(net);
    }
    return 1;
}
