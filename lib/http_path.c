/* http_path.c: what a request is about: target and host: see http.h. */

#include "lib/http.h"

#include <string.h>

#include "lib/util.h"

/* Percent-decode into path.  An encoded slash is part of a name, and no file
 * has such a name. */
static int decode(struct span s, char path[HTTP_PATH_MAX])
{
    size_t out = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.at[i];

        if (c == '%') {
            int high = i + 2 < s.n ? hex_digit(s.at[i + 1]) : -1;
            int low = i + 2 < s.n ? hex_digit(s.at[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0)
                return 400;
            c = (char)(high << 4 | low);
            if (c == '/')
                return 404;
            i += 2;
        }
        if (out == HTTP_PATH_MAX - 1)
            return 414;
        path[out++] = c;
    }
    path[out] = '\0';
    return 200;
}

/* Drop "." and empty segments and resolve "..", in place.  A path that
 * climbs out of the root is refused, not clipped. */
static int normalise(char *path)
{
    struct span rest = {path + 1, strlen(path + 1)};
    size_t out = 1; /* path[out - 1] is always a slash here */

    while (rest.n) {
        bool last = !memchr(rest.at, '/', rest.n);
        struct span segment = span_cut(&rest, '/');

        if (segment.n == 0 || span_is(segment, "."))
            continue;
        if (span_is(segment, "..")) {
            if (out == 1)
                return 400;
            while (path[--out - 1] != '/')
                ;
            continue;
        }
        memmove(path + out, segment.at, segment.n);
        out += segment.n;
        if (!last)
            path[out++] = '/';
    }
    path[out] = '\0';
    return 200;
}

bool http_authority(struct span s)
{
    bool literal = s.n && s.at[0] == '[';
    struct span host = span_cut(&s, literal ? ']' : ':');
    const char *others = literal ? "[:." : "-._~!$&'()*+,;=%";

    for (size_t i = 0; i < host.n; i++)
        if (!char_is_alnum(host.at[i]) && !char_is_one_of(host.at[i], others))
            return false;
    if (literal) { /* RFC 3986, 3.2.2: the bracket is closed, once opened */
        if (host.at[host.n] != ']' || host.n < 3 ||
            memchr(host.at + 1, '[', host.n - 1))
            return false;
        if (s.n && *span_take(&s, 1).at != ':')
            return false;
    }
    for (size_t i = 0; i < s.n; i++)
        if (!char_is_digit(s.at[i]))
            return false;
    return true;
}

/* RFC 9112, 3.2.2: what "http://host/path" says behind the host. */
static bool drop_authority(struct span *s)
{
    struct span host;
    size_t n = 7;

    while (n < s->n && !char_is_one_of(s->at[n], "/?"))
        n++;
    host = span_take(s, n);
    span_take(&host, 7);
    return host.n && host.at[0] != ':' && http_authority(host);
}

int http_path(struct span target, enum http_method method,
              char path[HTTP_PATH_MAX])
{
    static const struct span root = {"/", 1};
    int status;

    for (size_t i = 0; i < target.n; i++)
        if (target.at[i] <= ' ' || target.at[i] > '~' || target.at[i] == '#')
            return 400;
    if (method == HTTP_OPTIONS && span_is(target, "*")) {
        memcpy(path, "*", 2);
        return 200;
    }
    if (target.n && target.at[0] != '/' &&
        span_has_prefix_nocase(target, "http://")) {
        if (!drop_authority(&target))
            return 400;
        if (target.n == 0 && method == HTTP_OPTIONS) { /* RFC 9112, 3.2.4 */
            memcpy(path, "*", 2);
            return 200;
        }
        if (target.n == 0 || target.at[0] == '?')
            target = root;
    }
    if (target.n == 0 || target.at[0] != '/')
        return 400;
    status = decode(span_cut(&target, '?'), path);
    return status == 200 ? normalise(path) : status;
}
