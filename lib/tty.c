/* tty.c: the console as descriptors 0, 1 and 2: lines typed are echoed and can
 * be edited, output waits for a reader, but not for ever. */

#include "lib/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/panic.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"

#define LINE      256
#define PATIENCE  SECOND /* that output waits for the ring to move */
#define END_INPUT 0x04   /* control-D */
#define KILL_LINE 0x15   /* control-U */
#define DELETE    0x7f

static struct {
    struct file file;
    char line[LINE];
    size_t len;    /* of the line being typed, or of the one to be read */
    size_t taken;  /* of it, by read() */
    bool complete; /* the line has ended and can be read */
    bool deserted; /* the reader did not move for PATIENCE */
} tty;

static void echo(const char *text, size_t n)
{
    console_put(text, n); /* full: the typist can do without */
}

static void erase(void)
{
    tty.len--;
    echo("\b \b", 3);
}

static void type(char c)
{
    if (c == '\b' || c == DELETE) {
        if (tty.len)
            erase();
    } else if (c == KILL_LINE) {
        while (tty.len)
            erase();
    } else if (c == END_INPUT) {
        tty.complete = true;
    } else if (c == '\r' || c == '\n') {
        tty.line[tty.len++] = '\n';
        echo("\n", 1);
        tty.complete = true;
    } else if (tty.len < LINE - 1) { /* the last place is the newline's */
        tty.line[tty.len++] = c;
        echo(&c, 1);
    }
}

/* A line can be read.  What is typed ahead stays in the ring. */
static bool have_line(void)
{
    char c;

    while (!tty.complete && console_get(&c, 1))
        type(c);
    return tty.complete;
}

static ssize_t tty_read(struct file *f, void *data, size_t n)
{
    while (!have_line()) {
        int err = file_wait(f, NEVER);

        if (err)
            return err;
    }
    if (n > tty.len - tty.taken)
        n = tty.len - tty.taken;
    memcpy(data, tty.line + tty.taken, n);
    tty.taken += n;
    if (tty.taken == tty.len) {
        tty.len = tty.taken = 0;
        tty.complete = false;
    }
    return (ssize_t)n;
}

static ssize_t tty_write(struct file *f, const void *data, size_t n)
{
    const char *text = data;
    size_t done = 0;

    for (;;) {
        size_t put = console_put(text + done, n - done);

        done += put;
        if (put)
            tty.deserted = false;
        if (done == n)
            return (ssize_t)n;
        if (tty.deserted)
            break;
        int err = file_wait(f, clock_now() + PATIENCE);

        if (err == -EAGAIN && done)
            return (ssize_t)done;
        if (err == -ETIMEDOUT)
            tty.deserted = true; /* unless something fits now after all */
        else if (err)
            return err;
    }
    console_drop(n - done);
    return (ssize_t)n; /* dropped, and counted: nobody is reading */
}

static int tty_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFCHR | 0600;
    return 0;
}

static unsigned tty_ready(struct file *f, unsigned wanted)
{
    (void)f;
    (void)wanted;
    /* A newline takes two bytes. */
    return (have_line() ? POLLIN : 0u) | (console_space() > 1 ? POLLOUT : 0u);
}

static const struct file_ops tty_ops = {
    .read = tty_read,
    .write = tty_write,
    .stat = tty_stat,
    .ready = tty_ready,
};

void tty_init(void)
{
    file_init(&tty.file, &tty_ops, O_RDWR);
    tty.file.refs = 1; /* it is static: never to be closed */
    if (evtchn_watch(console_port(), &tty.file.changed))
        panic("tty: the console's port is out of range");
    for (int fd = 0; fd < 3; fd++)
        if (fd_install(fd, &tty.file) < 0)
            panic("tty: no memory for the first descriptors");
}
