/* http_site.c: a folder as a web site: see http_site.h. */

#include "lib/http_site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"

#define INDEX "index.html"

/* How a file may be encoded, the best first. */
static const struct coding {
    const char *name;
    const char *suffix; /* of the file */
    const char *tag;    /* in the entity tag */
} codings[] = {
    {"br", ".br", "-br"},
    {"gzip", ".gz", "-gz"},
    {"identity", "", ""},
};

/* A file's name with room for the longest suffix. */
struct name {
    char text[HTTP_PATH_MAX + sizeof(INDEX) + 4];
    size_t n;
};

/* False: it is too long. */
static bool append(struct name *name, const char *text)
{
    size_t n = strlen(text);

    if (n >= sizeof(name->text) - name->n)
        return false;
    memcpy(name->text + name->n, text, n + 1);
    name->n += n;
    return true;
}

static bool is_file(const char *name)
{
    struct stat st;

    return stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

/* The coding to send, NULL: none is acceptable.  The name has that suffix. */
static const struct coding *choose(struct name *name,
                                   const struct http_request *r,
                                   const char *head, bool *varies)
{
    const struct coding *best = NULL;
    const size_t n = name->n;
    unsigned quality = 0;

    *varies = false;
    for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
        unsigned q = http_quality(r, head, codings[i].name);

        name->text[name->n = n] = '\0';
        if (*codings[i].suffix) {
            if (!append(name, codings[i].suffix) || !is_file(name->text))
                continue;
            *varies = true;
        }
        if (q > quality) {
            quality = q;
            best = &codings[i];
        }
    }
    name->text[name->n = n] = '\0';
    if (best)
        append(name, best->suffix);
    return best;
}

/* Map the file; a status. */
static int map(const char *name, const struct coding *coding,
               struct http_file *f)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK);
    struct stat st;
    int status = 503;

    if (fd < 0)
        return errno == ENOENT ? 404 : 503;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        f->content.size = (size_t)st.st_size;
        f->content.modified = st.st_mtime;
        f->content.encoding = *coding->suffix ? coding->name : NULL;
        http_etag(f->content.etag, f->content.size, st.st_mtime, coding->tag);
        if (st.st_size)
            f->map = mmap(NULL, f->content.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (f->map == MAP_FAILED)
            f->map = NULL;
        f->content.data = f->map;
        status = f->map || st.st_size == 0 ? 200 : 503;
    }
    close(fd);
    return status;
}

int http_site_find(const struct http_site *site, const char *path,
                   const struct http_request *r, const char *head,
                   struct http_file *f)
{
    bool folder = path[strlen(path) - 1] == '/';
    const struct coding *coding;
    struct name name = {.n = 0};
    struct stat st;
    size_t n;

    memset(f, 0, sizeof(*f));
    if (!append(&name, site->root) || !append(&name, path))
        return 414;
    n = name.n;
    if (folder && !append(&name, INDEX))
        return 414;
    if (stat(name.text, &st) != 0) {
        if (errno == ENOMEM || errno == EMFILE)
            return 503;
        name.text[n] = '\0';
        return folder && site->list ? http_list(name.text, path, f) : 404;
    }
    if (S_ISDIR(st.st_mode) && !folder)
        return 301;
    if (!S_ISREG(st.st_mode))
        return 404;
    f->content.type = http_type(name.text);
    coding = choose(&name, r, head, &f->content.varies);
    return coding ? map(name.text, coding, f) : 406;
}

void http_site_release(struct http_file *f)
{
    if (f->map)
        munmap(f->map, f->content.size);
    free(f->page);
    memset(f, 0, sizeof(*f));
}
