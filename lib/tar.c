/* tar.c: reads a tar archive: see tar.h. */

#include "lib/tar.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"

#define BLOCK 512

struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char modified[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[8]; /* with the version */
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

/* What extended headers said about the entry after them. */
struct extra {
    struct tar_text name, link;
    int64_t size, modified;
    bool sized, timed;
};

static int wrong(struct tar *tar, const char *why)
{
    tar->why = why;
    return -EINVAL;
}

static struct tar_text text(const char *at, size_t max)
{
    return (struct tar_text){at, strnlen(at, max)};
}

static bool equal(struct tar_text t, const char *s)
{
    return t.n == strlen(s) && !memcmp(t.at, s, t.n);
}

/* A number: octal text, or GNU's big-endian binary with the top bit set. */
static bool read_number(const char *field, size_t n, int64_t *value)
{
    size_t i = 1;
    int64_t v = (field[0] & 0x3f) - (field[0] & 0x40); /* a sign, no mark */

    if (field[0] & 0x80) {
        for (; i < n; i++) {
            if (v > INT64_MAX >> 8 || v < INT64_MIN >> 8)
                return false;
            v = v * 256 + (unsigned char)field[i];
        }
        *value = v;
        return true;
    }
    for (i = 0, v = 0; i < n && field[i] == ' '; i++)
        ;
    for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
        v = v * 8 + (field[i] - '0');
    *value = v;
    return i == n || field[i] == ' ' || field[i] == '\0';
}

/* Decimal, for pax; a fraction is cut off. */
static bool read_decimal(struct tar_text t, int64_t *value)
{
    bool negative = t.n && t.at[0] == '-';
    size_t i = negative, first = i;
    int64_t v = 0;

    for (; i < t.n && t.at[i] >= '0' && t.at[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, t.at[i] - '0', &v))
            return false;
    *value = negative ? -v : v;
    return i > first && (i == t.n || t.at[i] == '.');
}

/* The sum of all bytes, those of the sum itself taken as blanks. */
static bool checksum_ok(const struct header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    int64_t want, sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += bytes[i];
    for (size_t i = 0; i < sizeof(h->checksum); i++)
        sum += ' ' - (unsigned char)h->checksum[i];
    return read_number(h->checksum, sizeof(h->checksum), &want) && sum == want;
}

static bool is_zero(const struct header *h)
{
    const char *bytes = (const char *)h;

    return bytes[0] == 0 && !memcmp(bytes, bytes + 1, BLOCK - 1);
}

static const char *pax_field(struct tar_text key, struct tar_text value,
                             struct extra *x)
{
    if (equal(key, "path"))
        x->name = value;
    else if (equal(key, "linkpath"))
        x->link = value;
    else if (equal(key, "size"))
        x->sized = read_decimal(value, &x->size);
    else if (equal(key, "mtime"))
        x->timed = read_decimal(value, &x->modified);
    else if (key.n > 11 && !memcmp(key.at, "GNU.sparse.", 11))
        return "a sparse file";
    return (equal(key, "size") && !x->sized) ||
                   (equal(key, "mtime") && !x->timed)
               ? "a bad number in a pax header"
               : NULL;
}

/* Records "LENGTH KEY=VALUE\n", LENGTH in decimal counts all of it.  What is
 * wrong with them, or NULL. */
static const char *read_pax(struct tar_text t, struct extra *x)
{
    const char *why = NULL;

    while (t.n && !why) {
        const char *blank = memchr(t.at, ' ', t.n);
        struct tar_text digits = {t.at, 0};
        int64_t length;

        if (!blank)
            return "a bad pax header";
        digits.n = (size_t)(blank - t.at);
        if (!read_decimal(digits, &length) || length <= 0 ||
            (uint64_t)length > t.n || (size_t)length < digits.n + 2 ||
            t.at[length - 1] != '\n')
            return "a bad pax header";

        struct tar_text key = {blank + 1, (size_t)length - digits.n - 2};
        const char *is = memchr(key.at, '=', key.n);

        if (!is)
            return "a bad pax header";
        why = pax_field(
            (struct tar_text){key.at, (size_t)(is - key.at)},
            (struct tar_text){is + 1, key.n - (size_t)(is - key.at) - 1}, x);
        t.at += length;
        t.n -= (size_t)length;
    }
    return why;
}

/* The header at tar->next, NULL with tar->why if it is not one. */
static const struct header *read_header(struct tar *tar)
{
    const struct header *h;

    tar->entry = tar->next;
    if (tar->size - tar->next < BLOCK) {
        tar->why = "it is cut off, the end mark is missing";
        return NULL;
    }
    h = (const void *)(tar->data + tar->next);
    if (is_zero(h) || checksum_ok(h))
        return h;
    tar->why = tar->next ? "a bad checksum" : "not a tar archive";
    return NULL;
}

/* Step over the contents that follow the header. */
static bool take_contents(struct tar *tar, int64_t size, struct tar_text *data)
{
    size_t at = tar->next + BLOCK;

    if (size < 0 || (uint64_t)size > tar->size - at ||
        round_up((size_t)size, BLOCK) > tar->size - at)
        return false;
    *data = (struct tar_text){tar->data + at, (size_t)size};
    tar->next = at + round_up((size_t)size, BLOCK);
    return true;
}

static int read_type(const struct header *h, struct tar_text name)
{
    switch (h->type) {
    case '\0': /* before POSIX, a slash at the end made the directory */
        return name.n && name.at[name.n - 1] == '/' ? TAR_DIRECTORY : TAR_FILE;
    case '0':
    case '7':
        return TAR_FILE;
    case '1':
        return TAR_LINK;
    case '5':
        return TAR_DIRECTORY;
    default:
        return -1;
    }
}

static int read_entry(struct tar *tar, const struct header *h,
                      const struct extra *x, struct tar_text data,
                      struct tar_entry *e)
{
    bool ustar = !memcmp(h->magic, "ustar", 6); /* GNU's differs, and has
                                                   other things in prefix */
    int type;

    *e = (struct tar_entry){
        .name = x->name.at ? x->name : text(h->name, sizeof(h->name)),
        .link = x->link.at ? x->link : text(h->link, sizeof(h->link)),
        .data = data.at,
        .size = data.n,
        .modified = x->modified,
    };
    if (!x->name.at && ustar)
        e->prefix = text(h->prefix, sizeof(h->prefix));
    if (!x->timed &&
        !read_number(h->modified, sizeof(h->modified), &e->modified))
        return wrong(tar, "a bad time");
    type = read_type(h, e->name);
    if (type < 0)
        return wrong(tar, h->type == '2'
                              ? "a symbolic link: pack with --dereference"
                              : "neither a file nor a directory");
    if (type != TAR_FILE && data.n)
        return wrong(tar, "contents where there can be none");
    e->type = (enum tar_type)type;
    return 1;
}

void tar_open(struct tar *tar, const void *data, size_t size)
{
    *tar = (struct tar){.data = data, .size = size};
}

int tar_next(struct tar *tar, struct tar_entry *e)
{
    struct extra x = {0};

    for (;;) {
        const struct header *h = read_header(tar);
        struct tar_text data;
        const char *why = NULL;
        int64_t size;

        if (!h)
            return -EINVAL;
        if (is_zero(h))
            return 0;
        if (!read_number(h->size, sizeof(h->size), &size))
            return wrong(tar, "a bad size");
        if (x.sized && h->type && !strchr("xgLK", h->type))
            size = x.size; /* a header's own size is in the header */
        if (!take_contents(tar, size, &data))
            return wrong(tar, "it is cut off inside this entry");
        switch (h->type) {
        case 'x':
            why = read_pax(data, &x);
            break;
        case 'g': /* defaults for all entries: nothing of interest */
            break;
        case 'L':
            x.name = text(data.at, data.n);
            break;
        case 'K':
            x.link = text(data.at, data.n);
            break;
        default:
            return read_entry(tar, h, &x, data, e);
        }
        if (why)
            return wrong(tar, why);
    }
}
