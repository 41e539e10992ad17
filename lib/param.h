/*
 * param.h: what extra= of the config says.
 *
 * Words before "--" are mote's parameters, NAME or NAME=VALUE; those behind
 * it are main's arguments.  Words end at blanks; "double quotes" keep blanks
 * in a word and are taken away.  Toolstacks add words of their own, so a
 * parameter nobody declares is named on the console and ignored.
 *
 * A parameter is declared where it is used, and known to the images that use
 * it:
 *
 *     static const char *ip;
 *     static const struct param ip_param PARAM = {"ip", &ip};
 */
#pragma once

struct param {
    const char *name;
    const char **value; /* set by param_init(): "" without a =, the last one
                           if given twice, and else left alone */
};

/* Puts it where the linker collects them (arch/x86_64/link.lds). */
#define PARAM __attribute__((section(".params"), used, aligned(8)))

#define PARAM_LINE_MAX 1024 /* as Xen: MAX_GUEST_CMDLINE */
#define PARAM_ARGS_MAX 64   /* of main's arguments, without its name */

/* Set the parameters, return argc.  Values and arguments stay until the next
 * call; argv[argc] is NULL. */
int param_init(const char *line, char ***argv);
