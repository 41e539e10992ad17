/* measure.c: runs a command in dom0 and tells what it cost: instructions, under
 * icount, of a guest and of dom0, and the time it took.
 *
 *     measure DOMID COMMAND [ARGS]
 *
 * The command's output is kept; the last line, on standard output, is
 * {"guest": ns, "dom0": ns, "elapsed": ns}. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>

struct moment {
    uint64_t guest, dom0, now;
};

static uint64_t cpu_time(xc_interface *xc, uint32_t domid)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(xc, domid, 1, &info) != 1 || info.domid != domid) {
        fprintf(stderr, "measure: there is no domain %u\n", domid);
        exit(125);
    }
    return info.cpu_time;
}

static struct moment look(xc_interface *xc, uint32_t domid)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (struct moment){.guest = cpu_time(xc, domid),
                           .dom0 = cpu_time(xc, 0),
                           .now = (uint64_t)ts.tv_sec * 1000000000 +
                                  (uint64_t)ts.tv_nsec};
}

int main(int argc, char **argv)
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    struct moment before, after;
    uint32_t domid;
    int status;
    pid_t child;

    if (argc < 3 || !xc) {
        fprintf(stderr, "usage, in dom0: measure DOMID COMMAND [ARGS]\n");
        return 125;
    }
    domid = (uint32_t)strtoul(argv[1], NULL, 10);
    before = look(xc, domid);
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(125);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("measure");
        return 125;
    }
    after = look(xc, domid);
    printf("{\"guest\": %lu, \"dom0\": %lu, \"elapsed\": %lu}\n",
           after.guest - before.guest, after.dom0 - before.dom0,
           after.now - before.now);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
