/*
 * A xenstored that answers with whatever the input says: as raw bytes and
 * indices, and as messages whose ids are right, so that it gets further.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "lib/shared.h"
#include "xen/abi.h"
#include "xen/evtchn.h"
#include "xen/xenstore.h"
#include <xen/io/xs_wire.h>

#define VALUE_SIZE 256

#define IDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static _Alignas(4096) union {
    struct xenstore_domain_interface ring;
    uint8_t bytes[4096];
} page;
static const uint8_t *input, *input_end;
static struct asked {
    uint32_t id, type;
} asked[IDS]; /* the latest requests */
static size_t nasked, nanswered;
static bool lied; /* about what was read: requests make no sense now */
static struct {
    struct xsd_sockmsg head;
    size_t len;
} in;

void say(const char *fmt, ...)
{
    (void)fmt;
}

struct thread *thread_self(void)
{
    return (struct thread *)(void *)&page;
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    (void)port;
    (void)wake;
    return 0;
}

void evtchn_send(uint32_t port)
{
    (void)port;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
}

static uint32_t take(size_t n)
{
    uint32_t number = 0;

    while (n-- && input < input_end)
        number = number << 8 | *input++;
    return number;
}

/* Read the requests, for their ids. */
static void read_requests(void)
{
    uint32_t cons = page.ring.req_cons, prod = page.ring.req_prod;

    if (lied)
        return;
    for (; cons != prod; cons++) {
        char c = page.ring.req[MASK_XENSTORE_IDX(cons)];

        if (in.len < sizeof(in.head))
            ((char *)&in.head)[in.len] = c;
        in.len++;
        if (in.len == sizeof(in.head)) {
            if (in.head.len > XENSTORE_PAYLOAD_MAX)
                abort();
            asked[nasked++ % IDS] =
                (struct asked){in.head.req_id, in.head.type};
        }
        if (in.len == sizeof(in.head) + in.head.len)
            in.len = 0;
        if (nasked - nanswered > IDS)
            nanswered = nasked - IDS;
    }
    page.ring.req_cons = cons;
}

static void give(const void *from, size_t n)
{
    const char *bytes = from;

    while (n--)
        page.ring.rsp[MASK_XENSTORE_IDX(page.ring.rsp_prod++)] = *bytes++;
}

static void give_message(void)
{
    static char body[XENSTORE_PAYLOAD_MAX];
    uint32_t which = take(1), what = take(1);
    struct asked *to = &asked[which % (nasked < IDS ? nasked + !nasked : IDS)];
    struct xsd_sockmsg head = {
        .req_id = to->id,
        .type = what & 1 ? to->type : what >> 1,
        .len = take(1),
    };
    size_t n = head.len;

    if (what >= 240) { /* only its head */
        head.len <<= 8;
        give(&head, sizeof(head));
        return;
    }
    if (n > (size_t)(input_end - input))
        n = (size_t)(input_end - input);
    memset(body, 0, sizeof(body));
    memcpy(body, input, n);
    input += n;
    give(&head, sizeof(head));
    give(body, head.len);
}

/* A decent reply to the oldest request that has none yet. */
static void answer(void)
{
    static const char *const errors[] = {"ENOENT", "EQUOTA", "EAGAIN", "EMORE"};
    static const char *const texts[] = {"",  "OK",          "17",  "1",
                                        "0", "99999999999", "text"};
    const struct asked *to = &asked[nanswered % IDS];
    uint32_t what = take(1);
    bool fails = what >= 224;
    const char *text = fails ? errors[what % 4]
                             : texts[what % (sizeof(texts) / sizeof(*texts))];
    struct xsd_sockmsg head = {
        .req_id = to->id,
        .type = fails ? XS_ERROR : to->type,
        .len = (uint32_t)(strlen(text) + (fails || what & 16)),
    };

    if (nanswered == nasked)
        return;
    nanswered++;
    give(&head, sizeof(head));
    give(text, head.len);
    if (to->type == XS_WATCH && what & 32) { /* and its first event */
        char body[16];

        head.type = XS_WATCH_EVENT;
        head.len =
            (uint32_t)snprintf(body, sizeof(body), "a%c%x", 0, to->id) + 1;
        give(&head, sizeof(head));
        give(body, head.len);
    }
}

/* The guest waits: what the input has next happens.  At its end something
 * impossible does, so that nobody waits for ever. */
int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    uint32_t op = take(1);
    size_t n;

    (void)q;
    (void)deadline;
    read_requests();
    if (input == input_end) {
        page.ring.connection = XENSTORE_CONNECTED;
        page.ring.rsp_prod = page.ring.rsp_cons + XENSTORE_RING_SIZE + 1;
        return 0;
    }
    switch (op) {
    case 0:
        page.ring.rsp_prod = take(4);
        break;
    case 1:
        page.ring.req_cons = take(4);
        lied = true;
        break;
    case 2:
        page.ring.connection = take(1);
        break;
    case 3:
        return -ETIMEDOUT;
    case 4:
        give(page.ring.req, sizeof(page.ring.req));
        break;
    default:
        if (op % 4 == 1) {
            give_message();
        } else if (op % 4 > 1) {
            for (n = 0; n <= op / 4 % 8; n++)
                answer();
        } else {
            n = op < (size_t)(input_end - input) ? op
                                                 : (size_t)(input_end - input);
            give(input, n);
            input += n;
        }
    }
    return 0;
}

void waitq_wait(struct waitq *q)
{
    (void)waitq_wait_until(q, NEVER);
}

/* What was asked for goes out of memory: nobody may write to it later. */
static void batch(void)
{
    char *small = malloc(8), *large = malloc(VALUE_SIZE);
    struct xs_watch *watch = calloc(1, sizeof(*watch));
    struct xs_call calls[] = {
        {.op = XS_CALL_WATCH, .path = "a", .watch = watch},
        {.op = XS_CALL_READ, .path = "b", .value = small, .size = 8},
        {.op = XS_CALL_WRITE, .dir = "c", .path = "d", .text = "e"},
        {.op = XS_CALL_READ, .path = "f", .value = large, .size = VALUE_SIZE},
    };
    uint64_t number;
    uint32_t tx = 0;

    xs_batch(0, calls, 4);
    if (strlen(small) >= 8 || strlen(large) >= VALUE_SIZE)
        abort();
    if ((calls[1].err && *small) || (calls[3].err && *large))
        abort();
    if (!xs_number(large, &number) && !*large)
        abort();
    xs_watch_wait(watch, 1);
    if (!xs_begin(&tx)) {
        if (!tx)
            abort();
        xs_batch(tx, calls + 1, 2);
        xs_end(tx, true);
    }
    xs_unwatch(watch);
    free(small);
    free(large);
    free(watch);
}

/* One call after the other, and one of more than the ring holds at a time. */
static void single(void)
{
    struct xs_watch *watch = calloc(1, sizeof(*watch));
    char *text = calloc(1, XENSTORE_PAYLOAD_MAX), value[8];

    memset(text, 'x', (take(1) + 1) * 15);
    if (xs_read("a", value, sizeof(value)) && *value)
        abort();
    xs_write("b", text);
    if (!xs_watch(watch, "c") != (watch->token[0] != '\0'))
        abort();
    xs_watch_fired(watch);
    xs_remove(text);
    xs_unwatch(watch);
    free(text);
    free(watch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    input = data;
    input_end = data + n;
    memset(&page, 0, sizeof(page));
    nasked = nanswered = in.len = 0;
    asked[0] = (struct asked){0};
    lied = false;
    uint32_t start = take(2) - 300;
    page.ring.req_cons = page.ring.req_prod = start;
    page.ring.rsp_cons = page.ring.rsp_prod = start;
    xs_init(&page.ring, 1);
    if (!xs_wake())
        abort();
    while (input < input_end) {
        batch();
        single();
    }
    return 0;
}
