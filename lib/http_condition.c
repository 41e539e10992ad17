/* http_condition.c: validators, and the requests that ask for them (RFC 9110,
 * 8.8 and 13): see http.h. */

#include "lib/http.h"

#include <string.h>

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static char *put_hex(char *at, uint64_t number)
{
    char digits[16];
    size_t first = sizeof(digits);

    do
        digits[--first] = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    memcpy(at, digits + first, sizeof(digits) - first);
    return at + sizeof(digits) - first;
}

void http_etag(char out[HTTP_ETAG_SIZE], uint64_t size, time_t modified,
               const char *suffix)
{
    const char *end = out + HTTP_ETAG_SIZE - 2;

    *out++ = '"';
    out = put_hex(out, size);
    *out++ = '-';
    out = put_hex(out, (uint64_t)modified);
    while (*suffix && out < end)
        *out++ = *suffix++;
    *out++ = '"';
    *out = '\0';
}

/* Cut the next entity tag off a list; false: no more that makes sense.  A tag
 * may hold a comma. */
static bool next_tag(struct span *list, struct span *tag, bool *weak)
{
    const char *end;

    while (list->n && char_is_one_of(list->at[0], ", \t"))
        span_take(list, 1);
    *weak = list->n >= 2 && !memcmp(list->at, "W/", 2);
    if (*weak)
        span_take(list, 2);
    if (list->n < 2 || list->at[0] != '"')
        return false;
    end = memchr(list->at + 1, '"', list->n - 1);
    if (!end)
        return false;
    *tag = span_take(list, (size_t)(end - list->at) + 1);
    return true;
}

/* The content is among those that the field lists, or it says "*". */
static bool is_listed(const struct http_request *r, const char *head,
                      enum http_field field, const char *etag, bool weak_too)
{
    struct span list = {0}, rest, tag;
    bool weak;

    while (http_field(r, head, field, &list)) {
        if (span_is(list, "*"))
            return true;
        rest = list;
        while (next_tag(&rest, &tag, &weak))
            if ((weak_too || !weak) && span_is(tag, etag))
                return true;
    }
    return false;
}

/* The field's only value is a date. */
static bool read_date(const struct http_request *r, const char *head,
                      enum http_field field, time_t now, time_t *date)
{
    struct span value = {0}, another;

    if (!http_field(r, head, field, &value))
        return false;
    another = value;
    return !http_field(r, head, field, &another) &&
           http_date_read(value, now, date);
}

int http_condition(const struct http_request *r, const char *head,
                   const struct http_content *c, time_t now)
{
    time_t date;

    if (r->first[HTTP_IF_MATCH]) {
        if (!is_listed(r, head, HTTP_IF_MATCH, c->etag, false))
            return 412;
    } else if (c->modified &&
               read_date(r, head, HTTP_IF_UNMODIFIED_SINCE, now, &date) &&
               c->modified > date) {
        return 412;
    }
    if (r->first[HTTP_IF_NONE_MATCH])
        return is_listed(r, head, HTTP_IF_NONE_MATCH, c->etag, true) ? 304
                                                                     : 200;
    if (c->modified && read_date(r, head, HTTP_IF_MODIFIED_SINCE, now, &date) &&
        c->modified <= date)
        return 304;
    return 200;
}

/* If-Range: the ranges are wanted from this content, or else all of it.  A
 * date says so only if nothing can have changed within its second. */
static bool is_same(const struct http_request *r, const char *head,
                    const struct http_content *c, time_t now)
{
    struct span value = {0};
    time_t date;

    if (!r->first[HTTP_IF_RANGE])
        return true;
    if (read_date(r, head, HTTP_IF_RANGE, now, &date))
        return date == c->modified && now > c->modified + 1;
    http_field(r, head, HTTP_IF_RANGE, &value);
    return span_is(value, c->etag);
}

/* FIRST-LAST, FIRST- or -LENGTH; false: nothing of that kind.  n is 0 when
 * the content is too short for it. */
static bool read_range(struct span s, uint64_t size, struct http_range *range)
{
    const unsigned long limit = INT64_MAX / 16;
    bool dash = s.n && memchr(s.at, '-', s.n);
    struct span from = span_cut(&s, '-');
    unsigned long first = 0, last = limit + 1;

    if (!dash || (from.n == 0 && s.n == 0) ||
        (from.n && !span_number(from, limit, &first)) ||
        (s.n && !span_number(s, limit, &last)))
        return false;
    if (from.n == 0) {
        range->n = min(last, size);
        range->at = size - range->n;
        return true;
    }
    range->at = first;
    range->n = first < size ? min(last, size - 1) - first + 1 : 0;
    return first <= last;
}

/* Add a range to those there are, without what overlaps or touches it: that
 * becomes part of it. */
static unsigned merge(struct http_range *ranges, unsigned n,
                      struct http_range add)
{
    for (unsigned i = 0; i < n;) {
        const struct http_range old = ranges[i];
        uint64_t end = max(old.at + old.n, add.at + add.n);

        if (old.at > add.at + add.n || add.at > old.at + old.n) {
            i++;
            continue;
        }
        add.at = min(old.at, add.at);
        add.n = end - add.at;
        memmove(ranges + i, ranges + i + 1, (--n - i) * sizeof(*ranges));
        i = 0; /* now it may touch an earlier one */
    }
    ranges[n++] = add;
    return n;
}

/* The satisfiable ones of a list; false: it makes no sense, or is too long. */
static bool read_ranges(struct span list, uint64_t size,
                        struct http_range ranges[HTTP_RANGES_MAX], unsigned *n)
{
    unsigned asked = 0;

    while (list.n) {
        struct span one = span_trim(span_cut(&list, ','));
        struct http_range range;

        if (one.n == 0) /* RFC 9110, 5.6.1.2 */
            continue;
        if (++asked > HTTP_RANGES_MAX || !read_range(one, size, &range))
            return false;
        if (range.n)
            *n = merge(ranges, *n, range);
    }
    return asked > 0;
}

int http_ranges(const struct http_request *r, const char *head,
                const struct http_content *c, time_t now,
                struct http_range ranges[HTTP_RANGES_MAX], unsigned *n)
{
    struct span value = {0}, another;
    unsigned found = 0;

    *n = 0;
    if (r->method != HTTP_GET || !*c->etag || c->size == 0 ||
        !http_field(r, head, HTTP_RANGE, &value))
        return 200;
    another = value;
    if (http_field(r, head, HTTP_RANGE, &another) ||
        !span_has_prefix_nocase(value, "bytes=") || !is_same(r, head, c, now))
        return 200;
    span_take(&value, strlen("bytes="));
    if (!read_ranges(value, c->size, ranges, &found))
        return 200;
    *n = found;
    return found ? 206 : 416;
}
