/* xenbus.c: a toolstack, a xenstored and a back-end that do anything at any
 * time to a thread that opens, uses, leaves and reopens its device. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sched.h"
#include "lib/util.h"
#include "test/fake/keys.h"
#include "test/fake/memory.h"
#include "test/fake/said.h"
#include "xen/abi.h"
#include "xen/clock.h"
#include "xen/evtchn.h"
#include "xen/xenbus.h"
#include <xen/io/xenbus.h>

#define OURS   "device/vif/0"
#define THEIRS "back/0"
#define PAGES  64
#define GRANTS 56
#define PORTS  4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t *at, *end;
static uint64_t now;
static uint32_t ports; /* open */
static unsigned ports_left;
static bool named[DOMID_FIRST_RESERVED]; /* as the back-end's domain */
static bool follows;                     /* the back-end has manners */
static bool erred; /* xenstored refused something: no promises then */
static bool done;  /* the thread is */
static struct xenbus_dev *dev, *live; /* live: connected, says our side */

static void check(int truth)
{
    if (!truth)
        abort();
}

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

uint64_t clock_now(void)
{
    return now;
}

int evtchn_open(uint16_t peer, struct waitq *wake, uint32_t *port)
{
    check(peer < DOMID_FIRST_RESERVED && named[peer]);
    check(wake == &dev->wake);
    if (!ports_left)
        return -ENOSPC;
    *port = ++ports;
    return 0;
}

void evtchn_close(uint32_t port)
{
    check(port == ports);
    ports--;
}

void evtchn_send(uint32_t port)
{
    check(port == ports);
}

static void say_peer(const char *text)
{
    uint64_t number;

    fake_keys_set(OURS "/backend-id", text);
    if (text && xs_number(text, &number) == 0 && number < DOMID_FIRST_RESERVED)
        named[number] = true;
}

static void back_state(unsigned state)
{
    char text[] = {(char)('0' + state), '\0'};

    fake_keys_set(THEIRS "/state", text);
}

/* As Linux's netback does. */
static void on_write(const char *path, const char *value)
{
    int state = value[0] - '0';
    const char *theirs = fake_keys_get(THEIRS "/state");

    if (!follows || strcmp(path, OURS "/state") != 0 || !theirs)
        return;
    if (state == XenbusStateConnected || state == XenbusStateClosing ||
        state == XenbusStateClosed)
        back_state((unsigned)state);
    if (state == XenbusStateInitialising && theirs[0] == '6')
        back_state(XenbusStateInitWait);
}

/* Toolstacks remove both ends. */
static void device_goes(void)
{
    const char *named_path = fake_keys_get(OURS "/backend");
    char path[256] = "";

    if (named_path)
        strcpy(path, named_path);
    fake_keys_set(OURS, NULL);
    fake_keys_set(THEIRS, NULL);
    if (named_path)
        fake_keys_set(path, NULL);
}

static void device_comes(const char *peer)
{
    device_goes();
    fake_keys_set(OURS "/backend", THEIRS);
    say_peer(peer);
    fake_keys_set(OURS "/state", "1");
    fake_keys_set(THEIRS "/online", "1");
    back_state(XenbusStateInitWait);
}

static const char *odd(void)
{
    static const char *const texts[] = {NULL, "",      "x",     "9",
                                        "4x", "99999", "32752", "123456789"};

    return texts[next() % ARRAY_LEN(texts)];
}

static void be_short_of(unsigned what)
{
    fake_pages_left = what % 4 == 1 ? 0 : PAGES;
    fake_grants_left = what % 4 == 2 ? 0 : GRANTS - fake_grants;
    ports_left = what % 4 == 3 ? 0 : PORTS;
}

/* Something happens. */
static void world(void)
{
    static const int errors[] = {-EIO,    -EDQUOT, -ENOSPC, -E2BIG,
                                 -EACCES, -ENOENT, -EAGAIN, -EINVAL};

    switch (next() % 12) {
    case 0:
    case 1:
        back_state(next() % 9);
        break;
    case 2:
        fake_keys_set(THEIRS "/state", odd());
        break;
    case 3:
        device_goes();
        break;
    case 4:
        device_comes(next() & 1 ? "0" : "7");
        break;
    case 5:
        say_peer(odd());
        break;
    case 6:
        device_goes();
        fake_keys_set(OURS "/backend", next() & 1 ? odd() : "back/1");
        break;
    case 7:
        fake_keys_set(THEIRS "/online", next() & 1 ? "0" : odd());
        break;
    case 8:
        fake_keys.err = errors[next() % ARRAY_LEN(errors)];
        erred = true;
        break;
    case 9:
        fake_mapped = next() & 1;
        break;
    case 10:
        follows = next() & 1;
        be_short_of(next());
        break;
    default:
        if (sched_next_deadline() != NEVER)
            now = sched_next_deadline();
        break;
    }
}

/* Sometimes in between, so that most go undisturbed; or it takes long. */
static void between(void)
{
    unsigned what = next();

    if (what >= 192)
        world();
    else if (what >= 160)
        for (; what > 160; what--)
            thread_yield();
}

/* Nobody waits for ever once all have manners. */
static void repair(void)
{
    fake_keys.err = 0;
    fake_mapped = false;
    follows = true;
    be_short_of(0);
    device_comes("0");
    if (live)
        waitq_wake(&live->wake);
}

/* All is quiet: then whoever believes to be connected is. */
static void check_live(void)
{
    char path[160];
    const char *theirs, *ours = fake_keys_get(OURS "/state");

    if (!live || live->broken || erred)
        return;
    snprintf(path, sizeof(path), "%s/state", live->backend);
    theirs = fake_keys_get(path);
    check(ours && !strcmp(ours, "4"));
    check(theirs && strlen(theirs) == 1 && strchr("123478", theirs[0]));
}

static int connect(struct ring rings[2])
{
    static const struct xenbus_key keys[] = {{"tx-ring-ref", 8}, {"key", 1}};
    int err;

    for (unsigned i = 0; i < 2; i++) {
        if ((err = xenbus_ring(dev, &rings[i], 16)))
            return err;
        check(xenbus_ring_ref(dev, i) != 0);
    }
    dev->protocol = next() & 1 ? "x86_64-abi" : NULL;
    err = xenbus_connect(dev, keys, ARRAY_LEN(keys), NULL, 0);
    check(err || dev->port);
    live = err ? NULL : dev;
    return err;
}

/* A device's life, until the input is over. */
static void use(void)
{
    static struct ring rings[2];
    int err = connect(rings);

    while (at < end) {
        switch (next() % 4) {
        case 0:
            while (live && !dev->broken && at < end)
                waitq_wait(&dev->wake);
            break;
        case 1:
            if (live && ring_extra(&rings[0]))
                xenbus_kick(dev, &rings[0]);
            break;
        case 2:
            check(xenbus_fail(dev, "a lie") == -EIO && dev->broken);
            break;
        default:
            if (!err && !dev->broken)
                return;
            live = NULL;
            if ((err = xenbus_reopen(dev, NULL, 0)) == 0)
                err = connect(rings);
            break;
        }
    }
}

static void run(void *arg)
{
    unsigned id = 0;
    struct xenbus_place place;

    (void)arg;
    do {
        dev = malloc(sizeof(*dev)); /* used later it is found */
        xenbus_ask(&place, "vif", id);
        if (xenbus_open(dev, &place, NULL, 0) == 0) {
            use();
            live = NULL;
            if (next() & 1)
                xenbus_leave(dev);
            xenbus_close(dev);
        }
        check(dev->port == 0 && fake_keys.watches == 0);
        free(dev);
    } while (at < end);
    done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bool repaired = false;

    at = data;
    end = data + n;
    done = erred = false;
    fake_keys = (struct fake_keys){.between = between, .on_write = on_write};
    memset(named, 0, sizeof(named));
    be_short_of(0);
    follows = true;
    fake_mapped = false;
    fake_said[0] = '\0';
    device_comes("0");
    thread_create("fuzz", run, NULL);
    while (!done) {
        sched_expire(now);
        if (sched_run(1))
            continue;
        check_live();
        if (at < end) {
            world();
        } else if (!repaired) {
            repair();
            repaired = true;
        } else {
            check(sched_next_deadline() != NEVER); /* waits for ever */
            now = sched_next_deadline();
        }
    }
    while (sched_run(1))
        ;
    fake_memory_forget();
    check(fake_pages == 0 && fake_grants == 0 && fake_shared == 0);
    check(ports == 0);
    return 0;
}
