/* victim: answers HTTP on vif 0 with what memory it has, while other threads
 * use vif 5 and disk xvdb, whose back-end lies, and open them again whenever
 * they have broken. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arch/x86_64/address.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "test/system/tally.h"
#include "test/system/verdict.h"
#include "xen/blkfront.h"
#include "xen/clock.h"
#include "xen/gnttab.h"
#include "xen/netfront.h"

#define VIF    5
#define XVDB   51728
#define FRAMES 3 /* on their way when the lie is told */
#define MS     1000000ull

static void pause_a_little(void)
{
    thread_sleep(clock_now() + 20 * MS);
}

static void send_frames(struct net *net)
{
    for (int i = 0; i < FRAMES; i++) {
        struct buf *b = buf_alloc();

        CHECK(b);
        memset(b->page, 0xff, b->len = 60);
        net_send(net, b);
    }
    net_flush(net);
}

static void use_vif(void *arg)
{
    struct net *net;
    struct buf *b;

    (void)arg;
    for (;;) {
        while (!(net = net_open(VIF))) {
            CHECK(errno == ENODEV || errno == ETIMEDOUT || errno == EIO);
            pause_a_little();
        }
        send_frames(net);
        while ((b = net_recv(net))) {
            for (const struct buf *piece = b; piece; piece = piece->next)
                CHECK(piece->len > 0 && piece->off + piece->len <= PAGE_SIZE);
            buf_free(b);
        }
        CHECK(net_broken(net) && !net_poll(net));
        net_close(net);
    }
}

static void use_disk(void *arg)
{
    static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    struct blk *blk;

    (void)arg;
    for (;;) {
        while (!(blk = blk_open(XVDB))) {
            CHECK(errno == ENODEV || errno == ETIMEDOUT || errno == EIO);
            pause_a_little();
        }
        while (!blk_broken(blk))
            blk_read(blk, 0, page, PAGE_SIZE / 512);
        CHECK(blk_read(blk, 0, page, 1) == -EIO);
        CHECK(blk_flush(blk) == -EIO || blk_flush(blk) == -EOPNOTSUPP);
        blk_close(blk);
    }
}

/* The client closes first, so that nothing of a connection stays here. */
static void answer(int fd)
{
    char head[64], text[128];
    int len;

    if (read(fd, head, sizeof(head)) > 0) {
        len = snprintf(text, sizeof(text),
                       "pages %u\ngrants %u\nquarantined %u\n",
                       (unsigned)page_count_free(), (unsigned)gnttab_in_use(),
                       (unsigned)buf_quarantined());
        dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len,
                text);
        while (read(fd, head, sizeof(head)) > 0)
            ;
    }
    close(fd);
}

int main(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_port = htons(80)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    tally_fill_pool();
    CHECK(listener >= 0);
    CHECK(bind(listener, (const struct sockaddr *)&any, sizeof(any)) == 0);
    CHECK(listen(listener, 16) == 0);
    CHECK(thread_create("vif", use_vif, NULL));
    CHECK(thread_create("disk", use_disk, NULL));
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        answer(fd);
    CHECK(errno == 0);
    return pass();
}
