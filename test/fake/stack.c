/* stack.c: stacks from malloc, counted. */

#include "test/fake/stack.h"

#include <stdlib.h>

#include "kernel/stack.h"

unsigned fake_stacks;
unsigned fake_stacks_left = 1000;

void *stack_alloc(void)
{
    void *low = fake_stacks == fake_stacks_left
                    ? NULL
                    : aligned_alloc(STACK_SIZE, STACK_SIZE);

    fake_stacks += low != NULL;
    return low;
}

void stack_free(void *low)
{
    fake_stacks--;
    free(low);
}
