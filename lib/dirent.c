/* dirent.c: directories of the ramdisk, the POSIX way. */

#include <dirent.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ramdisk.h"

_Static_assert(sizeof(((struct dirent *)0)->d_name) > TREE_NAME_MAX,
               "every name of the ramdisk fits");

struct dir {
    const struct tree_node *first, *next;
    struct dirent entry;
};

DIR *opendir(const char *path)
{
    DIR *d = malloc(sizeof(*d));
    int err = d ? ramdisk_opendir(path, &d->first) : -ENOMEM;

    if (err) {
        free(d);
        errno = -err;
        return NULL;
    }
    d->next = d->first;
    return d;
}

struct dirent *readdir(DIR *d)
{
    const struct tree_node *n = d->next;
    struct tar_text name;

    if (!n)
        return NULL;
    d->next = tree_after(n);
    name = tree_name(n);
    d->entry.d_ino = (ino_t)tree_number(n);
    d->entry.d_type = n->type == TAR_DIRECTORY ? DT_DIR : DT_REG;
    memcpy(d->entry.d_name, name.at, name.n);
    d->entry.d_name[name.n] = '\0';
    return &d->entry;
}

void rewinddir(DIR *d)
{
    d->next = d->first;
}

int closedir(DIR *d)
{
    free(d);
    return 0;
}
