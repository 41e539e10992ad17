/* switchable.c: see switchable.h. */

#include "test/fake/switchable.h"

#include <fcntl.h>

#include "lib/util.h"

static unsigned ready(struct file *f, unsigned wanted)
{
    struct switchable *s = CONTAINER_OF(f, struct switchable, file);

    (void)wanted;
    s->asked++;
    return s->ready;
}

static void closed(struct file *f)
{
    CONTAINER_OF(f, struct switchable, file)->closed++;
}

static const struct file_ops ops = {.ready = ready, .close = closed};

int switchable_open(struct switchable *s)
{
    *s = (struct switchable){0};
    file_init(&s->file, &ops, O_RDWR);
    return fd_open(&s->file);
}

void switchable_set(struct switchable *s, unsigned now)
{
    s->ready = now;
    file_changed(&s->file);
}
