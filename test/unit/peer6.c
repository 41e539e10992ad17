/* peer6.c: streams on a path of IPv6 that is narrower than the link. */

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define TOTAL 100000
#define PATH  1400 /* its MTU */

static int pair[2];
static size_t got;
static unsigned told;

/* A router's answer to what is too large for the path (RFC 8201). */
static void tell(unsigned id, const uint8_t *f)
{
    uint8_t t[14 + 40 + 8 + 100] = {0};

    memcpy(t, FAKE_MAC FAKE_PEER "\x86\xdd\x60", 15);
    t[19] = 8 + 100;
    t[20] = 58; /* ICMPv6 */
    t[21] = 64;
    memcpy(t + 22, f + 38, 16); /* as if it were the peer */
    memcpy(t + 38, f + 22, 16);
    t[54] = 2; /* packet too big */
    t[60] = PATH >> 8;
    t[61] = PATH & 255;
    memcpy(t + 62, f + 14, 100);
    fake_checksum(t, true);
    fake_deliver(id, t, sizeof(t), 0);
    told++;
}

static void narrow(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    if (f[12] == 0x86 && f[13] == 0xdd && len > PATH + 14)
        tell(id, f);
    else
        fake_mirror(id, f, len, flags);
}

static void read_all(void *arg)
{
    static uint8_t data[20000];
    ssize_t n;

    (void)arg;
    while ((n = recv(pair[1], data, sizeof(data), 0)) > 0)
        for (ssize_t i = 0; i < n; i++, got++)
            cr_assert_eq(data[i], byte_at(got), "at %zu", got);
}

static void transfer(void)
{
    static uint8_t data[TOTAL];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = byte_at(i);
    make_pair6(pair);
    fake_net.wire = narrow;
    thread_create("reader", read_all, NULL);
    cr_assert_eq(send(pair[0], data, sizeof(data), 0), TOTAL);
    nap(120 * FAKE_SECOND);
    cr_assert_gt(told, 0);
    cr_assert_eq(got, TOTAL, "%zu, and %u were too large", got, told);
    fake_net.wire = fake_mirror;
    fd_close(pair[0]);
    nap(FAKE_SECOND);
    fd_close(pair[1]);
}

Test(peer6, is_reached_by_a_path_that_is_narrower_than_the_link)
{
    cr_assert(world6(transfer));
}

Test(peer6, is_reached_by_such_a_path_with_large_segments)
{
    fake_net.gso = true;
    cr_assert(world6(transfer));
}
