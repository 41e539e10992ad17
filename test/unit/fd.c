#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "lib/fd.h"
#include "lib/util.h"
#include "test/fake/scarce.h"

/* A file that counts, and does what a test tells it to in the middle of a
 * call: what another thread would do while this one waits. */
static struct test_file {
    struct file file;
    unsigned closed;
    void (*meanwhile)(void);
    char last;
} a, b;

static int waiting_fd;
static uint64_t waited_until;
static unsigned wakes;

void waitq_wake(struct waitq *q)
{
    (void)q;
    wakes++;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    (void)q;
    waited_until = deadline;
    if (!a.meanwhile)
        return -ETIMEDOUT;
    a.meanwhile();
    return 0;
}

static ssize_t test_read(struct file *f, void *data, size_t n)
{
    struct test_file *t = CONTAINER_OF(f, struct test_file, file);
    int err = t->meanwhile ? file_wait(f, NEVER) : 0;

    cr_assert_eq(t->closed, 0, "used after its close");
    if (err)
        return err;
    memset(data, t->last, n);
    return (ssize_t)n;
}

static ssize_t test_write(struct file *f, const void *data, size_t n)
{
    CONTAINER_OF(f, struct test_file, file)->last = *(const char *)data;
    return (ssize_t)n;
}

static off_t test_seek(struct file *f, off_t offset, int whence)
{
    (void)f;
    return offset + whence;
}

static int test_stat(struct file *f, struct stat *st)
{
    (void)f;
    cr_assert_eq(st->st_size, 0);
    st->st_mode = S_IFCHR;
    return 0;
}

static int test_map(struct file *f, off_t offset, size_t n, const void **data)
{
    *data = &CONTAINER_OF(f, struct test_file, file)->last + offset + n;
    return 0;
}

static unsigned test_ready(struct file *f, unsigned wanted)
{
    (void)f;
    (void)wanted;
    return POLLIN;
}

static void test_close(struct file *f)
{
    CONTAINER_OF(f, struct test_file, file)->closed++;
}

static const struct file_ops ops = {.read = test_read,
                                    .write = test_write,
                                    .seek = test_seek,
                                    .stat = test_stat,
                                    .map = test_map,
                                    .ready = test_ready,
                                    .close = test_close};
static const struct file_ops no_ops;

static int open_a(int flags)
{
    a = (struct test_file){0};
    file_init(&a.file, &ops, flags);
    return fd_open(&a.file);
}

static int open_b(void)
{
    b = (struct test_file){0};
    file_init(&b.file, &ops, O_RDWR);
    return fd_open(&b.file);
}

static void close_waiting(void)
{
    cr_assert_eq(fd_close(waiting_fd), 0);
    cr_assert_eq(a.closed, 0, "closed under a call");
}

/* The table hangs on a static pointer; a test closes what it opens. */
Test(fd, gives_the_lowest_number)
{
    int fd[4];

    for (int i = 0; i < 4; i++)
        cr_assert_eq(fd[i] = open_b(), i);
    cr_assert_eq(fd_close(2), 0);
    cr_assert_eq(fd_close(1), 0);
    cr_assert_eq(open_b(), 1);
    cr_assert_eq(open_b(), 2);
    cr_assert_eq(open_b(), 4);
    cr_assert_eq(fd_close(0), 0);
    cr_assert_eq(fd_close(3), 0);
    cr_assert_eq(open_b(), 0);
    cr_assert_eq(open_b(), 3);
}

Test(fd, moves_bytes_both_ways)
{
    int fd = open_a(O_RDWR);
    char data[3] = "";

    cr_assert_eq(fd_write(fd, "x", 1), 1);
    cr_assert_eq(fd_read(fd, data, 2), 2);
    cr_assert_str_eq(data, "xx");
    cr_assert_eq(fd_seek(fd, 40, 2), 42);
    cr_assert_eq(fd_close(fd), 0);
    cr_assert_eq(a.closed, 1);
}

Test(fd, minds_the_access_mode)
{
    char c;
    int fd = open_a(O_RDONLY);

    cr_assert_eq(fd_write(fd, "x", 1), -EBADF);
    cr_assert_eq(fd_read(fd, &c, 1), 1);
    fd_close(fd);
    fd = open_a(O_WRONLY | O_TRUNC);
    cr_assert_eq(fd_read(fd, &c, 1), -EBADF);
    cr_assert_eq(fd_write(fd, "x", 1), 1);
    cr_assert_eq(fd_control(fd, F_GETFL, 0), O_WRONLY);
    fd_close(fd);
}

Test(fd, knows_what_a_file_cannot_do)
{
    struct file f;
    struct stat st = {.st_size = 1};
    const void *data;
    char c;
    int fd;

    file_init(&f, &no_ops, O_RDWR);
    fd = fd_open(&f);
    cr_assert_eq(fd_read(fd, &c, 1), -EINVAL);
    cr_assert_eq(fd_write(fd, "x", 1), -EINVAL);
    cr_assert_eq(fd_seek(fd, 0, SEEK_SET), -ESPIPE);
    cr_assert_eq(fd_map(fd, 0, 1, &data), -ENODEV);
    cr_assert_eq(fd_stat(fd, &st), 0);
    cr_assert_eq(st.st_size, 0);
    cr_assert(!fd_isatty(fd));
    cr_assert_eq(file_ready(&f, ~0u),
                 POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
    cr_assert_eq(fd_close(fd), 0);
}

Test(fd, refuses_descriptors_that_are_not_open)
{
    static const int bad[] = {-1, INT32_MIN, 7, FD_LIMIT, INT32_MAX};
    const void *data;
    struct stat st;
    char c;

    open_a(O_RDWR);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        errno = 0;
        cr_assert_null(fd_get(bad[i]));
        cr_assert_eq(errno, EBADF);
        cr_assert_eq(fd_read(bad[i], &c, 1), -EBADF);
        cr_assert_eq(fd_write(bad[i], &c, 1), -EBADF);
        cr_assert_eq(fd_seek(bad[i], 0, SEEK_SET), -EBADF);
        cr_assert_eq(fd_stat(bad[i], &st), -EBADF);
        cr_assert_eq(fd_map(bad[i], 0, 1, &data), -EBADF);
        cr_assert(!fd_isatty(bad[i]));
        cr_assert_eq(fd_dup(bad[i]), -EBADF);
        cr_assert_eq(fd_dup2(bad[i], 3), -EBADF);
        cr_assert_eq(fd_control(bad[i], F_GETFL, 0), -EBADF);
        cr_assert_eq(fd_close(bad[i]), -EBADF);
    }
    cr_assert_eq(fd_close(0), 0);
    cr_assert_eq(fd_close(0), -EBADF);
    cr_assert_eq(a.closed, 1);
}

Test(fd, asks_the_file)
{
    const void *data;
    int fd = open_a(O_RDWR);

    cr_assert(fd_isatty(fd));
    cr_assert_eq(file_ready(&a.file, ~0u), POLLIN | POLLRDNORM);
    cr_assert_eq(fd_map(fd, 2, 3, &data), 0);
    cr_assert_eq(data, &a.last + 5);
    fd_close(fd);
}

Test(fd, closes_with_the_last_of_its_descriptors)
{
    int fd = open_a(O_RDWR), other = fd_dup(fd), third;

    cr_assert_eq(other, 1);
    third = fd_dup2(fd, 9);
    cr_assert_eq(third, 9);
    cr_assert_eq(a.file.fds, 3);
    fd_close(fd);
    fd_close(third);
    cr_assert_eq(a.closed, 0);
    cr_assert_eq(wakes, 0);
    fd_close(other);
    cr_assert_eq(a.closed, 1);
    cr_assert_eq(wakes, 1);
}

Test(fd, replaces_a_file_by_another)
{
    int fd = open_a(O_RDWR), other = open_b();

    cr_assert_eq(fd_dup2(fd, fd), fd);
    cr_assert_eq(a.file.refs, 1);
    cr_assert_eq(fd_dup2(fd, other), other);
    cr_assert_eq(b.closed, 1);
    cr_assert_eq(a.file.fds, 2);
    cr_assert_eq(fd_dup2(fd, FD_LIMIT), -EBADF);
    cr_assert_eq(fd_dup2(fd, -1), -EBADF);
    fd_close(fd);
    fd_close(other);
    cr_assert_eq(a.closed, 1);
}

Test(fd, controls_flags_and_copies)
{
    int fd = open_a(O_RDWR);

    cr_assert_eq(fd_control(fd, F_GETFL, 0), O_RDWR);
    cr_assert_eq(fd_control(fd, F_SETFL, O_NONBLOCK | O_WRONLY | O_CREAT), 0);
    cr_assert_eq(fd_control(fd, F_GETFL, 0), O_RDWR | O_NONBLOCK);
    cr_assert_eq(fd_control(fd, F_SETFL, 0), 0);
    cr_assert_eq(fd_control(fd, F_GETFL, 0), O_RDWR);
    cr_assert_eq(fd_control(fd, F_DUPFD, 5), 5);
    cr_assert_eq(fd_control(fd, F_DUPFD, 5), 6);
    cr_assert_eq(fd_control(fd, F_DUPFD, -1), -EINVAL);
    cr_assert_eq(fd_control(fd, F_DUPFD, FD_LIMIT), -EINVAL);
    cr_assert_eq(fd_control(fd, F_SETFD, FD_CLOEXEC), 0);
    cr_assert_eq(fd_control(fd, F_GETFD, 0), 0);
    cr_assert_eq(fd_control(fd, 12345, 0), -EINVAL);
    cr_assert_eq(open_b(), 1);
    fd_close(0);
    fd_close(5);
    fd_close(6);
    cr_assert_eq(a.closed, 1);
}

Test(fd, installs_where_it_is_told)
{
    file_init(&a.file, &ops, O_RDWR);
    cr_assert_eq(fd_install(2, &a.file), 2);
    cr_assert_eq(fd_install(2, &a.file), -EBUSY);
    cr_assert_eq(fd_install(-1, &a.file), -EBADF);
    cr_assert_eq(fd_install(FD_LIMIT, &a.file), -EMFILE);
    cr_assert_eq(open_b(), 0);
    fd_close(2);
    cr_assert_eq(a.closed, 1);
}

Test(fd, ends_at_its_limit)
{
    int fd = open_a(O_RDWR);

    for (int i = 1; i < FD_LIMIT; i++)
        cr_assert_eq(fd_dup(fd), i);
    cr_assert_eq(fd_dup(fd), -EMFILE);
    b = (struct test_file){0};
    file_init(&b.file, &ops, O_RDWR);
    cr_assert_eq(fd_open(&b.file), -EMFILE);
    cr_assert_eq(b.file.refs, 0);
    fd_close(12345);
    cr_assert_eq(fd_open(&b.file), 12345);
}

/* All ways to a descriptor beyond the table. */
static int open_another(int way, int fd)
{
    switch (way) {
    case 0:
        return fd_open(&b.file);
    case 1:
        return fd_install(fd, &b.file);
    case 2:
        return fd_dup(0);
    case 3:
        return fd_dup2(0, fd);
    default:
        return fd_control(0, F_DUPFD, fd);
    }
}

Test(fd, each_growth_of_the_table_may_fail)
{
    int grown = 0, fd;

    file_init(&b.file, &ops, O_RDWR);
    scarce_arm(0);
    cr_assert_eq(fd_open(&b.file), -ENOMEM, "the first");
    cr_assert_eq(open_a(O_RDWR), 0);
    for (fd = 1; fd < FD_LIMIT; fd++)
        for (int way = 0; way < 5; way++) {
            unsigned refs[] = {a.file.refs, b.file.refs};

            scarce_arm(0);
            int got = open_another(way, fd);

            if (!scarce_failed()) {
                cr_assert_eq(got, fd);
                break; /* there was room */
            }
            cr_assert_eq(got, -ENOMEM, "way %d", way);
            cr_assert_eq(a.file.refs, refs[0]);
            cr_assert_eq(b.file.refs, refs[1]);
            cr_assert_null(fd_get(fd));
            if (way < 4)
                continue;
            grown++;
            scarce_arm(SIZE_MAX);
            cr_assert_eq(open_another(grown % 5, fd), fd, "and tried again");
        }
    cr_assert_eq(grown, 10, "16 becomes 16384");
    while (fd-- > 0)
        cr_assert_eq(fd_close(fd), 0);
    cr_assert_eq(a.closed, 1);
}

Test(fd, a_blocked_call_ends_when_the_file_is_closed)
{
    char c;

    waiting_fd = open_a(O_RDWR);
    a.meanwhile = close_waiting;
    cr_assert_eq(fd_read(waiting_fd, &c, 1), -EBADF);
    cr_assert_eq(waited_until, NEVER);
    cr_assert_eq(a.closed, 1);
}

Test(fd, waits_only_if_it_may)
{
    int fd = open_a(O_RDWR | O_NONBLOCK);
    struct file *f = fd_get(fd);

    cr_assert_eq(file_wait(f, 5), -EAGAIN);
    cr_assert_eq(waited_until, 0);
    fd_control(fd, F_SETFL, 0);
    cr_assert_eq(file_wait(f, 5), -ETIMEDOUT);
    cr_assert_eq(waited_until, 5);
    fd_close(fd);
    cr_assert_eq(file_wait(f, 6), -EBADF);
    cr_assert_eq(waited_until, 5);
    cr_assert_eq(a.closed, 0);
    file_put(f);
    cr_assert_eq(a.closed, 1);
}

static unsigned told, told_events;

static void tell(struct watch *w, unsigned events)
{
    told++;
    told_events = events;
    if (a.file.fds == 0) {
        a.file.watches = w->next;
        memset(w, 0xff, sizeof(*w)); /* as if freed */
    }
}

Test(fd, tells_watches_of_changes_and_of_the_end)
{
    struct watch second = {NULL, tell}, first = {&second, tell};
    int fd = open_a(O_RDWR);

    a.file.watches = &first;
    file_changed(&a.file);
    cr_assert_eq(told, 2);
    cr_assert_eq(told_events, 0);
    cr_assert_eq(wakes, 1);
    file_became(&a.file, POLL_READ);
    cr_assert_eq(told, 4);
    cr_assert_eq(told_events, POLL_READ);
    cr_assert_eq(wakes, 2);
    fd_close(fd);
    cr_assert_eq(told, 6);
    cr_assert_eq(told_events, 0);
    cr_assert_null(a.file.watches);
}
