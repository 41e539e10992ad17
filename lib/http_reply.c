/* http_reply.c: one answer on its way out: see http_reply.h. */

#include "lib/http_reply.h"

#include <string.h>

/* Bytes of a body that are copied: that costs less than a piece. */
#define HTTP_SHORT_MAX 1024

static void start(struct http_reply *reply, const struct http_answer *a)
{
    memset(reply, 0, offsetof(struct http_reply, range));
    reply->status = a->status;
    reply->text.at = reply->space;
}

static void write_head(struct http_reply *reply, const struct http_answer *a)
{
    start(reply, a);
    reply->text.n = http_answer(reply->space, sizeof(reply->space), a);
    reply->head = reply->text.n;
}

/* The content in one piece; if that is all of it, its head may be ready. */
static void write_plain(struct http_reply *reply, const struct http_answer *a)
{
    const struct span *head = &a->content->head;

    if (a->range || head->n == 0) {
        write_head(reply, a);
        return;
    }
    start(reply, a);
    memcpy(reply->space, head->at, head->n);
    reply->text.n = head->n + http_answer_end(reply->space + head->n,
                                              sizeof(reply->space) - head->n,
                                              a->keep_alive);
    reply->head = reply->text.n;
}

static void write_error(struct http_reply *reply, const struct http_answer *a,
                        const struct http_request *r)
{
    size_t body;

    start(reply, a);
    reply->text.n = http_error(reply->space, sizeof(reply->space), a,
                               r->method == HTTP_HEAD, &body);
    reply->head = reply->text.n - body;
}

void http_reply_status(struct http_reply *reply, const struct http_request *r,
                       int status, const char *location, time_t now)
{
    struct http_answer a = {.status = status,
                            .keep_alive = r->keep_alive,
                            .now = now,
                            .location = location,
                            .slash = "/"};

    if (status == 204)
        write_head(reply, &a);
    else
        write_error(reply, &a, r);
    if (reply->text.n == 0) { /* the location is too long */
        a.status = 414;
        a.location = NULL;
        write_error(reply, &a, r);
    }
}

/* Who writes a file does not know when it will be asked for: FNV-1a. */
static void choose_boundary(struct http_reply *reply,
                            const struct http_content *c, time_t now)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)now;

    for (const char *at = c->etag; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    for (int i = 0; i < 16; i++, hash >>= 4)
        reply->boundary[i] = "0123456789abcdef"[hash & 15];
    reply->boundary[16] = '\0';
}

/* The length of a multipart body. */
static uint64_t measure(struct http_reply *reply, const struct http_content *c)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= reply->ranges; i++) {
        const struct http_range *range =
            i < reply->ranges ? &reply->range[i] : NULL;

        sum += http_part(reply->space, sizeof(reply->space), reply->boundary, c,
                         range) +
               (range ? range->n : 0);
    }
    return sum;
}

static void write_multipart(struct http_reply *reply,
                            const struct http_answer *plain, unsigned ranges)
{
    struct http_answer a = *plain;
    static const char type[] = "multipart/byteranges; boundary=";
    char full[sizeof(type) + HTTP_BOUNDARY_SIZE];

    choose_boundary(reply, a.content, a.now);
    memcpy(full, type, sizeof(type) - 1);
    memcpy(full + sizeof(type) - 1, reply->boundary, HTTP_BOUNDARY_SIZE);
    reply->ranges = ranges;
    a.length = measure(reply, a.content);
    a.type = full;
    write_head(reply, &a);
    reply->ranges = ranges;
}

/* A short body goes out with its head, in one piece. */
static void add_body(struct http_reply *reply, const char *at, size_t n)
{
    if (n == 0)
        return;
    if (n <= HTTP_SHORT_MAX && n <= sizeof(reply->space) - reply->text.n) {
        memcpy(reply->space + reply->text.n, at, n);
        reply->text.n += n;
    } else {
        reply->slice = (struct http_piece){at, n, false};
    }
}

void http_reply_content(struct http_reply *reply, const struct http_request *r,
                        const char *head, const struct http_content *c,
                        time_t now)
{
    struct http_range whole = {0, c->size}, *part = reply->range;
    struct http_answer a = {
        .keep_alive = r->keep_alive, .now = now, .type = c->type, .content = c};
    unsigned n = 0;

    a.status = http_condition(r, head, c, now);
    if (a.status == 200)
        a.status = http_ranges(r, head, c, now, reply->range, &n);
    switch (a.status) {
    case 412:
        a.content = NULL;
        write_error(reply, &a, r);
        return;
    case 416:
        write_error(reply, &a, r);
        return;
    case 304:
        a.type = NULL;
        write_head(reply, &a);
        return;
    }
    if (n > 1) {
        write_multipart(reply, &a, n);
        return;
    }
    if (n == 0)
        part = &whole;
    else
        a.range = part;
    a.length = part->n;
    write_plain(reply, &a);
    if (r->method == HTTP_GET)
        add_body(reply, c->data + part->at, part->n);
}

struct http_piece http_reply_piece(struct http_reply *reply,
                                   const struct http_content *c)
{
    if (reply->text.n) {
        reply->text.more = reply->slice.n || reply->next < reply->ranges;
        return reply->text;
    }
    if (reply->slice.n == 0 && reply->ranges) {
        const struct http_range *range = &reply->range[reply->next];

        if (reply->next == reply->ranges) {
            range = NULL;
            reply->ranges = 0;
        } else {
            reply->slice =
                (struct http_piece){c->data + range->at, range->n, true};
            reply->next++;
        }
        reply->text =
            (struct http_piece){reply->space,
                                http_part(reply->space, sizeof(reply->space),
                                          reply->boundary, c, range),
                                range != NULL};
        return reply->text;
    }
    return reply->slice;
}

void http_reply_sent(struct http_reply *reply, size_t n)
{
    struct http_piece *p = reply->text.n ? &reply->text : &reply->slice;

    p->at += n;
    p->n -= n;
}
