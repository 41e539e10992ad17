/* crowd.c: who is here, and for how long yet: see crowd.h. */

#include "lib/crowd.h"

#include <stddef.h>

void crowd_join(struct crowd *c, struct crowd_member *m, unsigned state,
                int64_t now)
{
    *m = (struct crowd_member){.prev = c->last[state],
                               .state = state,
                               .deadline = now + c->limits[state]};
    *(m->prev ? &m->prev->next : &c->first[state]) = m;
    c->last[state] = m;
    c->members++;
}

void crowd_leave(struct crowd *c, struct crowd_member *m)
{
    *(m->prev ? &m->prev->next : &c->first[m->state]) = m->next;
    *(m->next ? &m->next->prev : &c->last[m->state]) = m->prev;
    c->members--;
}

void crowd_change(struct crowd *c, struct crowd_member *m, unsigned state,
                  int64_t now)
{
    crowd_leave(c, m);
    crowd_join(c, m, state, now);
}

struct crowd_member *crowd_weakest(const struct crowd *c)
{
    for (int i = 0; i < CROWD_STATES; i++)
        if (c->first[i])
            return c->first[i];
    return NULL;
}

struct crowd_member *crowd_late(const struct crowd *c, int64_t now)
{
    for (int i = 0; i < CROWD_STATES; i++)
        if (c->first[i] && c->first[i]->deadline <= now)
            return c->first[i];
    return NULL;
}

int64_t crowd_deadline(const struct crowd *c)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < CROWD_STATES; i++)
        if (c->first[i] && c->first[i]->deadline < next)
            next = c->first[i]->deadline;
    return next;
}
