/* stack.h: what the fake stacks count. */
#pragma once

extern unsigned fake_stacks;      /* in use */
extern unsigned fake_stacks_left; /* before stack_alloc() fails */
