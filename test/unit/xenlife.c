/*
 * xenbus.c when back-ends come and go: every state at any moment, devices
 * taken away and put back, and the way from nothing shared to connected.
 */
#include "test/unit/bus.h"

TestSuite(xenlife, .init = setup, .timeout = 60);

#define TEST(name) IN_THREAD(xenlife, name)

TEST(answers_at_once_when_asked_to_close)
{
    cr_assert_eq(open_all(), 0);
    fake_xs_set(BACK "0/online", "0");
    back_state(XenbusStateClosing);
    rest(); /* nobody calls anything */
    cr_assert_str_eq(back.seen, "46");
    cr_assert_eq(back.state, XenbusStateClosed);
    cr_assert_eq(fake_shared, 2, "these are the owner's to take back");
    cr_assert(dev.broken);
    cr_assert_str_eq(fake_said, "device/vif/0: the back-end went away\n");
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "46");
    nothing_is_left();
}

TEST(answers_though_the_back_end_lied_before)
{
    cr_assert_eq(open_all(), 0);
    xenbus_fail(&dev, "a lie");
    back_state(XenbusStateClosing);
    rest();
    cr_assert_str_eq(back.seen, "46");
    cr_assert_str_eq(fake_said, "device/vif/0: a lie\n");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(writes_nothing_to_a_device_that_took_its_place)
{
    cr_assert_eq(open_all(), 0);
    device_goes();
    device_comes(); /* before anybody could look */
    wait_until_broken();
    rest();
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "4");
    cr_assert_eq(reopen_all(), 0);
    cr_assert_str_eq(back.seen, "44");
    xenbus_close(&dev);
    nothing_is_left();
}

static struct waitq *joined;

static void wait_on_wake(void *arg)
{
    joined = &dev.wake;
    waitq_wait(&dev.wake);
    joined = NULL;
    (void)arg;
}

TEST(stays_connected_while_a_driver_is_replaced)
{
    cr_assert_eq(open_all(), 0);
    cr_assert_eq(dev.epoch, 1);
    back_state(XenbusStateInitialising);
    rest();
    thread_create("waiter", wait_on_wake, NULL);
    rest();
    cr_assert_not_null(joined);
    back_restarts();
    rest();
    cr_assert_eq(back.state, XenbusStateConnected);
    cr_assert_not(dev.broken);
    cr_assert_str_eq(back.seen, "4");
    cr_assert_eq(fake_lines, 0);
    cr_assert_eq(dev.epoch, 2);
    cr_assert_null(joined, "there is news");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(comes_back_as_often_as_the_back_end_does)
{
    uint64_t start = fake_now;

    cr_assert_eq(open_all(), 0);
    for (unsigned i = 0; i < 50; i++) {
        memset(back.seen, 0, sizeof(back.seen));
        back_state(XenbusStateClosing);
        wait_until_broken();
        cr_assert_eq(reopen_all(), 0);
        cr_assert_str_eq(back.seen, "614");
        cr_assert_not(dev.broken);
        cr_assert_eq(fake_shared, 2);
        cr_assert_eq(fake_xs.watches, 1);
        cr_assert_eq(fake_lines, i + 1, "each time it goes");
    }
    cr_assert_eq(fake_now, start, "without a pause");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(waits_for_a_device_as_long_as_it_takes)
{
    cr_assert_eq(open_all(), 0);
    for (int i = 0; i < 3; i++) {
        uint64_t before = fake_now;

        device_goes();
        wait_until_broken();
        fake_later(1000 * SECOND, device_comes);
        cr_assert_eq(reopen_all(), 0);
        cr_assert_eq(fake_now, before + 1000 * SECOND);
    }
    back_state(XenbusStateClosing);
    wait_until_broken();
    back.delay = 500 * SECOND; /* for each of its steps */
    xenbus_close(&dev);
    cr_assert_eq(reopen_all(), 0);
    back.delay = 0;
    cr_assert_eq(fake_lines, 4 + 1, "%s", fake_said);
    xenbus_close(&dev);
    nothing_is_left();
}

static void device_comes_from_elsewhere(void)
{
    fake_xs_set("device/vif/0/backend", "/local/domain/5/backend/vif/7/0");
    fake_xs_set("device/vif/0/backend-id", "5");
    fake_xs_set("device/vif/0/state", "1");
    fake_xs_set("/local/domain/5/backend/vif/7/0/state", "2");
}

static void elsewhere_connects(void)
{
    fake_xs_set("/local/domain/5/backend/vif/7/0/state", "4");
}

TEST(goes_to_another_domain_if_the_toolstack_says_so)
{
    cr_assert_eq(open_all(), 0);
    device_goes();
    wait_until_broken();
    fake_later(3 * SECOND, device_comes_from_elsewhere);
    xenbus_close(&dev);
    cr_assert_eq(xenbus_reopen(&dev, NULL, 0), 0);
    cr_assert_eq(dev.peer, 5);
    cr_assert_str_eq(dev.backend, "/local/domain/5/backend/vif/7/0");
    fake_xs.on_write = NULL;
    fake_later(SECOND, elsewhere_connects);
    cr_assert_eq(xenbus_connect(&dev, NULL, 0, NULL, 0), 0);
    cr_assert_eq(fake_xs.watches, 1);
    fake_xs_set("/local/domain/5", NULL);
    wait_until_broken();
    xenbus_close(&dev);
    nothing_is_left();
}

static void is_replaced(void)
{
    fake_xs.on_request = NULL;
    device_goes();
    device_comes_from_elsewhere();
}

/* It has been told where the old one was, and the domain of the new one. */
TEST(looks_again_for_one_that_is_replaced_while_it_asks)
{
    const uint64_t before = fake_now;

    fake_xs.on_request = is_replaced;
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    cr_assert_eq(fake_now, before);
    cr_assert_str_eq(dev.backend, "/local/domain/5/backend/vif/7/0");
    cr_assert_eq(dev.peer, 5);
    fake_xs.on_write = NULL;
    fake_xs_set("/local/domain/5", NULL);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(has_nothing_to_open_while_a_device_is_taken_away)
{
    fake_xs_set(BACK "0/online", "0");
    back_state(XenbusStateClosing);
    cr_assert_eq(open_dev(&dev, "vif", 0), -ENODEV);
    cr_assert_str_eq(back.seen, "6", "it waits for us even so");
    cr_assert_eq(open_dev(&dev, "vif", 0), -ENODEV);
    cr_assert_str_eq(back.seen, "6", "but does not wake up again");
    cr_assert_eq(fake_lines, 0);
    nothing_is_left();
    device_comes();
    cr_assert_eq(open_all(), 0);
    xenbus_close(&dev);
    nothing_is_left();
}

static void goes_offline(void)
{
    back_state(XenbusStateClosed);
    fake_later(SECOND, device_goes);
    fake_later(2 * SECOND, device_comes);
}

TEST(waits_until_a_device_is_put_back)
{
    uint64_t before = fake_now;

    cr_assert_eq(open_all(), 0);
    fake_xs_set(BACK "0/online", "0");
    goes_offline();
    wait_until_broken();
    cr_assert_eq(reopen_all(), 0);
    cr_assert_eq(fake_now, before + 2 * SECOND);
    cr_assert_str_eq(back.seen, "464");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(takes_a_hidden_state_for_a_missing_one)
{
    cr_assert_eq(open_all(), 0);
    fake_xs.error_path = BACK "0/state";
    fake_xs.error = "EACCES";
    back_state(XenbusStateConnected);
    wait_until_broken();
    fake_xs.error_path = NULL;
    fake_xs_set(BACK "0", NULL);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "4");
    nothing_is_left();
}

/* xenstored has trouble of its own: that tells nothing about the device. */
TEST(takes_an_error_for_no_state_at_all)
{
    static const char *const paths[] = {BACK "0/state", "device/vif/0/state"};

    cr_assert_eq(open_all(), 0);
    fake_xs.error = "EIO";
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        fake_xs.error_path = paths[i];
        back_state(XenbusStateConnected);
        rest();
        cr_assert_not(dev.broken, "%s", paths[i]);
    }
    fake_xs_set(BACK "0/state", NULL); /* and what it does tell is not all */
    rest();
    cr_assert_not(dev.broken);
    back_state(XenbusStateConnected);
    rest();
    fake_xs.error_path = NULL;
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "456");
    nothing_is_left();
}

TEST(says_goodbye_where_it_has_never_said_anything)
{
    fake_xs_set("device/vif/0/state", NULL);
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    xenbus_close(&dev);
    cr_assert_str_eq(back.seen, "56");
    nothing_is_left();
}

TEST(pauses_longer_each_time_it_is_lied_to)
{
    static const unsigned pauses[] = {0, 1, 2, 4, 8, 16, 32, 64, 64};

    cr_assert_eq(open_all(), 0);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
            uint64_t before = fake_now;

            memset(back.seen, 0, sizeof(back.seen));
            xenbus_fail(&dev, "a lie");
            cr_assert_eq(reopen_all(), 0);
            cr_assert_str_eq(back.seen, "5614");
            cr_assert_eq(fake_now, before + pauses[i] * SECOND);
        }
        back_state(XenbusStateClosing); /* restarted: trust it again */
        wait_until_broken();
        cr_assert_eq(reopen_all(), 0);
        dev.pause = 0;
    }
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(stays_broken_until_it_is_connected)
{
    cr_assert_eq(open_all(), 0);
    cr_assert_eq(xenbus_reopen(&dev, NULL, 0), 0, "though all was well");
    cr_assert(dev.broken);
    cr_assert_eq(xenbus_fail(&dev, "no proper mac"), -EIO);
    cr_assert(strstr(fake_said, "no proper mac"), "though it is broken");
    fake_pages_left = 1;
    cr_assert_eq(reopen_all(), -ENOMEM);
    cr_assert(dev.broken);
    xenbus_close(&dev);
    fake_pages_left = 2;
    fake_ports_left = 0;
    cr_assert_eq(reopen_all(), -ENOSPC);
    fake_ports_left = 1;
    back.refuses = true;
    cr_assert_eq(reopen_all(), -EIO);
    cr_assert(dev.broken);
    back.refuses = false;
    cr_assert_eq(reopen_all(), 0);
    cr_assert_not(dev.broken);
    xenbus_close(&dev);
    nothing_is_left();
}

/* A new folder, in which we have never been; its back-end is in the middle of
 * closing for somebody before us, and waits for our answer. */
TEST(answers_in_a_new_folder_as_if_never_there)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateClosing);
    wait_until_broken();
    xenbus_leave(&dev);
    device_goes();
    device_comes();
    back_state(XenbusStateClosing);
    memset(back.seen, 0, sizeof(back.seen));
    cr_assert_eq(reopen_all(), 0);
    cr_assert_str_eq(back.seen, "614");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(keeps_those_who_wait_for_it)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateClosing);
    wait_until_broken();
    thread_create("waiter", wait_on_wake, NULL);
    cr_assert_eq(reopen_all(), 0);
    cr_assert_not_null(joined);
    fake_event(dev.port);
    rest();
    cr_assert_null(joined);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(names_the_quota)
{
    static const struct {
        const char *name;
        int err;
    } errors[] = {{"EQUOTA", -EDQUOT}, {"ENOSPC", -ENOSPC}, {"E2BIG", -E2BIG}};
    const char *said = fake_said;

    fake_xs.error_path = BACK "0/state";
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        fake_xs.error = errors[i].name;
        cr_assert_eq(open_dev(&dev, "vif", 0), errors[i].err);
        cr_assert_eq(fake_lines, i + 1);
        cr_assert(said = strstr(said, "device/vif/0: xenstored's quota"));
        said++;
    }
    fake_xs.error = "EPERM";
    cr_assert_eq(open_dev(&dev, "vif", 0), -EPERM);
    cr_assert(strstr(fake_said, "device/vif/0: xenstored refuses"));
    nothing_is_left();
}

static void reopen_in_a_thread(void *arg)
{
    (void)arg;
    cr_assert_eq(reopen_all(), 0);
    joined = &dev.wake;
}

/* It waits for a back-end that is Closed and does not stir. */
static void wait_in_vain(void)
{
    cr_assert_eq(open_all(), 0);
    back_state(XenbusStateClosing);
    wait_until_broken();
    rest();
    xenbus_close(&dev);
    back.stuck = true;
    thread_create("reopens", reopen_in_a_thread, NULL);
    rest();
    cr_assert_str_eq(back.seen, "461");
    cr_assert_null(joined);
}

TEST(waits_on_when_it_is_told_the_same_again)
{
    wait_in_vain();
    back_state(XenbusStateClosed);
    rest();
    cr_assert_null(joined);
    cr_assert_str_eq(back.seen, "461", "nor does it repeat itself");
    back.stuck = false;
    back_state(XenbusStateInitWait);
    rest();
    cr_assert_not_null(joined);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(begins_anew_in_a_new_folder)
{
    wait_in_vain();
    back.stuck = false;
    device_goes();
    rest();
    device_comes();
    back_state(XenbusStateClosed);
    rest();
    cr_assert_not_null(joined);
    cr_assert_str_eq(back.seen, "46114");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(follows_a_toolstack_that_changes_its_mind)
{
    wait_in_vain();
    fake_xs_set("device/vif/0/backend-id", NULL);
    back_state(XenbusStateClosed);
    rest();
    cr_assert_null(joined);
    device_comes_from_elsewhere();
    rest();
    cr_assert_eq(dev.peer, 5);
    elsewhere_connects();
    rest();
    cr_assert_not_null(joined);
    fake_xs.on_write = NULL;
    fake_xs_set("/local/domain/5", NULL);
    rest();
    cr_assert(dev.broken);
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(leaves_the_old_back_end_for_the_new)
{
    wait_in_vain();
    device_comes_from_elsewhere();
    fake_xs_set("/local/domain/5/backend/vif/7/0/state", "1");
    back_state(XenbusStateClosed); /* it looks, and finds another */
    rest();
    fake_xs_set("/local/domain/5/backend/vif/7/0/state", "2");
    rest();
    elsewhere_connects();
    rest();
    cr_assert_not_null(joined);
    cr_assert_eq(fake_xs.watches, 1);
    fake_xs.on_write = NULL;
    fake_xs_set("/local/domain/5", NULL);
    rest();
    xenbus_close(&dev);
    nothing_is_left();
}
