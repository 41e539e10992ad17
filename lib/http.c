/* http.c: HTTP/1.1 requests: see http.h; answers are in http_answer.c. */

#include "lib/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

/* A piece of the request, not terminated. */
struct span {
    char *at;
    size_t n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return isalnum((unsigned char)c);
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* RFC 9110, 5.6.2: method and field names are tokens. */
static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.at[i]) && !is_one_of(s.at[i], "!#$%&'*+-.^_`|~"))
            return false;
    return s.n > 0;
}

static bool equal(struct span s, const char *text)
{
    return s.n == strlen(text) && !memcmp(s.at, text, s.n);
}

static bool equal_nocase(struct span s, const char *text)
{
    return s.n == strlen(text) && !strncasecmp(s.at, text, s.n);
}

static struct span trim(struct span s)
{
    while (s.n && is_one_of(s.at[0], " \t"))
        s.at++, s.n--;
    while (s.n && is_one_of(s.at[s.n - 1], " \t"))
        s.n--;
    return s;
}

/* Cut off what comes before c, and c; all of it if there is no c. */
static struct span cut(struct span *s, char c)
{
    char *end = memchr(s->at, c, s->n);
    struct span head = {s->at, end ? (size_t)(end - s->at) : s->n};
    size_t gone = end ? head.n + 1 : head.n;

    s->at += gone;
    s->n -= gone;
    return head;
}

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decode in place.  An encoded slash is part of a name, and no file
 * has such a name. */
static int decode(struct span *s)
{
    size_t out = 0;

    for (size_t i = 0; i < s->n; i++) {
        char c = s->at[i];

        if (c == '%') {
            int high = i + 2 < s->n ? hex(s->at[i + 1]) : -1;
            int low = i + 2 < s->n ? hex(s->at[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0)
                return 400;
            c = (char)(high << 4 | low);
            if (c == '/')
                return 404;
            i += 2;
        }
        s->at[out++] = c;
    }
    s->n = out;
    return 200;
}

/* Drop "." and empty segments and resolve "..", in place.  A path that
 * climbs out of the root is refused, not clipped. */
static int normalise(struct span *s)
{
    struct span rest = {s->at + 1, s->n - 1};
    size_t out = 1; /* s->at[out - 1] is always a slash here */

    while (rest.n) {
        bool last = !memchr(rest.at, '/', rest.n);
        struct span segment = cut(&rest, '/');

        if (segment.n == 0 || equal(segment, "."))
            continue;
        if (equal(segment, "..")) {
            if (out == 1)
                return 400;
            while (s->at[--out - 1] != '/')
                ;
            continue;
        }
        memmove(s->at + out, segment.at, segment.n);
        out += segment.n;
        if (!last)
            s->at[out++] = '/';
    }
    s->n = out;
    return 200;
}

/* RFC 9112, 3.2: the path of "/path?query" or "http://host/path?query". */
static int read_target(struct http_request *r, struct span s, const char *buf)
{
    struct span path;
    int status;

    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~' || s.at[i] == '#')
            return 400;
    if (s.n > 7 && !strncasecmp(s.at, "http://", 7)) {
        size_t host = 7;

        while (host < s.n && !is_one_of(s.at[host], "/?"))
            host++;
        if (host == 7)
            return 400;
        s.at += host;
        s.n -= host;
        if (s.n == 0 || s.at[0] == '?') { /* "http://host" means its root */
            s = (struct span){s.at - 1, 1};
            s.at[0] = '/';
        }
    }
    if (s.n == 0 || s.at[0] != '/')
        return 400;
    path = cut(&s, '?');
    status = decode(&path);
    if (status == 200)
        status = normalise(&path);
    path.at[path.n] = '\0'; /* at the latest on the blank before HTTP/1.1 */
    r->target = (size_t)(path.at - buf);
    return status;
}

static int read_method(struct http_request *r, struct span s)
{
    static const char *const refused[] = {
        "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

    r->head = equal(s, "HEAD");
    if (r->head || equal(s, "GET"))
        return 200;
    if (!is_token(s))
        return 400;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (equal(s, refused[i]))
            return 405;
    return 501;
}

/* RFC 9112, 2.3. */
static int read_version(struct http_request *r, struct span s)
{
    if (s.n != 8 || memcmp(s.at, "HTTP/", 5) != 0 || !is_digit(s.at[5]) ||
        s.at[6] != '.' || !is_digit(s.at[7]))
        return 400;
    r->old = s.at[7] == '0';
    return s.at[5] == '1' ? 200 : 505;
}

/* RFC 9112, 3: method, target and version, one blank between them. */
static int read_request_line(struct http_request *r, struct span s,
                             const char *buf)
{
    struct span method = cut(&s, ' ');
    struct span target = cut(&s, ' ');
    int status = read_version(r, s);

    if (status == 200)
        status = read_method(r, method);
    if (status == 200)
        status = read_target(r, target, buf);
    return status;
}

static int on_host(struct http_request *r, struct span value)
{
    for (size_t i = 0; i < value.n; i++)
        if (!is_alnum(value.at[i]) &&
            !is_one_of(value.at[i], "-._~!$&'()*+,;=%:[]"))
            return 400;
    return r->hosts++ ? 400 : 200;
}

/* RFC 9112, 6.3: one number; lists and repetitions are refused. */
static int on_content_length(struct http_request *r, struct span value)
{
    if (r->sized || value.n == 0)
        return 400;
    r->sized = true;
    for (size_t i = 0; i < value.n; i++) {
        if (!is_digit(value.at[i]))
            return 400;
        if (r->body <= HTTP_BODY_MAX) /* more is too much however much */
            r->body = r->body * 10 + (uint64_t)(value.at[i] - '0');
    }
    return 200;
}

static int on_transfer_encoding(struct http_request *r, struct span value)
{
    (void)value;
    r->coded = true;
    return 200;
}

static int on_connection(struct http_request *r, struct span value)
{
    while (value.n) {
        struct span option = trim(cut(&value, ','));

        r->close |= equal_nocase(option, "close");
        r->stay |= equal_nocase(option, "keep-alive");
    }
    return 200;
}

static int on_expect(struct http_request *r, struct span value)
{
    r->expects = true;
    return equal_nocase(value, "100-continue") ? 200 : 417;
}

/* The fields that matter here; the rest is checked and skipped. */
static const struct {
    const char *name;
    int (*read)(struct http_request *r, struct span value);
} fields[] = {
    {"Host", on_host},
    {"Content-Length", on_content_length},
    {"Transfer-Encoding", on_transfer_encoding},
    {"Connection", on_connection},
    {"Expect", on_expect},
};

/* RFC 9112, 5: no blank before the colon, no folded lines, no controls. */
static int read_field(struct http_request *r, struct span s)
{
    bool colon = memchr(s.at, ':', s.n);
    struct span name = cut(&s, ':');

    if (!colon || !is_token(name))
        return 400;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') ||
            s.at[i] == 0x7f)
            return 400;
    if (++r->fields > HTTP_FIELDS_MAX)
        return 431;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (equal_nocase(name, fields[i].name))
            return fields[i].read(r, trim(s));
    return 200;
}

/* Nothing after this request can be trusted to be where it seems to be. */
static int refuse(struct http_request *r, int status)
{
    r->status = status;
    r->keep_alive = false;
    return status;
}

/* The head is complete: what follows from all of it together. */
static int conclude(struct http_request *r, const char *buf)
{
    if ((r->hosts == 0 && !r->old) || (r->coded && (r->sized || r->old)))
        return refuse(r, 400);
    if (r->coded)
        return refuse(r, 501);
    if (r->body > HTTP_BODY_MAX)
        return refuse(r, 413);
    r->length = r->line;
    if (r->status == 200)
        r->path = buf + r->target;
    /* whoever waits for a 100 may send the body later, or never */
    r->keep_alive =
        !r->close && (r->stay || !r->old) && !(r->expects && r->body);
    return r->status;
}

/* The rest of the head shows where the next request begins. */
static bool may_read_on(int status)
{
    return status == 200 || status == 404 || status == 405 || status == 501;
}

int http_parse(struct http_request *r, char *buf, size_t n)
{
    char *end;
    int status;

    r->path = "";
    while ((end = memchr(buf + r->seen, '\n', n - r->seen))) {
        struct span s = {buf + r->line, (size_t)(end - buf) - r->line};

        r->seen = r->line = (size_t)(end - buf) + 1;
        if (s.n == 0 || s.at[--s.n] != '\r')
            return refuse(r, 400);
        if (s.n == 0 && r->started)
            return conclude(r, buf);
        if (s.n == 0) /* RFC 9112, 2.2: empty lines before a request */
            continue;
        if (r->started) {
            status = read_field(r, s);
        } else {
            r->started = true;
            status = r->status = read_request_line(r, s, buf);
        }
        if (!may_read_on(status))
            return refuse(r, status);
    }
    r->seen = n;
    if (n < HTTP_HEAD_MAX)
        return 0;
    return refuse(r, r->started ? 431 : 414);
}
