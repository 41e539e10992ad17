/* peer.c: streams to a peer that is not as one would wish. */

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/budget.h"
#include "test/fake/net.h"
#include "test/fake/peer_tcp.h"
#include "test/fake/sockets.h"

#define BREATH (FAKE_SECOND / 1000)

static uint8_t stream[2 << 20];
static int fd;

static void make_stream(void)
{
    for (size_t i = 0; i < sizeof(stream); i++)
        stream[i] = byte_at(i);
}

TestSuite(peer, .init = make_stream);

static void write_part(size_t from, size_t n)
{
    cr_assert_eq(send(fd, stream + from, n, 0), (ssize_t)n);
}

/* So many bytes must have arrived in the end. */
static void finish(uint32_t n)
{
    cr_assert_eq(peer_tcp.next, n, "%u of %u; %u frames were too long",
                 peer_tcp.next, n, fake_net.too_long);
    peer_tcp_reset();
    fd_close(fd);
}

/* ---- an MSS of 1 in mid-connection ---- */

#define CRUMBS 40000u /* more than would make 16 bits of snd_queuelen wrap */

/* It acknowledges byte by byte, and each makes room for one more. */
static void take_crumbs(void)
{
    struct tcp_pcb *pcb;
    uint32_t ack;

    peer_tcp.scale = 5;
    fd = peer_tcp_accept();
    pcb = peer_tcp_pcb();
    pcb->cwnd = 500000;
    peer_tcp.deaf = true;
    for (int i = 0; i < 2; i++) /* behind new data a window may be smaller */
        peer_tcp_send(0, 64000, 1);
    nap(BREATH);
    cr_assert_eq(pcb->snd_wnd, 64000);
    for (size_t done = 0; done < 400000; done += 50000)
        write_part(done, 50000);
    nap(BREATH);
    peer_tcp_say_mss(0, 64000, 1);
    nap(BREATH);
    for (ack = 1; ack <= CRUMBS; ack++) {
        peer_tcp_say(ack, 64000);
        nap(5000);
        cr_assert_lt(pcb->snd_queuelen, 0x8000, "after %u bytes", ack);
    }
    cr_assert_geq(pcb->mss, 88);
    ack = CRUMBS + (pcb->snd_nxt - pcb->lastack);
    peer_tcp_say_mss(ack, 64000, 1);
    nap(FAKE_SECOND);
    cr_assert_eq(peer_tcp_pcb(), pcb);
    peer_tcp.next = ack;
    peer_tcp.deaf = false;
    nap(60 * FAKE_SECOND);
    finish(400000);
}

Test(peer, who_says_mss_1_does_not_cut_us_into_crumbs)
{
    cr_assert(world(take_crumbs));
}

Test(peer, who_says_mss_1_does_not_cut_large_segments_into_crumbs)
{
    fake_net.gso = true;
    cr_assert(world(take_crumbs));
}

static void begin_tiny(void)
{
    peer_tcp.mss = 1;
    fd = peer_tcp_accept();
    cr_assert_geq(peer_tcp_pcb()->mss, 88);
    write_part(0, 10000);
    nap(FAKE_SECOND);
    finish(10000);
}

Test(peer, who_says_mss_1_from_the_start_gets_larger_frames)
{
    cr_assert(world(begin_tiny));
}

/* ---- duplicate acknowledgements ---- */

static int fill_ring(void)
{
    const int u = bound(5001);

    call(connect, u, PEER, 9);
    fake_net.stuck = true;
    for (int i = 0; i < 300; i++) {
        send(u, "x", 1, MSG_DONTWAIT);
        if (i % 50 == 0)
            nap(1000);
    }
    nap(1000);
    return u;
}

static void repeat_itself(void)
{
    struct tcp_pcb *pcb;
    int u;

    fd = peer_tcp_accept();
    pcb = peer_tcp_pcb();
    pcb->cwnd = 200000;
    peer_tcp.deaf = true;
    write_part(0, 146000);
    nap(5 * BREATH);
    peer_tcp_say(14600, peer_tcp.window);
    nap(BREATH);
    u = fill_ring();
    for (int i = 0; i < 90; i++)
        peer_tcp_say(14600, peer_tcp.window);
    nap(BREATH);
    cr_assert_eq(peer_tcp_pcb(), pcb);
    cr_assert_leq(pcb->nrtx, 3, "%u", pcb->nrtx);
    cr_assert_gt(pcb->ssthresh, 50000, "131,400 bytes are under way");
    nap(600 * BREATH);
    cr_assert_eq(peer_tcp_pcb(), pcb);
    fake_unstick();
    fd_close(u);
    peer_tcp.next = 14600;
    peer_tcp.deaf = false;
    nap(60 * FAKE_SECOND);
    finish(146000);
}

Test(peer, who_repeats_itself_while_the_ring_is_full_is_not_given_up)
{
    cr_assert(world(repeat_itself));
}

/* ---- a FIN beyond the window ---- */

static void read_late(void)
{
    struct tcp_pcb *pcb;

    peer_tcp.window = peer_tcp.edge = 131072;
    fd = peer_tcp_accept();
    pcb = peer_tcp_pcb();
    pcb->cwnd = 400000;
    pcb->ssthresh = 800000;
    write_part(0, 131072);
    fd_close(fd);
    nap(10 * FAKE_SECOND);
    cr_assert_eq(peer_tcp.next, 131072);
    cr_assert_not(peer_tcp.fin);
    peer_tcp.edge *= 2;
    peer_tcp_ack();
    nap(100 * FAKE_SECOND);
    cr_assert(peer_tcp.fin);
    peer_tcp_reset();
}

Test(peer, who_has_room_for_no_fin_gets_it_later)
{
    cr_assert(world(read_late));
}

Test(peer, who_has_room_for_no_fin_gets_it_later_behind_large_segments)
{
    fake_net.gso = true;
    cr_assert(world(read_late));
}

/* ---- a larger MTU than ours ---- */

static void say_syn_twice(void)
{
    const int l = listener(PORT, 5);

    peer_tcp.mss = 8960;
    fd = peer_tcp_connect(l, 2);
    fd_close(l);
    write_part(0, 100000);
    nap(60 * FAKE_SECOND);
    finish(100000);
}

Test(peer, who_says_syn_twice_gets_frames_of_our_size)
{
    cr_assert(world(say_syn_twice));
}

Test(peer, who_says_syn_twice_gets_large_segments_of_our_size)
{
    fake_net.gso = true;
    cr_assert(world(say_syn_twice));
}

static void say_hello_twice(void)
{
    peer_tcp.mss = 8960;
    fd = peer_tcp_accept();
    peer_tcp_say_hello();
    nap(BREATH);
    write_part(0, 100000);
    nap(60 * FAKE_SECOND);
    finish(100000);
}

Test(peer, who_answers_our_syn_twice_gets_frames_of_our_size)
{
    cr_assert(world(say_hello_twice));
}

Test(peer, who_answers_our_syn_twice_gets_large_segments_of_our_size)
{
    fake_net.gso = true;
    cr_assert(world(say_hello_twice));
}

/* ---- another device ---- */

static void shrink_mtu(void)
{
    peer_tcp.mss = 8960;
    fd = peer_tcp_accept();
    write_part(0, 100000);
    nap(FAKE_SECOND);
    cr_assert_eq(peer_tcp.next, 100000);
    fake_break();
    write_part(100000, 50000);
    nap(FAKE_SECOND);
    fake_net.mtu = 1500;
    fake_mend();
    nap(FAKE_SECOND);
    write_part(150000, 50000);
    nap(60 * FAKE_SECOND);
    finish(200000);
}

Test(peer, does_not_notice_that_our_mtu_is_smaller)
{
    fake_net.mtu = 9000;
    cr_assert(world(shrink_mtu));
}

Test(peer, does_not_notice_that_our_mtu_is_smaller_for_large_segments)
{
    fake_net.gso = true;
    fake_net.mtu = 9000;
    cr_assert(world(shrink_mtu));
}

/* The next device cuts nothing, and there is no memory to cut it here. */
static void run_short(void)
{
    fd = peer_tcp_accept();
    peer_tcp_pcb()->cwnd = 700000;
    fake_net.stuck = true;
    write_part(0, 600000);
    nap(BREATH);
    fake_break();
    fake_net.stuck = fake_net.gso = false;
    nap(FAKE_SECOND / 2);
    budget_init(slab_in_use() + 3000);
    fake_mend();
    nap(FAKE_SECOND / 2);
    budget_init(slab_in_use() + (8 << 20));
    nap(30 * FAKE_SECOND);
    finish(600000);
}

Test(peer, does_not_wait_long_where_memory_was_short_for_a_moment)
{
    fake_net.gso = true;
    cr_assert(world(run_short));
}

/* ---- a reset ---- */

static ssize_t done[2];
static int error;

static void read_twice(void *arg)
{
    uint8_t data[100];

    (void)arg;
    done[0] = recv(fd, data, sizeof(data), MSG_WAITALL);
    done[1] = recv(fd, data, sizeof(data), 0);
    error = errno;
}

static void reset_a_reader(void)
{
    fd = peer_tcp_accept();
    thread_create("reader", read_twice, NULL);
    nap(FAKE_SECOND);
    peer_tcp_send(0, peer_tcp.window, 10);
    nap(FAKE_SECOND);
    peer_tcp_reset();
    fd_close(fd);
    cr_assert_eq(done[0], 10);
    cr_assert_eq(done[1], -1, "%zd", done[1]);
    cr_assert_eq(error, ECONNRESET);
}

Test(peer, who_resets_in_the_middle_of_a_recv_did_not_end_its_stream)
{
    cr_assert(world(reset_a_reader));
}

static void write_twice(void *arg)
{
    (void)arg;
    done[0] = send(fd, stream, sizeof(stream), 0);
    done[1] = send(fd, stream, 1, 0);
    error = errno;
}

static void reset_a_writer(void)
{
    fd = peer_tcp_accept();
    peer_tcp.deaf = true;
    thread_create("writer", write_twice, NULL);
    nap(FAKE_SECOND);
    peer_tcp_reset();
    fd_close(fd);
    cr_assert_gt(done[0], 0);
    cr_assert_lt(done[0], (ssize_t)sizeof(stream));
    cr_assert_eq(done[1], -1);
    cr_assert_eq(error, ECONNRESET, "%d", error);
}

Test(peer, who_resets_in_the_middle_of_a_send_is_told_of)
{
    cr_assert(world(reset_a_writer));
}

/* ---- windows ---- */

static uint32_t shrunk;

/* Half of a segment has arrived, and for the other there is no room. */
static void shrink_window(void)
{
    peer_tcp.scale = 0;
    peer_tcp.window = 60000;
    fd = peer_tcp_accept();
    peer_tcp.deaf = true;
    write_part(0, 1000);
    nap(BREATH);
    peer_tcp_say(500, shrunk);
    nap(20 * FAKE_SECOND);
    peer_tcp.next = 500;
    peer_tcp.deaf = false;
    peer_tcp_ack();
    nap(100 * FAKE_SECOND);
    finish(1000);
}

Test(peer, whose_window_shrank_into_a_segment_gets_the_rest_of_it)
{
    shrunk = 300;
    cr_assert(world(shrink_window));
}

Test(peer, whose_window_closed_within_a_segment_gets_the_rest_of_it)
{
    cr_assert(world(shrink_window));
}

/* A segment that was made for a large window waits for a small one. */
static void raise_mss(void)
{
    struct tcp_pcb *pcb;
    uint32_t n;

    peer_tcp.mss = 1107;
    fd = peer_tcp_accept();
    pcb = peer_tcp_pcb();
    pcb->cwnd = 40000;
    write_part(0, 5915);
    pcb->cwnd = pcb->ssthresh = 1200;
    peer_tcp.deaf = true;
    nap(BREATH);
    n = pcb->snd_nxt - pcb->lastack;
    cr_assert(n > 0 && n <= 1200, "%u bytes are under way", n);
    peer_tcp_say_mss(n, peer_tcp.window, 4808);
    nap(BREATH);
    peer_tcp.next = n;
    peer_tcp.deaf = false;
    nap(60 * FAKE_SECOND);
    finish(5915);
}

Test(peer, whose_mss_is_suddenly_beyond_our_window_is_still_sent_to)
{
    fake_net.gso = true;
    fake_net.mtu = 9000;
    cr_assert(world(raise_mss));
}
