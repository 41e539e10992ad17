/* stack.h: thread stacks, each above a guard page that is not mapped. */
#pragma once

#define STACK_SIZE (16 * 1024ul)

void *stack_alloc(void); /* its lowest byte; NULL when out of memory */
void stack_free(void *low);
