/* format.c: newlib's sniprintf() and vsniprintf(), in a quarter of the room:
 * text from integers and strings (C17 7.21.6.1). */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 22 /* 64 bits in base 8 */

struct out {
    char *text;
    size_t size;
    size_t n; /* characters, whether they fit or not */
};

struct args {
    va_list ap;
};

/* A conversion, as far as it has been read. */
struct spec {
    bool left, zero, alternate;
    char plus; /* what a number that is not negative begins with, or NUL */
    int width;
    int precision; /* -1: not given */
    int size;      /* bytes of an integer */
};

static void put(struct out *o, const char *text, size_t n)
{
    if (o->n < o->size)
        memcpy(o->text + o->n, text, n < o->size - o->n ? n : o->size - o->n);
    o->n += n;
}

static void pad(struct out *o, char c, int n)
{
    for (; n > 0; n--)
        put(o, &c, 1);
}

static int number_or_star(const char **fmt, struct args *a)
{
    int n = 0;

    if (**fmt == '*') {
        (*fmt)++;
        return va_arg(a->ap, int);
    }
    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
        n = 10 * n + (**fmt - '0');
    return n;
}

static void read_flags(const char **fmt, struct spec *s)
{
    for (;; (*fmt)++)
        switch (**fmt) {
        case '-':
            s->left = true;
            break;
        case '0':
            s->zero = true;
            break;
        case '#':
            s->alternate = true;
            break;
        case '+':
            s->plus = '+';
            break;
        case ' ':
            s->plus = s->plus ? s->plus : ' ';
            break;
        default:
            return;
        }
}

static void read_length(const char **fmt, struct spec *s)
{
    for (s->size = sizeof(int);; (*fmt)++)
        switch (**fmt) {
        case 'h':
            s->size = s->size > 2 ? 2 : 1;
            break;
        case 'l':
        case 'j':
        case 'z':
        case 't':
            s->size = sizeof(long);
            break;
        default:
            return;
        }
}

/* Up to the conversion's letter. */
static struct spec read_spec(const char **fmt, struct args *a)
{
    struct spec s = {.precision = -1};

    read_flags(fmt, &s);
    s.width = number_or_star(fmt, a);
    if (s.width < 0) {
        s.left = true;
        s.width = -s.width;
    }
    if (**fmt == '.') {
        (*fmt)++;
        s.precision = number_or_star(fmt, a);
    }
    read_length(fmt, &s);
    return s;
}

static void put_text(struct out *o, const struct spec *s, const char *text,
                     size_t n)
{
    const int room = s->width - (int)n;

    pad(o, ' ', s->left ? 0 : room);
    put(o, text, n);
    pad(o, ' ', s->left ? room : 0);
}

static void put_number(struct out *o, const struct spec *s, const char *prefix,
                       unsigned long n, unsigned base, const char *digits)
{
    char text[DIGITS], *p = text + sizeof(text);
    int zeros, room, len;

    for (; n; n /= base)
        *--p = digits[n % base];
    len = (int)(text + sizeof(text) - p);
    zeros = (s->precision < 0 ? 1 : s->precision) - len;
    if (base == 8 && s->alternate && zeros <= 0)
        zeros = 1; /* which is its prefix */
    zeros = zeros > 0 ? zeros : 0;
    room = s->width - (int)strlen(prefix) - zeros - len;
    if (s->zero && !s->left && s->precision < 0 && room > 0) {
        zeros += room;
        room = 0;
    }
    pad(o, ' ', s->left ? 0 : room);
    put(o, prefix, strlen(prefix));
    pad(o, '0', zeros);
    put(o, p, (size_t)len);
    pad(o, ' ', s->left ? room : 0);
}

/* The argument, cut to the size it is said to have. */
static unsigned long take(struct args *a, const struct spec *s)
{
    const unsigned long n = s->size == sizeof(long)
                                ? va_arg(a->ap, unsigned long)
                                : va_arg(a->ap, unsigned);

    return s->size == sizeof(long) ? n : n & ((1ul << 8 * s->size) - 1);
}

static void put_signed(struct out *o, const struct spec *s, unsigned long n)
{
    const bool negative = n >> (8 * s->size - 1);
    const char prefix[] = {negative ? '-' : s->plus, '\0'};
    const unsigned long all = ~0ul >> (64 - 8 * s->size);

    put_number(o, s, prefix, negative ? -n & all : n, 10, "0123456789");
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    put_text(o, s, text,
             s->precision < 0 ? strlen(text)
                              : strnlen(text, (size_t)s->precision));
}

static void put_hex(struct out *o, const struct spec *s, bool prefix,
                    bool upper, unsigned long n)
{
    put_number(o, s,
               !prefix ? ""
               : upper ? "0X"
                       : "0x",
               n, 16, upper ? "0123456789ABCDEF" : "0123456789abcdef");
}

static void convert(struct out *o, struct spec *s, char letter, struct args *a)
{
    unsigned long n;

    switch (letter) {
    case 'd':
    case 'i':
        put_signed(o, s, take(a, s));
        break;
    case 'u':
        put_number(o, s, "", take(a, s), 10, "0123456789");
        break;
    case 'o':
        put_number(o, s, "", take(a, s), 8, "01234567");
        break;
    case 'x':
    case 'X':
        n = take(a, s);
        put_hex(o, s, s->alternate && n, letter == 'X', n);
        break;
    case 'p':
        s->size = sizeof(void *);
        put_hex(o, s, true, false, take(a, s));
        break;
    case 'c':
        letter = (char)va_arg(a->ap, int);
        put_text(o, s, &letter, 1);
        break;
    case 's':
        put_string(o, s, va_arg(a->ap, const char *));
        break;
    default: /* %% and what there is not */
        put(o, &letter, 1);
    }
}

int vsniprintf(char *text, size_t size, const char *fmt, va_list ap)
{
    struct out o = {text, size, 0};
    struct args a;

    va_copy(a.ap, ap);
    while (*fmt) {
        const size_t n = strcspn(fmt, "%");

        put(&o, fmt, n);
        fmt += n;
        if (!*fmt || !*++fmt)
            break;
        struct spec s = read_spec(&fmt, &a);

        if (*fmt)
            convert(&o, &s, *fmt++, &a);
    }
    va_end(a.ap);
    if (size)
        text[o.n < size ? o.n : size - 1] = '\0';
    return (int)o.n;
}

int sniprintf(char *text, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsniprintf(text, size, fmt, ap);
    va_end(ap);
    return n;
}
