/*
 * xenbus.c against a back-end that keeps netback's manners, or has none, on
 * the real scheduler.
 */
#include "test/unit/bus.h"

TestSuite(xenbus, .init = setup, .timeout = 20);

#define TEST(name) IN_THREAD(xenbus, name)

TEST(connects_in_three_rounds)
{
    cr_assert_eq(open_all(), 0);
    cr_assert_str_eq(dev.backend, BACK "0");
    cr_assert_eq(dev.peer, 0);
    cr_assert_eq(dev.own, XenbusStateConnected);
    cr_assert_eq(xs_counts().rounds, 3);
    cr_assert_str_eq(back.seen, "4");
    cr_assert_eq(fake_shared, 2);
    cr_assert_eq(xenbus_ring_ref(&dev, 0), 8);
    cr_assert_eq(xenbus_ring_ref(&dev, 1), 9);
    cr_assert_not(dev.broken);
    cr_assert_eq(fake_lines, 0);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "456");
    cr_assert_eq(back.shared_at_closed, 2);
    cr_assert_eq(back.state, XenbusStateClosed);
    nothing_is_left();
}

TEST(shows_no_old_bytes_in_a_ring)
{
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    cr_assert_eq(xenbus_ring(&dev, &tx, 16), 0);
    const char *page = dev.ring_page[0];
    for (size_t i = 64; i < 4096; i++)
        cr_assert_eq(page[i], 0);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(finds_no_device)
{
    cr_assert_eq(open_dev(&dev, "vif", 1), -ENODEV);
    cr_assert_eq(open_dev(&dev, "vbd", 0), -ENODEV);
    cr_assert_eq(fake_lines, 0);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(refuses_a_back_end_that_makes_no_sense)
{
    static const char *const ids[] = {"",      "x",     "-1",
                                      "32752", "65536", "123456789"};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        fake_xs_set("device/vif/0/backend-id", ids[i]);
        cr_assert_lt(open_dev(&dev, "vif", 0), 0, "%s", ids[i]);
        cr_assert_eq(fake_lines, i + 1);
    }
    nothing_is_left();
}

static void back_ready(void)
{
    back_state(XenbusStateInitWait);
}

TEST(waits_for_a_late_back_end)
{
    static const char *const early[] = {NULL, "1",  "",   "-2",
                                        "8",  "2 ", "+2", "22222"};

    for (size_t i = 0; i < ARRAY_LEN(early) + 99; i++) {
        uint64_t before = fake_now;
        char number[8];

        snprintf(number, sizeof(number), "%zu", 9 + i - ARRAY_LEN(early));
        fake_xs_set(BACK "0/state", i < ARRAY_LEN(early) ? early[i] : number);
        fake_later(5 * SECOND, back_ready);
        memset(back.seen, 0, sizeof(back.seen));
        cr_assert_eq(open_dev(&dev, "vif", 0), 0);
        cr_assert_eq(fake_now, before + 5 * SECOND);
        xenbus_close(&dev);
    }
    nothing_is_left();
}

TEST(gives_up_on_a_back_end_that_never_comes)
{
    uint64_t before = fake_now;

    back_state(XenbusStateInitialising);
    cr_assert_eq(open_dev(&dev, "vif", 0), -ETIMEDOUT);
    cr_assert_eq(fake_now, before + 10 * SECOND);
    cr_assert_eq(fake_lines, 1);
    cr_assert(strstr(fake_said, "device/vif/0"));
    cr_assert(strstr(fake_said, "Initialising"));
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(clears_up_after_an_earlier_life)
{
    static const struct {
        int state;
        const char *answers;
    } left[] = {
        {XenbusStateInitialised, "561"},
        {XenbusStateConnected, "561"},
        {XenbusStateClosing, "61"},
        {XenbusStateClosed, "1"},
    };

    for (size_t i = 0; i < ARRAY_LEN(left); i++) {
        back.delay = i * SECOND;
        memset(back.seen, 0, sizeof(back.seen));
        back_state(left[i].state);
        cr_assert_eq(open_dev(&dev, "vif", 0), 0);
        cr_assert_str_eq(back.seen, left[i].answers);
        xenbus_close(&dev);
    }
    nothing_is_left();
}

TEST(opens_again_what_it_closed)
{
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(open_all(), 0);
        xenbus_close(&dev);
    }
    cr_assert_eq(fake_lines, 0);
    cr_assert_eq(fake_stacks, 2); /* this thread and one more */
    nothing_is_left();
}

TEST(reports_a_refusal)
{
    back.refuses = true;
    cr_assert_eq(open_all(), -EIO);
    cr_assert(dev.broken);
    cr_assert_eq(fake_lines, 1);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "46");
    nothing_is_left();
}

TEST(reports_keys_that_xenstore_refuses)
{
    fake_xs.error_path = "device/vif/0/feature-sg";
    fake_xs.error = "EQUOTA";
    fake_xs.on_write = NULL;
    cr_assert_eq(open_all(), -EDQUOT);
    cr_assert_eq(fake_lines, 1);
    fake_xs.on_write = back_follows;
    xenbus_close(&dev);
    nothing_is_left();
}

/* Only the watch is refused: what follows it in the batch is not. */
static void refuse_the_watch(void)
{
    fake_xs.error_path = fake_xs.requests == 2 ? BACK "0/state" : NULL;
}

TEST(needs_its_watch_on_the_back_end)
{
    fake_xs.error = "EQUOTA";
    fake_xs.on_request = refuse_the_watch;
    cr_assert_eq(open_dev(&dev, "vif", 0), -EDQUOT);
    cr_assert_eq(fake_lines, 1);
    fake_xs.on_request = NULL;
    nothing_is_left();
}

static void vanishes(const char *path, const char *value)
{
    if (!strcmp(path, "device/vif/0/state") && value[0] == '4')
        fake_xs_set(BACK "0/state", NULL);
}

TEST(does_not_connect_to_what_is_gone)
{
    fake_xs.on_write = vanishes;
    cr_assert_eq(open_all(), -EIO);
    cr_assert(dev.broken);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(writes_as_many_keys_as_it_may)
{
    static const char *const names[XENBUS_KEYS_MAX] = {
        "tx-ring-ref", "feature-sg", "c", "d", "e", "f", "g", "h",
        "i",           "j",          "k", "l", "m", "n", "o", "p"};
    struct xenbus_key all[XENBUS_KEYS_MAX];
    char path[64];

    for (size_t i = 0; i < XENBUS_KEYS_MAX; i++)
        all[i] = (struct xenbus_key){names[i], UINT32_MAX};
    all[0].value = 8;
    all[1].value = 1;
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    dev.protocol = "x86_64-abi";
    cr_assert_eq(xenbus_connect(&dev, all, XENBUS_KEYS_MAX, NULL, 0), 0);
    for (size_t i = 2; i < XENBUS_KEYS_MAX; i++) {
        snprintf(path, sizeof(path), "device/vif/0/%s", names[i]);
        cr_assert_str_eq(fake_xs_get(path), "4294967295");
    }
    cr_assert_str_eq(fake_xs_get("device/vif/0/protocol"), "x86_64-abi");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(waits_for_a_slow_connection_but_not_for_ever)
{
    back.delay = 9 * SECOND;
    cr_assert_eq(open_all(), 0);
    back.delay = 0;
    xenbus_close(&dev);
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    back.stuck = true;
    cr_assert_eq(xenbus_connect(&dev, keys, ARRAY_LEN(keys), NULL, 0),
                 -ETIMEDOUT);
    back.stuck = false;
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(undoes_what_does_not_fit)
{
    fake_ports_left = 0;
    cr_assert_eq(open_all(), -ENOSPC);
    cr_assert_eq(fake_xs.watches, 0);
    fake_ports_left = 1;
    fake_grants_left = 1;
    cr_assert_eq(open_all(), -ENOSPC);
    xenbus_close(&dev);
    fake_grants_left = 2;
    fake_pages_left = 1;
    cr_assert_eq(open_all(), -ENOMEM);
    xenbus_close(&dev);
    fake_pages_left = 2;
    cr_assert_eq(open_all(), 0);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(notices_that_the_back_end_closes)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateClosing);
    wait_until_broken();
    cr_assert_eq(fake_lines, 1);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "46");
    nothing_is_left();
}

TEST(notices_that_the_back_end_is_gone)
{
    cr_assert_eq(open_all(), 0);
    fake_xs_set("/local/domain/0/backend", NULL);
    fake_xs_set("device/vif/0", NULL);
    wait_until_broken();
    xenbus_close(&dev);
    cr_assert_null(fake_xs_get("device/vif/0/state"));
    nothing_is_left();
}

TEST(bears_what_does_not_concern_it)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateReconfiguring);
    thread_sleep(fake_now + SECOND);
    back_state(XenbusStateReconfigured);
    thread_sleep(fake_now + SECOND);
    fake_xs_set(BACK "0/hotplug-status", "connected");
    thread_sleep(fake_now + SECOND);
    cr_assert_not(dev.broken);
    cr_assert_eq(fake_lines, 0);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(keeps_a_device_when_xenstore_breaks)
{
    cr_assert_eq(open_all(), 0);
    fake_xs.lie = LIE_TYPE;
    back_state(XenbusStateConnected);
    thread_sleep(fake_now + SECOND);
    cr_assert_eq(fake_lines, 1); /* xenstore's */
    cr_assert_not(dev.broken);
    xenbus_close(&dev);
    cr_assert_eq(fake_ports, 0);
    cr_assert_eq(fake_pages, 0);
}

TEST(is_patient_with_one_that_does_not_let_go)
{
    uint64_t before;

    cr_assert_eq(open_all(), 0);
    back.stuck = true;
    fake_mapped = true;
    before = fake_now;
    xenbus_close(&dev);
    cr_assert(strstr(fake_said, "device/vif/0: the back-end keeps a ring"));
    cr_assert_eq(fake_now, before + 10 * SECOND);
    cr_assert_str_eq(back.seen, "456");
    cr_assert_eq(fake_pages, 2); /* never used again */
    cr_assert_eq(fake_grants, 2);
    cr_assert_eq(fake_ports, 0);
    cr_assert_eq(fake_xs.watches, 0);
}

TEST(leaves_before_it_closes)
{
    cr_assert_eq(open_all(), 0);
    xenbus_leave(&dev);
    cr_assert_str_eq(back.seen, "456");
    cr_assert_eq(fake_shared, 2);
    cr_assert_eq(fake_ports, 0);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "456");
    nothing_is_left();
}

/* The thread is asking for the state when the device goes. */
TEST(closes_while_it_is_being_checked)
{
    struct xenbus_dev *d = malloc(sizeof(*d));

    for (uint64_t turns = 0; turns < 6; turns++) {
        cr_assert_eq(open_dev(d, "vif", 0), 0);
        dev.port = d->port;
        cr_assert_eq(xenbus_connect(d, keys, ARRAY_LEN(keys), NULL, 0), 0);
        back_state(XenbusStateConnected);
        for (uint64_t i = 0; i < turns; i++) {
            fake_step(fake_now);
            fake_event(FAKE_XS_PORT);
            thread_yield();
        }
        xenbus_close(d);
        memset(d, 0xee, sizeof(*d));
        thread_sleep(fake_now + SECOND);
        for (size_t i = 0; i < sizeof(*d); i++)
            cr_assert_eq(((unsigned char *)d)[i], 0xee);
    }
    free(d);
    nothing_is_left();
}

static struct xenbus_dev other;

static void open_other(void)
{
    fake_xs_set("device/vif/1/backend", BACK "1");
    fake_xs_set("device/vif/1/backend-id", "3");
    fake_xs_set(BACK "1/state", "2");
    cr_assert_eq(open_dev(&other, "vif", 1), 0);
    fake_xs_set(BACK "1/state", "4");
    cr_assert_eq(xenbus_connect(&other, keys, ARRAY_LEN(keys), NULL, 0), 0);
}

TEST(tells_two_devices_apart)
{
    cr_assert_eq(open_all(), 0);
    open_other();
    cr_assert_eq(other.peer, 3);

    fake_xs_set(BACK "1/state", NULL);
    while (!other.broken)
        waitq_wait(&other.wake);
    cr_assert_not(dev.broken);
    xenbus_close(&other);
    back_state(XenbusStateClosing);
    wait_until_broken();
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(closes_two_devices_in_any_order)
{
    cr_assert_eq(open_all(), 0);
    open_other();
    xenbus_close(&dev);
    cr_assert_not(other.broken);
    fake_xs_set(BACK "1/state", NULL);
    rest();
    cr_assert(other.broken, "it is still looked after");
    xenbus_close(&other);
    nothing_is_left();
}

TEST(says_once_why_it_is_broken)
{
    cr_assert_eq(open_all(), 0);
    cr_assert_eq(xenbus_fail(&dev, "first reason"), -EIO);
    cr_assert_eq(xenbus_fail(&dev, "second reason"), -EIO);
    cr_assert_str_eq(fake_said, "device/vif/0: first reason\n");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(tells_the_back_end_of_requests_once)
{
    cr_assert_eq(open_all(), 0);
    cr_assert(ring_extra(&tx));
    xenbus_kick(&dev, &tx);
    cr_assert_eq(fake_sent, 1);
    xenbus_kick(&dev, &tx);
    cr_assert_eq(fake_sent, 1);
    xenbus_close(&dev);
}

TEST(cannot_connect_without_a_thread_to_look_after_it)
{
    fake_stacks_left = fake_stacks;
    cr_assert_eq(open_all(), -ENOMEM);
    fake_stacks_left = fake_stacks + 1;
    xenbus_close(&dev);
    cr_assert_eq(open_all(), 0);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(a_state_that_there_is_not_is_the_end)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateReconfigured + 1);
    rest();
    cr_assert(dev.broken);
    xenbus_close(&dev);
}
