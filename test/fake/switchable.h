/* switchable.h: open files that are as ready as a test says. */
#pragma once

#include "lib/fd.h"

struct switchable {
    struct file file;
    unsigned ready;
    unsigned asked; /* times someone looked */
    unsigned closed;
};

/* A descriptor of s. */
int switchable_open(struct switchable *s);

/* Become ready for this, and say so. */
void switchable_set(struct switchable *s, unsigned ready);
