/*
 * xenstore.c against a xenstored that speaks the wire protocol itself, with
 * one thread, so that it can run under the address sanitizer.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/util.h"
#include "test/fake/events.h"
#include "test/fake/said.h"
#include "test/fake/wait.h"
#include "test/fake/xenstored.h"
#include "xen/abi.h"
#include "xen/xenstore.h"
#include <xen/io/xs_wire.h>

static char value[VALUE_SIZE];

static void start(void)
{
    xs_init(fake_xs_ring(0u - 40), FAKE_XS_PORT);
}

TestSuite(xenstore, .init = start, .timeout = 20);

static struct xs_call reading(const char *path, char *to)
{
    return (struct xs_call){
        .op = XS_CALL_READ, .path = path, .value = to, .size = VALUE_SIZE};
}

Test(xenstore, writes_reads_and_removes)
{
    cr_assert_eq(xs_write("data/a", "one"), 0);
    cr_assert_str_eq(fake_xs_get("data/a"), "one");
    cr_assert_eq(xs_read("data/a", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "one");
    cr_assert_eq(xs_read(FAKE_HOME "data/a", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "one");
    cr_assert_eq(xs_remove("data"), 0);
    cr_assert_eq(xs_read("data/a", value, sizeof(value)), -ENOENT);
    cr_assert_str_eq(value, "");
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore, reads_an_empty_value)
{
    fake_xs_set("a", "");
    strcpy(value, "old");
    cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "");
}

Test(xenstore, bounds_what_it_reads)
{
    char guarded[4] = {9, 9, 9, 9};

    fake_xs_set("a", "ab");
    cr_assert_eq(xs_read("a", guarded, 3), 0);
    cr_assert_str_eq(guarded, "ab");
    fake_xs_set("a", "abc");
    cr_assert_eq(xs_read("a", guarded, 3), -ENAMETOOLONG);
    cr_assert_str_eq(guarded, "");
    cr_assert_eq(guarded[3], 9);
    cr_assert_eq(xs_read("a", guarded, 0), -ENAMETOOLONG);
}

Test(xenstore, refuses_a_value_with_a_nul)
{
    fake_xs_set_bytes("a", "a\0b", 3);
    cr_assert_eq(xs_read("a", value, sizeof(value)), -EINVAL);
    fake_xs_set_bytes("a", "a", 2);
    cr_assert_eq(xs_read("a", value, sizeof(value)), -EINVAL);
    cr_assert_str_eq(value, "");
}

Test(xenstore, hands_over_any_other_byte)
{
    fake_xs_set("a", "\xff\n%s");
    cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "\xff\n%s");
}

Test(xenstore, takes_the_largest_payload_in_pieces)
{
    static char large[4096], back[4097];

    memset(large, 'x', sizeof(large));
    fake_xs_set_bytes("a", large, sizeof(large));
    cr_assert_eq(xs_read("a", back, sizeof(back)), 0);
    cr_assert_eq(strlen(back), 4096);
    cr_assert_eq(xs_read("a", back, 4096), -ENAMETOOLONG);
    cr_assert_eq(xs_read("b", back, sizeof(back)), -ENOENT);
}

Test(xenstore, sends_a_request_larger_than_the_ring)
{
    static char text[4096];

    memset(text, 'x', 4095); /* "a", NUL and this: one more than may be */
    cr_assert_eq(xs_write("a", text), -E2BIG);
    text[4094] = '\0';
    cr_assert_eq(xs_write("a", text), 0);
    cr_assert_str_eq(fake_xs_get("a"), text);
}

Test(xenstore, survives_every_size_of_piece_across_the_wrap)
{
    for (unsigned piece = 1; piece < 60; piece++)
        for (uint32_t start_at = 0; start_at < 60; start_at += 7) {
            char text[40];

            xs_init(fake_xs_ring(0u - start_at), FAKE_XS_PORT);
            fake_xs.piece = piece;
            snprintf(text, sizeof(text), "%u %u", piece, start_at);
            cr_assert_eq(xs_write("path/to/a", text), 0);
            cr_assert_eq(xs_read("path/to/a", value, sizeof(value)), 0);
            cr_assert_str_eq(value, text);
        }
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore, puts_a_batch_into_one_kick)
{
    char b[3][VALUE_SIZE];

    fake_xs_set("a", "1");
    fake_xs_set("c", "3");
    struct xs_call calls[] = {reading("a", b[0]), reading("b", b[1]),
                              reading("c", b[2])};
    calls[2].dir = "/local/domain/7";

    cr_assert_eq(xs_batch(0, calls, 3), -ENOENT);
    cr_assert_eq(calls[0].err, 0);
    cr_assert_eq(calls[1].err, -ENOENT);
    cr_assert_eq(calls[2].err, 0);
    cr_assert_str_eq(b[0], "1");
    cr_assert_str_eq(b[2], "3");
    cr_assert_eq(fake_xs.kicks, 1);
    cr_assert_eq(fake_xs.rounds, 1);
}

Test(xenstore, takes_replies_in_any_order)
{
    char b[9][VALUE_SIZE], path[2] = "0", paths[9][2];
    struct xs_call calls[9];

    for (int i = 0; i < 9; i++, path[0]++) {
        memcpy(paths[i], path, 2);
        fake_xs_set(path, path);
        calls[i] = reading(paths[i], b[i]);
    }
    fake_xs.reverse = true;
    fake_xs.strange = true;
    for (fake_xs.piece = 0; fake_xs.piece < 40; fake_xs.piece += 13) {
        cr_assert_eq(xs_batch(0, calls, 9), 0);
        for (int i = 0; i < 9; i++) {
            cr_assert_eq(b[i][0], '0' + i);
            b[i][0] = 0;
        }
    }
}

/* 60 requests of 50 bytes, 60 answers of 200: neither fits in its ring. */
Test(xenstore, never_deadlocks_on_full_rings)
{
    static char b[60][VALUE_SIZE];
    static struct xs_call calls[60];
    char text[201];

    memset(text, 'z', 200);
    text[200] = 0;
    fake_xs_set("a/path/that/is/not/short/at/all", text);
    for (fake_xs.piece = 0; fake_xs.piece < 2000; fake_xs.piece += 333) {
        for (int i = 0; i < 60; i++)
            calls[i] = reading("a/path/that/is/not/short/at/all", b[i]);
        cr_assert_eq(xs_batch(0, calls, 60), 0);
        for (int i = 0; i < 60; i++)
            cr_assert_str_eq(b[i], text);
    }
}

/* An answer that fills the ring stops xenstored: only a kick goes on. */
Test(xenstore, does_not_kick_for_every_piece_it_takes)
{
    fake_xs_set("a", "1");
    for (int i = 0; i < 100; i++)
        cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_eq(fake_xs.kicks, 100);
}

Test(xenstore, translates_error_names)
{
    static const struct {
        const char *name;
        int err;
    } names[] = {
        {"EINVAL", -EINVAL}, {"EACCES", -EACCES}, {"ENOENT", -ENOENT},
        {"EAGAIN", -EAGAIN}, {"ENOSPC", -ENOSPC}, {"E2BIG", -E2BIG},
        {"EPERM", -EPERM},   {"EQUOTA", -EDQUOT}, {"EWHAT", -EIO},
        {"", -EIO},          {"EIN", -EIO},       {"EINVALID", -EIO},
    };

    fake_xs.error_path = "a";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        fake_xs.error = names[i].name;
        cr_assert_eq(xs_write("a", ""), names[i].err, "%s", names[i].name);
    }
    cr_assert_eq(xs_write("b", ""), 0);
}

static const char *const lies[LIE_TX_ZERO] = {
    [LIE_ID] = "not asked",
    [LIE_POSTED] = "not asked",
    [LIE_TYPE] = "wrong type",
    [LIE_LENGTH] = "longer than",
    [LIE_RSP_PROD] = "than fits",
    [LIE_REQ_CONS] = "read more",
    [LIE_EVENT_EMPTY] = "without a token",
    [LIE_EVENT_NO_NUL] = "without a token",
    [LIE_EVENT_TOKEN] = "without a token",
    [LIE_EVENT_CUT] = "without a token",
};

Test(xenstore, breaks_on_each_lie_and_says_so_once)
{
    for (int lie = TRUTH + 1; lie < LIE_TX_ZERO; lie++) {
        xs_init(fake_xs_ring(0u - 10), FAKE_XS_PORT);
        fake_lines = 0;
        fake_said[0] = '\0';
        fake_xs_set("a", "1");
        struct xs_watch w = {0};
        cr_assert_eq(xs_watch(&w, "a"), 0);
        fake_xs.lie = (enum fake_lie)lie;
        char b[2][VALUE_SIZE] = {"x", "x"};
        struct xs_call calls[] = {reading("a", b[0]), reading("a", b[1])};

        int err = xs_batch(0, calls, 2);
        /* This one is seen only by those who write. */
        if (lie == LIE_REQ_CONS)
            err = xs_read("a", b[1], VALUE_SIZE);
        cr_assert_eq(err, -EIO, "lie %d", lie);
        cr_assert_str_eq(b[1], "");
        cr_assert_eq(xs_write("a", "2"), -EIO);
        cr_assert_eq(xs_read("a", value, sizeof(value)), -EIO);
        cr_assert_str_neq(fake_xs_get("a"), "2");
        cr_assert_eq(fake_lines, 1, "lie %d: %s", lie, fake_said);
        cr_assert(strstr(fake_said, lies[lie]), "lie %d: %s", lie, fake_said);

        xs_unwatch(&w);
        cr_assert_eq(w.token[0], '\0');
        cr_assert_eq(xs_watch(&w, "a"), -EIO);
        cr_assert_eq(xs_watch_wait(&w, NEVER), -EIO);
        xs_unwatch(&w);
    }
}

Test(xenstore, writes_nothing_to_a_ring_that_is_broken)
{
    struct xenstore_domain_interface *ring = fake_xs_ring(0);

    xs_init(ring, FAKE_XS_PORT);
    ring->req_cons = 1;
    cr_assert_eq(xs_write("a", "1"), -EIO);
    for (size_t i = 0; i < sizeof(ring->req); i++)
        cr_assert_eq(ring->req[i], 0);
}

Test(xenstore, is_of_no_use_without_xenstored)
{
    xs_init(NULL, 0);
    cr_assert_eq(xs_write("a", "1"), -EIO);
    cr_assert_not(xs_watch_fired(&(struct xs_watch){0}));
    cr_assert_eq(fake_lines, 0);
    fake_ports_left = 0;
    xs_init(fake_xs_ring(0), FAKE_XS_PORT);
    cr_assert_eq(xs_write("a", "1"), -EIO, "nor without its events");
    cr_assert_eq(fake_xs.kicks, 0);
}

static struct xenstore_domain_interface *page;

static void reset_done(void)
{
    page->connection = XENSTORE_CONNECTED;
    fake_event(FAKE_XS_PORT);
}

Test(xenstore, waits_while_the_ring_is_reset)
{
    page = fake_xs_ring(7);
    xs_init(page, FAKE_XS_PORT);
    page->connection = XENSTORE_RECONNECT;
    page->rsp_prod += 5000; /* means nothing now */
    fake_xs_set("a", "1");
    struct xs_watch w = {0};
    cr_assert_not(xs_watch_fired(&w));
    page->rsp_prod -= 5000;
    fake_later(500, reset_done);
    cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_eq(fake_now, 1500);
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore, fires_a_watch_at_once_and_at_changes)
{
    struct xs_watch w = {0};

    cr_assert_eq(xs_watch(&w, "a/b"), 0);
    cr_assert_eq(xs_watch_wait(&w, fake_now), 0);
    cr_assert_not(xs_watch_fired(&w));
    cr_assert_eq(xs_watch_wait(&w, 5000), -ETIMEDOUT);
    cr_assert_eq(fake_now, 5000);

    fake_xs_set("a/b/c", "1");
    cr_assert_eq(xs_watch_wait(&w, NEVER), 0);
    fake_xs_set("a/bc", "1");
    cr_assert_eq(xs_watch_wait(&w, 6000), -ETIMEDOUT);
    fake_xs_set("a", NULL);
    cr_assert_eq(xs_watch_wait(&w, NEVER), 0);
    xs_unwatch(&w);
    cr_assert_eq(fake_xs.watches, 0);
}

Test(xenstore, tells_its_watches_apart)
{
    struct xs_watch w[12] = {0};
    char path[12][12];

    for (int i = 0; i < 12; i++) {
        snprintf(path[i], sizeof(path[i]), "%d", i);
        cr_assert_eq(xs_watch(&w[i], path[i]), 0);
    }
    for (int i = 0; i < 12; i++)
        cr_assert_eq(xs_watch_wait(&w[i], NEVER), 0);
    fake_xs_set("5", "x");
    cr_assert_eq(xs_watch_wait(&w[5], NEVER), 0);
    for (int i = 0; i < 12; i++)
        cr_assert_not(xs_watch_fired(&w[i]));
    for (int i = 11; i >= 0; i -= 2)
        xs_unwatch(&w[i]);
    fake_xs_set("4", "x");
    cr_assert_eq(xs_watch_wait(&w[4], NEVER), 0);
    for (int i = 0; i < 12; i += 2)
        xs_unwatch(&w[i]);
    cr_assert_eq(fake_xs.watches, 0);
}

Test(xenstore, ignores_events_of_watches_taken_back)
{
    struct xs_watch *w = calloc(1, sizeof(*w));

    cr_assert_eq(xs_watch(w, "a"), 0);
    fake_xs_set("a", "1"); /* its event will be on its way */
    xs_unwatch(w);
    free(w);
    fake_xs.strange = true; /* an event for a token of nobody */
    cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore, forgets_a_watch_that_was_refused)
{
    struct xs_watch w = {0};

    fake_xs.error_path = "a";
    fake_xs.error = "EQUOTA";
    cr_assert_eq(xs_watch(&w, "a"), -EDQUOT);
    unsigned requests = fake_xs.requests;
    xs_unwatch(&w);
    cr_assert_eq(fake_xs.requests, requests);
    cr_assert_eq(xs_watch(&w, "b"), 0); /* not twice in the list */
    xs_unwatch(&w);
}

Test(xenstore, sets_a_watch_and_reads_in_one_batch)
{
    struct xs_watch w = {0};
    fake_xs_set("dir/state", "2");
    struct xs_call calls[] = {
        {.op = XS_CALL_WATCH, .dir = "dir", .path = "state", .watch = &w},
        reading("dir/state", value),
    };

    fake_xs.reverse = true; /* the event comes first of all */
    cr_assert_eq(xs_batch(0, calls, 2), 0);
    cr_assert_eq(fake_xs.rounds, 1);
    cr_assert_str_eq(value, "2");
    cr_assert_eq(xs_watch_wait(&w, NEVER), 0);
    xs_unwatch(&w);
    cr_assert_eq(fake_xs.watches, 0);
}

Test(xenstore, shows_a_transaction_only_when_it_is_over)
{
    uint32_t tx = 0;
    struct xs_call calls[] = {
        {.op = XS_CALL_WRITE, .path = "a", .text = "1"},
        {.op = XS_CALL_WRITE, .path = "b", .text = "2"},
    };

    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(xs_batch(tx, calls, 2), 0);
    cr_assert_null(fake_xs_get("a"));
    cr_assert_eq(xs_end(tx, true), 0);
    cr_assert_str_eq(fake_xs_get("b"), "2");

    calls[0].text = "3";
    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(xs_batch(tx, calls, 1), 0);
    cr_assert_eq(xs_end(tx, false), 0);
    cr_assert_str_eq(fake_xs_get("a"), "1");
    cr_assert_eq(fake_xs.transactions, 0);
    cr_assert_eq(xs_batch(tx, calls, 1), -EINVAL);
}

Test(xenstore, reports_a_conflict)
{
    uint32_t tx;
    struct xs_call call = {.op = XS_CALL_WRITE, .path = "a", .text = "1"};

    fake_xs.conflicts = 1;
    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(xs_batch(tx, &call, 1), 0);
    cr_assert_eq(xs_end(tx, true), -EAGAIN);
    cr_assert_null(fake_xs_get("a"));
    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(xs_batch(tx, &call, 1), 0);
    cr_assert_eq(xs_end(tx, true), 0);
    cr_assert_str_eq(fake_xs_get("a"), "1");
}

Test(xenstore, a_transaction_is_refused_or_has_any_number)
{
    uint32_t tx = 99;

    fake_xs.error_path = "";
    fake_xs.error = "EQUOTA";
    cr_assert_eq(xs_begin(&tx), -EDQUOT);
    cr_assert_eq(tx, 99);
    fake_xs.error_path = NULL;
    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(xs_end(tx, false), 0);
    fake_xs.lie = LARGEST_TX;
    cr_assert_eq(xs_begin(&tx), 0);
    cr_assert_eq(tx, UINT32_MAX);
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore, breaks_on_transactions_without_a_number)
{
    for (int lie = LIE_TX_ZERO; lie < LIES; lie++) {
        uint32_t tx = 99;

        xs_init(fake_xs_ring(0), FAKE_XS_PORT);
        fake_xs.lie = (enum fake_lie)lie;
        cr_assert_eq(xs_begin(&tx), -EIO);
        cr_assert_eq(tx, 99);
        cr_assert_eq(xs_write("a", ""), -EIO);
    }
    cr_assert_eq(fake_lines, 3);
}

Test(xenstore, parses_numbers_strictly)
{
    uint64_t n = 7;

    static const char *const bad[] = {
        "",
        "-1",
        " 1",
        "1 ",
        "0x1",
        "1.0",
        "18446744073709551616",
        "99999999999999999999999",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_eq(xs_number(bad[i], &n), -EINVAL);
    cr_assert_eq(n, 7);
    cr_assert_eq(xs_number("18446744073709551615", &n), 0);
    cr_assert_eq(n, UINT64_MAX);
    cr_assert_eq(xs_number("007", &n), 0);
    cr_assert_eq(n, 7);
}
