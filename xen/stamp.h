/*
 * stamp.h: when this guest reached what for the first time, and what it had
 * asked of Xen and of xenstored by then.
 *
 * With the parameter `boot` it is told soon after the first reply, or when
 * main() ends: a line on the console, and data/boot in xenstore.
 */
#pragma once

enum stamp {
    STAMP_ENTRY,   /* the first instructions */
    STAMP_CONSOLE, /* the first word can be said */
    STAMP_TRAPS,
    STAMP_MEMORY, /* is W^X, and pages can be had */
    STAMP_RANDOM,
    STAMP_MAIN,
    STAMP_VIF, /* connected */
    STAMP_ADDRESS,
    STAMP_IN,    /* the first frames have come */
    STAMP_REPLY, /* the first frames after them have gone */
    STAMPS
};

/* Only the first time counts; a reply only after STAMP_IN. */
void stamp(enum stamp which);

/* Once parameters are known. */
void stamp_init(void);

/* Tell now, if it is wanted and has not been told. */
void stamp_tell(void);
