/*
 * web.c: a static web server: one thread, epoll, files sent from where they
 * lie in memory.  It is plain POSIX and runs on Linux as it runs on mote; what
 * is HTTP about it is in lib/http_conn.h.
 *
 *     web [-a] [-l] [PORT [FOLDER]]
 *       -a  log accesses    -l  list folders that have no index.html
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/crowd.h"
#include "lib/http_conn.h"
#include "lib/server.h"
#include "lib/util.h"

#define CONNECTIONS_MAX 512   /* 2.5 KB each, of a small guest */
#define LEAST_PROGRESS  16384 /* bytes sent; less does not buy more time */
#define LAST_MS         8000  /* to finish answers when we are to end */

/* What a connection is doing, in the order in which it is given up when
 * another one needs its place. */
enum { IDLE, LINGER, REQUEST, ANSWER };

/* And how many ms it may go on. */
static struct crowd crowd = {
    .limits = {
        [IDLE] = 60000,    /* before the first byte of a request */
        [LINGER] = 10000,  /* closed by us, while it still reads what is under
                              way: a reset would destroy our last answer */
        [REQUEST] = 10000, /* from a request's first byte to its last */
        [ANSWER] = 60000,  /* for each LEAST_PROGRESS bytes */
    }};

struct conn {
    struct crowd_member member;
    struct http_conn http;
    int fd;
    size_t progress;
};

static struct http_cache cache;
static struct http_site site = {.root = "", .cache = &cache};
static int epoll, listener, signals;
static int64_t now; /* monotonic, ms */
static struct {
    unsigned long connections, answers, late, evicted;
} count;

/* Not by stdio, which is 5 KB. */
static void say(const char *text)
{
    write(STDOUT_FILENO, text, strlen(text));
}

static struct conn *conn_of(struct crowd_member *m)
{
    return CONTAINER_OF(m, struct conn, member);
}

static void hang_up(struct conn *c)
{
    crowd_leave(&crowd, &c->member);
    count.answers += c->http.answers;
    http_conn_close(&c->http);
    close(c->fd);
    free(c);
}

/* What the connection does next, seen from its last step. */
static void settle(struct conn *c, bool anew)
{
    static const unsigned states[] = {[HTTP_IDLE] = IDLE,
                                      [HTTP_REQUEST] = REQUEST,
                                      [HTTP_ANSWER] = ANSWER,
                                      [HTTP_OVER] = LINGER};
    unsigned old = c->member.state, state = states[http_conn_state(&c->http)];

    if ((old == ANSWER) != (state == ANSWER)) {
        struct epoll_event e = {.data.ptr = c};

        e.events = state == ANSWER ? EPOLLOUT : EPOLLIN;
        epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
    }
    if (old != LINGER && state == LINGER)
        shutdown(c->fd, SHUT_WR);
    if (old != state || anew) {
        c->progress = 0;
        crowd_change(&crowd, &c->member, state, now);
    }
}

/* Send answers as far as the socket takes them; false: it is broken. */
static bool transmit(struct conn *c)
{
    unsigned answers = c->http.answers;
    struct http_piece p;

    while ((p = http_conn_output(&c->http)).n) {
        int flags = MSG_NOSIGNAL | (p.more ? MSG_MORE : 0);
        ssize_t n = send(c->fd, p.at, p.n, flags);

        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0)
            break;
        http_conn_sent(&c->http, (size_t)n);
        c->progress += (size_t)n;
    }
    if (!http_conn_park(&c->http))
        return false;
    settle(c, c->http.answers != answers || c->progress >= LEAST_PROGRESS);
    return true;
}

/* Something happened to the connection; false: it is over. */
static bool proceed(struct conn *c)
{
    static char data[HTTP_HEAD_MAX];
    ssize_t n;

    if (c->member.state == ANSWER)
        return transmit(c);
    n = recv(c->fd, data, sizeof(data), 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    if (c->member.state == LINGER)
        return true;
    return http_conn_input(&c->http, data, (size_t)n) && transmit(c);
}

/* Give up the connection that can best be done without.  It is reset: a proper
 * end would cost memory until the other side agrees to it. */
static bool evict(void)
{
    const struct linger reset = {.l_onoff = 1};
    struct crowd_member *m = crowd_weakest(&crowd);

    if (!m)
        return false;
    if (count.evicted++ == 0)
        say("web: no room for more connections: the oldest idle one gives "
            "way, and from now on without a word\n");
    setsockopt(conn_of(m)->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    hang_up(conn_of(m));
    return true;
}

/* Be told what comes in. */
static bool watch(int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void welcome(int fd, const struct sockaddr_storage *from)
{
    struct conn *c;
    char client[INET6_ADDRSTRLEN];
    int on = 1;

    while (!(c = calloc(1, sizeof(*c))) && evict())
        ;
    if (!c || !watch(fd, c)) {
        free(c);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    server_client(from, client);
    http_conn_init(&c->http, &site, client);
    c->fd = fd;
    crowd_join(&crowd, &c->member, IDLE, now);
    count.connections++;
}

static void accept_all(void)
{
    for (;;) {
        struct sockaddr_storage from = {0};
        socklen_t n = sizeof(from);
        int fd = accept4(listener, (struct sockaddr *)&from, &n, SOCK_NONBLOCK);
        bool full = fd < 0 && (errno == EMFILE || errno == ENFILE ||
                               errno == ENOMEM || errno == ENOBUFS);

        if (fd >= 0 && crowd.members == CONNECTIONS_MAX)
            evict();
        if (fd >= 0)
            welcome(fd, &from);
        else if (!full || !evict())
            return;
    }
}

/* End what has lasted too long; ms until the next one or
 * the end of all, -1: never. */
static int expire(int64_t end)
{
    struct crowd_member *m;
    int64_t next;

    while ((m = crowd_late(&crowd, now))) {
        struct conn *c = conn_of(m);

        count.late++;
        if (m->state == REQUEST) {
            http_conn_timeout(&c->http);
            if (transmit(c))
                continue;
        }
        hang_up(c);
    }
    next = crowd_deadline(&crowd);
    if (end < next)
        next = end;
    return next == INT64_MAX ? -1 : (int)(next - now);
}

static void tick(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    site.now = time(NULL);
}

/* We are asked to end: nobody new, and no request that has not begun. */
static int64_t finish(void)
{
    close(listener);
    close(signals); /* or it would stay readable, and we would not wait */
    while (crowd.first[IDLE])
        hang_up(conn_of(crowd.first[IDLE]));
    for (int i = REQUEST; i <= ANSWER; i++)
        for (struct crowd_member *m = crowd.first[i]; m; m = m->next)
            http_conn_finish(&conn_of(m)->http);
    return now + LAST_MS;
}

static void serve(void)
{
    int64_t end = INT64_MAX;

    for (tick(); end == INT64_MAX || (crowd.members && now < end); tick()) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, expire(end));
        bool knock = false, asked = false;

        tick();
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;

            if (events[i].data.ptr == &listener)
                knock = true;
            else if (events[i].data.ptr == &signals)
                asked = true;
            else if (!proceed(c))
                hang_up(c);
        }
        /* last: these may end a connection that has an event above */
        if (knock)
            accept_all();
        if (asked && end == INT64_MAX)
            end = finish();
    }
    while (crowd.members)
        hang_up(conn_of(crowd_weakest(&crowd)));
}

static bool start(uint16_t port)
{
    signals = server_end();
    listener = server_open(SOCK_STREAM | SOCK_NONBLOCK, port);
    epoll = epoll_create1(0);
    return signals >= 0 && listener >= 0 && epoll >= 0 &&
           watch(listener, &listener) && watch(signals, &signals);
}

/* Whoever serves nothing shall say so before anyone connects. */
static bool have_root(void)
{
    const char *path = *site.root ? site.root : "/";
    struct stat st;
    int err = stat(path, &st) ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;

    if (err) {
        const char *const line[] = {
            "web: cannot serve ", path, ": ", strerror(err),
            ": give it a ramdisk= with a folder of that name\n"};

        for (size_t i = 0; i < ARRAY_LEN(line); i++)
            say(line[i]);
    }
    return err == 0;
}

/* The port, 0: the arguments make no sense. */
static uint16_t read_arguments(char **argv)
{
    long port = 80;

    for (argv++; *argv && **argv == '-'; argv++) {
        if (!strcmp(*argv, "-a"))
            site.log = STDOUT_FILENO;
        else if (!strcmp(*argv, "-l"))
            site.list = true;
        else
            return 0;
    }
    if (*argv)
        port = strtol(*argv++, NULL, 10);
    if (*argv && strcmp(*argv, "/") != 0)
        site.root = *argv;
    return port > 0 && port < 65536 ? (uint16_t)port : 0;
}

/* What there was to do. */
static void report(void)
{
    const struct {
        const char *what;
        unsigned long n;
    } lines[] = {{"connections", count.connections},
                 {"answers", count.answers},
                 {"took too long", count.late},
                 {"gave way to others", count.evicted}};

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char digits[NUMBER_SIZE];

        say(i ? ", " : "web: ");
        say(number_text(digits, lines[i].n));
        say(" ");
        say(lines[i].what);
    }
    say("\n");
}

int main(int argc, char **argv)
{
    uint16_t port = read_arguments(argv);

    (void)argc;
    if (port == 0) {
        say("web: behind the -- of extra= stand [-a] [-l] [PORT [FOLDER]]\n");
        return 1;
    }
    if (!have_root())
        return 1;
    if (!start(port)) {
        perror("web");
        return 1;
    }
    say("web: ready\n");
    serve();
    http_cache_clear(&cache);
    report();
    return 0;
}
