/* http_answer.c: the heads of HTTP/1.1 answers: see http.h. */

#include "lib/http.h"

#include <string.h>
#include <strings.h>

#include "lib/util.h"

static const char hexdigits[] = "0123456789ABCDEF";

/* Bytes going out.  Once something does not fit, nothing does any more. */
struct out {
    char *at;
    size_t left;
    bool full;
};

static void put(struct out *o, const char *text, size_t n)
{
    if (o->full || n > o->left) {
        o->full = true;
        return;
    }
    memcpy(o->at, text, n);
    o->at += n;
    o->left -= n;
}

static void put_text(struct out *o, const char *text)
{
    put(o, text, strlen(text));
}

static void put_number(struct out *o, uint64_t number)
{
    char digits[NUMBER_SIZE];

    put_text(o, number_text(digits, number));
}

static void put_field(struct out *o, const char *name, const char *value)
{
    put_text(o, name);
    put_text(o, ": ");
    put_text(o, value);
    put_text(o, "\r\n");
}

static void put_date(struct out *o, const char *name, time_t t)
{
    char date[HTTP_DATE_SIZE];

    http_date(date, t);
    put_field(o, name, date);
}

/* RFC 3986, 3.3: what cannot stand in a path as it is. */
static void put_path(struct out *o, const char *path)
{
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        char code[] = {'%', hexdigits[c >> 4], hexdigits[c & 15]};

        if (char_is_alnum(*path) || strchr("/-._~!$&'()*+,;=:@", c))
            put(o, path, 1);
        else
            put(o, code, sizeof(code));
    }
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

/* RFC 9110, 14.4; without a range: there is none that could be. */
static void put_content_range(struct out *o, const struct http_range *range,
                              uint64_t size)
{
    put_text(o, "Content-Range: bytes ");
    if (range) {
        put_number(o, range->at);
        put_text(o, "-");
        put_number(o, range->at + range->n - 1);
    } else {
        put_text(o, "*");
    }
    put_text(o, "/");
    put_number(o, size);
    put_text(o, "\r\n");
}

/* What is true of the content, whichever part of it is sent. */
static void put_content(struct out *o, const struct http_answer *a)
{
    const struct http_content *c = a->content;

    if (c->modified && a->status != 416)
        put_date(o, "Last-Modified", c->modified);
    if (*c->etag && a->status != 416) {
        put_field(o, "ETag", c->etag);
        put_field(o, "Accept-Ranges", "bytes");
    }
    if (c->encoding && a->status != 304 && a->status != 416)
        put_field(o, "Content-Encoding", c->encoding);
    if (c->varies)
        put_field(o, "Vary", "Accept-Encoding");
    if (a->range || a->status == 416)
        put_content_range(o, a->range, c->size);
}

size_t http_answer_begin(char *out, size_t size, const struct http_answer *a)
{
    struct out o = {out, size, false};

    put_text(&o, "HTTP/1.1 ");
    put_number(&o, (unsigned)a->status);
    put_text(&o, " ");
    put_text(&o, reason(a->status));
    put_text(&o, "\r\n");
    put_date(&o, "Date", a->now);
    if (a->type)
        put_field(&o, "Content-Type", a->type);
    if (a->status != 204 && a->status != 304) {
        put_text(&o, "Content-Length: ");
        put_number(&o, a->length);
        put_text(&o, "\r\n");
    }
    if (a->content)
        put_content(&o, a);
    if (a->location) {
        put_text(&o, "Location: ");
        put_path(&o, a->location);
        put_path(&o, a->slash ? a->slash : "");
        put_text(&o, "\r\n");
    }
    if (a->status == 405 || a->status == 204)
        put_field(&o, "Allow", "GET, HEAD, OPTIONS");
    return o.full ? 0 : (size_t)(o.at - out);
}

size_t http_answer_end(char *out, size_t size, bool keep_alive)
{
    const struct span end = keep_alive ? SPAN("Connection: keep-alive\r\n\r\n")
                                       : SPAN("Connection: close\r\n\r\n");

    if (end.n > size)
        return 0;
    memcpy(out, end.at, end.n);
    return end.n;
}

size_t http_answer(char *out, size_t size, const struct http_answer *a)
{
    size_t n = http_answer_begin(out, size, a);
    size_t end = n ? http_answer_end(out + n, size - n, a->keep_alive) : 0;

    return end ? n + end : 0;
}

size_t http_error(char *out, size_t size, const struct http_answer *a,
                  bool only_head, size_t *body)
{
    const char *why = reason(a->status);
    struct http_answer whole = *a;
    struct out o;
    size_t n;

    whole.type = "text/plain";
    whole.length = 4 + strlen(why) + 1;
    n = http_answer(out, size, &whole);
    o = (struct out){out + n, size - n, n == 0};
    if (!only_head) {
        put_number(&o, (unsigned)a->status);
        put_text(&o, " ");
        put_text(&o, why);
        put_text(&o, "\n");
    }
    *body = (size_t)(o.at - out) - n;
    return o.full ? 0 : n + *body;
}

size_t http_part(char *out, size_t size, const char *boundary,
                 const struct http_content *c, const struct http_range *range)
{
    struct out o = {out, size, false};

    put_text(&o, "\r\n--");
    put_text(&o, boundary);
    if (range) {
        put_text(&o, "\r\n");
        put_field(&o, "Content-Type", c->type);
        put_content_range(&o, range, c->size);
    } else {
        put_text(&o, "--");
    }
    put_text(&o, "\r\n");
    return o.full ? 0 : (size_t)(o.at - out);
}

/* Bytes that a client chose, so that they cannot look like another line. */
static void put_quoted(struct out *o, struct span s)
{
    for (size_t i = 0; i < s.n && o->left > 100; i++) {
        unsigned char c = (unsigned char)s.at[i];
        char code[] = {'\\', 'x', hexdigits[c >> 4], hexdigits[c & 15]};

        if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
            put(o, s.at + i, 1);
        else
            put(o, code, sizeof(code));
    }
}

void http_log(char out[HTTP_LOG_MAX], const char *client,
              const struct http_request *r, const char *head, int status,
              time_t now)
{
    struct out o = {out, HTTP_LOG_MAX - 1, false};
    char date[HTTP_DATE_SIZE], when[] = " - - [06/Nov/1994:08:49:37 +0000] \"";

    http_date(date, now);
    memcpy(when + 6, date + 5, 2);
    memcpy(when + 9, date + 8, 3);
    memcpy(when + 13, date + 12, 4);
    memcpy(when + 18, date + 17, 8);
    put_text(&o, client);
    put_text(&o, when);
    if (r->line_n)
        put_quoted(&o, (struct span){head + r->line, r->line_n});
    else
        put_text(&o, "-");
    put_text(&o, "\" ");
    put_number(&o, (unsigned)status);
    put_text(&o, " ");
    *o.at = '\0';
}

const char *http_type(const char *path)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"xml", "text/xml; charset=utf-8"},
        {"json", "application/json"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"zip", "application/zip"},
        {"gz", "application/gzip"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"svg", "image/svg+xml"},
        {"webp", "image/webp"},
        {"avif", "image/avif"},
        {"ico", "image/x-icon"},
        {"woff", "font/woff"},
        {"woff2", "font/woff2"},
        {"ttf", "font/ttf"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < ARRAY_LEN(types); i++)
        if (!strcasecmp(dot + 1, types[i].extension))
            return types[i].type;
    return "application/octet-stream";
}
