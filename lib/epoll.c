/*
 * epoll.c: waiting for many files at once.
 *
 * A file that changes queues its watch at the watch's epoll, so epoll_wait()
 * looks only at files that did.  A level-triggered watch that was reported
 * goes back into the queue and is looked at again by the next call.
 */

#include <sys/epoll.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/posix.h"
#include "lib/util.h"
#include "xen/clock.h"

/* In a ring with its head; alone it points to itself. */
struct link {
    struct link *next, *prev;
};

struct epoll {
    struct file file;
    struct link all;   /* watches by their link all */
    struct link ready; /* perhaps ready, by their link ready */
};

struct epoll_watch {
    struct watch watch; /* in the file's list */
    struct file *file;
    struct epoll *epoll;
    struct link all;
    struct link ready; /* alone unless queued */
    int fd;            /* with the file, what it is known by */
    uint32_t events;   /* 0: disarmed by EPOLLONESHOT */
    epoll_data_t data;
};

static void link_init(struct link *l)
{
    l->next = l->prev = l;
}

static bool link_alone(const struct link *l)
{
    return l->next == l;
}

static void link_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

static void link_append(struct link *head, struct link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

static inline uint32_t ready_events(const struct epoll_watch *w)
{
    const uint32_t wanted = w->events;

    if (!wanted)
        return 0;
    return file_ready(w->file, wanted) & (wanted | EPOLLERR | EPOLLHUP);
}

static COLD void watch_remove(struct epoll_watch *w)
{
    struct watch **p = &w->file->watches;

    while (*p != &w->watch)
        p = &(*p)->next;
    *p = w->watch.next;
    link_remove(&w->all);
    link_remove(&w->ready);
    free(w);
}

static void watch_queue(struct epoll_watch *w, unsigned events)
{
    if (events ? !(w->events & events) : !ready_events(w))
        return;
    if (link_alone(&w->ready))
        link_append(&w->epoll->ready, &w->ready);
    waitq_wake(&w->epoll->file.changed);
}

static void watch_changed(struct watch *watch, unsigned events)
{
    struct epoll_watch *w = CONTAINER_OF(watch, struct epoll_watch, watch);

    if (w->file->fds == 0)
        watch_remove(w);
    else
        watch_queue(w, events);
}

static COLD struct epoll_watch *watch_find(const struct epoll *e,
                                           const struct file *f, int fd)
{
    for (struct watch *p = f->watches; p; p = p->next) {
        struct epoll_watch *w = CONTAINER_OF(p, struct epoll_watch, watch);

        if (p->changed == watch_changed && w->epoll == e && w->fd == fd)
            return w;
    }
    return NULL;
}

static struct epoll *epoll_of(struct file *f)
{
    return CONTAINER_OF(f, struct epoll, file);
}

/* An epoll is itself readable while it has something to report. */
static COLD unsigned epoll_ready(struct file *f, unsigned wanted)
{
    struct epoll *e = epoll_of(f);

    (void)wanted;
    while (!link_alone(&e->ready)) {
        struct link *first = e->ready.next;

        if (ready_events(CONTAINER_OF(first, struct epoll_watch, ready)))
            return POLLIN;
        link_remove(first);
    }
    return 0;
}

static COLD void epoll_close(struct file *f)
{
    struct epoll *e = epoll_of(f);

    while (!link_alone(&e->all))
        watch_remove(CONTAINER_OF(e->all.next, struct epoll_watch, all));
    free(e);
}

static const struct file_ops epoll_ops = {
    .ready = epoll_ready,
    .close = epoll_close,
};

COLD int epoll_create1(int flags)
{
    struct epoll *e;
    int fd;

    if (flags & ~EPOLL_CLOEXEC)
        return posix_status(-EINVAL);
    e = malloc(sizeof(*e));
    if (!e)
        return posix_status(-ENOMEM);
    file_init(&e->file, &epoll_ops, O_RDWR);
    link_init(&e->all);
    link_init(&e->ready);
    fd = fd_open(&e->file);
    if (fd < 0)
        free(e);
    return posix_status(fd);
}

COLD int epoll_create(int size)
{
    return size > 0 ? epoll_create1(0) : posix_status(-EINVAL);
}

/* An event of the console wakes its queue and does no more. */
static COLD void tell(void *console)
{
    struct file *f = console;

    for (;;) {
        waitq_wait(&f->changed);
        file_changed(f);
    }
}

/* The console's watches are told of its events by a thread, from now on. */
static COLD bool have_teller(struct file *console)
{
    static struct thread *teller;

    if (!teller)
        teller = thread_create("console", tell, console);
    return teller;
}

static COLD int add(struct epoll *e, struct file *f, int fd,
                    const struct epoll_event *event)
{
    struct epoll_watch *w;

    if (!f->ops->ready) /* always ready: a plain file */
        return -EPERM;
    if (f->ops == &epoll_ops)
        return -EINVAL;
    if (fd_isatty(fd) && !have_teller(f))
        return -ENOMEM;
    w = malloc(sizeof(*w));
    if (!w)
        return -ENOMEM;
    *w = (struct epoll_watch){
        .watch = {.next = f->watches, .changed = watch_changed},
        .file = f,
        .epoll = e,
        .fd = fd,
        .events = event->events | EPOLLERR | EPOLLHUP,
        .data = event->data,
    };
    f->watches = &w->watch;
    link_init(&w->ready);
    link_append(&e->all, &w->all);
    watch_queue(w, 0);
    return 0;
}

static COLD int control(struct epoll *e, int op, struct file *f, int fd,
                        const struct epoll_event *event)
{
    struct epoll_watch *w = watch_find(e, f, fd);

    if (op == EPOLL_CTL_ADD)
        return w ? -EEXIST : add(e, f, fd, event);
    if (op != EPOLL_CTL_MOD && op != EPOLL_CTL_DEL)
        return -EINVAL;
    if (!w)
        return -ENOENT;
    if (op == EPOLL_CTL_DEL) {
        watch_remove(w);
        return 0;
    }
    w->events = event->events | EPOLLERR | EPOLLHUP;
    w->data = event->data;
    watch_queue(w, 0);
    return 0;
}

/* The epoll with a reference, or NULL with *err. */
static inline struct epoll *get(int fd, int *err)
{
    struct file *f = fd_get(fd);

    *err = f ? 0 : -EBADF;
    if (f && f->ops != &epoll_ops) {
        file_put(f);
        *err = -EINVAL;
    }
    return *err ? NULL : epoll_of(f);
}

COLD int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    int err;
    struct epoll *e = get(epoll, &err);
    struct file *f;

    if (!e)
        return posix_status(err);
    f = fd_get(fd);
    if (!f) {
        err = -EBADF;
    } else {
        err = control(e, op, f, fd, event);
        file_put(f);
    }
    file_put(&e->file);
    return posix_status(err);
}

/* Report what is ready; each queued watch is looked at once.  Level-triggered
 * ones that are reported go behind those that had no turn yet. */
static int collect(struct epoll *e, struct epoll_event *events, int max)
{
    const struct link *const last = e->ready.prev, *link = NULL;
    int n = 0;

    while (n < max && link != last && !link_alone(&e->ready)) {
        struct epoll_watch *w =
            CONTAINER_OF(e->ready.next, struct epoll_watch, ready);
        const uint32_t now = ready_events(w);

        link = &w->ready;
        link_remove(&w->ready);
        if (!now)
            continue;
        events[n++] = (struct epoll_event){.events = now, .data = w->data};
        if (w->events & EPOLLONESHOT)
            w->events = 0;
        else if (!(w->events & EPOLLET))
            link_append(&e->ready, &w->ready);
    }
    return n;
}

/* How many events there are at the deadline, 0: do not wait; or -errno. */
static int wait_until(struct epoll *e, struct epoll_event *events, int max,
                      uint64_t deadline)
{
    int err = deadline == 0 ? -ETIMEDOUT : 0;
    bool again = false;
    int n;

    while ((n = collect(e, events, max)) == 0 && !err) {
        if (again && clock_now() >= deadline)
            break; /* though we are woken all the time */
        err = waitq_wait_until(&e->file.changed, deadline);
        if (e->file.fds == 0)
            return -EBADF;
        again = true;
    }
    return n;
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    int n;
    struct epoll *e = get(epoll, &n);

    if (!e)
        return posix_status(n);
    n = max > 0 ? wait_until(e, events, max, posix_deadline(timeout_ms))
                : -EINVAL;
    file_put(&e->file);
    return posix_status(n);
}
