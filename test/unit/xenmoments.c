/*
 * xenbus.c when something happens at any moment of a device's life.
 */
#include "test/unit/bus.h"

TestSuite(xenmoments, .init = setup, .timeout = 60);

#define TEST(name) IN_THREAD(xenmoments, name)

static unsigned moment;
static int surprise; /* a state of the back-end, or one of these */

enum { REPLACED = -2, GONE = -1 };

static void surprise_at_moment(void)
{
    if (moment-- > 0)
        return;
    fake_xs.on_request = NULL;
    if (surprise == REPLACED) {
        device_goes();
        device_comes();
        return;
    }
    if (surprise == GONE)
        device_goes();
    else
        back_state(surprise);
    fake_later(15 * SECOND, back_restarts);
}

static void back_follows_if_there(const char *path, const char *value)
{
    if (fake_xs_get("device/vif/0/backend"))
        back_follows(path, value);
}

/* A life with one surprise in it, and what a decent owner does. */
static void live(void)
{
    unsigned tries = 0;
    int err = open_all();

    fake_lines = 0;
    if (err)
        xenbus_close(&dev);
    else
        thread_sleep(fake_now + 40 * SECOND);
    while ((err || dev.broken) && tries++ < 5)
        err = reopen_all();
    cr_assert_eq(err, 0, "surprise %d", surprise);
    cr_assert_not(dev.broken);
    cr_assert_eq(back.state, XenbusStateConnected);
    cr_assert_eq(fake_shared, 2);
    cr_assert_str_eq(fake_xs_get("device/vif/0/state"), "4");
    cr_assert_leq(fake_lines, 2, "%s", fake_said);
    xenbus_close(&dev);
    rest();
    nothing_is_left();
}

TEST(bears_any_state_at_any_moment)
{
    fake_xs.on_write = back_follows_if_there;
    for (surprise = REPLACED; surprise < 10; surprise++)
        for (unsigned at = 0; at < 30; at++) {
            moment = at;
            memset(back.seen, 0, sizeof(back.seen));
            fake_xs.on_request = surprise_at_moment;
            live();
            fake_xs.on_request = NULL;
            thread_sleep(fake_now + 20 * SECOND);
            device_goes();
            device_comes();
        }
}

static unsigned countdown;

/* Between the answer that it is Connected and the front-end's seeing that. */
static void closes_when_connected(void)
{
    if (back.state == XenbusStateConnected && countdown-- == 0) {
        fake_xs.on_request = NULL;
        back_state(XenbusStateClosing);
    }
}

TEST(sees_what_happened_while_it_connected)
{
    for (unsigned i = 0; i < 3; i++) { /* its thread is there already */
        cr_assert_eq(open_all(), 0);
        xenbus_close(&dev);
        memset(back.seen, 0, sizeof(back.seen));
        countdown = i;
        fake_xs.on_request = closes_when_connected;
        cr_assert_leq(open_all(), 0);
        rest();
        if (fake_xs.on_request)
            break; /* so many requests there are not */
        cr_assert(dev.broken);
        xenbus_close(&dev);
        nothing_is_left();
    }
    cr_assert_not_null(fake_xs.on_request, "all moments");
    fake_xs.on_request = NULL;
    xenbus_close(&dev);
    nothing_is_left();
}
