/* memory.c: see memory.h. */

#include "test/fake/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "xen/gnttab.h"

#define GRANTS 64

unsigned fake_pages, fake_pages_left = 64;
unsigned fake_grants, fake_grants_left = GRANTS - 8;
unsigned fake_shared;
bool fake_mapped;

static const void *shared[GRANTS];
static bool claimed[GRANTS];

void *page_alloc(void)
{
    void *page;

    if (!fake_pages_left || !(page = aligned_alloc(PAGE_SIZE, PAGE_SIZE)))
        return NULL;
    fake_pages_left--;
    fake_pages++;
    return memset(page, 0xa5, PAGE_SIZE);
}

void page_free(void *page)
{
    for (size_t i = 0; i < GRANTS; i++)
        if (shared[i] == page)
            abort(); /* the peer can still write to it */
    fake_pages--;
    fake_pages_left++;
    free(page);
}

int gnttab_claim(gref_t *refs, size_t n)
{
    gref_t ref = 8;

    if (n > fake_grants_left)
        return -ENOSPC;
    for (size_t i = 0; i < n; i++) {
        while (claimed[ref])
            ref++;
        claimed[ref] = true;
        refs[i] = ref;
        fake_grants_left--;
        fake_grants++;
    }
    return 0;
}

void gnttab_release(const gref_t *refs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!claimed[refs[i]] || shared[refs[i]])
            abort();
        claimed[refs[i]] = false;
        fake_grants_left++;
        fake_grants--;
    }
}

void gnttab_share(gref_t ref, uint16_t peer, const void *addr, bool writable)
{
    (void)peer;
    (void)writable;
    if (!claimed[ref] || shared[ref])
        abort();
    shared[ref] = addr;
    fake_shared++;
}

int gnttab_unshare(gref_t ref)
{
    if (!shared[ref])
        return 0;
    if (fake_mapped)
        return -EBUSY;
    shared[ref] = NULL;
    fake_shared--;
    return 0;
}

void fake_memory_forget(void)
{
    for (gref_t ref = 0; ref < GRANTS; ref++)
        if (shared[ref]) {
            void *page = (void *)(uintptr_t)shared[ref];

            shared[ref] = NULL;
            fake_shared--;
            gnttab_release(&ref, 1);
            page_free(page);
        }
}
