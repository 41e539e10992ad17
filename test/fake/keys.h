/*
 * keys.h: xenstore as its callers see it: requests are served one by one, in
 * their order, and the keys can change, or a request fail, before any of them.
 */
#pragma once

#include <stdbool.h>

extern struct fake_keys {
    int err;               /* what the next request fails with, once */
    void (*between)(void); /* before each request: what others do */
    void (*on_write)(const char *path, const char *value);
    unsigned watches; /* set now */
} fake_keys;

/* What somebody else does: NULL removes path and all below it. */
void fake_keys_set(const char *path, const char *value);
const char *fake_keys_get(const char *path); /* NULL: not there */
