/* xenstore: the real xenstored and the real netback, as a guest sees them. */

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "test/system/verdict.h"
#include "xen/xenbus.h"
#include "xen/xenstore.h"

#define KEYS 60

static void test_errors(void)
{
    char value[4];

    CHECK(xs_read("data/none", value, sizeof(value)) == -ENOENT);
    CHECK(xs_write("/local/domain/0/mine", "") == -EACCES);
    CHECK(xs_write("no//path", "") == -EINVAL);
    CHECK(xs_write("data/a", "1234") == 0);
    CHECK(xs_read("data/a", value, sizeof(value)) == -ENAMETOOLONG);
    CHECK(xs_remove("data/a") == 0);
    CHECK(xs_read("data/a", value, sizeof(value)) == -ENOENT);
}

/* More than the ring holds, each way. */
static void test_batches(void)
{
    static char name[KEYS][16], text[KEYS][101], back[KEYS][101];
    static char large[2001], large_back[2001];
    static struct xs_call calls[KEYS];

    for (int i = 0; i < KEYS; i++) {
        snprintf(name[i], sizeof(name[i]), "batch/%d", i);
        memset(text[i], 'A' + i % 26, 100);
        calls[i] = (struct xs_call){.op = XS_CALL_WRITE,
                                    .dir = "data",
                                    .path = name[i],
                                    .text = text[i]};
    }
    CHECK(xs_batch(0, calls, KEYS) == 0);
    for (int i = 0; i < KEYS; i++) {
        calls[i].op = XS_CALL_READ;
        calls[i].text = NULL;
        calls[i].value = back[i];
        calls[i].size = sizeof(back[i]);
    }
    CHECK(xs_batch(0, calls, KEYS) == 0);
    CHECK(memcmp(text, back, sizeof(text)) == 0);
    CHECK(xs_remove("data/batch") == 0);

    memset(large, 'x', sizeof(large) - 1);
    CHECK(xs_write("data/large", large) == 0);
    CHECK(xs_read("data/large", large_back, sizeof(large_back)) == 0);
    CHECK(strcmp(large, large_back) == 0);
    CHECK(xs_remove("data/large") == 0);
}

static void test_transactions(void)
{
    char value[8];
    uint32_t tx;
    struct xs_call calls[] = {
        {.op = XS_CALL_READ, .path = "data/t", .value = value, .size = 8},
        {.op = XS_CALL_WRITE, .path = "data/t", .text = "inside"},
    };

    CHECK(xs_write("data/t", "0") == 0);
    CHECK(xs_begin(&tx) == 0);
    CHECK(xs_batch(tx, calls, 2) == 0);
    CHECK(xs_read("data/t", value, sizeof(value)) == 0 && *value == '0');
    CHECK(xs_write("data/t", "outside") == 0);
    CHECK(xs_end(tx, true) == -EAGAIN);
    CHECK(xs_read("data/t", value, sizeof(value)) == 0 && *value == 'o');

    CHECK(xs_begin(&tx) == 0);
    CHECK(xs_batch(tx, calls, 2) == 0);
    CHECK(xs_end(tx, true) == 0);
    CHECK(xs_read("data/t", value, sizeof(value)) == 0 && *value == 'i');
}

/* dom0 answers "ping" with a new value. */
static void test_watch(void)
{
    struct xs_watch watch = {0};
    char value[8] = "";

    CHECK(xs_watch(&watch, "data/ping") == 0);
    CHECK(xs_watch_wait(&watch, NEVER) == 0);
    CHECK(xs_write("data/ping", "ping") == 0);
    printf("ping\n");
    while (strcmp(value, "pong")) {
        CHECK(xs_watch_wait(&watch, NEVER) == 0);
        CHECK(xs_read("data/ping", value, sizeof(value)) == 0);
    }
    xs_unwatch(&watch);
}

static struct xenbus_dev dev;

static int find(struct xenbus_dev *d, unsigned vif)
{
    struct xenbus_place place;

    xenbus_ask(&place, "vif", vif);
    return xenbus_open(d, &place, NULL, 0);
}
static struct ring tx, rx;

/* netif.h's rings have 8 and 12 bytes to a slot. */
static void connect(void)
{
    CHECK(find(&dev, 0) == 0);
    CHECK(xenbus_ring(&dev, &tx, 12) == 0);
    CHECK(xenbus_ring(&dev, &rx, 8) == 0);
    const struct xenbus_key keys[] = {
        {"tx-ring-ref", xenbus_ring_ref(&dev, 0)},
        {"rx-ring-ref", xenbus_ring_ref(&dev, 1)},
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},
    };
    CHECK(xenbus_connect(&dev, keys, ARRAY_LEN(keys), NULL, 0) == 0);
}

static void test_device(void)
{
    static struct xenbus_dev none;

    CHECK(find(&none, 9) == -ENODEV);
    for (int i = 0; i < 3; i++) {
        connect();
        xenbus_close(&dev);
        CHECK(dev.rings == 0);
    }
    connect();
    printf("connected\n");
    while (!dev.broken)
        waitq_wait(&dev.wake);
    xenbus_close(&dev);
    CHECK(find(&none, 0) < 0);
}

int main(void)
{
    test_errors();
    test_batches();
    test_transactions();
    test_watch();
    test_device();
    return pass();
}
