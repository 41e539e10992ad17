/* http_cache.c: what a site was asked for lately: see http_cache.h. */

#include "lib/http_cache.h"

#include <stdlib.h>
#include <string.h>

/* What the answer depends on, but for the time. */
struct key {
    size_t n; /* 0: it is too long, or too strange */
    char text[HTTP_CACHE_KEY];
};

static void write_key(struct key *key, const char *path,
                      const struct http_request *r, const char *head)
{
    struct span accepted = {0}, more;
    size_t n = strlen(path) + 1;

    key->n = 0;
    if (http_field(r, head, HTTP_ACCEPT_ENCODING, &accepted)) {
        more = accepted;
        if (http_field(r, head, HTTP_ACCEPT_ENCODING, &more))
            return;
    }
    if (n > sizeof(key->text) || accepted.n > sizeof(key->text) - n)
        return;
    memcpy(key->text, path, n);
    if (accepted.n)
        memcpy(key->text + n, accepted.at, accepted.n);
    key->n = n + accepted.n;
}

/* Where it is kept, in the place of what was there: FNV-1a. */
static struct http_found **slot_of(struct http_cache *cache,
                                   const struct key *key)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < key->n; i++)
        hash = (hash ^ (unsigned char)key->text[i]) * 16777619u;
    return &cache->slots[(hash ^ hash >> 16) % HTTP_CACHE_SLOTS];
}

static bool is_found(const struct http_found *f, const struct key *key,
                     time_t now)
{
    return f && f->when == now && f->key_n == key->n &&
           !memcmp(f->text, key->text, key->n);
}

/* The file with its head, for one user; NULL: no memory. */
static struct http_found *prepare(const struct http_file *file,
                                  const struct key *key, time_t now)
{
    const struct http_answer a = {.status = 200,
                                  .length = file->content.size,
                                  .now = now,
                                  .type = file->content.type,
                                  .content = &file->content};
    char head[HTTP_ANSWER_MAX];
    size_t n = http_answer_begin(head, sizeof(head), &a);
    struct http_found *f = malloc(sizeof(*f) + key->n + n);

    if (!f)
        return NULL;
    f->file = *file;
    f->users = 1;
    f->when = now;
    f->key_n = key->n;
    memcpy(f->text, key->text, key->n);
    memcpy(f->text + key->n, head, n);
    f->file.content.head = (struct span){f->text + key->n, n};
    return f;
}

int http_cache_find(const struct http_site *site, const char *path,
                    const struct http_request *r, const char *head,
                    struct http_found **found)
{
    struct http_found **slot = NULL;
    struct http_file file;
    struct key key;
    int status;

    write_key(&key, path, r, head);
    if (site->cache && key.n) {
        slot = slot_of(site->cache, &key);
        if (is_found(*slot, &key, site->now)) {
            *found = *slot;
            (*found)->users++;
            return 200;
        }
        http_cache_release(*slot);
        *slot = NULL;
    }
    status = http_site_find(site, path, r, head, &file);
    if (status != 200)
        return status;
    *found = prepare(&file, &key, site->now);
    if (!*found) {
        http_site_release(&file);
        return 503;
    }
    if (slot) {
        *slot = *found;
        (*found)->users++;
    }
    return 200;
}

void http_cache_release(struct http_found *found)
{
    if (!found || --found->users)
        return;
    http_site_release(&found->file);
    free(found);
}

void http_cache_clear(struct http_cache *cache)
{
    for (size_t i = 0; i < HTTP_CACHE_SLOTS; i++) {
        http_cache_release(cache->slots[i]);
        cache->slots[i] = NULL;
    }
}
