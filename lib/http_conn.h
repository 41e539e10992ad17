/*
 * http_conn.h: a server's side of one connection, without the socket: bytes
 * that came go in, bytes to be sent come out, and the requests are answered
 * from a site.
 *
 *     http_conn_input(c, data, n);
 *     while ((p = http_conn_output(c)).n)
 *         http_conn_sent(c, send p, or a part of it);
 *     http_conn_park(c);
 */
#pragma once

#include "lib/http.h"
#include "lib/http_cache.h"
#include "lib/http_reply.h"
#include "lib/http_site.h"

#define HTTP_CLIENT_SIZE 46 /* of an address as text */

enum http_state {
    HTTP_IDLE,    /* nothing of a request is here */
    HTTP_REQUEST, /* the rest of one is missing */
    HTTP_ANSWER,  /* there is something to be sent */
    HTTP_OVER     /* all is sent, and nothing more will be read */
};

struct http_conn {
    unsigned answers; /* that were sent to the end */

    const struct http_site *site;
    char client[HTTP_CLIENT_SIZE];
    struct span input;           /* not used so far */
    char *kept;                  /* holds the input when it is ours */
    struct http_request request; /* the one that is being read */
    struct http_body body;       /* of the one before, to be skipped */
    struct http_reply reply;
    struct http_found *found; /* what the reply is from; NULL: nothing */
    char *log;                /* the line to be written when it is sent */
    uint64_t sent;            /* bytes of it */
    bool answering;
    bool finishing; /* no request after those that are here */
    bool last;      /* no request at all any more */
};

/* client, an address, is for the log. */
void http_conn_init(struct http_conn *c, const struct http_site *site,
                    const char *client);
void http_conn_close(struct http_conn *c);

/* Bytes came; they are borrowed until http_conn_park(), which keeps what has
 * not been used.  False: no memory, hang up. */
bool http_conn_input(struct http_conn *c, const char *data, size_t n);
bool http_conn_park(struct http_conn *c);

/* What to send now; 0 bytes: nothing.  And that n bytes of it are sent. */
struct http_piece http_conn_output(struct http_conn *c);
void http_conn_sent(struct http_conn *c, size_t n);

enum http_state http_conn_state(const struct http_conn *c);

/* The rest of the request took too long: unless that is only its body, there is
 * an answer to be sent. */
void http_conn_timeout(struct http_conn *c);

/* Answer the request that has begun to come, and no more. */
void http_conn_finish(struct http_conn *c);
