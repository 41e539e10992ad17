/*
 * http_site.h: a folder as a web site: what lies behind a path.
 *
 * A folder is its index.html, or a list of what is in it if that is wanted.
 * FILE.br or FILE.gz beside FILE is sent in its place to whoever prefers that
 * (RFC 9110, 12.5.3).
 */
#pragma once

#include <time.h>

#include "lib/http.h"

#define HTTP_LIST_MAX 4096 /* names in a list of a folder */

struct http_cache; /* http_cache.h */

struct http_site {
    const char *root;         /* a folder, without a slash at its end */
    bool list;                /* show folders without an index.html */
    int log;                  /* a descriptor for accesses; 0: none */
    time_t now;               /* kept up to date by the caller */
    struct http_cache *cache; /* what was found lately; NULL: none is kept */
};

/* What has to be given back. */
struct http_file {
    struct http_content content;
    void *map;  /* the file, or */
    char *page; /* a list; both NULL: nothing */
};

/* Find what path names for this request: 200; 301: it is a folder and wants a
 * slash; 404, 406, 414; 503: no memory or no descriptor. */
int http_site_find(const struct http_site *site, const char *path,
                   const struct http_request *r, const char *head,
                   struct http_file *f);
void http_site_release(struct http_file *f);

/* A page that lists the folder, which the site calls path; 200, 404 or 503. */
int http_list(const char *folder, const char *path, struct http_file *f);
