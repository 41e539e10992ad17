/* http_body.c: where the body of a request ends: see http.h. */

#include "lib/http.h"

#include "lib/util.h"

/* What is expected next.  The first must be 0, see struct http_body. */
enum {
    DONE,
    BAD,
    SIZED,      /* bytes of a body with Content-Length */
    SIZE_FIRST, /* the first digit of a chunk's size */
    SIZE,       /* more of them */
    EXTENSION,  /* something behind the size, which nobody needs */
    SIZE_END,   /* the newline after the size */
    CHUNK,      /* bytes of a chunk */
    CHUNK_CR,   /* what is behind them */
    CHUNK_LF,
    TRAILER, /* a line after the last chunk */
    TRAILER_TEXT,
    TRAILER_END,
    LAST /* the newline of the empty line there */
};

void http_body_sized(struct http_body *b, uint64_t n)
{
    *b = (struct http_body){.left = n, .state = n ? SIZED : DONE};
}

void http_body_chunked(struct http_body *b)
{
    *b = (struct http_body){.state = SIZE_FIRST};
}

bool http_body_done(const struct http_body *b)
{
    return b->state == DONE;
}

bool http_body_bad(const struct http_body *b)
{
    return b->state == BAD;
}

/* Text that is of no use here, until the line ends. */
static unsigned ignore(char c, unsigned same, unsigned end)
{
    if (c == '\r')
        return end;
    return (unsigned char)c < ' ' && c != '\t' ? BAD : same;
}

static unsigned read_size(struct http_body *b, char c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        b->left = b->left * 16 + (unsigned)digit;
        return b->left > HTTP_BODY_MAX ? BAD : SIZE;
    }
    if (b->state == SIZE_FIRST)
        return BAD;
    return char_is_one_of(c, "; \t") ? EXTENSION : c == '\r' ? SIZE_END : BAD;
}

/* One byte that belongs to no chunk: what comes after it. */
static unsigned step(struct http_body *b, char c)
{
    switch (b->state) {
    case SIZE_FIRST:
        b->left = 0;
        return read_size(b, c);
    case SIZE:
        return read_size(b, c);
    case EXTENSION:
        return ignore(c, EXTENSION, SIZE_END);
    case SIZE_END:
        return c != '\n' ? BAD : b->left ? CHUNK : TRAILER;
    case CHUNK_CR:
        return c == '\r' ? CHUNK_LF : BAD;
    case CHUNK_LF:
        return c == '\n' ? SIZE_FIRST : BAD;
    case TRAILER:
        return ignore(c, TRAILER_TEXT, LAST);
    case TRAILER_TEXT:
        return ignore(c, TRAILER_TEXT, TRAILER_END);
    case TRAILER_END:
        return c == '\n' ? TRAILER : BAD;
    case LAST:
        return c == '\n' ? DONE : BAD;
    default:
        return BAD;
    }
}

size_t http_body_skip(struct http_body *b, const char *data, size_t n)
{
    size_t used = 0;

    while (used < n && b->state != DONE && b->state != BAD) {
        size_t some = 1;

        if (b->state == SIZED || b->state == CHUNK) {
            some = b->left < n - used ? (size_t)b->left : n - used;
            b->left -= some;
            if (b->left == 0)
                b->state = b->state == SIZED ? DONE : CHUNK_CR;
        } else {
            b->state = step(b, data[used]);
        }
        used += some;
        b->spent += some;
        if (b->spent > HTTP_BODY_MAX)
            b->state = BAD;
    }
    return used;
}
