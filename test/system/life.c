/* life: answers HTTP with what memory it has, whatever becomes of its vif 0;
 * another thread reads frames from vif 5 and opens that again whenever it was
 * lost. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/sched.h"
#include "test/system/tally.h"
#include "test/system/verdict.h"
#include "xen/clock.h"
#include "xen/gnttab.h"
#include "xen/netfront.h"

#define VIF 5

static unsigned lost, frames; /* since it was opened */

/* As those do who hold on to their device, or those who do not. */
static struct net *again(struct net *net)
{
    if (lost++ % 2) {
        while (net_reopen(net))
            ;
        return net;
    }
    net_close(net);
    while (!(net = net_open(VIF))) {
        CHECK(errno == ENODEV || errno == ETIMEDOUT || errno == EIO);
        thread_sleep(clock_now() + 100 * MILLISECOND);
    }
    return net;
}

static void listen_to_frames(void *arg)
{
    struct net *net = net_open(VIF);
    struct buf *b;

    (void)arg;
    while (net) {
        frames = 0;
        for (; (b = net_recv(net)); frames++)
            buf_free(b);
        CHECK(net_broken(net) && !net_poll(net) && !net_arm(net, true));
        CHECK((b = buf_alloc()));
        b->len = 60;
        CHECK(net_send(net, b) == -EIO);
        net = again(net);
    }
}

/* Each connection has a thread of its own, for some wait long for a request;
 * those fit in one segment.  The client closes first, so that nothing here
 * remembers it, unless it asks us to. */
static void answer(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    char text[512], body[256];
    bool last = false;
    int len;

    while (!last && (len = (int)read(fd, text, sizeof(text) - 1)) > 0) {
        text[len] = '\0';
        last = strstr(text, "Connection: close");
        len = snprintf(body, sizeof(body),
                       "free %u\ngrants %u\nquarantined %u\nlost %u\n"
                       "frames %u\n",
                       (unsigned)tally_free(), (unsigned)gnttab_in_use(),
                       (unsigned)buf_quarantined(), lost, frames);
        dprintf(fd, "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s",
                last ? "Connection: close\r\n" : "", len, body);
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
    CHECK(listen(listener, 255) == 0);
    CHECK(thread_create("frames", listen_to_frames, NULL));
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        CHECK(thread_create("answer", answer, (void *)(intptr_t)fd));
    CHECK(errno == 0);
    return pass();
}
