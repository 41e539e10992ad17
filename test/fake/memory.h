/* memory.h: pages and grants, counted and bounded. */
#pragma once

#include <stdbool.h>

extern unsigned fake_pages, fake_pages_left;   /* in use; still free */
extern unsigned fake_grants, fake_grants_left; /* claimed; still free */
extern unsigned fake_shared;                   /* pages the peer can reach */
extern bool fake_mapped; /* the peer has all of them mapped */

/* Free what was left to the peer, as only a fake can. */
void fake_memory_forget(void);
