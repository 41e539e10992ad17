/*
 * inbox.h: bytes a stream has received and nobody has read.
 *
 * They stay in the pbufs they came in.  A window full of tiny segments would
 * take a hundred times its size that way, so when the reader is behind, small
 * ones are packed together.
 */
#pragma once

#include <stddef.h>

#include <lwip/pbuf.h>

struct inbox {
    struct pbuf *first, *last; /* each by itself: their tot_len is len */
    size_t bytes;
    size_t pieces; /* pbufs */
    size_t room;   /* bytes that can still be packed into the last one */
};

void inbox_put(struct inbox *in, struct pbuf *p); /* p is the inbox's now */
size_t inbox_peek(const struct inbox *in, void *data, size_t n);
size_t inbox_take(struct inbox *in, void *data, size_t n); /* and free them */
void inbox_drop(struct inbox *in);                         /* all of them */
