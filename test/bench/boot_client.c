/* boot_client.c: how long a guest takes to come up, by dom0's clock.
 *
 *     boot_client ADDRESS|- COMMAND [ARGS]
 *
 * Runs the command, which creates the guest, and asks the address by ICMP until
 * it answers.  Prints one line of JSON, in ns from the command's start on:
 * when the command returned, when the reply came; what the newest guest had
 * used of its CPU by then; the TSC at the start; pages of memory that Xen has
 * given away meanwhile, and that are the guest's; and KB that dom0 has left. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include <xenctrl.h>

#define PATIENCE 60000000000ul /* ns */
#define GUESTS   256

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "boot_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t free_pages(xc_interface *xc)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(xc, &info))
        fail("physinfo");
    return info.free_pages;
}

static unsigned long available_kb(void)
{
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    unsigned long kb = 0;

    while (f && !kb && fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %lu kB", &kb) != 1)
            kb = 0;
    if (!kb)
        fail("/proc/meminfo");
    fclose(f);
    return kb;
}

static xc_dominfo_t newest(xc_interface *xc)
{
    static xc_dominfo_t info[GUESTS];
    const int n = xc_domain_getinfo(xc, 1, GUESTS, info);

    if (n < 1)
        fail("no guest");
    return info[n - 1];
}

/* Only one word of it is not 0, besides the checksum. */
static void ask(int fd, const struct sockaddr_in *to)
{
    struct icmphdr echo = {.type = ICMP_ECHO};

    echo.checksum = (uint16_t)~htons(ICMP_ECHO << 8);
    /* Until there is an interface there is no way to it. */
    (void)sendto(fd, &echo, sizeof(echo), 0, (const struct sockaddr *)to,
                 sizeof(*to));
}

/* Within a millisecond. */
static bool answered(int fd, const struct sockaddr_in *by)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    uint8_t packet[256];
    ssize_t n;

    if (poll(&p, 1, 1) != 1)
        return false;
    n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);
    return n >= 28 && packet[20] == ICMP_ECHOREPLY &&
           from.sin_addr.s_addr == by->sin_addr.s_addr;
}

static uint64_t wait_for_reply(const char *address, uint64_t start)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    do {
        ask(fd, &to);
        if (answered(fd, &to))
            return now() - start;
    } while (now() - start < PATIENCE);
    errno = ETIMEDOUT;
    fail(address);
}

/* Waits in a process of its own for the creator, which may end last. */
static int start(char *argv[], uint64_t since)
{
    int ends[2], status;
    uint64_t took;
    pid_t child;

    if (pipe(ends))
        fail("pipe");
    if (fork() > 0) {
        close(ends[1]);
        return ends[0];
    }
    child = fork();
    if (child == 0) {
        execvp(argv[0], argv);
        fail(argv[0]);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        _exit(1);
    took = now() - since;
    _exit(write(ends[1], &took, sizeof(took)) != sizeof(took));
}

int main(int argc, char *argv[])
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    uint64_t free_before, since, tsc, created, reply = 0;
    xc_dominfo_t guest;
    int fd;

    if (argc < 3 || !xc)
        fail("usage, in dom0: boot_client ADDRESS|- COMMAND [ARGS]");
    free_before = free_pages(xc);
    since = now();
    tsc = __rdtsc();
    fd = start(argv + 2, since);
    if (strcmp(argv[1], "-") != 0)
        reply = wait_for_reply(argv[1], since);
    if (reply)
        guest = newest(xc);
    if (read(fd, &created, sizeof(created)) != sizeof(created))
        fail(argv[2]);
    if (!reply)
        guest = newest(xc);
    printf("{\"created\": %lu, \"reply\": %lu, \"guest\": %lu, \"tsc\": %lu, "
           "\"taken\": %lu, \"pages\": %lu, \"available\": %lu}\n",
           created, reply, guest.cpu_time, tsc, free_before - free_pages(xc),
           guest.nr_pages, available_kb());
    return 0;
}
