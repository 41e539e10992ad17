/*
 * http.h: HTTP/1.1 for servers (RFC 9110, RFC 9112): what a request asks for,
 * and the bytes of the answer.  Pure: bytes in, decisions and bytes out.  Who
 * has a connection uses http_conn.h, which puts all of this together.
 *
 * A message that two parsers could read differently is refused, and whoever
 * sent it is not listened to any further: see keep_alive.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/span.h"

#define HTTP_HEAD_MAX   8192  /* request line and header fields */
#define HTTP_FIELDS_MAX 100   /* header fields of a request */
#define HTTP_PATH_MAX   1024  /* of a path, decoded, with its NUL */
#define HTTP_BODY_MAX   65536 /* no more of a request's body is read */
#define HTTP_ANSWER_MAX 1024  /* enough for every answer's head here */
#define HTTP_DATE_SIZE  30    /* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_ETAG_SIZE  40    /* as http_etag() writes it */
#define HTTP_RANGES_MAX 16    /* with more a Range is ignored */
#define HTTP_LOG_MAX    768   /* of a line in the access log */

/* ---- a request's body: not used, but read past (http_body.c) ------------- */

/* Zeroed: there is none. */
struct http_body {
    uint64_t left;  /* bytes of it, or of this chunk */
    uint64_t spent; /* on chunks and what is between them */
    unsigned state;
};

void http_body_sized(struct http_body *b, uint64_t n);
void http_body_chunked(struct http_body *b); /* RFC 9112, 7.1 */

/* How many of these bytes are the body's: less than n only at its end. */
size_t http_body_skip(struct http_body *b, const char *data, size_t n);
bool http_body_done(const struct http_body *b);

/* Malformed or longer than HTTP_BODY_MAX in all: nobody knows where the next
 * request begins. */
bool http_body_bad(const struct http_body *b);

/* ---- requests (http.c, http_path.c) ---------------------------------------
 */

enum http_method { HTTP_OTHER, HTTP_GET, HTTP_HEAD, HTTP_OPTIONS };

/* The fields that http_field() finds. */
enum http_field {
    HTTP_ACCEPT_ENCODING,
    HTTP_IF_MATCH,
    HTTP_IF_MODIFIED_SINCE,
    HTTP_IF_NONE_MATCH,
    HTTP_IF_RANGE,
    HTTP_IF_UNMODIFIED_SINCE,
    HTTP_RANGE,
    HTTP_FIELDS
};

/* Zeroed before the first byte of a request. */
struct http_request {
    /* Good once http_parse() has returned a status: */
    enum http_method method; /* HTTP_HEAD: the answer has no body */
    bool keep_alive;         /* false: answer, then read no more and close */
    size_t length;           /* of the head: then comes the body */
    struct http_body body;   /* to be skipped by the caller */
    size_t line, line_n;     /* where the request line is; 0 bytes: nowhere */

    /* http_parse()'s own: */
    size_t at;                   /* where the first unfinished line begins */
    size_t seen;                 /* no line ends before here */
    size_t target, target_n;     /* within the request line */
    size_t expected;             /* Content-Length */
    unsigned fields;             /* header fields so far */
    unsigned hosts;              /* Host among them */
    uint16_t first[HTTP_FIELDS]; /* where such a field's line is; 0: nowhere */
    int status;                  /* decided so far, 200 unless it is wrong */
    bool started;                /* the request line has been read */
    bool old;                    /* HTTP/1.0 */
    bool close, stay;            /* Connection: close, keep-alive */
    bool sized;                  /* Content-Length */
    bool coded;                  /* Transfer-Encoding */
    bool strange;                /* and more than chunked */
    bool expects;                /* Expect: 100-continue */
};

/*
 * Look at the first n bytes of a request, all that have come so far: they are
 * not changed, may move between calls, and are at most HTTP_HEAD_MAX.
 * 0: the head is not complete, read more.  200: answer with what path names;
 * it is decoded, begins with '/', and has no "." or ".." and no empty segment;
 * for OPTIONS it may be "*".  Another status: answer with it.
 */
int http_parse(struct http_request *r, const char *head, size_t n,
               char path[HTTP_PATH_MAX]);

/* The path that a target means (RFC 9112, 3.2): a status as above. */
int http_path(struct span target, enum http_method method,
              char path[HTTP_PATH_MAX]);

/* HOST[:PORT] as in a URI, or nothing. */
bool http_authority(struct span s);

/* The next value of a field in a request whose head is complete; the first if
 * value is {0}.  False: no more; most requests have none, so that is asked
 * first. */
bool http_field_search(const struct http_request *r, const char *head,
                       enum http_field field, struct span *value);
static inline bool http_field(const struct http_request *r, const char *head,
                              enum http_field field, struct span *value)
{
    return r->first[field] && http_field_search(r, head, field, value);
}

/* ---- what is asked for, and which part of it ------------------------------
 */

/* What a path stands for: RFC 9110's selected representation. */
struct http_content {
    const char *data;
    size_t size;
    const char *type;          /* Content-Type */
    const char *encoding;      /* NULL: as it is */
    bool varies;               /* Accept-Encoding was asked */
    time_t modified;           /* 0: unknown */
    char etag[HTTP_ETAG_SIZE]; /* "": none, and no ranges */
    struct span head;          /* of an answer with all of it, ready but for
                                  http_answer_end(); 0 bytes: to be written */
};

struct http_range {
    uint64_t at, n;
};

/*
 * A strong entity tag.  Two contents of a file with the same size and second
 * of modification share it: replace a file by one that is newer.  suffix
 * tells apart what is encoded differently.
 */
void http_etag(char out[HTTP_ETAG_SIZE], uint64_t size, time_t modified,
               const char *suffix);

/* Conditional requests (RFC 9110, 13.2.2): 200, 304 or 412. */
int http_condition(const struct http_request *r, const char *head,
                   const struct http_content *c, time_t now);

/*
 * Range and If-Range (RFC 9110, 14.2, 13.1.5): 206 with *n ranges, which do
 * not overlap; 416; or 200: all of it, also when Range makes no sense or asks
 * for too many pieces.
 */
int http_ranges(const struct http_request *r, const char *head,
                const struct http_content *c, time_t now,
                struct http_range ranges[HTTP_RANGES_MAX], unsigned *n);

/* What Accept-Encoding thinks of a coding (RFC 9110, 12.5.3): 0: not at all,
 * to 1000. */
unsigned http_quality(const struct http_request *r, const char *head,
                      const char *coding);

/* ---- answers (http_answer.c) -----------------------------------------------
 */

struct http_answer {
    int status;
    bool keep_alive;
    uint64_t length;  /* of the body, also when HEAD leaves it out */
    time_t now;       /* for Date */
    const char *type; /* Content-Type; NULL: none */
    const struct http_content *content; /* whose fields it has; NULL: none */
    const struct http_range *range;     /* the only one, of content */
    const char *location; /* a path as in http_parse(), here to be encoded */
    const char *slash;    /* and what to append to it; NULL: nothing */
};

/* The head of an answer; its length, or 0 when it does not fit. */
size_t http_answer(char *out, size_t size, const struct http_answer *a);

/* The same in two parts: only the last lines depend on the connection. */
size_t http_answer_begin(char *out, size_t size, const struct http_answer *a);
size_t http_answer_end(char *out, size_t size, bool keep_alive);

/* The same with a body of *body bytes that names the status; only_head: leave
 * it out.  The length of both; a's type and length are not used. */
size_t http_error(char *out, size_t size, const struct http_answer *a,
                  bool only_head, size_t *body);

/* multipart/byteranges (RFC 9110, 14.6): what comes before a range, or NULL:
 * after the last. */
size_t http_part(char *out, size_t size, const char *boundary,
                 const struct http_content *c, const struct http_range *range);

/* By the name's extension; application/octet-stream if unknown. */
const char *http_type(const char *path);

/* A line of the access log in the common format, but for the last number and
 * the newline; without the request's line if r has none. */
void http_log(char out[HTTP_LOG_MAX], const char *client,
              const struct http_request *r, const char *head, int status,
              time_t now);

/* ---- dates (http_date.c) ----------------------------------------------------
 */

/* IMF-fixdate; a time beyond the years 1970 to 9999 becomes the nearest. */
void http_date(char out[HTTP_DATE_SIZE], time_t t);

/* Any of the three forms (RFC 9110, 5.6.7); now settles a year's century. */
bool http_date_read(struct span s, time_t now, time_t *t);
