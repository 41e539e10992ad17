/* device.c under the whole stack: devices that go, come back, and come anew. */

#include <criterion/criterion.h>
#include <string.h>

#include <lwip/tcp.h>

#include "kernel/sched.h"
#include "lib/param.h"
#include "net/lwip.h"
#include "test/fake/net.h"
#include "test/fake/said.h"
#include "xen/clock.h"

#define BYTES 1000

static const ip_addr_t mine = IPADDR4_INIT_BYTES(10, 0, 0, 2);
static const ip_addr_t neighbour = IPADDR4_INIT_BYTES(10, 0, 0, 9);
static size_t received;

static void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

static bool world(const char *line, void (*fn)(void))
{
    char **argv;

    param_init(line, &argv);
    return fake_world(fn);
}

static void nowhere(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    (void)id, (void)frame, (void)len, (void)flags;
}

static err_t count(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg, (void)err;
    if (p) {
        received += p->tot_len;
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
    }
    return ERR_OK;
}

static err_t welcome(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)err;
    tcp_recv(pcb, count);
    return ERR_OK;
}

/* A connection to ourselves, by way of the neighbour. */
static struct tcp_pcb *connection(void)
{
    struct tcp_pcb *l = tcp_new(), *c = tcp_new();

    cr_assert_eq(tcp_bind(l, &mine, 80), ERR_OK);
    l = tcp_listen(l);
    tcp_accept(l, welcome);
    cr_assert_eq(tcp_connect(c, &neighbour, 80, NULL), ERR_OK);
    net_touch();
    nap(FAKE_SECOND);
    cr_assert_eq(c->state, ESTABLISHED);
    return c;
}

/* The first frames after the return are lost, too. */
static void loses(void)
{
    static const uint8_t data[BYTES];
    struct tcp_pcb *c;

    cr_assert_eq(net_up(), 0);
    c = connection();
    fake_net.wire = nowhere;
    cr_assert_eq(tcp_write(c, data, BYTES, 0), ERR_OK);
    tcp_output(c);
    net_touch();
    nap(FAKE_SECOND);
    fake_break();
    nap(100 * FAKE_SECOND);
    fake_mend();
    nap(3 * FAKE_SECOND);
    cr_assert_eq(received, 0);
    fake_net.wire = fake_mirror;
    nap(6 * FAKE_SECOND);
    cr_assert_eq(received, BYTES);
    tcp_abort(c);
}

Test(device, resends_soon_after_a_long_absence)
{
    cr_assert(world("ip=10.0.0.2/24 ip6=none", loses));
}

static unsigned turns_in(uint64_t ns)
{
    fake_net.turns = 0;
    nap(ns);
    return fake_net.turns;
}

static void grows(void)
{
    const ip_addr_t second = IPADDR4_INIT_BYTES(10, 0, 1, 2);
    unsigned turns;

    cr_assert_eq(net_up(), 0);
    nap(100 * FAKE_SECOND);
    turns = turns_in(1000 * FAKE_SECOND);
    cr_assert_not(net_is_local(&second));
    fake_arrive();
    nap(FAKE_SECOND);
    cr_assert(net_is_local(&second), "by ip2=, for vif 1 is the program's");
    cr_assert_str_eq(fake_xs_path, "attr/vif/2/ipv4/0");
    cr_assert(strstr(fake_said, "net: vif 2 has come\n"));

    fake_arrive();
    nap(100 * FAKE_SECOND);
    cr_assert(strstr(fake_said, "net: vif 3 has come\n"));
    cr_assert_eq(turns_in(1000 * FAKE_SECOND), turns, "it looks no more");
}

static void there_are_many(void)
{
    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    cr_assert(strstr(fake_said, "net: vif 4 has come\n"));
    cr_assert(strstr(fake_said, "net: vif 5 has come\n"));
}

Test(device, is_taken_when_more_were_there_from_the_start)
{
    fake_net.vifs = 6;
    cr_assert(world("ip=10.0.0.2/24 ip1=10.0.1.2/24 ip2=10.0.2.2/24 "
                    "ip3=10.0.3.2/24 ip6=none ip6_1=none ip6_2=none ip6_3=none",
                    there_are_many));
}

Test(device, is_taken_when_it_comes_later)
{
    fake_net.vifs = 2;
    cr_assert(world("ip=10.0.0.2/24 ip1=none ip2=10.0.1.2/24 ip3=10.0.2.2/24 "
                    "ip6=none ip6_2=none ip6_3=none",
                    grows));
}
