/* span.h: pieces of text that lie in something larger, not terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct span {
    const char *at;
    size_t n;
};

/* The span is this text; nocase: A to Z count as a to z. */
bool span_is(struct span s, const char *text);
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

/* The number's digits, terminated, somewhere in out: printf() of newlib brings
 * 30 KB of floating point with it. */
#define NUMBER_SIZE 21
const char *number_text(char out[NUMBER_SIZE], unsigned long number);

bool char_is_digit(char c);
bool char_is_alnum(char c);                   /* ASCII's */
bool char_is_one_of(char c, const char *set); /* never for NUL */
