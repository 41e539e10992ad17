/*
 * xenstored.h: a xenstored that speaks the ring's own wire protocol.
 *
 * Like the real one it does nothing until it is kicked.  It can be told to
 * move the ring in small pieces, to answer in the wrong order, to refuse, and
 * to lie.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_XS_PORT 3
#define FAKE_HOME    "/local/domain/7/"

#define VALUE_SIZE 256 /* holds what the tests read */

enum fake_lie {
    TRUTH,
    LIE_ID,           /* a reply to what was never asked */
    LIE_POSTED,       /* one to a post that was not made */
    LIE_TYPE,         /* a reply of another type */
    LIE_LENGTH,       /* 4097 bytes */
    LIE_RSP_PROD,     /* more in the ring than fits */
    LIE_REQ_CONS,     /* read more than was written */
    LIE_EVENT_EMPTY,  /* watch events: nothing in it */
    LIE_EVENT_NO_NUL, /* no NUL in it */
    LIE_EVENT_TOKEN,  /* no token in it */
    LIE_EVENT_CUT,    /* a token without its NUL */
    LIE_TX_ZERO,      /* transaction ids that are none */
    LIE_TX_TEXT,
    LIE_TX_LONG,
    LIES,
    LARGEST_TX, /* no lie: the largest id there is */
};

extern struct fake_xs {
    unsigned piece;     /* bytes moved at a time each way; 0: all there is */
    bool reverse;       /* the last answer first */
    bool deaf;          /* reads nothing */
    bool mute;          /* answers nothing */
    bool strange;       /* events of unknown watches between the answers */
    enum fake_lie lie;  /* told at the next answer */
    unsigned conflicts; /* commits still to be answered with EAGAIN */
    const char *error_path, *error; /* what fails, and how */
    bool (*scarce)(void);           /* so do writes and watches, if true */
    void (*on_begin)(void);         /* of a transaction */
    void (*on_request)(void);       /* after each was served */
    void (*on_write)(const char *path, const char *value); /* NULL: gone */

    unsigned kicks, requests, rounds, commits;
    unsigned watches, transactions; /* open now */
} fake_xs;

/* The ring's page, its indices all start there. */
void *fake_xs_ring(uint32_t start);

/* What somebody else does to the store: NULL removes. */
void fake_xs_set(const char *path, const char *value);
void fake_xs_set_bytes(const char *path, const void *value, size_t len);
const char *fake_xs_get(const char *path); /* NULL: not there */

/* For events.c: the guest sent an event; do something, if there is a reason. */
void fake_xs_kick(void);
bool fake_xs_step(void);
