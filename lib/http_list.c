/* http_list.c: a page that lists a folder: see http_site.h. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/http_site.h"

struct names {
    char **at; /* each allocated */
    size_t n, room;
};

struct page {
    char *text;
    size_t n, room;
};

/* A name, with a slash if it is a folder's. */
static bool add_name(struct names *names, const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    void *at = names->at;
    char *copy;

    if (!grow(&at, &names->room, names->n + 1, sizeof(*names->at)))
        return false;
    names->at = at;
    copy = malloc(n + 2);
    if (!copy)
        return false;
    memcpy(copy, e->d_name, n + 1);
    if (e->d_type == DT_DIR)
        memcpy(copy + n, "/", 2);
    names->at[names->n++] = copy;
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The folder's names in order; those that begin with a dot are hidden. */
static bool read_names(DIR *d, struct names *names)
{
    const struct dirent *e;

    while ((e = readdir(d)) && names->n < HTTP_LIST_MAX)
        if (e->d_name[0] != '.' && !add_name(names, e))
            return false;
    if (names->n)
        qsort(names->at, names->n, sizeof(*names->at), compare);
    return true;
}

static bool put(struct page *p, const char *text, size_t n)
{
    void *at = p->text;
    bool fits = grow(&at, &p->room, p->n + n, 1);

    p->text = at;
    if (fits && n) {
        memcpy(p->text + p->n, text, n);
        p->n += n;
    }
    return fits;
}

static bool put_text(struct page *p, const char *text)
{
    return put(p, text, strlen(text));
}

/* As text or inside an attribute's quotes. */
static bool put_escaped(struct page *p, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '"' ? "&quot;"
                                            : NULL;

        if (!(entity ? put_text(p, entity) : put(p, text, 1)))
            return false;
    }
    return true;
}

/* As one segment of a URI, RFC 3986, 3.3; a slash at its end stays. */
static bool put_encoded(struct page *p, const char *text)
{
    static const char hexdigits[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char code[] = {'%', hexdigits[c >> 4], hexdigits[c & 15]};

        if (!(char_is_alnum(*text) || char_is_one_of(*text, "-._~/")
                  ? put(p, text, 1)
                  : put(p, code, sizeof(code))))
            return false;
    }
    return true;
}

static bool put_link(struct page *p, const char *name)
{
    return put_text(p, "<li><a href=\"./") && put_encoded(p, name) &&
           put_text(p, "\">") && put_escaped(p, name) &&
           put_text(p, "</a></li>\n");
}

static bool write_page(struct page *p, const char *path,
                       const struct names *names)
{
    if (!put_text(p, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
                     "<title>") ||
        !put_escaped(p, path) || !put_text(p, "</title></head><body><h1>") ||
        !put_escaped(p, path) || !put_text(p, "</h1><ul>\n") ||
        (strcmp(path, "/") != 0 &&
         !put_text(p, "<li><a href=\"../\">../</a></li>\n")))
        return false;
    for (size_t i = 0; i < names->n; i++)
        if (!put_link(p, names->at[i]))
            return false;
    return put_text(p, names->n < HTTP_LIST_MAX ? "</ul>"
                                                : "</ul><p>and more</p>") &&
           put_text(p, "</body></html>\n");
}

int http_list(const char *folder, const char *path, struct http_file *f)
{
    DIR *d = opendir(folder);
    struct names names = {0};
    struct page page = {0};
    bool fits;

    if (!d)
        return errno == ENOMEM || errno == EMFILE ? 503 : 404;
    fits = read_names(d, &names) && write_page(&page, path, &names);
    closedir(d);
    while (names.n)
        free(names.at[--names.n]);
    free(names.at);
    if (!fits) {
        free(page.text);
        return 503;
    }
    f->page = page.text;
    f->content = (struct http_content){
        .data = page.text, .size = page.n, .type = "text/html; charset=utf-8"};
    return 200;
}
