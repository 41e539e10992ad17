/* measure.c: runs a command in dom0 and tells what it cost: instructions, under
 * icount, of a guest and of dom0, and the time it took; and what the guest has
 * counted before and after, if ./counters.c is in it.
 *
 *     measure DOMID COMMAND [ARGS]
 *
 * The command's output is kept; the last line, on standard output, is
 * {"guest": ns, "dom0": ns, "elapsed": ns, "counts": [{...}, {...}]}. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenstore.h>

#define PATIENCE 10000 /* ms, for the guest to tell its counts */

struct moment {
    uint64_t guest, dom0, now;
    char *counts;
};

static uint32_t domid;
static xc_interface *xc;
static struct xs_handle *xs;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(125);
}

static uint64_t cpu_time(uint32_t id)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(xc, id, 1, &info) != 1 || info.domid != id) {
        fprintf(stderr, "measure: there is no domain %u\n", id);
        exit(125);
    }
    return info.cpu_time;
}

static char *path_of(const char *key)
{
    static char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/data/%s", domid, key);
    return path;
}

/* What the guest has counted by now; NULL: it is none that does. */
static char *ask(void)
{
    char *counts = xs_read(xs, XBT_NULL, path_of("counts"), NULL);

    if (!counts)
        return NULL;
    free(counts);
    if (!xs_rm(xs, XBT_NULL, path_of("counts")) ||
        !xs_write(xs, XBT_NULL, path_of("ask"), "", 0))
        fail("measure: xenstore");
    for (int ms = 0; ms < PATIENCE; ms++) {
        if ((counts = xs_read(xs, XBT_NULL, path_of("counts"), NULL)))
            return counts;
        usleep(1000);
    }
    fprintf(stderr, "measure: guest %u does not tell its counts\n", domid);
    exit(125);
}

static void look(struct moment *m)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    m->guest = cpu_time(domid);
    m->dom0 = cpu_time(0);
    m->now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int run(char **argv)
{
    int status;
    const pid_t child = fork();

    if (child == 0) {
        execvp(argv[0], argv);
        fail(argv[0]);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("measure");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv)
{
    struct moment before, after;
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage, in dom0: measure DOMID COMMAND [ARGS]\n");
        return 125;
    }
    domid = (uint32_t)strtoul(argv[1], NULL, 10);
    if (!(xc = xc_interface_open(NULL, NULL, 0)) || !(xs = xs_open(0)))
        fail("measure: no Xen");
    before.counts = ask(); /* what that costs is not the command's */
    look(&before);
    status = run(argv + 2);
    look(&after);
    after.counts = ask();
    printf("{\"guest\": %lu, \"dom0\": %lu, \"elapsed\": %lu",
           after.guest - before.guest, after.dom0 - before.dom0,
           after.now - before.now);
    if (before.counts)
        printf(", \"counts\": [%s, %s]", before.counts, after.counts);
    puts("}");
    return status;
}
