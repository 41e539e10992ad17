/* Whatever comes in whatever pieces: the same verdict, and a clean path; no
 * other parser could take an accepted head for something else; and what looks
 * into it finds its way. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lib/http.h"

#define NOW 1700000000

/* What a byte from 0x80 on stands for; the last one takes the byte behind it
 * as it is. */
static const char *const words[] = {
    "GET ",
    "HEAD ",
    "OPTIONS ",
    "POST ",
    " HTTP/1.1\r\n",
    " HTTP/1.0\r\n",
    "Host: a\r\n",
    "\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "http://a:80/",
    "http://a",
    "Host: [::1]:80\r\n",
    "Connection: close, keep-alive\r\n",
    "Connection: keep-alive\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: 100-continue\r\n",
    "Range: bytes=0-9",
    "Range: bytes=-7,",
    ",5-5",
    ",20-30, 50-",
    "If-Range: \"e\"\r\n",
    "If-Match: ",
    "If-None-Match: ",
    "\"e\"",
    "W/\"e\", ",
    "*\r\n",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n",
    "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n",
    "If-Modified-Since: Thu, 29 Feb 2024 23:59:60 GMT\r\n",
    "If-Modified-Since: ",
    "If-Unmodified-Since: ",
    "If-Range: ",
    "Fri, 31 Dec 1999 23:59:59 GMT\r\n",
    "Accept-Encoding: ",
    "gzip;q=0.5, ",
    "identity",
    "*;q=0",
    ";q=1.000",
    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "a",
    "/../",
    "/./",
    "%2e",
    "%41?%",
    "5;name=\"value\"\r\nhello\r\n",
    "0\r\n",
    "X: y\r\n",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t expand(char *out, size_t room, const uint8_t *data, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const char byte[] = {(char)data[i], '\0'};
        const char literal[] = {(char)(i + 1 < n ? data[i + 1] : 0), '\0'};
        const char *text = data[i] == 0xff  ? literal
                           : data[i] < 0x80 ? byte
                                            : words[data[i] % 0x80 % WORDS];
        size_t len = data[i] < 0x80 || data[i] == 0xff ? 1 : strlen(text);

        i += data[i] == 0xff;
        if (len > room - at)
            break;
        memcpy(out + at, text, len);
        at += len;
    }
    return at;
}

/* So many lines of the head begin with this. */
static unsigned count(const char *head, size_t n, const char *name)
{
    const char *line = head, *end = head + n, *next;
    unsigned found = 0;

    for (; (next = memchr(line, '\n', (size_t)(end - line))); line = next + 1)
        found += (size_t)(next - line) > strlen(name) &&
                 !strncasecmp(line, name, strlen(name));
    return found;
}

/* RFC 9112, 11.2: nothing to smuggle a second request with. */
static void check_framing(const char *head, size_t n)
{
    unsigned sized = count(head, n, "Content-Length:");
    unsigned coded = count(head, n, "Transfer-Encoding:");

    if (count(head, n, "Host:") > 1 || sized > 1 || coded > 1 ||
        (sized && coded) || count(head, n, " ") || count(head, n, "\t") ||
        count(head, n, "Host ") || count(head, n, "Content-Length "))
        abort();
}

static void check_path(const char *path)
{
    size_t length = strlen(path);

    if (!strcmp(path, "*"))
        return;
    if (path[0] != '/' || length >= HTTP_PATH_MAX)
        abort();
    if (strstr(path, "//") || strstr(path, "/../") || strstr(path, "/./"))
        abort();
    if ((length >= 3 && !strcmp(path + length - 3, "/..")) ||
        (length >= 2 && !strcmp(path + length - 2, "/.")))
        abort();
}

/* Ranges lie within the content, and apart. */
static void check_ranges(const struct http_range *ranges, unsigned n,
                         uint64_t size)
{
    for (unsigned i = 0; i < n; i++) {
        if (ranges[i].n == 0 || ranges[i].at + ranges[i].n > size)
            abort();
        for (unsigned k = 0; k < i; k++)
            if (ranges[i].at <= ranges[k].at + ranges[k].n &&
                ranges[k].at <= ranges[i].at + ranges[i].n)
                abort();
    }
}

/* A date that was understood is the same when it is written. */
static void check_date(struct span s)
{
    char text[HTTP_DATE_SIZE];
    time_t t, again;

    if (!http_date_read(s, NOW, &t))
        return;
    http_date(text, t);
    if (!http_date_read((struct span){text, strlen(text)}, NOW, &again) ||
        (t >= 0 && t != again))
        abort();
}

/* Refused requests are logged, too. */
static void check_log(const struct http_request *r, const char *head)
{
    char log[HTTP_LOG_MAX];

    http_log(log, "::1", r, head, 200, 0);
    if (strpbrk(log, "\r\n\t") || strlen(log) >= HTTP_LOG_MAX)
        abort();
}

static void look_into(const struct http_request *r, const char *head,
                      const char *path)
{
    static const struct http_content c = {
        .size = 1000, .modified = 784111777, .etag = "\"e\""};
    struct http_range ranges[HTTP_RANGES_MAX];
    char etag[HTTP_ETAG_SIZE];
    unsigned n;
    struct span value = {0};
    int status = http_condition(r, head, &c, NOW);

    if (status != 200 && status != 304 && status != 412)
        abort();
    status = http_ranges(r, head, &c, NOW, ranges, &n);
    if ((status == 206) != (n > 0) || n > HTTP_RANGES_MAX)
        abort();
    check_ranges(ranges, n, c.size);
    http_etag(etag, r->length * n, NOW, path);
    if (strlen(etag) < 5 || etag[strlen(etag) - 1] != '"')
        abort();
    if (http_quality(r, head, "gzip") > 1000)
        abort();
    while (http_field(r, head, HTTP_IF_MODIFIED_SINCE, &value))
        check_date(value);
}

/* The body ends at the same place however it comes. */
static void skip_body(struct http_body b, const char *data, size_t n)
{
    struct http_body again = b;
    size_t used = http_body_skip(&b, data, n), one = 0;

    if (used > n || used > HTTP_BODY_MAX + HTTP_HEAD_MAX)
        abort();
    while (one < n && http_body_skip(&again, data + one, 1))
        one++;
    if (one != used || again.state != b.state)
        abort();
}

static void read_request(const char *data, size_t size)
{
    static char pieces[HTTP_HEAD_MAX];
    struct http_request a = {0}, b = {0};
    char *whole = malloc(size); /* a byte more is out of bounds */
    char path[HTTP_PATH_MAX], path_again[HTTP_PATH_MAX];
    size_t had = 0;
    int status, again;

    memcpy(whole, data, size);
    status = http_parse(&a, whole, size, path);
    if (memcmp(whole, data, size) != 0 || a.length > size)
        abort();
    do {
        size_t more = size - had < 7 ? size - had : 7;

        memcpy(pieces + had, data + had, more);
        had += more;
        again = http_parse(&b, pieces, had, path_again);
    } while (again == 0 && had < size);

    if (again != status || b.keep_alive != a.keep_alive ||
        b.length != a.length || b.body.state != a.body.state)
        abort();
    if (status)
        check_log(&a, whole);
    if (status == 200) {
        check_path(path);
        if (strcmp(path, path_again) != 0)
            abort();
        check_framing(whole, a.length);
        look_into(&a, whole, path);
        skip_body(a.body, whole + a.length, size - a.length);
    }
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char text[HTTP_HEAD_MAX];

    read_request(text, expand(text, sizeof(text), data, n));
    return 0;
}
