/* text.c: addresses as text: behave.h. */

#include "test/system/behave/behave.h"

/* What inet_pton() takes it for, as inet_ntop() writes it. */
static void read_and_write(int family, const char *text)
{
    unsigned char addr[sizeof(struct in6_addr)];
    char name[96], out[INET6_ADDRSTRLEN];
    const int good = inet_pton(family, text, addr);

    snprintf(name, sizeof(name), "text %s '", family == AF_INET ? "v4" : "v6");
    /* a name holds no colon */
    for (char *to = name + strlen(name); (*to = *text); to++, text++)
        if (*to == ':')
            *to = '_';
    strcat(name, "'");
    if (good == 1)
        tell_text(name, inet_ntop(family, addr, out, sizeof(out)));
    else
        tell(name, good);
}

void behave_text(void)
{
    static const char *const v4_texts[] = {
        "1.2.3.4",    "0.0.0.0",  "255.255.255.255", "256.1.1.1", "1.2.3",
        "1.2.3.4.5",  "1.2.3.",   ".1.2.3",          "01.2.3.4",  "1.2.3.04",
        "1.2.3.4 ",   " 1.2.3.4", "0x1.2.3.4",       "1..2.3",    "",
        "1.2.3.0004", "1.2.3.-4", "1.2.3.4a",        "::1",       "00.0.0.0"};
    static const char *const v6_texts[] = {
        "::",
        "::1",
        "1::",
        ":",
        ":::",
        "::1::",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "1::2:3:4:5:6:7",
        "2001:DB8::0:1",
        "2001:0db8:0000:0000:0000:0000:0000:0001",
        "1:0:0:2:0:0:0:3",
        "1:0:0:0:2:0:0:3",
        "1:0:0:2:0:0:3:4",
        "1:0:2:3:4:5:6:7",
        "0:1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:0",
        "0:0:0:0:0:0:0:1",
        "12345::",
        "::12345",
        "::g",
        "1:",
        ":1",
        "1:2",
        "::1.2.3.4",
        "::ffff:1.2.3.4",
        "::ffff:102:304",
        "::0.0.0.1",
        "::1.2",
        "::0.1.0.0",
        "::1.2.3.256",
        "::ffff:1.2.3.4.5",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:1.2.3.4",
        "::1.2.3.4:1",
        "64:ff9b::1.2.3.4",
        "::fffe:1.2.3.4",
        "::ffff:0:1.2.3.4",
        "fe80::1%lo",
        "fe80::1%1",
        "[::1]",
        "::1 ",
        " ::1",
        "",
        "1.2.3.4",
        "::00001",
        "::ffff:01.2.3.4",
        "0:0:0:0:0:0:0:0"};
    char out[INET6_ADDRSTRLEN];
    struct in6_addr six = {{{0}}};

    for (size_t i = 0; i < COUNT(v4_texts); i++)
        read_and_write(AF_INET, v4_texts[i]);
    for (size_t i = 0; i < COUNT(v6_texts); i++)
        read_and_write(AF_INET6, v6_texts[i]);
    tell("text of a family", inet_pton(77, "::1", &six));
    tell("text written of a family",
         inet_ntop(77, &six, out, sizeof(out)) ? 0 : -1);
    tell("text written in too little",
         inet_ntop(AF_INET6, &six, out, 2) ? 0 : -1);
    tell("text written in as much", inet_ntop(AF_INET6, &six, out, 3) ? 0 : -1);
    tell("text v4 written in too little",
         inet_ntop(AF_INET, &six, out, 7) ? 0 : -1);
    tell("text v4 written in as much",
         inet_ntop(AF_INET, &six, out, 8) ? 0 : -1);
}
