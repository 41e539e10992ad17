/* site.h: a folder of files, for tests of what serves it. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/mote-site-XXXXXX";

static inline void make_folder(void)
{
    cr_assert(mkdtemp(folder));
}

static inline void put_file(const char *name, const char *text)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0);
    fclose(f);
}

static inline void remove_folder(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}
