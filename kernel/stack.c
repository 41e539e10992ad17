/* stack.c: thread stacks, each above a guard page that is not mapped. */

#include "kernel/stack.h"

#include <stddef.h>

#include "arch/x86_64/mm.h"
#include "kernel/page.h"

#define PAGES (STACK_SIZE / PAGE_SIZE + 1)

void *stack_alloc(void)
{
    char *guard = page_alloc_run(PAGES);

    if (!guard)
        return NULL;
    if (mm_unmap(guard)) {
        page_free_run(guard, PAGES);
        return NULL;
    }
    return guard + PAGE_SIZE;
}

void stack_free(void *low)
{
    char *guard = (char *)low - PAGE_SIZE;

    if (mm_map(guard) == 0)
        page_free_run(guard, PAGES);
}
