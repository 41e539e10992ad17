/* web.h: the appliance web as it is, in a process of its own: on loopback, on
 * a port that is free, and with a clock that may run faster than ours. */
#pragma once

#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

#define BIG (8 << 20)

int web_main(int argc, char **argv);
int __real_bind(int fd, const struct sockaddr *at, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t n);
int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_epoll_wait(int fd, struct epoll_event *e, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *e, int max, int timeout);

static char folder[] = "/tmp/mote-web-XXXXXX";
static char *big; /* what is in big.bin */
static int speed = 1;
static bool six;                       /* by IPv6, else by IPv4 */
static const char *said = "/dev/null"; /* what it writes */
static int tell_port;
static pid_t server;
static union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
} there;
static socklen_t there_size;

static inline bool has_ipv6(void)
{
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                     .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = !__real_bind(fd, (const struct sockaddr *)&in6, sizeof(in6));

    close(fd);
    return has;
}

/* The server's socket is for both; each test knows one of them. */
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t n)
{
    const struct sockaddr_in *in = (const void *)at;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    cr_assert_eq(in->sin_port, htons(80));
    if (at->sa_family == AF_INET)
        return __real_bind(fd, &there.any, there_size);
    cr_assert_eq(n, sizeof(in6));
    inet_pton(AF_INET6, six ? "::1" : "::ffff:127.0.0.1", &in6.sin6_addr);
    return __real_bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

int __wrap_listen(int fd, int backlog)
{
    struct sockaddr_in6 in6; /* the ports of both families are in one place */
    socklen_t n = sizeof(in6);
    int err = __real_listen(fd, backlog);

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in6, &n), 0);
    cr_assert_eq(write(tell_port, &in6.sin6_port, sizeof(in6.sin6_port)), 2);
    return err;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    int err = __real_clock_gettime(id, ts);
    int64_t ns = (ts->tv_sec * 1000000000 + ts->tv_nsec) * speed;

    ts->tv_sec = ns / 1000000000;
    ts->tv_nsec = ns % 1000000000;
    return err;
}

int __wrap_epoll_wait(int fd, struct epoll_event *e, int max, int timeout)
{
    return __real_epoll_wait(fd, e, max,
                             timeout < 0 ? -1 : timeout / speed + 1);
}

static inline void put_file(const char *name, const char *data, size_t n)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    cr_assert(f);
    cr_assert_eq(fwrite(data, 1, n, f), n);
    fclose(f);
}

static inline void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

static inline void start(void)
{
    int ports[2];
    char *args[] = {"web", "-l", "-a", "80", folder, NULL};

    there.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                      .sin6_addr = in6addr_loopback};
    there_size = sizeof(there.in6);
    if (!six) {
        there.in = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        there_size = sizeof(there.in);
    }
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(ports), 0);
    tell_port = ports[1];
    server = fork();
    if (server == 0) {
        freopen(said, "w", stdout);
        _exit(web_main(5, args));
    }
    cr_assert_eq(read(ports[0], &there.in6.sin6_port, 2), 2);
    close(ports[0]);
    close(ports[1]);
}

static inline void stop(void)
{
    int status;

    if (!server)
        return;
    kill(server, SIGTERM);
    waitpid(server, &status, 0);
    server = 0;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "the server's end: %#x", status);
}

static inline void set_up(void)
{
    char path[64];

    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/sub", folder);
    cr_assert_eq(mkdir(path, 0755), 0);
    put_text("index.html", "<p>root");
    put_text("sub/index.html", "<p>sub");
    put_text("a b.txt", "blank");
    put_text("empty.css", "");
    big = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 2654435761u >> 24);
    put_file("big.bin", big, BIG);
}

static inline void tear_down(void)
{
    char command[64];

    stop();
    free(big);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

static inline int dial(void)
{
    int fd = socket(there.any.sa_family, SOCK_STREAM, 0);
    struct timeval patience = {.tv_sec = 60};

    cr_assert_geq(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    cr_assert_eq(connect(fd, &there.any, there_size), 0);
    return fd;
}

static inline void say_it(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static inline void hear(int fd, char *data, size_t n)
{
    while (n) {
        ssize_t got = recv(fd, data, n, 0);

        cr_assert_gt(got, 0, "%zu bytes are missing", n);
        data += got;
        n -= (size_t)got;
    }
}

/* The head of the next answer. */
static inline const char *hear_head(int fd)
{
    static char head[1024];
    size_t n = 0;

    do {
        hear(fd, head + n, 1);
        head[++n] = '\0';
    } while (n + 1 < sizeof(head) && !strstr(head, "\r\n\r\n"));
    return head;
}

/* The next answer has this status and body. */
static inline void expect(int fd, int status, const char *body)
{
    char want[32], got[64] = "", length[64];
    const char *head = hear_head(fd);

    snprintf(want, sizeof(want), "HTTP/1.1 %d ", status);
    cr_assert(!strncmp(head, want, strlen(want)), "not %d: %s", status, head);
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
    cr_assert(strstr(head, length), "not %s: %s", length, head);
    hear(fd, got, strlen(body));
    cr_assert_str_eq(got, body);
}

static inline void expect_end(int fd)
{
    char c;

    cr_assert_eq(recv(fd, &c, 1, 0), 0);
    close(fd);
}

static inline void expect_big(int fd)
{
    char *data = malloc(BIG);

    cr_assert(strstr(hear_head(fd), "Content-Length: 8388608\r\n"));
    hear(fd, data, BIG);
    cr_assert_arr_eq(data, big, BIG);
    free(data);
}
