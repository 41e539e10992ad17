/* http_answer.c: the heads of HTTP/1.1 answers: see http.h. */

#include "lib/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

#define LAST_TIME 253402300799 /* 9999-12-31 23:59:59 */

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
    char digits[20];
    size_t first = sizeof(digits);

    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    put(o, digits + first, sizeof(digits) - first);
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
    static const char hexdigits[] = "0123456789ABCDEF";

    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        char code[] = {'%', hexdigits[c >> 4], hexdigits[c & 15]};

        if (isalnum(c) || strchr("/-._~!$&'()*+,;=:@", c))
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
        {301, "Moved Permanently"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
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

size_t http_answer(char *out, size_t size, const struct http_answer *a)
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
    put_text(&o, "Content-Length: ");
    put_number(&o, a->length);
    put_text(&o, "\r\n");
    if (a->modified)
        put_date(&o, "Last-Modified", a->modified);
    if (a->location) {
        put_text(&o, "Location: ");
        put_path(&o, a->location);
        put_path(&o, a->slash ? a->slash : "");
        put_text(&o, "\r\n");
    }
    if (a->status == 405)
        put_field(&o, "Allow", "GET, HEAD");
    put_field(&o, "Connection", a->keep_alive ? "keep-alive" : "close");
    put_text(&o, "\r\n");
    return o.full ? 0 : (size_t)(o.at - out);
}

size_t http_error(char out[HTTP_ANSWER_MAX], int status,
                  const struct http_request *r, time_t now)
{
    const char *why = reason(status);
    size_t n = http_answer(out, HTTP_ANSWER_MAX,
                           &(struct http_answer){
                               .status = status,
                               .keep_alive = r->keep_alive,
                               .length = 4 + strlen(why) + 1,
                               .now = now,
                               .type = "text/plain",
                           });
    struct out o = {out + n, HTTP_ANSWER_MAX - n, false};

    if (!r->head) {
        put_number(&o, (unsigned)status);
        put_text(&o, " ");
        put_text(&o, why);
        put_text(&o, "\n");
    }
    return (size_t)(o.at - out);
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

static void put_digits(char *at, unsigned n, unsigned value)
{
    while (n--) {
        at[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

void http_date(char out[HTTP_DATE_SIZE], time_t t)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;

    t = t < 0 ? 0 : t > LAST_TIME ? LAST_TIME : t;
    gmtime_r(&t, &tm);
    memcpy(out, "Xxx, 00 Xxx 0000 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(out, days[tm.tm_wday], 3);
    put_digits(out + 5, 2, (unsigned)tm.tm_mday);
    memcpy(out + 8, months[tm.tm_mon], 3);
    put_digits(out + 12, 4, (unsigned)tm.tm_year + 1900);
    put_digits(out + 17, 2, (unsigned)tm.tm_hour);
    put_digits(out + 20, 2, (unsigned)tm.tm_min);
    put_digits(out + 23, 2, (unsigned)tm.tm_sec);
}
