/*
 * web.c: a static web server: one thread, epoll, files sent from where they
 * lie in memory.  Arguments: the port (80), the directory (/).  It is plain
 * POSIX and runs on Linux as it runs on mote.
 */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/http.h"

#define CONNECTIONS_MAX 1024
#define PATH_SIZE       1024

/* What a connection is doing, in the order in which it is given up when
 * another one needs its place, and how many ms it may go on. */
enum state { IDLE, LINGER, REQUEST, ANSWER, STATES };
static const int64_t limits[STATES] = {
    [IDLE] = 60000,    /* before the first byte of a request */
    [LINGER] = 2000,   /* closed by us, reading what is on its way: a reset
                          would destroy our last answer */
    [REQUEST] = 10000, /* from a request's first byte to its last */
    [ANSWER] = 60000,  /* without any progress */
};

struct piece {
    const char *at;
    size_t n;
};

struct conn {
    struct conn *next, *prev; /* in lists[state] */
    enum state state;
    int64_t deadline;
    int fd;
    struct http_request request;
    char *in;      /* HTTP_HEAD_MAX bytes, only while it has to keep some */
    size_t have;   /* bytes in there */
    uint64_t skip; /* bytes of a request's body still to come */
    bool keep_alive;
    struct piece out[2]; /* head and body of the answer, what is left */
    void *map;           /* the file the body is from */
    size_t map_size;
    char head[HTTP_ANSWER_MAX];
};

/* Every connection is in the list of its state.  All in one list have the
 * same limit, so the first is the first to time out. */
static struct {
    struct conn *first, *last;
} lists[STATES];

static int epoll, listener;
static unsigned connections;
static const char *root = "";
static int64_t now; /* monotonic, ms */

static void leave(struct conn *c)
{
    *(c->prev ? &c->prev->next : &lists[c->state].first) = c->next;
    *(c->next ? &c->next->prev : &lists[c->state].last) = c->prev;
}

static void enter(struct conn *c, enum state state)
{
    c->state = state;
    c->deadline = now + limits[state];
    c->next = NULL;
    c->prev = lists[state].last;
    *(c->prev ? &c->prev->next : &lists[state].first) = c;
    lists[state].last = c;
}

static void change(struct conn *c, enum state state)
{
    leave(c);
    enter(c, state);
}

static void unmap(struct conn *c)
{
    if (c->map)
        munmap(c->map, c->map_size);
    c->map = NULL;
}

static void hang_up(struct conn *c)
{
    leave(c);
    unmap(c);
    close(c->fd);
    free(c->in);
    free(c);
    connections--;
}

/* Listen to the socket, or wait until it takes more of the answer. */
static void wait_for(struct conn *c, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = c};

    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* root/path/index in name; false: it is too long. */
static bool join(char name[PATH_SIZE], const char *path, const char *index)
{
    const char *const parts[] = {root, path, index};
    size_t at = 0;

    for (int i = 0; i < 3; i++) {
        size_t n = strlen(parts[i]);

        if (n >= PATH_SIZE - at)
            return false;
        memcpy(name + at, parts[i], n + 1);
        at += n;
    }
    return true;
}

/* Map the file that path names and describe it in a; the status. */
static int find(struct conn *c, const char *path, struct http_answer *a)
{
    char name[PATH_SIZE];
    const char *index = path[strlen(path) - 1] == '/' ? "index.html" : "";
    struct stat st = {0};
    int fd;

    if (!join(name, path, index))
        return 414;
    fd = open(name, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return errno == EMFILE || errno == ENOMEM ? 503 : 404;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        a->status = 200;
        a->type = http_type(name);
        a->length = c->map_size = (size_t)st.st_size;
        a->modified = st.st_mtime;
        if (c->map_size) {
            c->map = mmap(NULL, c->map_size, PROT_READ, MAP_PRIVATE, fd, 0);
            if (c->map == MAP_FAILED) {
                c->map = NULL;
                a->status = 503;
            }
        }
    } else if (S_ISDIR(st.st_mode) && !*index) {
        a->status = 301;
        a->location = path;
        a->slash = "/";
    } else {
        a->status = 404;
    }
    close(fd);
    return a->status;
}

/* Lay out the answer to the request that http_parse() judged by status. */
static void answer(struct conn *c, int status)
{
    struct http_request *r = &c->request;
    struct http_answer a = {.now = time(NULL), .keep_alive = r->keep_alive};
    size_t n = 0;

    if (status == 200)
        status = find(c, r->path, &a);
    if (status == 200 || status == 301) {
        n = http_answer(c->head, sizeof(c->head), &a);
        status = 414; /* if the redirect's path does not fit */
    }
    if (n == 0)
        n = http_error(c->head, status, r, a.now);
    c->out[0] = (struct piece){c->head, n};
    c->out[1] = (struct piece){c->map, c->map && !r->head ? c->map_size : 0};
    c->keep_alive = r->keep_alive;
    c->skip = r->body;
    memset(r, 0, sizeof(*r));
}

/* Send what the socket takes; the state is ANSWER as long as there is more.
 * False: the connection is broken. */
static bool transmit(struct conn *c)
{
    for (struct piece *p = c->out; p < c->out + 2; p++) {
        int more = p == c->out && c->out[1].n ? MSG_MORE : 0;

        while (p->n) {
            ssize_t n = send(c->fd, p->at, p->n, MSG_NOSIGNAL | more);

            if (n < 0) {
                if (errno != EAGAIN)
                    return false;
                if (c->state != ANSWER)
                    wait_for(c, EPOLLOUT);
                change(c, ANSWER);
                return true;
            }
            p->at += n;
            p->n -= (size_t)n;
        }
    }
    unmap(c);
    if (c->state == ANSWER)
        wait_for(c, EPOLLIN);
    if (!c->keep_alive)
        shutdown(c->fd, SHUT_WR);
    change(c, c->keep_alive ? IDLE : LINGER);
    return true;
}

/* Keep what has not been used for the next time; false: no memory. */
static bool keep(struct conn *c, const char *rest, size_t n)
{
    c->have = n;
    if (n == 0) {
        free(c->in);
        c->in = NULL;
        return true;
    }
    if (!c->in)
        c->in = malloc(HTTP_HEAD_MAX);
    if (c->in)
        memmove(c->in, rest, n);
    return c->in;
}

/* Answer the requests in the first c->have bytes of buf, in their order,
 * until one is not complete or its answer has to wait. */
static bool serve(struct conn *c, char *buf)
{
    size_t n = c->have;

    while (n && (c->state == IDLE || c->state == REQUEST)) {
        size_t skip = c->skip < n ? (size_t)c->skip : n;
        int status;

        if (c->state == IDLE)
            change(c, REQUEST);
        buf += skip;
        n -= skip;
        c->skip -= skip;
        if (n == 0)
            break;
        status = http_parse(&c->request, buf, n);
        if (status == 0)
            break;
        buf += c->request.length;
        n -= c->request.length;
        answer(c, status);
        if (!transmit(c))
            return false;
    }
    return keep(c, buf, c->state == LINGER ? 0 : n);
}

/* Something happened to the connection; false: it is over. */
static bool proceed(struct conn *c)
{
    static char fresh[HTTP_HEAD_MAX];
    char *buf = c->in ? c->in : fresh;
    ssize_t n;

    if (c->state == ANSWER) {
        if (!transmit(c))
            return false;
        return c->state == ANSWER || c->have == 0 || serve(c, buf);
    }
    n = recv(c->fd, buf + c->have, HTTP_HEAD_MAX - c->have, 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    if (c->state == LINGER)
        return true;
    c->have += (size_t)n;
    return serve(c, buf);
}

/* Give up the connection that can best be done without. */
static bool evict(void)
{
    for (int i = 0; i < STATES; i++)
        if (lists[i].first) {
            hang_up(lists[i].first);
            return true;
        }
    return false;
}

static void welcome(int fd)
{
    struct conn *c = calloc(1, sizeof(*c));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;

    if (!c || fcntl(fd, F_SETFL, O_NONBLOCK) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) {
        free(c);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    c->fd = fd;
    enter(c, IDLE);
    connections++;
}

static void accept_all(void)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        bool full = fd < 0 && (errno == EMFILE || errno == ENFILE ||
                               errno == ENOMEM || errno == ENOBUFS);

        if (fd >= 0 && connections == CONNECTIONS_MAX)
            evict();
        if (fd >= 0)
            welcome(fd);
        else if (!full || !evict())
            return;
    }
}

/* End what has lasted too long; ms until the next one, -1: none. */
static int expire(void)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < STATES; i++) {
        struct conn *c;

        /* the analyzer does not see that hang_up() takes c out of the list */
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
        while ((c = lists[i].first) && c->deadline <= now) {
            if (i == REQUEST) {
                answer(c, 408);
                if (keep(c, NULL, 0) && transmit(c))
                    continue;
            }
            hang_up(c);
        }
        if (c && c->deadline < next)
            next = c->deadline;
    }
    return next == INT64_MAX ? -1 : (int)(next - now);
}

static void tick(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool start(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event e = {.events = EPOLLIN};
    int on = 1;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    return listener >= 0 && epoll >= 0 &&
           !setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
           !bind(listener, (struct sockaddr *)&any, sizeof(any)) &&
           !listen(listener, 128) && !fcntl(listener, F_SETFL, O_NONBLOCK) &&
           !epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
}

/* Whoever serves nothing shall say so before anyone connects. */
static bool have_root(void)
{
    const char *path = *root ? root : "/";
    struct stat st;
    int err = stat(path, &st) ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;

    if (err)
        printf("web: cannot serve %s: %s: give it a ramdisk= with a folder "
               "of that name\n",
               path, strerror(err));
    return err == 0;
}

int main(int argc, char **argv)
{
    long port = argc > 1 ? strtol(argv[1], NULL, 10) : 80;

    if (argc > 2)
        root = argv[2];
    if (port < 1 || port > 65535) {
        puts("web: the first argument must be a port");
        return 1;
    }
    if (!have_root())
        return 1;
    if (!start((uint16_t)port)) {
        perror("web");
        return 1;
    }
    puts("web: ready");
    for (tick();; tick()) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, expire());
        bool knock = false;

        tick();
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;

            if (!c)
                knock = true;
            else if (!proceed(c))
                hang_up(c);
        }
        /* last: it may evict a connection that has an event above */
        if (knock)
            accept_all();
    }
}
