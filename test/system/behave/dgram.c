/* dgram.c: what UDP sockets do: behave.h. */

#include "test/system/behave/behave.h"

static void calls(void)
{
    const struct name zero = loopback(0);
    const int fd = new_socket(SOCK_DGRAM);
    char byte = 0;

    tell("udp send to nobody", send(fd, "x", 1, 0));
    tell("udp write to nobody", write(fd, "x", 1));
    tell("udp sendto port 0", sendto(fd, "x", 1, 0, &zero.any, zero.len));
    tell("udp sendto too short", sendto(fd, "x", 1, 0, &zero.any, 4));
    tell("udp listen", listen(fd, 1));
    tell("udp accept", accept(fd, NULL, NULL));
    tell("udp shutdown alone", shutdown(fd, SHUT_WR));
    tell_ready("udp new", fd, POLLOUT);
    tell("udp recv nothing now", recv(fd, &byte, 1, MSG_DONTWAIT));
    close(fd);
}

static void carrying(void)
{
    const int fd = bound_socket(SOCK_DGRAM), from = bound_socket(SOCK_DGRAM);
    const struct name to = loopback(port_of(fd));
    static char large[65536];
    struct name in = blank();
    char text[32] = "";
    int n = -1;

#define SEND(data, size) sendto(from, data, size, 0, &to.any, to.len)
    tell("udp send", SEND("first", 5));
    SEND("", 0);
    SEND("third", 5);
    tell_ready("udp with data", fd, POLLIN);
    tell("udp FIONREAD", ioctl(fd, FIONREAD, &n));
    tell("udp FIONREAD bytes", n);
    tell_bytes("udp peek", text, recv(fd, text, 2, MSG_PEEK));
    tell("udp peek for the size", recv(fd, text, 0, MSG_PEEK | MSG_TRUNC));
    tell_bytes("udp recvfrom", text,
               recvfrom(fd, text, 30, 0, &in.any, &in.len));
    tell("udp recvfrom length", (long)in.len);
    tell("udp recvfrom address", is_loopback(&in));
    tell("udp recvfrom port", name_port(&in) == port_of(from));
    ioctl(fd, FIONREAD, &n);
    tell("udp FIONREAD of an empty one", n);
    tell("udp recv an empty one", recv(fd, text, 30, 0));
    tell_bytes("udp recv a part", text, recv(fd, text, 2, 0));
    tell("udp the rest is gone", recv(fd, text, 2, MSG_DONTWAIT));
    SEND("longer", 6);
    tell("udp recv the size", recv(fd, text, 2, MSG_TRUNC));
    tell("udp send the largest", SEND(large, kind->largest));
    tell("udp recv the largest", recv(fd, large, sizeof(large), 0));
    tell("udp send too much", SEND(large, kind->too_much));
#undef SEND
    close(fd);
    close(from);
}

static void pieces(void)
{
    char a[4] = "", b[8] = "";
    struct iovec out[] = {{"one", 3}, {"two", 3}};
    struct iovec in[] = {{a, 2}, {b, 2}};
    struct name to, from = blank();
    struct msghdr msg = {.msg_iov = out, .msg_iovlen = 2};
    int fds[2];

    udp_pair(fds);
    to = loopback(port_of(fds[1]));
    tell("udp sendmsg", sendmsg(fds[0], &msg, 0));
    msg = (struct msghdr){.msg_iov = in,
                          .msg_iovlen = 2,
                          .msg_name = &from.any,
                          .msg_namelen = from.len};
    tell("udp recvmsg", recvmsg(fds[1], &msg, 0));
    tell("udp recvmsg is cut", msg.msg_flags == MSG_TRUNC);
    tell("udp recvmsg from", name_port(&from) == port_of(fds[0]));
    tell("udp recvmsg name", (long)msg.msg_namelen);
    tell_bytes("udp recvmsg second", b, 2);
    msg = (struct msghdr){.msg_iov = out,
                          .msg_iovlen = 2,
                          .msg_name = &to.any,
                          .msg_namelen = to.len};
    tell("udp sendmsg to", sendmsg(fds[0], &msg, 0));
    tell("udp writev is one", writev(fds[0], out, 2));
    tell("udp readv", readv(fds[1], in, 2));
    tell("udp readv the other", readv(fds[1], in, 2));
    tell("udp readv no more", recv(fds[1], a, 1, MSG_DONTWAIT));
    close(fds[0]);
    close(fds[1]);
}

static void connected(void)
{
    const int fd = new_socket(SOCK_DGRAM), peer = bound_socket(SOCK_DGRAM),
              other = bound_socket(SOCK_DGRAM);
    const struct name to = loopback(port_of(other));
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    struct name in = blank(), back;
    char text[8] = "";

    tell("udp connect", connect_to(fd, port_of(peer)));
    getsockname(fd, &in.any, &in.len);
    tell("udp connect gives an address", is_loopback(&in));
    tell("udp connect gives a port", name_port(&in) != 0);
    getpeername(fd, &in.any, &in.len);
    tell("udp getpeername", name_port(&in) == port_of(peer));
    tell("udp send when connected", send(fd, "p", 1, 0));
    tell("udp sendto another", sendto(fd, "o", 1, 0, &to.any, to.len));
    tell_bytes("udp the peer has it", text, recv(peer, text, 8, 0));
    tell_bytes("udp the other has it", text, recv(other, text, 8, 0));
    back = loopback(port_of(fd));
    sendto(other, "stranger", 8, 0, &back.any, back.len);
    tell_ready("udp a stranger is not heard", fd, 0);
    tell("udp connect elsewhere", connect_to(fd, port_of(other)));
    tell("udp disconnect", connect(fd, &nowhere, sizeof(nowhere)));
    tell("udp disconnect again", connect(fd, &nowhere, sizeof(nowhere)));
    tell("udp getpeername after", getpeername(fd, &in.any, &in.len));
    tell("udp send after", send(fd, "x", 1, 0));
    close(fd);
    close(peer);
    close(other);
}

static void refused(void)
{
    const int gone = bound_socket(SOCK_DGRAM), fd = new_socket(SOCK_DGRAM);
    int error = -1;
    socklen_t len = sizeof(error);
    char byte;

    connect_to(fd, port_of(gone));
    close(gone);
    tell("udp send to a closed port", send(fd, "x", 1, 0));
    tell_ready("udp refused", fd, POLLIN);
    tell("udp recv of the refusal", recv(fd, &byte, 1, 0));
    tell("udp recv after it", recv(fd, &byte, 1, MSG_DONTWAIT));
    tell("udp send once more", send(fd, "x", 1, 0));
    await(fd, POLLIN);
    tell("udp send of the refusal", send(fd, "x", 1, 0));
    send(fd, "x", 1, 0);
    await(fd, POLLIN);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    errno = error;
    tell("udp SO_ERROR of the refusal", -1);
    close(fd);
}

static void shut(void)
{
    char byte;
    int fds[2];

    udp_pair(fds);
    tell("udp shutdown of reading", shutdown(fds[0], SHUT_RD));
    tell_ready("udp shut to reading", fds[0], POLLIN);
    tell("udp recv when shut", recv(fds[0], &byte, 1, MSG_DONTWAIT));
    tell("udp send when shut to reading", send(fds[0], "x", 1, 0));
    tell("udp shutdown of writing", shutdown(fds[0], SHUT_WR));
    tell_ready("udp all shut", fds[0], POLLIN);
    tell("udp send when shut", send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);
    close(fds[1]);
}

/* Reads and writes of no bytes. */
static void nothing(void)
{
    char text[8] = "";
    struct iovec empty[] = {{text, 0}, {text, 0}};
    int fds[2];

    udp_pair(fds);
    tell("udp writev nothing", writev(fds[1], empty, 2));
    tell("udp writev an empty piece", writev(fds[1], empty, 1));
    tell("udp writev no pieces", writev(fds[1], empty, 0));
    tell_ready("udp none of them was sent", fds[0], POLLIN);
    tell("udp write nothing", write(fds[1], text, 0));
    tell_ready("udp that was sent", fds[0], POLLIN);
    tell("udp recv it", recv(fds[0], text, 8, 0));
    write(fds[1], "stays", 5);
    await(fds[0], POLLIN);
    tell("udp read nothing", read(fds[0], text, 0));
    tell("udp readv nothing", readv(fds[0], empty, 2));
    tell_bytes("udp it stays", text, recv(fds[0], text, 8, MSG_DONTWAIT));
    close(fds[0]);
    close(fds[1]);
}

static void timeouts(void)
{
    const struct timeval time = {.tv_usec = 20000};
    struct timeval got = {0};
    const int fd = bound_socket(SOCK_DGRAM);
    socklen_t len = sizeof(got);
    char byte;

    tell("SO_RCVTIMEO",
         setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
    tell("recv in time", recv(fd, &byte, 1, 0));
    getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &got, &len);
    tell("SO_RCVTIMEO is", (long)got.tv_usec);
    close(fd);
}

void behave_dgram(void)
{
    calls();
    carrying();
    pieces();
    connected();
    refused();
    shut();
    nothing();
    timeouts();
}
