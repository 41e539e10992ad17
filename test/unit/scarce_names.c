/* scarce_names.c: names and addresses, whichever allocation fails, on the way
 * to a name server and back, and in the server's own stack. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "net/budget.h"
#include "net/frame.h"
#include "test/fake/dnsd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "test/unit/scarce.h"

static size_t budget_before;
static unsigned fds_before;

static unsigned open_fds(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < FD_LIMIT; fd++) {
        struct file *f = fd_get(fd);

        if (f)
            file_put(f);
        n += f != NULL;
    }
    return n;
}

static void settle(void)
{
    nap(400 * FAKE_SECOND);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(slab_in_use(), budget_before);
    cr_assert_eq(open_fds(), fds_before);
}

static void each(void (*scenario)(void), size_t least)
{
    budget_before = slab_in_use();
    fds_before = open_fds();
    cr_assert_geq(scarce_each(scenario, settle), least);
}

/* A success, or an error that memory or a lost frame explains. */
static bool resolved(int err)
{
    if (!err)
        return true;
    cr_assert(scarce_failed(), "%s", gai_strerror(err));
    cr_assert(err == EAI_AGAIN || err == EAI_MEMORY, "%s", gai_strerror(err));
    return false;
}

/* At least one of the addresses, and all of them unless something failed. */
static void resolve(const char *name, unsigned count)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    unsigned n = 0;

    if (!resolved(getaddrinfo(name, "80", &hints, &list))) {
        cr_assert_null(list);
        return;
    }
    for (const struct addrinfo *i = list; i; i = i->ai_next)
        n++;
    freeaddrinfo(list);
    cr_assert(n == count || (n > 0 && scarce_failed()), "%s: %u", name, n);
}

static void by_udp(void)
{
    resolve("both.test", 2);
}

static void by_tcp(void)
{
    resolve("large.test", 1);
}

static void backwards(void)
{
    const struct sockaddr_in in = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = inet_addr("192.0.2.7")};
    char name[64];

    if (resolved(getnameinfo((const struct sockaddr *)&in, sizeof(in), name,
                             sizeof(name), NULL, 0, NI_NAMEREQD)))
        cr_assert_str_eq(name, "seven.test");
}

static void interfaces(void)
{
    struct ifaddrs *list;

    if (scarce_fine(getifaddrs(&list)))
        freeifaddrs(list);
}

static void all(void)
{
    fill_pool(256);
    dnsd_start();
    dnsd_start_tcp();
    each(by_udp, 10);
    each(by_tcp, 30);
    each(backwards, 6);
    each(interfaces, 3);
    dnsd_stop_tcp();
    dnsd_stop();
}

Test(scarce_names, every_failure_is_an_error_or_made_up_for)
{
    cr_assert(world(all));
}
