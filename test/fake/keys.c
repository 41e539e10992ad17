/* keys.c: see keys.h. */

#include "test/fake/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "xen/xenstore.h"

struct fake_keys fake_keys;

static struct {
    char path[128], value[256]; /* path "": none */
} nodes[64];
static struct xs_watch *watches;
static struct waitq wake;

static bool below(const char *path, const char *top)
{
    size_t n = strlen(top);

    return !strncmp(path, top, n) && (!path[n] || path[n] == '/');
}

static void whole(char out[128], const char *dir, const char *path)
{
    if (snprintf(out, 128, "%s%s%s", dir ? dir : "", dir ? "/" : "", path) >=
        128)
        abort();
}

static void fire(const char *path)
{
    char top[128];

    for (struct xs_watch *w = watches; w; w = w->next) {
        whole(top, w->dir, w->path);
        w->fired |= below(path, top) || below(top, path);
    }
    waitq_wake(&wake);
}

static size_t find(const char *path)
{
    size_t i = 0;

    while (i < ARRAY_LEN(nodes) && strcmp(nodes[i].path, path) != 0)
        i++;
    return i;
}

void fake_keys_set(const char *path, const char *value)
{
    size_t i = find(path);

    for (size_t k = 0; !value && k < ARRAY_LEN(nodes); k++)
        if (below(nodes[k].path, path))
            nodes[k].path[0] = '\0';
    if (value && i == ARRAY_LEN(nodes))
        i = find("");
    if (value && (i == ARRAY_LEN(nodes) || strlen(path) >= 128 ||
                  strlen(value) >= sizeof(nodes[i].value)))
        abort(); /* a test wants more than there is */
    if (value) {
        strcpy(nodes[i].path, path);
        strcpy(nodes[i].value, value);
    }
    fire(path);
}

const char *fake_keys_get(const char *path)
{
    size_t i = find(path);

    return i < ARRAY_LEN(nodes) ? nodes[i].value : NULL;
}

static void unlist(const struct xs_watch *w)
{
    struct xs_watch **p = &watches;

    while (*p && *p != w)
        p = &(*p)->next;
    fake_keys.watches -= *p != NULL;
    if (*p)
        *p = w->next;
}

static int set_watch(struct xs_watch *w, const struct xs_call *call)
{
    *w = (struct xs_watch){.dir = call->dir,
                           .path = call->path,
                           .token = "1",
                           .fired = true,
                           .next = watches};
    watches = w;
    fake_keys.watches++;
    return 0;
}

static int read_key(const char *path, const struct xs_call *call)
{
    const char *value = fake_keys_get(path);

    if (!value)
        return -ENOENT;
    if (strlen(value) >= call->size)
        return -ENAMETOOLONG;
    strcpy(call->value, value);
    return 0;
}

static int serve(struct xs_call *call)
{
    int err = fake_keys.err;
    char path[128];

    fake_keys.err = 0;
    whole(path, call->dir, call->path);
    if (call->op == XS_CALL_UNWATCH)
        unlist(call->watch);
    if (err)
        return err;
    switch (call->op) {
    case XS_CALL_READ:
        if (call->watch)
            call->watch->fired = false;
        return read_key(path, call);
    case XS_CALL_WATCH:
        return set_watch(call->watch, call);
    case XS_CALL_WRITE:
        fake_keys_set(path, call->text);
        if (fake_keys.on_write)
            fake_keys.on_write(path, call->text);
        return 0;
    default:
        return 0;
    }
}

void xs_send(uint32_t tx, struct xs_call *calls, size_t n)
{
    if (tx)
        abort();
    for (struct xs_call *call = calls; call < calls + n; call++) {
        if (fake_keys.between)
            fake_keys.between();
        call->err = serve(call);
        if (call->err && call->size)
            call->value[0] = '\0';
        if (call->err && call->op == XS_CALL_WATCH)
            call->watch->token[0] = '\0';
    }
    waitq_wake(&wake);
}

int xs_await(struct xs_call *calls, size_t n)
{
    int err = 0;

    thread_yield(); /* the replies take their time */
    for (size_t i = 0; i < n; i++)
        if (!err)
            err = calls[i].err;
    return err;
}

int xs_batch(uint32_t tx, struct xs_call *calls, size_t n)
{
    xs_send(tx, calls, n);
    return xs_await(calls, n);
}

int xs_watch(struct xs_watch *w, const char *path)
{
    struct xs_call call = {.op = XS_CALL_WATCH, .path = path, .watch = w};

    return xs_batch(0, &call, 1);
}

void xs_unwatch(struct xs_watch *w)
{
    struct xs_call call = {
        .op = XS_CALL_UNWATCH, .dir = w->dir, .path = w->path, .watch = w};

    if (w->token[0])
        (void)xs_batch(0, &call, 1);
    w->token[0] = '\0';
}

bool xs_watch_fired(struct xs_watch *w)
{
    bool fired = w->fired;

    w->fired = false;
    return fired;
}

int xs_wait(uint64_t deadline)
{
    return waitq_wait_until(&wake, deadline);
}

int xs_watch_wait(struct xs_watch *w, uint64_t deadline)
{
    int err = 0;

    while (!xs_watch_fired(w)) {
        if (err)
            return err;
        err = xs_wait(deadline);
    }
    return 0;
}

struct waitq *xs_wake(void)
{
    return &wake;
}

int xs_number(const char *text, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits])
        return -EINVAL;
    *number = strtoull(text, NULL, 10);
    return 0;
}
