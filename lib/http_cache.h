/*
 * http_cache.h: what a site was asked for lately: contents with the heads of
 * their answers ready.
 *
 * That is good for the second in which it was found: a head holds the date,
 * and files may be replaced.
 */
#pragma once

#include "lib/http_site.h"

#define HTTP_CACHE_SLOTS 64
#define HTTP_CACHE_KEY   256 /* path and Accept-Encoding; longer: not kept */

/* Found once, the same for all answers that are from it. */
struct http_found {
    struct http_file file;
    unsigned users; /* answers, and the cache */
    time_t when;
    size_t key_n;
    char text[]; /* the key, then the head */
};

/* Zeroed: empty. */
struct http_cache {
    struct http_found *slots[HTTP_CACHE_SLOTS];
};

/* As http_site_find(); with 200 *found is there until it is released. */
int http_cache_find(const struct http_site *site, const char *path,
                    const struct http_request *r, const char *head,
                    struct http_found **found);
void http_cache_release(struct http_found *found); /* NULL: nothing */

/* Forget all, at the end. */
void http_cache_clear(struct http_cache *cache);
