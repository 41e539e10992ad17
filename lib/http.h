/*
 * http.h: HTTP/1.1 for servers (RFC 9110, RFC 9112): what a request asks for,
 * and the head of the answer.  Pure: bytes in, decisions and bytes out.
 *
 * A message that two parsers could read differently is refused, and whoever
 * sent it is not listened to any further: see keep_alive.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HTTP_HEAD_MAX   8192  /* request line and header fields */
#define HTTP_FIELDS_MAX 100   /* header fields of a request */
#define HTTP_BODY_MAX   65536 /* a larger request body is refused: 413 */
#define HTTP_ANSWER_MAX 1024  /* enough for every answer's head here */
#define HTTP_DATE_SIZE  30    /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Zeroed before the first byte of a request. */
struct http_request {
    /* Good once http_parse() has returned a status: */
    bool head;        /* HEAD: the answer has no body */
    bool keep_alive;  /* false: answer, then read no more and close */
    size_t length;    /* of the head: then come body bytes, then the next */
    uint64_t body;    /* to be skipped by the caller */
    const char *path; /* in buf: decoded, begins with '/', has no "." or ".."
                         and no empty segment; "" unless the status is 200 */

    /* http_parse()'s own: */
    size_t line;     /* where the first unfinished line begins */
    size_t seen;     /* no line ends before here */
    size_t target;   /* where the path lies */
    unsigned fields; /* header fields so far; 0 with started: none yet */
    unsigned hosts;
    int status;   /* decided so far, 200 unless something is wrong */
    bool started; /* the request line has been read */
    bool old;     /* HTTP/1.0 */
    bool close;   /* Connection: close */
    bool stay;    /* Connection: keep-alive */
    bool sized;   /* Content-Length */
    bool coded;   /* Transfer-Encoding */
    bool expects; /* Expect: 100-continue */
};

/*
 * Look at the first n bytes of a request, all that have come so far; buf has
 * HTTP_HEAD_MAX bytes, and between calls it may move but not change.
 * 0: the head is not complete, read more.  200: serve r->path.
 * Another status: answer with it.
 */
int http_parse(struct http_request *r, char *buf, size_t n);

struct http_answer {
    int status;
    bool keep_alive;
    uint64_t length;      /* of the body, also when HEAD leaves it out */
    time_t now;           /* for Date */
    time_t modified;      /* 0: unknown */
    const char *type;     /* Content-Type; NULL: none */
    const char *location; /* a path as in http_request, here to be encoded */
    const char *slash;    /* and what to append to it; NULL: nothing */
};

/* The head of an answer; its length, or 0 when it does not fit. */
size_t http_answer(char *out, size_t size, const struct http_answer *a);

/* A whole answer whose body names the status; r may be half read or zero.
 * Its length, at most HTTP_ANSWER_MAX. */
size_t http_error(char out[HTTP_ANSWER_MAX], int status,
                  const struct http_request *r, time_t now);

/* By the name's extension; application/octet-stream if unknown. */
const char *http_type(const char *path);

/* IMF-fixdate; a time beyond the years 1970 to 9999 becomes the nearest. */
void http_date(char out[HTTP_DATE_SIZE], time_t t);
