/* scarce_bus.c: how devices are connected, whichever allocation fails. */

#include "test/fake/scarce.h"
#include "test/unit/bus.h"
#include "xen/evtchn.h"
#include "xen/gnttab.h"

SCARCE(int, gnttab_claim, (gref_t * refs, size_t n), (refs, n), -ENOSPC)
SCARCE(int, evtchn_open, (uint16_t peer, struct waitq *wake, uint32_t *port),
       (peer, wake, port), -ENOSPC)

static bool fine(int err)
{
    errno = -err;
    return scarce_fine(err ? -1 : 0);
}

static void settle(void)
{
    thread_sleep(fake_now + SECOND);
    nothing_is_left();
    cr_assert_eq(fake_xs.transactions, 0);
    cr_assert_str_eq(fake_xs_get("device/vif/0/state"), "1");
}

static void use(void)
{
    int err;

    memset(back.seen, 0, sizeof(back.seen));
    if (fine(open_all())) {
        back_state(XenbusStateClosing);
        wait_until_broken();
        if (!fine(err = reopen_all()))
            cr_assert_eq(reopen_all(), 0, "it can be tried again");
        cr_assert_not(dev.broken);
    }
    xenbus_close(&dev);
    back_state(XenbusStateInitWait);
    fake_xs_set("device/vif/0/state", "1");
}

IN_THREAD(scarce_bus, every_failure_is_told_and_undone)
{
    setup();
    /* In both its lives a port, two pages, two references. */
    cr_assert_eq(scarce_each(use, settle), 2 * 5);
}

/* Its quota, or its memory: whatever it is asked to remember. */
IN_THREAD(scarce_bus, every_refusal_of_xenstored_is_told_and_undone)
{
    setup();
    fake_xs.error = "ENOSPC";
    fake_xs.scarce = scarce_now;
    cr_assert_eq(scarce_each(use, settle), 2 * 5 + 15);
}
