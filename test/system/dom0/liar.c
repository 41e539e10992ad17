/* liar.c: meeting the guest, telling one lie, and parting: see liar.h.
 *
 *   liar list KIND                     what there is: NAME FOUND, one a line
 *   liar DOMAIN KIND DEVICE NAME...    tells these; 0: the guest goes on
 */

#include "test/system/dom0/liar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PATIENCE 20000 /* ms */
#define MOMENT   10    /* ms between two looks */

static const char *telling = "";

void die(const char *why)
{
    fprintf(stderr, "liar: %s: %s\n", telling, why);
    exit(1);
}

void nap(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

void liar_write(struct liar *l, const char *key, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", l->back, key);
    if (!xs_write(l->xs, XBT_NULL, path, value, (unsigned)strlen(value)))
        die("cannot write to xenstore");
}

void liar_remove(struct liar *l, const char *key)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", l->back, key);
    xs_rm(l->xs, XBT_NULL, path);
}

void liar_state(struct liar *l, int state)
{
    liar_write(l, "state", (char[]){(char)('0' + state), '\0'});
}

unsigned liar_read_front(struct liar *l, const char *key)
{
    char path[128], *text;
    unsigned n = 0, len;

    snprintf(path, sizeof(path), "%s/%s", l->front, key);
    if ((text = xs_read(l->xs, XBT_NULL, path, &len)))
        n = (unsigned)strtoul(text, NULL, 10);
    free(text);
    return n;
}

void *liar_map(struct liar *l, uint32_t ref, bool writable)
{
    void *page = xengnttab_map_grant_ref(
        l->gnttab, l->domain, ref, PROT_READ | (writable ? PROT_WRITE : 0));

    if (!page)
        die("cannot map a page of the guest's");
    return l->mapped[l->count++] = page;
}

void liar_let_go(struct liar *l)
{
    while (l->count > 0)
        xengnttab_unmap(l->gnttab, l->mapped[--l->count], 1);
    if (l->port >= 0)
        xenevtchn_unbind(l->evtchn, (evtchn_port_t)l->port);
    l->port = -1;
}

void liar_notify(struct liar *l)
{
    xenevtchn_notify(l->evtchn, (evtchn_port_t)l->port);
}

/* Wait until the guest's state is one of these, each a bit. */
static unsigned await(struct liar *l, unsigned states, unsigned patience)
{
    unsigned state;

    for (unsigned ms = 0; ms < patience; ms += MOMENT) {
        state = liar_read_front(l, "state");
        if (1u << state & states)
            return state;
        nap(MOMENT);
    }
    return 0;
}

#define LEAVING   (1u << XenbusStateClosing | 1u << XenbusStateClosed)
#define HERE      (1u << XenbusStateConnected)
#define BEGINNING (1u << XenbusStateInitialising)
#define AWAY      (LEAVING | BEGINNING)

void liar_await_anew(struct liar *l)
{
    if (!await(l, BEGINNING, PATIENCE))
        die("the guest does not begin anew");
}

static void meet(struct liar *l, const struct kind *kind, const struct lie *lie)
{
    kind->publish(l);
    if (lie->moment == BEFORE)
        lie->tell(l);
    liar_state(l, XenbusStateInitWait);
    if (await(l, HERE | LEAVING, PATIENCE) != XenbusStateConnected) {
        if (lie->moment != BEFORE)
            die("the guest does not connect");
        return;
    }
    if (lie->moment == INSTEAD) {
        lie->tell(l);
        return;
    }
    kind->attach(l);
    l->port = xenevtchn_bind_interdomain(l->evtchn, l->domain,
                                         liar_read_front(l, "event-channel"));
    if (l->port < 0)
        die("cannot bind the event channel");
    liar_state(l, XenbusStateConnected);
}

static void tell(struct liar *l, const struct kind *kind, const struct lie *lie)
{
    bool left;

    if (lie->moment == CONNECTED) {
        kind->busy(l);
        lie->tell(l);
        if (l->port >= 0)
            liar_notify(l);
    }
    if (lie->outcome == BREAKS)
        return;
    left = await(l, AWAY, 300) != 0;
    if (left && lie->outcome == STANDS)
        die("the guest has left, and should not");
    if (!left)
        liar_state(l, XenbusStateClosing);
}

/* The guest leaves, if it knows that we are here; then it begins anew. */
static void part(struct liar *l)
{
    if (l->port >= 0 && !await(l, AWAY, PATIENCE))
        die("the guest takes it for the truth");
    nap(50);
    liar_let_go(l);
    liar_state(l, XenbusStateClosed);
    liar_await_anew(l);
}

static const struct lie *find(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->count; i++)
        if (!strcmp(kind->lies[i].name, name))
            return &kind->lies[i];
    for (size_t i = 0; i < state_lie_count; i++)
        if (!strcmp(state_lies[i].name, name))
            return &state_lies[i];
    die("no such lie");
}

static void list(const struct kind *kind)
{
    for (size_t i = 0; i < state_lie_count; i++)
        printf("%s %s\n", state_lies[i].name, state_lies[i].found);
    for (size_t i = 0; i < kind->count; i++)
        printf("%s %s\n", kind->lies[i].name, kind->lies[i].found);
}

static void begin(struct liar *l, const char *domain, const char *kind,
                  const char *device)
{
    l->port = -1;
    l->domain = (unsigned)strtoul(domain, NULL, 10);
    snprintf(l->front, sizeof(l->front), "/local/domain/%s/device/%s/%s",
             domain, kind, device);
    snprintf(l->back, sizeof(l->back), "/local/domain/0/backend/liar/%s/%s",
             domain, device);
    l->xs = xs_open(0);
    l->gnttab = xengnttab_open(NULL, 0);
    l->evtchn = xenevtchn_open(NULL, 0);
    if (!l->xs || !l->gnttab || !l->evtchn)
        die("this is not dom0");
}

int main(int argc, char **argv)
{
    static struct liar l;
    const struct kind *kind;

    if (argc < 3)
        die("usage: liar list KIND | liar DOMAIN KIND DEVICE NAME...");
    kind = !strcmp(argv[2], vif_kind.name) ? &vif_kind : &vbd_kind;
    if (argc == 3) {
        list(kind);
        return 0;
    }
    begin(&l, argv[1], argv[2], argv[3]);
    for (int i = 4; i < argc; i++) {
        const struct lie *lie = find(kind, argv[i]);

        telling = argv[i];
        meet(&l, kind, lie);
        tell(&l, kind, lie);
        part(&l);
    }
    return 0;
}
