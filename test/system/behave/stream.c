/* stream.c: what TCP sockets do: behave.h. */

#include "test/system/behave/behave.h"

static void beginning(void)
{
    const struct name in = loopback(1);
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    const int fd = new_socket(SOCK_STREAM), l = new_listener();
    char byte = 0;

    tell_ready("new", fd, 0);
    tell("new send", send(fd, "x", 1, MSG_NOSIGNAL));
    tell("new recv", recv(fd, &byte, 1, 0));
    tell("new shutdown", shutdown(fd, SHUT_RDWR));
    tell("new shutdown of nonsense", shutdown(fd, 7));
    tell("new accept", accept(fd, NULL, NULL));
    tell("connect to family", connect(fd, &nowhere, sizeof(nowhere)));
    tell("connect too short", connect(fd, &in.any, 8));
    tell("connect to a closed port", connect_to(fd, 1));
    tell("connect after that", connect_to(fd, port_of(l)));
    tell("connect when connected", connect_to(fd, port_of(l)));
    tell("listen when connected", listen(fd, 1));
    tell("bind when connected", bind(fd, &in.any, in.len));
    tell("accept when connected", accept(fd, NULL, NULL));
    close(fd);
    close(l);
}

static void listening(void)
{
    const int l = new_listener(), fd = new_socket(SOCK_STREAM);
    struct name in = blank();
    char byte = 0;
    int got;

    tell("listener send", send(l, "x", 1, MSG_NOSIGNAL));
    tell("listener recv", recv(l, &byte, 1, 0));
    tell("listener connect", connect_to(l, port_of(l)));
    tell("listener listen", listen(l, 3));
    tell_ready("listener", l, 0);
    fcntl(l, F_SETFL, O_NONBLOCK);
    tell("listener accept", accept(l, NULL, NULL));
    tell("listener accept4 with nonsense", accept4(l, NULL, NULL, 3));
    connect_to(fd, port_of(l));
    tell_ready("listener with a caller", l, POLLIN);
    got = accept4(l, &in.any, &in.len, SOCK_NONBLOCK);
    tell("accept4", got < 0 ? got : 0);
    tell("accept4 length", (long)in.len);
    tell("accept4 port", name_port(&in) == port_of(fd));
    tell("accept4 address", is_loopback(&in));
    tell("accept4 nonblocking", recv(got, &byte, 1, 0));
    tell("accept4 port of its own", port_of(got) == port_of(l));
    close(got);
    close(fd);
    close(l);
}

static void connecting(void)
{
    const int l = new_listener(), fd = new_socket(SOCK_STREAM);
    int error = -1;
    socklen_t len = sizeof(error);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    tell("nonblocking connect", connect_to(fd, port_of(l)));
    tell_ready("nonblocking connected", fd, POLLOUT);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    tell("nonblocking connect SO_ERROR", error);
    close(fd);
    close(l);
}

static void refused(void)
{
    const int fd = new_socket(SOCK_STREAM);
    int error = -1;
    socklen_t len = sizeof(error);
    char byte = 0;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    tell("nonblocking refused", connect_to(fd, 1));
    tell_ready("nonblocking was refused", fd, POLLOUT);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    errno = error;
    tell("nonblocking refused SO_ERROR", -1);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    tell("SO_ERROR is told once", error);
    tell("refused recv", recv(fd, &byte, 1, 0));
    tell("refused send", send(fd, &byte, 1, MSG_NOSIGNAL));
    close(fd);
}

static void carrying(void)
{
    char text[32] = "";
    int fds[2], n = -1;

    tcp_pair(fds);
    tell_ready("pair", fds[0], 0);
    tell("FIONREAD of nothing", ioctl(fds[1], FIONREAD, &n));
    tell("FIONREAD nothing", n);
    tell("recv nothing now", recv(fds[1], text, 5, MSG_DONTWAIT));
    tell("send", send(fds[0], "hello", 5, 0));
    tell_ready("with data", fds[1], POLLIN);
    ioctl(fds[1], FIONREAD, &n);
    tell("FIONREAD", n);
    tell_bytes("peek", text, recv(fds[1], text, 3, MSG_PEEK));
    tell_bytes("peek again", text, recv(fds[1], text, 30, MSG_PEEK));
    tell_bytes("recv a part", text, recv(fds[1], text, 2, 0));
    tell_bytes("recv the rest", text, recv(fds[1], text, 30, 0));
    tell("send nothing", send(fds[0], text, 0, 0));
    tell("recv into nothing", recv(fds[1], text, 0, MSG_DONTWAIT));
    tell_ready("after an empty send", fds[1], 0);
    send(fds[0], "ab", 2, 0);
    await(fds[1], POLLIN);
    send(fds[0], "cd", 2, 0);
    tell_bytes("recv all", text, recv(fds[1], text, 4, MSG_WAITALL));
    send(fds[0], "ab", 2, 0);
    shutdown(fds[0], SHUT_WR);
    tell_bytes("recv all there is", text, recv(fds[1], text, 4, MSG_WAITALL));
    tell("seek", lseek(fds[0], 0, SEEK_SET));
    tell("unknown ioctl", ioctl(fds[0], 0x4242, &n));
    close(fds[0]);
    close(fds[1]);
}

static void pieces(void)
{
    char a[4] = "", b[8] = "";
    struct iovec out[] = {{"one", 3}, {NULL, 0}, {"two", 3}};
    struct iovec in[] = {{a, 2}, {b, 8}};
    struct msghdr msg = {.msg_iov = out, .msg_iovlen = 3};
    volatile int less = -1, more = 5000; /* the compiler would object */
    int fds[2];

    tcp_pair(fds);
    tell("writev", writev(fds[0], out, 3));
    await(fds[1], POLLIN);
    tell("readv", readv(fds[1], in, 2));
    tell_bytes("readv first", a, 2);
    tell_bytes("readv second", b, 4);
    tell("writev of none", writev(fds[0], out, 0));
    tell("writev of less", writev(fds[0], out, less));
    tell("writev of too many", writev(fds[0], out, more));
    tell("sendmsg", sendmsg(fds[0], &msg, MSG_NOSIGNAL));
    await(fds[1], POLLIN);
    msg = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
    tell("recvmsg", recvmsg(fds[1], &msg, 0));
    tell_bytes("recvmsg second", b, 4);
    tell("recvmsg flags", msg.msg_flags);
    tell("recvmsg control", (long)msg.msg_controllen);
    tell("recvmsg nothing now", recvmsg(fds[1], &msg, MSG_DONTWAIT));
    close(fds[0]);
    tell("recvmsg the end", recvmsg(fds[1], &msg, 0));
    close(fds[1]);
}

static void half_closed(void)
{
    char byte = 0;
    int fds[2];

    tcp_pair(fds);
    tell("shutdown of writing", shutdown(fds[0], SHUT_WR));
    tell("shutdown again", shutdown(fds[0], SHUT_WR));
    tell("send after it", send(fds[0], "x", 1, MSG_NOSIGNAL));
    tell_ready("who shut down", fds[0], POLLOUT);
    tell_ready("who is shut off", fds[1], POLLIN);
    tell("recv the end", recv(fds[1], &byte, 1, 0));
    tell("recv it again", recv(fds[1], &byte, 1, 0));
    tell("send the other way", send(fds[1], "y", 1, 0));
    await(fds[0], POLLIN);
    tell_bytes("recv the other way", &byte, recv(fds[0], &byte, 1, 0));
    tell("shutdown the other way", shutdown(fds[1], SHUT_WR));
    tell("recv that end", recv(fds[0], &byte, 1, 0));
    tell_ready("both shut", fds[0], POLLHUP);
    tell_ready("both shut, the other", fds[1], POLLHUP);
    close(fds[0]);
    close(fds[1]);
}

static void shut_to_reading(void)
{
    char byte = 0;
    int fds[2];

    tcp_pair(fds);
    tell("shutdown of reading", shutdown(fds[0], SHUT_RD));
    tell_ready("shut to reading", fds[0], POLLIN);
    tell("recv when shut", recv(fds[0], &byte, 1, 0));
    tell("send when shut to reading", send(fds[0], "x", 1, 0));
    await(fds[1], POLLIN);
    tell("it arrives", recv(fds[1], &byte, 1, 0));
    tell("send to it", send(fds[1], "x", 1, 0));
    close(fds[0]);
    close(fds[1]);
}

static void reset(const char *name, int linger, int unread)
{
    const struct linger how = {.l_onoff = linger, .l_linger = 0};
    char byte = 0, text[64];
    int fds[2], error = -1;
    socklen_t len = sizeof(error);

#define TELL(what, result)                                                     \
    (snprintf(text, sizeof(text), "%s, %s", name, what), tell(text, result))
    tcp_pair(fds);
    if (linger)
        setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &how, sizeof(how));
    if (unread) {
        send(fds[1], "unread", 6, 0);
        await(fds[0], POLLIN);
    }
    TELL("close", close(fds[0]));
    snprintf(text, sizeof(text), "%s, peer", name);
    tell_ready(text, fds[1], POLLIN);
    TELL("recv", recv(fds[1], &byte, 1, 0));
    TELL("recv again", recv(fds[1], &byte, 1, 0));
    TELL("send", send(fds[1], "x", 1, MSG_NOSIGNAL));
    await(fds[1], POLLERR);
    TELL("send again", send(fds[1], "x", 1, MSG_NOSIGNAL));
    getsockopt(fds[1], SOL_SOCKET, SO_ERROR, &error, &len);
    TELL("SO_ERROR", error);
    close(fds[1]);
#undef TELL
}

static void lingering(void)
{
    const struct linger how = {.l_onoff = 1, .l_linger = 2};
    char text[8] = "";
    int fds[2];

    tcp_pair(fds);
    tell("SO_LINGER",
         setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &how, sizeof(how)));
    send(fds[0], "last", 4, 0);
    tell("lingering close", close(fds[0]));
    tell_bytes("what was sent before", text, recv(fds[1], text, 8, 0));
    tell("and the end", recv(fds[1], text, 8, 0));
    close(fds[1]);
}

static void filling(void)
{
    static char block[65536];
    struct pollfd room = {.events = POLLOUT};
    size_t sent = 0, got = 0;
    ssize_t n;
    int fds[2];

    tcp_pair(fds);
    room.fd = fds[0];
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    for (size_t size = sizeof(block); size; size /= 256)
        while ((n = send(fds[0], block, size, 0)) > 0 ||
               poll(&room, 1, 12 * SOON) > 0)
            sent += n > 0 ? (size_t)n : 0;
    while (send(fds[0], block, 1, 0) > 0) /* what a probe has made room for */
        sent++;
    tell("send when full", send(fds[0], block, 1, 0));
    tell_ready("full", fds[0], 0);
    while (got < sent && (n = recv(fds[1], block, sizeof(block), 0)) > 0)
        got += (size_t)n;
    tell("all of it arrives", got == sent);
    tell_ready("emptied", fds[0], POLLOUT);
    close(fds[0]);
    close(fds[1]);
}

void behave_stream(void)
{
    beginning();
    listening();
    connecting();
    refused();
    carrying();
    pieces();
    half_closed();
    shut_to_reading();
    reset("plain close", 0, 0);
    reset("close with bytes unread", 0, 1);
    reset("close with SO_LINGER 0", 1, 0);
    lingering();
    filling();
}
