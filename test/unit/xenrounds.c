/* xenbus.c: what it asks xenstored together, and does not wait for. */
#include "test/unit/bus.h"

TestSuite(xenrounds, .init = setup, .timeout = 20);

#define TEST(name) IN_THREAD(xenrounds, name)

static char told[2][8];
static struct xs_call reads[2];
static const struct xs_call read_ours = {.op = XS_CALL_READ,
                                         .dir = dev.path,
                                         .path = "mac",
                                         .value = told[0],
                                         .size = 8},
                            read_theirs = {.op = XS_CALL_READ,
                                           .dir = dev.backend,
                                           .path = "feature",
                                           .value = told[1],
                                           .size = 8};

static void back_tells(void)
{
    fake_xs_set(BACK "0/feature", "yes");
    back_state(XenbusStateInitWait);
}

static void nothing_new(void)
{
    cr_assert_str_eq(told[1], "");
    back_state(XenbusStateInitialising);
    fake_later(SECOND, back_tells);
}

TEST(reads_what_a_back_end_tells_when_it_is_ready)
{
    struct xenbus_place place;

    fake_xs_set("device/vif/0/mac", "a mac");
    back_state(XenbusStateInitialising);
    fake_later(SECOND, nothing_new);
    fake_xs.piece = 1; /* not all answers together */
    reads[0] = read_ours;
    reads[1] = read_theirs;
    xenbus_ask(&place, "vif", 0);
    cr_assert_eq(xenbus_open(&dev, &place, reads, 2), 0);
    cr_assert_str_eq(told[0], "a mac");
    cr_assert_str_eq(told[1], "yes");
    cr_assert_eq(reads[0].err, 0);
    xenbus_close(&dev);
    cr_assert_eq(open_all(), 0, "nobody reads any more");
    xenbus_close(&dev);
    nothing_is_left();
}

static void sectors_first(const char *path, const char *value)
{
    if (!strcmp(path, "device/vif/0/state") && *value == '4')
        fake_xs_set(BACK "0/feature", "of a disk");
    back_follows(path, value);
}

TEST(reads_what_a_back_end_tells_when_it_is_connected)
{
    char disk[16];
    struct xs_call read = read_theirs;

    read.value = disk;
    read.size = sizeof(disk);
    fake_xs.on_write = sectors_first;
    back.delay = SECOND;
    cr_assert_eq(open_dev(&dev, "vif", 0), 0);
    cr_assert_eq(xenbus_ring(&dev, &tx, 16), 0);
    cr_assert_eq(xenbus_connect(&dev, keys, ARRAY_LEN(keys), &read, 1), 0);
    cr_assert_str_eq(disk, "of a disk");
    cr_assert_eq(xs_counts().rounds, 3);
    memset(disk, 'x', sizeof(disk));
    fake_xs_set(BACK "0/feature", "changed");
    back_state(XenbusStateConnected);
    rest();
    cr_assert_eq(disk[0], 'x', "the caller's memory may be gone");
    xenbus_close(&dev);
    nothing_is_left();
}

TEST(tells_several_devices_apart_before_it_opens_them)
{
    struct xenbus_place places[3];

    fake_xs_set("device/vif/1/backend", BACK "1");
    fake_xs_set("device/vif/1/backend-id", "none");
    for (unsigned i = 0; i < 3; i++)
        xenbus_ask(&places[i], "vif", i);
    cr_assert_eq(xs_counts().rounds, 0, "without waiting");
    cr_assert(xenbus_is_there(&places[0]));
    cr_assert(xenbus_is_there(&places[1]), "though it makes no sense");
    cr_assert_not(xenbus_is_there(&places[2]));
    cr_assert_eq(xs_counts().rounds, 1);
    cr_assert_eq(xenbus_open(&dev, &places[2], NULL, 0), -ENODEV);
    cr_assert_eq(xenbus_open(&dev, &places[1], NULL, 0), -EIO);
    cr_assert_eq(xenbus_open(&dev, &places[0], NULL, 0), 0);
    cr_assert_str_eq(dev.path, "device/vif/0");
    cr_assert_eq(xs_counts().rounds, 2);
    xenbus_close(&dev);
    nothing_is_left();
}

/* There will be no event of the back-end. */
TEST(does_not_wait_for_the_answer_to_what_was_refused)
{
    const uint64_t before = fake_now;

    fake_xs.error_path = "device/vif/0/state";
    fake_xs.error = "EQUOTA";
    fake_xs.on_write = NULL;
    cr_assert_eq(open_all(), -EDQUOT);
    cr_assert_eq(fake_now, before);
    cr_assert_eq(fake_lines, 1);
    fake_xs.error_path = NULL;
    fake_xs.on_write = back_follows;
    xenbus_close(&dev);
    nothing_is_left();
}

static void is_lied_to(void *arg)
{
    (void)arg;
    rest();
    fake_xs.lie = LIE_TYPE;
    cr_assert_eq(xs_write("a", ""), -EIO);
}

TEST(does_not_wait_for_a_xenstored_that_has_lied)
{
    const uint64_t before = fake_now;

    thread_create("other", is_lied_to, NULL);
    back.stuck = true;
    cr_assert_eq(open_all(), -EIO);
    cr_assert_eq(fake_now, before + SECOND);
    xenbus_close(&dev);
    cr_assert_eq(fake_ports, 0);
    cr_assert_eq(fake_pages, 0);
}
