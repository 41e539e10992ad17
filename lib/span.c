/* span.c: pieces of text: see span.h. */

#include "lib/span.h"

#include <strings.h>

bool span_is_nocase(struct span s, const char *text)
{
    return s.n == strlen(text) && !strncasecmp(s.at, text, s.n);
}

bool span_has_prefix_nocase(struct span s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && !strncasecmp(s.at, text, n);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.n && is_blank(s.at[0]))
        s.at++, s.n--;
    while (s.n && is_blank(s.at[s.n - 1]))
        s.n--;
    return s;
}

struct span span_cut(struct span *s, char c)
{
    struct span head = {s->at, 0};

    while (head.n < s->n && s->at[head.n] != c)
        head.n++;
    span_take(s, head.n + 1);
    return head;
}

struct span span_take(struct span *s, size_t n)
{
    struct span head = {s->at, n < s->n ? n : s->n};

    s->at += head.n;
    s->n -= head.n;
    return head;
}

bool span_number(struct span s, unsigned long max, unsigned long *number)
{
    *number = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!char_is_digit(s.at[i]))
            return false;
        if (*number <= max)
            *number = *number * 10 + (unsigned long)(s.at[i] - '0');
    }
    if (*number > max)
        *number = max + 1;
    return s.n > 0;
}

const char *number_text(char out[NUMBER_SIZE], unsigned long number)
{
    char *at = &out[NUMBER_SIZE - 1];

    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    return at;
}

bool char_is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}
