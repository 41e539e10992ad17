/* shutdown.c: how the domain ends, by its own will or the toolstack's. */

#include "xen/shutdown.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "lib/util.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/hypercall.h"
#include "xen/xenstore.h"

#define REQUEST  "control/shutdown"
#define PATIENCE (2 * SECOND) /* that xenstored gets at the end */

static const struct {
    const char *word;
    unsigned reason;
} requests[] = {
    {"poweroff", SHUTDOWN_poweroff},
    {"halt", SHUTDOWN_poweroff},
    {"reboot", SHUTDOWN_reboot},
};

static void (*deferred)(void);
static unsigned asked = SHUTDOWN_poweroff;

static struct {
    int status;
    bool done;
    struct waitq wake;
} published;

/* The request, acknowledged by emptying the node.  The toolstack may take it
 * back at the same moment: hence the transaction. */
static int acknowledge(char *word, size_t size)
{
    struct xs_call read = xs_read_call(NULL, REQUEST, word, size);
    struct xs_call clear = {.op = XS_CALL_WRITE, .path = REQUEST, .text = ""};
    uint32_t tx;
    int err;

    do {
        if ((err = xs_begin(&tx)))
            return err;
        if ((err = xs_batch(tx, &read, 1)) || !*word ||
            (err = xs_batch(tx, &clear, 1))) {
            xs_end(tx, false);
            return err;
        }
    } while ((err = xs_end(tx, true)) == -EAGAIN);
    return err;
}

/* Let the program end by itself, if it wants to. */
static void give_notice(void)
{
    if (!deferred)
        return;
    deferred();
    thread_sleep(clock_now() + SHUTDOWN_GRACE * SECOND);
    say("still running after %d s: ending now", SHUTDOWN_GRACE);
}

static void obey(char *word, size_t size)
{
    if (!*word)
        return;
    /* Acknowledging would promise it; so the toolstack will cancel. */
    if (!strcmp(word, "suspend")) {
        say("asked to suspend: not supported, going on");
        return;
    }
    if (acknowledge(word, size) || !*word)
        return;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        if (!strcmp(word, requests[i].word)) {
            say("asked to %s", word);
            asked = requests[i].reason;
            give_notice();
            shutdown_now(asked);
        }
    say("asked to %s: unknown, ignored", word);
}

static void listen(void *arg)
{
    struct xs_watch watch = {0};
    char word[16];
    struct xs_call calls[] = {
        {.op = XS_CALL_WATCH, .path = REQUEST, .watch = &watch},
        xs_read_call(NULL, REQUEST, word, sizeof(word)),
        xs_write_call(NULL, "control/feature-poweroff", "1"),
        xs_write_call(NULL, "control/feature-reboot", "1"),
    };

    (void)arg;
    calls[1].watch = &watch;
    xs_batch(0, calls, ARRAY_LEN(calls));
    obey(word, sizeof(word));
    while (!xs_watch_wait(&watch, NEVER)) {
        xs_read(REQUEST, word, sizeof(word));
        obey(word, sizeof(word));
    }
    xs_unwatch(&watch);
}

void shutdown_init(void)
{
    if (!thread_create("shutdown", listen, NULL))
        say("no memory for the thread that obeys xl shutdown");
}

void shutdown_defer(void (*tell)(void))
{
    deferred = tell;
}

unsigned shutdown_reason(void)
{
    return asked;
}

static void publish(void *arg)
{
    char text[12];

    (void)arg;
    sniprintf(text, sizeof(text), "%d", published.status);
    xs_write("data/exit", text);
    published.done = true;
    waitq_wake(&published.wake);
}

void exit_status_publish(int status)
{
    uint64_t deadline = clock_now() + PATIENCE;

    console_drain(CONSOLE_PATIENCE); /* so that there is room for the line */
    if (console_dropped())
        say("%lu bytes were not printed: nobody read the console",
            (unsigned long)console_dropped());
    say("exit status %d", status);

    published.status = status;
    published.done = false;
    if (!thread_create("exit", publish, NULL))
        return;
    while (!published.done && !waitq_wait_until(&published.wake, deadline))
        ;
}

void shutdown_now(unsigned reason)
{
    console_drain(CONSOLE_PATIENCE);
    sched_op_shutdown(reason);
}
