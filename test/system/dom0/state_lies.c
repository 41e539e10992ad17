/* state_lies.c: what a back-end of any kind can pretend to be. */

#include <string.h>

#include "lib/util.h"
#include "test/system/dom0/liar.h"

static void closes(struct liar *l)
{
    liar_state(l, XenbusStateClosing);
}

static void closed_at_once(struct liar *l)
{
    liar_state(l, XenbusStateClosed);
}

/* From here on the guest takes us for gone, and so must the pages be. */
static void vanishes(struct liar *l)
{
    liar_let_go(l);
    liar_remove(l, "state");
}

static void babbles(struct liar *l)
{
    liar_let_go(l);
    liar_write(l, "state", "banana");
}

static void impossible(struct liar *l)
{
    liar_let_go(l);
    liar_write(l, "state", "9");
}

static void long_winded(struct liar *l)
{
    static char text[2000];

    memset(text, '4', sizeof(text) - 1);
    liar_let_go(l);
    liar_write(l, "state", text);
}

static void flaps(struct liar *l)
{
    static const int states[] = {
        XenbusStateInitWait, XenbusStateInitialised, XenbusStateReconfiguring,
        XenbusStateReconfigured, XenbusStateInitialising};

    for (unsigned i = 0; i < 50; i++)
        liar_state(l, states[i % ARRAY_LEN(states)]);
    liar_state(l, XenbusStateConnected);
}

static void event_storm(struct liar *l)
{
    for (unsigned i = 0; i < 2000; i++)
        liar_notify(l);
}

static void rings_kept(struct liar *l)
{
    nap(100);
    liar_state(l, XenbusStateClosed);
    liar_await_anew(l); /* and everything is still mapped */
}

const struct lie state_lies[] = {
    {"closes", closes, "the back-end went away", BREAKS, CONNECTED},
    {"vanishes", vanishes, "the back-end went away", BREAKS, CONNECTED},
    {"babbles", babbles, "the back-end went away", BREAKS, CONNECTED},
    {"impossible", impossible, "the back-end went away", BREAKS, CONNECTED},
    {"long-winded", long_winded, "the back-end went away", BREAKS, CONNECTED},
    {"refuses", closed_at_once, "the back-end refused", BREAKS, INSTEAD},
    {"flaps", flaps, "the back-end went away", STANDS, CONNECTED},
    {"event-storm", event_storm, "the back-end went away", STANDS, CONNECTED},
    {"rings-kept", rings_kept, "the back-end keeps a ring mapped", BREAKS,
     CONNECTED},
};
const size_t state_lie_count = ARRAY_LEN(state_lies);
