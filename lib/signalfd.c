/* signalfd.c: the request to end, as a file: see
 * lib/include/sys/signalfd.h. */

#include <sys/signalfd.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/posix.h"
#include "xen/shutdown.h"

static struct {
    struct file file;
    bool open;
    bool pending; /* asked, and nobody has read it */
} term;

static void tell(void)
{
    term.pending = true;
    file_changed(&term.file);
}

static ssize_t term_read(struct file *f, void *data, size_t n)
{
    static const struct signalfd_siginfo info = {.ssi_signo = SIGTERM};
    int err;

    if (n < sizeof(info))
        return -EINVAL;
    while (!term.pending)
        if ((err = file_wait(f, NEVER)))
            return err;
    term.pending = false;
    memcpy(data, &info, sizeof(info));
    return sizeof(info);
}

static unsigned term_ready(struct file *f, unsigned wanted)
{
    (void)f;
    (void)wanted;
    return term.pending ? POLLIN : 0;
}

static void term_close(struct file *f)
{
    (void)f;
    term.open = false;
    shutdown_defer(NULL);
}

static const struct file_ops ops = {
    .read = term_read,
    .ready = term_ready,
    .close = term_close,
};

static int open_term(int flags)
{
    int fd;

    if (term.open)
        return -EBUSY;
    memset(&term, 0, sizeof(term));
    file_init(&term.file, &ops, flags & SFD_NONBLOCK ? O_NONBLOCK : 0);
    fd = fd_open(&term.file);
    if (fd >= 0) {
        term.open = true;
        shutdown_defer(tell);
    }
    return fd;
}

int signalfd(int fd, const sigset_t *mask, int flags)
{
    return posix_status(
        fd == -1 && sigismember(mask, SIGTERM) ? open_term(flags) : -EINVAL);
}

/* Nothing interrupts anyone here: whatever is blocked makes no difference. */
int sigprocmask(int how, const sigset_t *mask, sigset_t *old)
{
    (void)how;
    (void)mask;
    if (old)
        sigemptyset(old);
    return 0;
}
