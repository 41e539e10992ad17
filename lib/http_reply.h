/*
 * http_reply.h: one answer on its way out: a head, then pieces of the content
 * from where they lie in memory, and what stands between them.
 */
#pragma once

#include "lib/http.h"

#define HTTP_BOUNDARY_SIZE 24

struct http_piece {
    const char *at;
    size_t n;
    bool more; /* the next one follows at once */
};

/* Zeroed: nothing to send. */
struct http_reply {
    int status;
    size_t head;             /* its bytes; the rest is the body */
    struct http_piece text;  /* in space, what is left of it */
    struct http_piece slice; /* in the content: comes after text */
    unsigned next, ranges;   /* of a multipart body; 0 ranges: no such body */
    struct http_range range[HTTP_RANGES_MAX];
    char boundary[HTTP_BOUNDARY_SIZE];
    char space[HTTP_ANSWER_MAX];
};

/* Answer with the content: 200, 206, 304, 412 or 416, as the request says.
 * The content stays in use until all is sent. */
void http_reply_content(struct http_reply *reply, const struct http_request *r,
                        const char *head, const struct http_content *c,
                        time_t now);

/* Answer with a status alone; location, for 301, is a folder's path. */
void http_reply_status(struct http_reply *reply, const struct http_request *r,
                       int status, const char *location, time_t now);

/* What to send next, nothing when all is sent; and that n bytes of it are.
 * The content, if the answer has one. */
struct http_piece http_reply_piece(struct http_reply *reply,
                                   const struct http_content *c);
void http_reply_sent(struct http_reply *reply, size_t n);
