/* xenstore.c: how often one has to wait for it, and what nobody waits for. */
#include <criterion/criterion.h>
#include <errno.h>
#include "test/fake/events.h"
#include "test/fake/said.h"
#include "test/fake/wait.h"
#include "test/fake/xenstored.h"
#include "xen/xenstore.h"

static char value[VALUE_SIZE];

static void start(void)
{
    xs_init(fake_xs_ring(0u - 40), FAKE_XS_PORT);
}

TestSuite(xenstore_rounds, .init = start, .timeout = 20);

static struct xs_call reading(const char *path, char *to)
{
    return xs_read_call(NULL, path, to, VALUE_SIZE);
}

Test(xenstore_rounds, fires_nothing_for_what_a_read_has_shown)
{
    struct xs_watch w = {0};
    struct xs_call calls[] = {
        {.op = XS_CALL_WATCH, .path = "a", .watch = &w},
        reading("a", value),
    };
    char again[VALUE_SIZE];

    calls[1].watch = &w;
    fake_xs_set("a", "1");
    cr_assert_eq(xs_batch(0, calls, 2), 0);
    cr_assert_not(xs_watch_fired(&w), "its first event tells nothing new");
    fake_xs_set("a", "2");
    cr_assert_eq(xs_read("b", again, sizeof(again)), -ENOENT);
    cr_assert(xs_watch_fired(&w), "another read shows nothing of it");
    fake_xs_set("a", "3");
    cr_assert_eq(xs_batch(0, calls + 1, 1), 0);
    cr_assert_str_eq(value, "3");
    cr_assert_not(xs_watch_fired(&w));
    fake_xs_set("a", "4");
    cr_assert_eq(xs_watch_wait(&w, NEVER), 0);
    xs_unwatch(&w);
}

/* The event is written behind the answer, and both are taken in together. */
static void change_a(void)
{
    fake_xs.on_request = NULL;
    fake_xs_set("a", "new");
}

Test(xenstore_rounds, fires_for_what_comes_behind_the_read)
{
    struct xs_watch w = {0};
    struct xs_call read = reading("a", value);

    read.watch = &w;
    fake_xs_set("a", "old");
    cr_assert_eq(xs_watch(&w, "a"), 0);
    fake_xs.on_request = change_a;
    cr_assert_eq(xs_batch(0, &read, 1), 0);
    cr_assert_str_eq(value, "old");
    cr_assert(xs_watch_fired(&w));
    xs_unwatch(&w);
}

Test(xenstore_rounds, asks_now_and_takes_the_replies_later)
{
    char b[2][VALUE_SIZE] = {"?", "?"};
    struct xs_call calls[] = {reading("a", b[0]), reading("b", b[1])};

    fake_xs_set("a", "1");
    calls[0].err = -EIO; /* of a time before */
    xs_send(0, calls, 2);
    cr_assert_eq(calls[0].err, 0);
    cr_assert_eq(fake_xs.requests, 0, "it has not run yet");
    cr_assert_str_eq(b[0], "?");
    cr_assert_eq(xs_write("c", ""), 0);
    cr_assert_str_eq(b[0], "1", "whoever waits takes in all");
    cr_assert_eq(xs_await(calls, 2), -ENOENT);
    cr_assert_eq(xs_await(calls, 2), -ENOENT, "as often as one likes");
    cr_assert_eq(calls[0].err, 0);
}

Test(xenstore_rounds, counts_rounds_that_depend_on_each_other)
{
    char b[3][VALUE_SIZE];
    struct xs_call calls[] = {reading("a", b[0]), reading("b", b[1]),
                              reading("c", b[2])};

    fake_xs_set("a", "1");
    fake_xs_set("b", "1");
    fake_xs_set("c", "1");
    xs_send(0, &calls[0], 1);
    xs_send(0, &calls[1], 1); /* without a look at the first's reply */
    cr_assert_eq(xs_counts().rounds, 0, "nobody has waited");
    cr_assert_eq(xs_await(&calls[0], 1), 0);
    cr_assert_eq(xs_counts().rounds, 1);
    xs_send(0, &calls[2], 1);
    cr_assert_eq(xs_await(&calls[1], 1), 0);
    cr_assert_eq(xs_counts().rounds, 1);
    cr_assert_eq(xs_await(&calls[2], 1), 0);
    cr_assert_eq(xs_counts().rounds, 2);
    xs_post("a", "2");
    cr_assert_eq(xs_counts().rounds, 2, "nobody waits for it");
    cr_assert_eq(xs_read("a", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "2");
    cr_assert_eq(xs_counts().rounds, 3);
    cr_assert_eq(xs_counts().requests, 5);
}

Test(xenstore_rounds, posts_what_nobody_waits_for)
{
    fake_xs.error = "EACCES";
    fake_xs.error_path = "b";
    xs_post("a", "1");
    xs_post("b", "1"); /* refused, and nobody learns of it */
    xs_post("c", "1");
    cr_assert_eq(xs_write("d", "1"), 0);
    cr_assert_str_eq(fake_xs_get("a"), "1");
    cr_assert_null(fake_xs_get("b"));
    cr_assert_str_eq(fake_xs_get("c"), "1");
    cr_assert_eq(fake_lines, 0);
}

Test(xenstore_rounds, takes_no_more_answers_to_posts_than_there_were_posts)
{
    xs_post("a", "1");
    cr_assert_eq(xs_write("a", "1"), 0);
    fake_xs.lie = LIE_POSTED;
    cr_assert_eq(xs_write("a", "1"), -EIO);
    cr_assert_eq(fake_lines, 1);
}

Test(xenstore_rounds, does_not_wait_for_what_is_broken)
{
    fake_xs.lie = LIE_TYPE;
    cr_assert_eq(xs_write("a", ""), -EIO);
    cr_assert_eq(xs_wait(NEVER), -EIO);
}
