/* ends.c: what is known of connections, and that SYNs find theirs. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "lib/fd.h"
#include "net/ends.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define PAIRS 40

static bool known(const struct tcp_pcb *pcb, uint16_t remote_port)
{
    return ends_known(&pcb->local_ip, pcb->local_port, &pcb->remote_ip,
                      remote_port);
}

static unsigned known_pcbs(const struct tcp_pcb *list)
{
    unsigned n = 0;

    for (; list; list = list->next)
        n += known(list, list->remote_port);
    return n;
}

static unsigned length(const struct tcp_pcb *list)
{
    unsigned n = 0;

    for (; list; list = list->next)
        n++;
    return n;
}

static bool is_end_of(const struct tcp_pcb *pcb, const int pair[2])
{
    struct sockaddr_in a;
    socklen_t len = sizeof(a);

    cr_assert_eq(getpeername(pair[1], (struct sockaddr *)&a, &len), 0);
    return pcb->local_port == ntohs(a.sin_port) ||
           pcb->remote_port == ntohs(a.sin_port);
}

/* A byte from one end to the other; who is busy is first. */
static void talk(const int pair[2], int from)
{
    const char c = (char)pair[0];
    char got;

    cr_assert_eq(send(pair[from], &c, 1, 0), 1);
    cr_assert_eq(recv(pair[1 - from], &got, 1, 0), 1);
    cr_assert_eq(got, c);
    cr_assert(is_end_of(tcp_active_pcbs, pair));
}

static void many(void)
{
    int pairs[PAIRS][2];
    ip_addr_t remote;
    struct tcp_pcb last;

    for (int i = 0; i < PAIRS; i++)
        make_pair(PEER, pairs[i]);
    cr_assert_eq(length(tcp_active_pcbs), 2 * PAIRS, "none was lost");
    cr_assert_eq(known_pcbs(tcp_active_pcbs), 2 * PAIRS, "both ends of each");
    cr_assert_not(known(tcp_active_pcbs, 1));
    remote = tcp_active_pcbs->remote_ip;
    ip_2_ip4(&remote)->addr ^= 1;
    cr_assert_not(ends_known(&tcp_active_pcbs->local_ip,
                             tcp_active_pcbs->local_port, &remote,
                             tcp_active_pcbs->remote_port));
    for (int i = 0; i < PAIRS; i++) {
        talk(pairs[i], i % 2);
        if (i > 0) /* not far behind */
            talk(pairs[i - 1], i % 2);
    }
    cr_assert_eq(length(tcp_active_pcbs), 2 * PAIRS, "none was lost");
    for (int i = 0; i < PAIRS; i++) {
        fd_close(pairs[i][0]);
        fd_close(pairs[i][1]);
    }
    nap(FAKE_SECOND);
    cr_assert_gt(length(tcp_tw_pcbs), 0);
    cr_assert_eq(known_pcbs(tcp_tw_pcbs), length(tcp_tw_pcbs));
    last = *tcp_tw_pcbs;
    nap(200 * FAKE_SECOND);
    cr_assert_not(known(&last, last.remote_port), "it is forgotten");
}

Test(ends, are_known_as_long_as_the_connection)
{
    cr_assert(world(many));
}

/* ---- where they are ---- */

#define CHOSEN 1000

static struct tcp_pcb chosen[CHOSEN];

/* Each that is has a last entry, and an entry begins with the next. */
static unsigned buckets_used(void)
{
    unsigned used = 0;

    for (unsigned i = 0; i < CHOSEN; i++)
        used += !*(void **)tcp_ext_arg_get(&chosen[i], 0);
    return used;
}

static bool chosen_known(unsigned i)
{
    return ends_known(&chosen[i].local_ip, 80, &chosen[i].remote_ip,
                      chosen[i].remote_port);
}

static void spread(const char *what)
{
    for (unsigned i = 0; i < CHOSEN; i++) {
        chosen[i].local_port = 80;
        cr_assert_not(chosen_known(i), "%s %u", what, i);
        cr_assert(ends_connect(&chosen[i]));
    }
    cr_assert_gt(buckets_used(), CHOSEN / 8, "%s: %u", what, buckets_used());
    for (unsigned i = 0; i < CHOSEN; i++) {
        struct tcp_pcb_ext_args *ext = &chosen[i].ext_args[0];

        cr_assert(chosen_known(i), "%s %u", what, i);
        ext->callbacks->destroy(0, ext->data);
        cr_assert_not(chosen_known(i), "%s %u", what, i);
    }
    memset(chosen, 0, sizeof(chosen));
}

/* What an attacker has a choice of: all of it in turn. */
static void spreads(void)
{
    for (unsigned i = 0; i < CHOSEN; i++) {
        chosen[i].remote_ip = (ip_addr_t)IPADDR4_INIT_BYTES(10, 0, 0, 9);
        chosen[i].remote_port = (u16_t)(i * 64);
    }
    spread("ports");
    for (unsigned i = 0; i < CHOSEN; i++)
        chosen[i].remote_ip = (ip_addr_t)IPADDR4_INIT(htonl(0x0a000000 + i));
    spread("addresses");
    for (unsigned word = 0; word < 4; word++) {
        for (unsigned i = 0; i < CHOSEN; i++) {
            chosen[i].remote_ip = (ip_addr_t)IPADDR6_INIT(i, i, i, i);
            ip_2_ip6(&chosen[i].remote_ip)->addr[word] = 0u - 3 * i;
        }
        spread("words of addresses");
        for (unsigned i = 0; i < CHOSEN; i++) {
            chosen[i].remote_ip = (ip_addr_t)IPADDR6_INIT(0, 0, 0, 0);
            ip_2_ip6(&chosen[i].remote_ip)->addr[word] = i << 20;
        }
        spread("one word of addresses");
    }
}

Test(ends, are_spread_whatever_a_peer_chooses)
{
    cr_assert(world(spreads));
}

static void nobody_listens(void)
{
    int pair[2], fd = socket(AF_INET, SOCK_STREAM, 0);

    make_pair(PEER, pair);
    cr_assert_eq(call(connect, fd, PEER, 4444), -1);
    cr_assert_eq(length(tcp_active_pcbs), 2);
    fd_close(fd);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(ends, a_refused_connection_leaves_the_others_alone)
{
    cr_assert(world(nobody_listens));
}
