/*
 * crowd.h: who is here, for how long yet, and who goes first when there is no
 * room: for servers.  Pure; time is what the caller says it is.
 *
 * Every member is in one state; all in a state may stay the same time, so the
 * one that came first is the first whose time is up.
 */
#pragma once

#include <stdint.h>

#define CROWD_STATES 8

/* Part of whatever is a member. */
struct crowd_member {
    struct crowd_member *next, *prev;
    unsigned state;
    int64_t deadline;
};

/* Zeroed but for the limits, in the order in which states are given up. */
struct crowd {
    int64_t limits[CROWD_STATES]; /* 0: nobody is ever in this state */
    struct crowd_member *first[CROWD_STATES], *last[CROWD_STATES];
    unsigned members;
};

void crowd_join(struct crowd *c, struct crowd_member *m, unsigned state,
                int64_t now);
void crowd_leave(struct crowd *c, struct crowd_member *m);

/* Into a state, or into the same one anew. */
void crowd_change(struct crowd *c, struct crowd_member *m, unsigned state,
                  int64_t now);

/* Who can best be done without; NULL: nobody is here. */
struct crowd_member *crowd_weakest(const struct crowd *c);

/* Someone whose time is up; NULL: nobody's is. */
struct crowd_member *crowd_late(const struct crowd *c, int64_t now);

/* When that will be; INT64_MAX: never. */
int64_t crowd_deadline(const struct crowd *c);
