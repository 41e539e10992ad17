/*
 * tree.h: the index of a tar archive: which entry a path means.
 *
 * There is one.  Paths are taken apart without asking the archive: a name
 * that is "." or empty is skipped, ".." goes up and stays at the root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/tar.h"

#define TREE_PATH_SIZE 1024 /* of a path, with a NUL */
#define TREE_NAME_MAX  255  /* of one name in it */
#define TREE_DEPTH_MAX 64   /* names in a path */

struct tree_node {
    size_t path;        /* the index's own, as are n and base */
    uint16_t n;         /* the path's length */
    uint16_t base;      /* where in it the last name begins */
    enum tar_type type; /* a file or a directory; links are resolved */
    size_t order;       /* 1 + the entry's offset; 0: made up */
    union {
        const char *data; /* in the archive */
        size_t target;    /* a link's path while the index is being built */
    };
    size_t size;
    int64_t modified;
};

/* Build the index, instead of the one there was.  -ENOMEM, or -EINVAL with
 * what is wrong with the archive and where; then it is empty. */
int tree_build(const void *archive, size_t size, const char **why,
               size_t *where);

/* -ENOENT, -ENOTDIR: a file with a slash behind it, -ENAMETOOLONG. */
int tree_find(const char *path, const struct tree_node **n);

/* Unique, and never 0. */
size_t tree_number(const struct tree_node *n);

/* The last name in its path; empty for the root. */
struct tar_text tree_name(const struct tree_node *n);

/* What is in directory n: the first node in byte order, and the one after
 * another; NULL: no more. */
const struct tree_node *tree_first(const struct tree_node *n);
const struct tree_node *tree_after(const struct tree_node *n);
