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

/* The appliance as it is, in a process of its own: on loopback, on a port that
 * is free, and with a clock that may run faster than ours. */

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
static int tell_port;
static pid_t server;
static struct sockaddr_in there;

int __wrap_bind(int fd, const struct sockaddr *at, socklen_t n)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    cr_assert_eq(n, sizeof(in));
    cr_assert_eq(((const struct sockaddr_in *)(const void *)at)->sin_port,
                 htons(80));
    return __real_bind(fd, (struct sockaddr *)&in, sizeof(in));
}

int __wrap_listen(int fd, int backlog)
{
    struct sockaddr_in in;
    socklen_t n = sizeof(in);
    int err = __real_listen(fd, backlog);

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    cr_assert_eq(write(tell_port, &in, sizeof(in)), sizeof(in));
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

static void put_file(const char *name, const char *data, size_t n)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    cr_assert(f);
    cr_assert_eq(fwrite(data, 1, n, f), n);
    fclose(f);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

static void start(void)
{
    int ports[2];

    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(ports), 0);
    tell_port = ports[1];
    server = fork();
    if (server == 0) {
        freopen("/dev/null", "w", stdout);
        _exit(web_main(3, (char *[]){"web", "80", folder, NULL}));
    }
    cr_assert_eq(read(ports[0], &there, sizeof(there)), sizeof(there));
    close(ports[0]);
    close(ports[1]);
}

static void stop(void)
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

static void set_up(void)
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

static void tear_down(void)
{
    char command[64];

    stop();
    free(big);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {.tv_sec = 60};

    cr_assert_geq(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    cr_assert_eq(connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);
    return fd;
}

static void say_it(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void hear(int fd, char *data, size_t n)
{
    while (n) {
        ssize_t got = recv(fd, data, n, 0);

        cr_assert_gt(got, 0, "%zu bytes are missing", n);
        data += got;
        n -= (size_t)got;
    }
}

/* The head of the next answer. */
static const char *hear_head(int fd)
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
static void expect(int fd, int status, const char *body)
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

static void expect_end(int fd)
{
    char c;

    cr_assert_eq(recv(fd, &c, 1, 0), 0);
    close(fd);
}

static void expect_big(int fd)
{
    char *data = malloc(BIG);

    cr_assert(strstr(hear_head(fd), "Content-Length: 8388608\r\n"));
    hear(fd, data, BIG);
    cr_assert_arr_eq(data, big, BIG);
    free(data);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

TestSuite(web, .init = set_up, .fini = tear_down, .timeout = 120);

Test(web, serves_files_over_one_connection)
{
    int fd;

    start();
    fd = dial();
    say_it(fd, GET("/"));
    expect(fd, 200, "<p>root");
    say_it(fd, GET("/a%20b.txt"));
    expect(fd, 200, "blank");
    say_it(fd, GET("/sub/"));
    expect(fd, 200, "<p>sub");
    say_it(fd, GET("/empty.css?x"));
    expect(fd, 200, "");
    say_it(fd, GET("/nope"));
    expect(fd, 404, "404 Not Found\n");
    say_it(fd, GET("/index.html/"));
    expect(fd, 404, "404 Not Found\n");
    say_it(fd, GET("/big.bin"));
    expect_big(fd);
    say_it(fd, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect(fd, 200, "<p>root");
    expect_end(fd);
}

Test(web, describes_files)
{
    const char *head;
    int fd;

    start();
    fd = dial();
    say_it(fd, "HEAD /big.bin HTTP/1.1\r\nHost: h\r\n\r\n" GET("/sub"));
    head = hear_head(fd);
    cr_assert(strstr(head, "HTTP/1.1 200 OK\r\n"));
    cr_assert(strstr(head, "\r\nContent-Length: 8388608\r\n"));
    cr_assert(strstr(head, "\r\nLast-Modified: "));
    cr_assert(strstr(head, "\r\nContent-Type: application/octet-stream\r\n"));
    head = hear_head(fd);
    cr_assert(strstr(head, "HTTP/1.1 301 "));
    cr_assert(strstr(head, "\r\nLocation: /sub/\r\n"));
    close(fd);
}

Test(web, answers_pipelined_requests_in_their_order)
{
    int fd;

    start();
    fd = dial();
    say_it(fd, GET("/") GET("/big.bin") "POST / HTTP/1.1\r\nHost: h\r\n"
                                        "Content-Length: 40\r\n\r\n"
                                        "GET /not-a-request HTTP/1.1\r\n"
                                        "Host: h\r\n\r\n" GET("/sub/")
                                            GET("/big.bin"));
    expect(fd, 200, "<p>root");
    expect_big(fd);
    expect(fd, 405, "405 Method Not Allowed\n");
    expect(fd, 200, "<p>sub");
    expect_big(fd);
    say_it(fd, GET("/"));
    expect(fd, 200, "<p>root");
    close(fd);
}

Test(web, takes_requests_in_any_pieces)
{
    static const char text[] = GET("/a%20b.txt") GET("/sub/");
    int fd;

    start();
    fd = dial();
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        cr_assert_eq(send(fd, text + i, 1, 0), 1);
        usleep(200);
    }
    expect(fd, 200, "blank");
    expect(fd, 200, "<p>sub");
    close(fd);
}

Test(web, goes_on_serving_while_one_does_not_read)
{
    int slow, fd;

    start();
    slow = dial();
    say_it(slow, GET("/big.bin") GET("/big.bin"));
    fd = dial();
    for (int i = 0; i < 100; i++) {
        say_it(fd, GET("/"));
        expect(fd, 200, "<p>root");
    }
    close(fd);
    expect_big(slow);
    expect_big(slow);
    close(slow);
}

Test(web, its_last_answer_arrives_although_more_is_coming)
{
    char *body = calloc(1, 1 << 20);
    int fd;

    start();
    fd = dial();
    say_it(fd, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
    cr_assert_gt(send(fd, body, 1 << 20, 0), 0);
    expect(fd, 413, "413 Content Too Large\n");
    expect_end(fd);
    free(body);
    fd = dial();
    say_it(fd, "nonsense\r\n" GET("/"));
    expect(fd, 400, "400 Bad Request\n");
    expect_end(fd);
}

Test(web, times_out)
{
    int mute, late, cut, bodiless;

    speed = 100;
    start();
    mute = dial();
    late = dial();
    cut = dial();
    bodiless = dial();
    say_it(late, GET("/"));
    say_it(cut, "HEAD / HTTP/1.1\r\nHo");
    say_it(bodiless,
           "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    expect(late, 200, "<p>root");
    expect(bodiless, 200, "<p>root");
    expect(bodiless, 408, "408 Request Timeout\n");
    expect_end(bodiless);
    cr_assert(strstr(hear_head(cut), "HTTP/1.1 408 "));
    expect_end(cut);
    expect_end(mute);
    expect_end(late);
}

/* With so many connections the oldest idle one has to go. */
static void crowd(int n)
{
    int *fds = malloc((size_t)n * sizeof(int)), busy = dial();

    say_it(busy, "GET / HTTP/1.1\r\n"); /* older, but not idle */
    usleep(100000);
    for (int i = 0; i < n; i++) {
        fds[i] = dial();
        say_it(fds[i], GET("/sub/"));
        expect(fds[i], 200, "<p>sub");
    }
    expect_end(fds[0]);
    say_it(fds[n - 1], GET("/"));
    expect(fds[n - 1], 200, "<p>root");
    say_it(busy, "Host: h\r\n\r\n");
    expect(busy, 200, "<p>root");
    for (int i = 1; i < n; i++)
        close(fds[i]);
    close(busy);
    free(fds);
}

static void limit_files(rlim_t n)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = n;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

Test(web, gives_up_the_oldest_idle_connection_when_full)
{
    limit_files(2048);
    start();
    crowd(1024);
}

Test(web, gives_up_the_oldest_idle_connection_without_descriptors)
{
    limit_files(30);
    start();
    limit_files(100);
    crowd(40);
}

Test(web, says_why_it_cannot_start)
{
    static const char *const ports[] = {"0", "65536", "x", "-1", ""};

    freopen("/dev/null", "w", stdout);
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
        char port[8];

        strcpy(port, ports[i]);
        cr_assert_eq(web_main(2, (char *[]){"web", port, NULL}), 1);
    }
}

/* What it says when its root is path, and that it does not listen. */
static void expect_no_root(const char *path, const char *why)
{
    char said[256] = "", want[256], out[64], copy[64];
    FILE *f;

    snprintf(out, sizeof(out), "%s/said", folder);
    snprintf(copy, sizeof(copy), "%s", path);
    cr_assert(freopen(out, "w", stdout));
    tell_port = -1; /* to tell one fails the test */
    cr_assert_eq(web_main(3, (char *[]){"web", "80", copy, NULL}), 1);
    fflush(stdout);
    f = fopen(out, "r");
    cr_assert(f && fgets(said, sizeof(said), f));
    fclose(f);
    snprintf(want, sizeof(want),
             "web: cannot serve %s: %s: give it a ramdisk=", path, why);
    cr_assert(!strncmp(said, want, strlen(want)), "%s", said);
}

Test(web, ends_at_once_when_there_is_nothing_to_serve)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/none", folder);
    expect_no_root(path, "No such file or directory");
    snprintf(path, sizeof(path), "%s/index.html", folder);
    expect_no_root(path, "Not a directory");
}
