/* http_accept.c: Accept-Encoding (RFC 9110, 12.5.3): see http.h. */

#include "lib/http.h"

/* 0 to 1, at most three digits behind the point, in thousandths; what is no
 * such number is 0. */
static unsigned read_weight(struct span s)
{
    static const unsigned units[] = {1000, 0, 100, 10, 1};
    unsigned sum = 0;

    if (s.n == 0 || s.n > 5 || (s.n > 1 && s.at[1] != '.'))
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        if (i == 1)
            continue;
        if (!char_is_digit(s.at[i]))
            return 0;
        sum += units[i] * (unsigned)(s.at[i] - '0');
    }
    return sum <= 1000 ? sum : 0;
}

/* The weight behind "coding ;"; 1000 without one. */
static unsigned weight_of(struct span parameters)
{
    while (parameters.n) {
        struct span p = span_trim(span_cut(&parameters, ';'));

        if (span_has_prefix_nocase(p, "q=")) {
            span_take(&p, 2);
            return read_weight(p);
        }
    }
    return 1000;
}

/* RFC 9110, 8.4.1.3. */
static bool is_coding(struct span name, const char *coding)
{
    if (span_is_nocase(name, "x-gzip"))
        name = (struct span){"gzip", 4};
    return span_is_nocase(name, coding);
}

unsigned http_quality(const struct http_request *r, const char *head,
                      const char *coding)
{
    const struct span identity = {"identity", 8};
    bool plain = span_is(identity, coding), any = false;
    struct span list = {0};
    unsigned others = 0;

    while (http_field(r, head, HTTP_ACCEPT_ENCODING, &list)) {
        struct span rest = list;

        while (rest.n) {
            struct span item = span_cut(&rest, ',');
            struct span name = span_trim(span_cut(&item, ';'));

            if (is_coding(name, coding))
                return weight_of(item);
            if (span_is(name, "*")) {
                any = true;
                others = weight_of(item);
            }
        }
    }
    /* not named: the star's weight; identity is always welcome unless the
     * star says no, but then after all that is named */
    if (any)
        return others;
    return plain ? 1 : 0;
}
