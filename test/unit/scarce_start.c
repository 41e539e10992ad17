/* scarce_start.c: the first socket starts the network, whichever allocation
 * fails: either socket() says so, or the network works. */

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/param.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "test/unit/scarce.h"

enum { WELL = 40, ALL_WELL, NO_ERROR, SILENT, HANGS };

static unsigned asked; /* DHCP */
static size_t nth;

static void watch(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    asked += f[12] == 8 && f[13] == 0 && f[23] == 17 && f[37] == 67;
    fake_mirror(id, f, len, flags);
}

static void first_socket(void)
{
    int fd;

    scarce_arm(nth);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 && (!scarce_failed() || (errno != ENOMEM && errno != ENOBUFS)))
        _exit(NO_ERROR);
    nap(60 * FAKE_SECOND);
    if (fd >= 0 && !asked)
        _exit(SILENT);
}

static int status_of(size_t n)
{
    const pid_t pid = fork();
    int status;

    if (pid == 0) {
        nth = n;
        if (!fake_world(first_socket))
            _exit(HANGS);
        _exit(scarce_failed() ? WELL : ALL_WELL);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(scarce_start, the_first_socket_says_so_or_the_network_works)
{
    size_t n = 0;
    char **argv;
    int status;

    param_init("ip6=none", &argv);
    fake_net.wire = watch;
    while ((status = status_of(n)) == WELL)
        n++;
    cr_assert_eq(status, ALL_WELL, "allocation %zu: %d", n, status);
    cr_assert_geq(n, 5);
}
