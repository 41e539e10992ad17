/* stack.c: stacks from malloc, counted. */

#include "test/fake/stack.h"

#include <stdlib.h>

#include "kernel/stack.h"

unsigned fake_stacks;
unsigned fake_stacks_left = 1000;

void *stack_alloc(void)
{
    if (fake_stacks == fake_stacks_left)
        return NULL;
    fake_stacks++;
    return aligned_alloc(STACK_SIZE, STACK_SIZE);
}

void stack_free(void *low)
{
    fake_stacks--;
    free(low);
}
