/* tree.c: the index of a tar archive: see tree.h. */

#include "lib/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"

/* A path in its one true form: "a/b/c", the root is "". */
struct path {
    char text[TREE_PATH_SIZE];
    size_t n;
    unsigned depth;
    bool climbed;   /* it tried to leave the root */
    bool directory; /* it ended in a slash: nothing but a directory will do */
    int err;
};

/* The index: sorted by directory, then by name, so that what is in one
 * directory lies side by side. */
static struct {
    struct tree_node *nodes;
    size_t count, room;
    char *names;
    size_t names_n, names_room;
} tree;

static const struct tree_node root = {.type = TAR_DIRECTORY};

/* Go down, or up, by one name. */
static void step(struct path *p, const char *name, size_t n)
{
    if (n == 0 || (n == 1 && name[0] == '.'))
        return;
    if (n == 2 && name[0] == '.' && name[1] == '.') {
        p->climbed |= p->depth == 0;
        if (p->depth == 0)
            return;
        p->depth--;
        while (p->n && p->text[--p->n] != '/')
            ;
        return;
    }
    if (n > TREE_NAME_MAX || p->n + n + 2 > sizeof(p->text) ||
        p->depth == TREE_DEPTH_MAX || memchr(name, '\0', n)) {
        p->err = -ENAMETOOLONG;
        return;
    }
    if (p->depth++)
        p->text[p->n++] = '/';
    memcpy(p->text + p->n, name, n);
    p->n += n;
}

static void begin(struct path *p)
{
    p->n = 0;
    p->depth = 0;
    p->climbed = p->directory = false;
    p->err = 0;
}

/* Follow text from where p is. */
static void follow(struct path *p, const char *text, size_t n)
{
    while (n && !p->err) {
        const char *slash = memchr(text, '/', n);
        size_t name = slash ? (size_t)(slash - text) : n;

        step(p, text, name);
        p->directory = slash;
        name += slash != NULL;
        text += name;
        n -= name;
    }
    p->text[p->n] = '\0';
}

static struct tar_text directory_of(const struct tree_node *n)
{
    return (struct tar_text){tree.names + n->path, n->base ? n->base - 1u : 0};
}

struct tar_text tree_name(const struct tree_node *n)
{
    if (n == &root)
        return (struct tar_text){"", 0};
    return (struct tar_text){tree.names + n->path + n->base,
                             (size_t)n->n - n->base};
}

static int compare_text(struct tar_text a, struct tar_text b)
{
    int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare(const struct tree_node *n, struct tar_text directory,
                   struct tar_text name)
{
    int order = compare_text(directory_of(n), directory);

    return order ? order : compare_text(tree_name(n), name);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct tree_node *x = a, *y = b;
    int order = compare(x, directory_of(y), tree_name(y));

    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* The first node that is not before the name in the directory. */
static size_t lower_bound(struct tar_text directory, struct tar_text name)
{
    size_t low = 0, high = tree.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(&tree.nodes[middle], directory, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The node with this path in its true form, or NULL. */
static struct tree_node *find(struct tar_text path)
{
    size_t base = path.n;
    size_t i;

    while (base && path.at[base - 1] != '/')
        base--;
    struct tar_text directory = {path.at, base ? base - 1 : 0};
    struct tar_text name = {path.at + base, path.n - base};

    i = lower_bound(directory, name);
    if (i == tree.count || compare(&tree.nodes[i], directory, name))
        return NULL;
    return &tree.nodes[i];
}

static bool add_node(const struct tree_node *n)
{
    void *nodes = tree.nodes;
    bool ok = grow(&nodes, &tree.room, tree.count + 1, sizeof(*n));

    tree.nodes = nodes;
    if (ok)
        tree.nodes[tree.count++] = *n;
    return ok;
}

static bool add_text(const char *text, size_t n, size_t *offset)
{
    void *names = tree.names;
    bool ok = grow(&names, &tree.names_room, tree.names_n + n, 1);

    tree.names = names;
    if (ok) {
        memcpy(tree.names + tree.names_n, text, n);
        *offset = tree.names_n;
        tree.names_n += n;
    }
    return ok;
}

/* Directories on the way to n, in case the archive does not have them; those
 * it shares with the node before are there. */
static bool add_parents(const struct tree_node *n,
                        const struct tree_node *before)
{
    const char *path = tree.names + n->path;
    const char *other = tree.names + before->path;
    struct tree_node parent = {.path = n->path, .type = TAR_DIRECTORY};

    for (uint16_t i = 0; i < n->base; i++) {
        if (path[i] != '/')
            continue;
        parent.n = i;
        if (before->n <= i || other[i] != '/' || memcmp(path, other, i) != 0)
            if (!add_node(&parent))
                return false;
        parent.base = (uint16_t)(i + 1);
    }
    return true;
}

/* A name of the archive in its true form; what is wrong with it, or NULL. */
static const char *read_name(struct path *p, struct tar_text prefix,
                             struct tar_text name)
{
    begin(p);
    follow(p, prefix.at, prefix.n);
    follow(p, name.at, name.n);
    if (p->err)
        return "a name too long, too deep or with a NUL";
    if (p->climbed)
        return "a name that leaves the archive";
    return NULL;
}

/* Put an entry into the index: 0, -ENOMEM, or -EINVAL with the reason. */
static int add(const struct tar_entry *e, size_t offset, const char **why)
{
    struct path p;
    struct tree_node n = {.order = offset + 1,
                          .type = e->type,
                          .size = e->size,
                          .modified = e->modified};
    struct tree_node before = {0};

    *why = read_name(&p, e->prefix, e->name);
    if (!*why && p.n == 0 && e->type != TAR_DIRECTORY)
        *why = "a file without a name";
    if (*why)
        return -EINVAL;
    if (p.n == 0)
        return 0;
    if (!add_text(p.text, p.n, &n.path))
        return -ENOMEM;
    n.n = n.base = (uint16_t)p.n;
    while (n.base && p.text[n.base - 1] != '/')
        n.base--;

    if (e->type == TAR_LINK) {
        *why = read_name(&p, (struct tar_text){0}, e->link);
        if (*why)
            return -EINVAL;
        if (!add_text(p.text, p.n, &n.target))
            return -ENOMEM;
        n.size = p.n;
    } else {
        n.data = e->data;
    }
    if (tree.count)
        before = tree.nodes[tree.count - 1];
    return add_parents(&n, &before) && add_node(&n) ? 0 : -ENOMEM;
}

/* Of nodes with the same path only the last stays. */
static void drop_repeated(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < tree.count; i++) {
        const struct tree_node *n = &tree.nodes[i];

        if (i + 1 < tree.count &&
            !compare(n + 1, directory_of(n), tree_name(n)))
            continue;
        tree.nodes[kept++] = *n;
    }
    tree.count = kept;
}

/* A link becomes what it links to, perhaps by other links. */
static bool resolve(struct tree_node *n)
{
    const struct tree_node *target = n;

    for (size_t i = 0; target && target->type == TAR_LINK; i++) {
        const struct tar_text path = {tree.names + target->target,
                                      target->size};

        target = i < tree.count ? find(path) : NULL; /* or a circle */
    }
    if (!target || target->type != TAR_FILE)
        return false;
    n->type = TAR_FILE;
    n->data = target->data;
    n->size = target->size;
    n->modified = target->modified;
    return true;
}

/* All entries are in: make the index of them.  The node that is wrong, or
 * NULL. */
static const struct tree_node *arrange(const char **why)
{
    if (tree.count == 0)
        return NULL;
    qsort(tree.nodes, tree.count, sizeof(*tree.nodes), compare_nodes);
    drop_repeated();
    for (size_t i = 0; i < tree.count; i++) {
        struct tree_node *n = &tree.nodes[i];
        const struct tree_node *parent =
            n->base ? find(directory_of(n)) : &root;

        *why = "a file in a place that is not a directory";
        if (parent->type != TAR_DIRECTORY)
            return n;
        *why = "a hard link to what is not a file here";
        if (n->type == TAR_LINK && !resolve(n))
            return n;
    }
    return NULL;
}

static void forget(void)
{
    free(tree.nodes);
    free(tree.names);
    memset(&tree, 0, sizeof(tree));
}

/* The whole of tree_build() but for undoing it. */
static int build(struct tar *tar)
{
    const struct tree_node *bad;
    struct tar_entry e;
    int err;

    do
        err = tar_next(tar, &e);
    while (err > 0 && (err = add(&e, tar->entry, &tar->why)) == 0);
    if (err)
        return err;
    bad = arrange(&tar->why);
    if (!bad)
        return 0;
    tar->entry = bad->order - 1;
    return -EINVAL;
}

int tree_build(const void *archive, size_t size, const char **why,
               size_t *where)
{
    struct tar tar;
    int err;

    forget();
    tar_open(&tar, archive, size);
    err = build(&tar);
    if (err)
        forget();
    *why = tar.why;
    *where = tar.entry;
    return err;
}

int tree_find(const char *path, const struct tree_node **n)
{
    struct path p;

    if (!*path)
        return -ENOENT;
    begin(&p);
    follow(&p, path, strlen(path));
    if (p.err)
        return p.err;
    *n = p.n ? find((struct tar_text){p.text, p.n}) : &root;
    if (!*n)
        return -ENOENT;
    return p.directory && (*n)->type != TAR_DIRECTORY ? -ENOTDIR : 0;
}

size_t tree_number(const struct tree_node *n)
{
    return n == &root ? 1 : (size_t)(n - tree.nodes) + 2;
}

const struct tree_node *tree_first(const struct tree_node *n)
{
    struct tar_text directory = {"", 0};
    size_t i;

    if (n != &root)
        directory = (struct tar_text){tree.names + n->path, n->n};
    i = lower_bound(directory, (struct tar_text){"", 0});
    if (i == tree.count ||
        compare_text(directory_of(&tree.nodes[i]), directory))
        return NULL;
    return &tree.nodes[i];
}

const struct tree_node *tree_after(const struct tree_node *n)
{
    const struct tree_node *next = n + 1;

    if (next == tree.nodes + tree.count ||
        compare_text(directory_of(next), directory_of(n)))
        return NULL;
    return next;
}
