/* span.h: pieces of text that lie in something larger, not terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *at;
    size_t n;
};

/* A literal's. */
#define SPAN(text) ((struct span){(text), sizeof(text) - 1})

/* The span is this text; nocase: A to Z count as a to z. */
static inline bool span_is(struct span s, const char *text)
{
    return s.n == strlen(text) && !memcmp(s.at, text, s.n);
}

bool span_is_nocase(struct span s, const char *text);
bool span_has_prefix_nocase(struct span s, const char *text);

/* Without the blanks and tabs around it. */
struct span span_trim(struct span s);

/* Cut off what comes before c, and c; all of it if there is no c. */
struct span span_cut(struct span *s, char c);

/* Cut off n bytes, or all there are. */
struct span span_take(struct span *s, size_t n);

/* Digits and nothing else, at least one.  A number above max becomes max + 1.
 * False: something else; max is less than UINT64_MAX / 10. */
bool span_number(struct span s, unsigned long max, unsigned long *number);

/* The number's digits, terminated, somewhere in out: every answer wants some,
 * and sniprintf() takes longer. */
#define NUMBER_SIZE 21
const char *number_text(char out[NUMBER_SIZE], unsigned long number);

static inline bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool char_is_alnum(char c) /* ASCII's */
{
    return char_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool char_is_one_of(char c, const char *set); /* never for NUL */
