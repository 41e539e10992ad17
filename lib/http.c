/* http.c: the head of a request: see http.h. */

#include "lib/http.h"

#include <string.h>

#include "lib/util.h"

/* RFC 9110, 5.6.2: method and field names are tokens. */
static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!char_is_alnum(s.at[i]) &&
            !char_is_one_of(s.at[i], "!#$%&'*+-.^_`|~"))
            return false;
    return s.n > 0;
}

static int read_method(struct http_request *r, struct span s)
{
    static const char *const refused[] = {"POST",    "PUT",   "DELETE",
                                          "CONNECT", "TRACE", "PATCH"};

    if (span_is(s, "GET"))
        r->method = HTTP_GET;
    else if (span_is(s, "HEAD"))
        r->method = HTTP_HEAD;
    else if (span_is(s, "OPTIONS"))
        r->method = HTTP_OPTIONS;
    if (r->method != HTTP_OTHER)
        return 200;
    if (!is_token(s))
        return 400;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (span_is(s, refused[i]))
            return 405;
    return 501;
}

/* RFC 9112, 2.3. */
static int read_version(struct http_request *r, struct span s)
{
    if (s.n != 8 || memcmp(s.at, "HTTP/", 5) != 0 || !char_is_digit(s.at[5]) ||
        s.at[6] != '.' || !char_is_digit(s.at[7]))
        return 400;
    r->old = s.at[7] == '0';
    return s.at[5] == '1' ? 200 : 505;
}

/* RFC 9112, 3: method, target and version, one blank between them. */
static int read_request_line(struct http_request *r, struct span s,
                             const char *head)
{
    struct span method, target;
    int status;

    r->line = (size_t)(s.at - head);
    r->line_n = s.n;
    method = span_cut(&s, ' ');
    target = span_cut(&s, ' ');
    r->target = (size_t)(target.at - head);
    r->target_n = target.n;
    status = read_version(r, s);
    return status == 200 ? read_method(r, method) : status;
}

static int on_host(struct http_request *r, struct span value)
{
    return r->hosts++ || !http_authority(value) ? 400 : 200;
}

/* RFC 9112, 6.3: one number; lists and repetitions are refused. */
static int on_content_length(struct http_request *r, struct span value)
{
    if (r->sized || !span_number(value, HTTP_BODY_MAX, &r->expected))
        return 400;
    r->sized = true;
    return 200;
}

/* RFC 9112, 6.3: chunked must come last, or the body has no end. */
static int on_transfer_encoding(struct http_request *r, struct span value)
{
    if (r->coded || value.n == 0)
        return 400;
    r->coded = true;
    for (;;) {
        bool last = !memchr(value.at, ',', value.n);
        struct span coding = span_trim(span_cut(&value, ','));
        bool chunked = span_is_nocase(coding, "chunked");

        if (last || chunked)
            return last && chunked ? 200 : 400;
        r->strange = true;
    }
}

static int on_connection(struct http_request *r, struct span value)
{
    while (value.n) {
        struct span option = span_trim(span_cut(&value, ','));

        r->close |= span_is_nocase(option, "close");
        r->stay |= span_is_nocase(option, "keep-alive");
    }
    return 200;
}

/* RFC 9110, 10.1.1: HTTP/1.0 does not know it. */
static int on_expect(struct http_request *r, struct span value)
{
    r->expects = !r->old;
    return r->old || span_is_nocase(value, "100-continue") ? 200 : 417;
}

/* The fields that decide about the request or are found again later; the rest
 * is checked and skipped. */
static const struct {
    const char *name;
    int (*read)(struct http_request *r, struct span value);
    enum http_field field; /* without read */
} fields[] = {
    {"Host", on_host, 0},
    {"Accept-Encoding", NULL, HTTP_ACCEPT_ENCODING},
    {"Connection", on_connection, 0},
    {"Content-Length", on_content_length, 0},
    {"Expect", on_expect, 0},
    {"If-Match", NULL, HTTP_IF_MATCH},
    {"If-Modified-Since", NULL, HTTP_IF_MODIFIED_SINCE},
    {"If-None-Match", NULL, HTTP_IF_NONE_MATCH},
    {"If-Range", NULL, HTTP_IF_RANGE},
    {"If-Unmodified-Since", NULL, HTTP_IF_UNMODIFIED_SINCE},
    {"Range", NULL, HTTP_RANGE},
    {"Transfer-Encoding", on_transfer_encoding, 0},
};

/* The first entry of that name, a token, or ARRAY_LEN(fields).  Most differ in
 * their first letters. */
static size_t find_field(struct span name)
{
    size_t i = 0;

    while (i < ARRAY_LEN(fields) &&
           (((name.at[0] ^ fields[i].name[0]) & ~0x20) ||
            !span_is_nocase(name, fields[i].name)))
        i++;
    return i;
}

/* RFC 9112, 5: no blank before the colon, no folded lines, no controls. */
static int read_field(struct http_request *r, struct span s, const char *head)
{
    size_t at = (size_t)(s.at - head), all = s.n, which;
    struct span name = span_cut(&s, ':');

    if (name.n == all || !is_token(name)) /* no colon */
        return 400;
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.at[i] < ' ' && s.at[i] != '\t') ||
            s.at[i] == 0x7f)
            return 400;
    if (++r->fields > HTTP_FIELDS_MAX)
        return 431;
    which = find_field(name);
    if (which == ARRAY_LEN(fields))
        return 200;
    if (fields[which].read)
        return fields[which].read(r, span_trim(s));
    if (r->first[fields[which].field] == 0)
        r->first[fields[which].field] = (uint16_t)at;
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
static int conclude(struct http_request *r, const char *head,
                    char path[HTTP_PATH_MAX])
{
    struct span target = {head + r->target, r->target_n};

    if ((r->hosts == 0 && !r->old) || (r->coded && (r->sized || r->old)))
        return refuse(r, 400);
    if (r->strange)
        return refuse(r, 501);
    if (r->expected > HTTP_BODY_MAX)
        return refuse(r, 413);
    if (r->status == 200)
        r->status = http_path(target, r->method, path);
    if (r->status == 400)
        return refuse(r, 400);
    r->length = r->at;
    if (r->coded)
        http_body_chunked(&r->body);
    else
        http_body_sized(&r->body, r->expected);
    /* whoever waits for a 100 may send the body later, or never */
    r->keep_alive = !r->close && (r->stay || !r->old) &&
                    (!r->expects || http_body_done(&r->body));
    return r->status;
}

/* The rest of the head shows where the next request begins. */
static bool may_read_on(int status)
{
    return status == 200 || status == 405 || status == 501;
}

int http_parse(struct http_request *r, const char *head, size_t n,
               char path[HTTP_PATH_MAX])
{
    const char *end;
    int status;

    while ((end = memchr(head + r->seen, '\n', n - r->seen))) {
        struct span s = {head + r->at, (size_t)(end - head) - r->at};

        r->seen = r->at = (size_t)(end - head) + 1;
        if (s.n == 0 || s.at[--s.n] != '\r')
            return refuse(r, 400);
        if (s.n == 0 && r->started)
            return conclude(r, head, path);
        if (s.n == 0) /* RFC 9112, 2.2: empty lines before a request */
            continue;
        if (r->started) {
            status = read_field(r, s, head);
        } else {
            r->started = true;
            status = r->status = read_request_line(r, s, head);
        }
        if (!may_read_on(status))
            return refuse(r, status);
    }
    r->seen = n;
    if (n < HTTP_HEAD_MAX)
        return 0;
    return refuse(r, r->started ? 431 : 414);
}

bool http_field_search(const struct http_request *r, const char *head,
                       enum http_field field, struct span *value)
{
    const char *end = head + r->length;
    const char *at = value->at;

    if (at) /* behind the value's line */
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    else
        at = head + r->first[field];
    for (struct span rest = {at, (size_t)(end - at)}; rest.n;) {
        struct span line = span_cut(&rest, '\n');
        struct span name = span_cut(&line, ':');
        size_t which = find_field(name);

        if (which == ARRAY_LEN(fields) || fields[which].read ||
            fields[which].field != field)
            continue;
        line.n--; /* the CR */
        *value = span_trim(line);
        return true;
    }
    return false;
}
