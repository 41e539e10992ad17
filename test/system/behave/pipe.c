/* pipe.c: what pipes and pairs of sockets do: behave.h. */

#include "test/system/behave/behave.h"

#include <signal.h>

static void pipes(void)
{
    char a[2], b[8], text[16] = "";
    struct iovec in[] = {{a, 2}, {b, 8}};
    int fds[2], n = -1;
    struct stat st;

    tell("pipe2 with nonsense", pipe2(fds, 1));
    tell("pipe2", pipe2(fds, O_NONBLOCK));
    tell_ready("pipe in", fds[0], 0);
    tell_ready("pipe out", fds[1], POLLOUT);
    tell("pipe read nothing", read(fds[0], text, 4));
    tell("pipe write", write(fds[1], "bytes", 5));
    tell_ready("pipe in with data", fds[0], POLLIN);
    tell("pipe FIONREAD", ioctl(fds[0], FIONREAD, &n));
    tell("pipe FIONREAD bytes", n);
    tell_bytes("pipe read a part", text, read(fds[0], text, 2));
    tell("pipe readv", readv(fds[0], in, 2));
    tell("pipe read the wrong end", read(fds[1], text, 1));
    tell("pipe write the wrong end", write(fds[0], text, 1));
    tell("pipe write nothing", write(fds[1], text, 0));
    tell("pipe readv no pieces", readv(fds[0], in, 0));
    tell("pipe writev no pieces", writev(fds[1], in, 0));
    tell("pipe readv none of the wrong end", readv(fds[1], in, 0));
    tell("pipe writev none of the wrong end", writev(fds[0], in, 0));
    tell("pipe seek", lseek(fds[0], 0, SEEK_SET));
    tell("pipe is one", fstat(fds[0], &st) == 0 && S_ISFIFO(st.st_mode));
    tell("pipe flags", (fcntl(fds[1], F_GETFL) & O_ACCMODE) == O_WRONLY);
    write(fds[1], "last", 4);
    close(fds[1]);
    tell_ready("pipe without writer", fds[0], POLLHUP);
    tell_bytes("pipe read the last", text, read(fds[0], text, 16));
    tell("pipe read the end", read(fds[0], text, 16));
    tell_ready("pipe at its end", fds[0], POLLHUP);
    close(fds[0]);
}

static void full_pipe(void)
{
    static char block[4096];
    size_t sent = 0, got = 0;
    ssize_t n;
    int fds[2];

    pipe2(fds, O_NONBLOCK);
    while ((n = write(fds[1], block, sizeof(block))) > 0)
        sent += (size_t)n;
    tell("pipe write when full", write(fds[1], block, 1));
    tell_ready("pipe full", fds[1], 0);
    while ((n = read(fds[0], block, 1000)) > 0)
        got += (size_t)n;
    tell("pipe all of it", got == sent);
    tell_ready("pipe emptied", fds[1], POLLOUT);
    close(fds[0]);
    tell("pipe write without reader", write(fds[1], "x", 1));
    tell("pipe write nothing without reader", write(fds[1], "x", 0));
    tell_ready("pipe without reader", fds[1], POLLERR);
    close(fds[1]);
}

static void pairs(void)
{
    struct stat st;
    char text[16] = "";
    int fds[2], n = -1;

    tell("socketpair of AF_INET", socketpair(AF_INET, SOCK_STREAM, 0, fds));
    tell("socketpair of a protocol", socketpair(AF_UNIX, SOCK_STREAM, 77, fds));
    tell("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    tell_ready("socketpair new", fds[0], POLLOUT);
    tell("socketpair recv nothing", recv(fds[0], text, 1, MSG_DONTWAIT));
    tell("socketpair send", send(fds[0], "there", 5, MSG_NOSIGNAL));
    tell("socketpair write", write(fds[1], "back", 4));
    ioctl(fds[1], FIONREAD, &n);
    tell("socketpair FIONREAD", n);
    tell_bytes("socketpair peek", text, recv(fds[1], text, 2, MSG_PEEK));
    tell_bytes("socketpair recv all", text, recv(fds[1], text, 5, MSG_WAITALL));
    tell_bytes("socketpair read", text, read(fds[0], text, 16));
    tell("socketpair is one", fstat(fds[0], &st) == 0 && S_ISSOCK(st.st_mode));
    tell("socketpair seek", lseek(fds[0], 0, SEEK_SET));
    tell("socketpair shutdown", shutdown(fds[0], SHUT_WR));
    tell("socketpair send after", send(fds[0], "x", 1, MSG_NOSIGNAL));
    tell("socketpair recv the end", recv(fds[1], text, 1, 0));
    tell_ready("socketpair half shut", fds[1], POLLRDHUP);
    tell("socketpair the other way", send(fds[1], "x", 1, MSG_NOSIGNAL));
    tell("socketpair accept", accept(fds[0], NULL, NULL));
    tell("socketpair listen", listen(fds[0], 1));
    tell("socketpair shutdown of nonsense", shutdown(fds[0], 7));
    close(fds[1]);
    tell_ready("socketpair alone", fds[0], POLLHUP);
    tell_bytes("socketpair what is left", text, recv(fds[0], text, 16, 0));
    tell("socketpair then the end", recv(fds[0], text, 16, 0));
    close(fds[0]);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    tell("socketpair nonblocking", read(fds[0], text, 1));
    close(fds[1]);
    tell("socketpair send to nobody", send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);
}

static void descriptors(void)
{
    int fds[2], copy, on = 1;
    char text[8] = "";

    pipe(fds);
    copy = dup(fds[1]);
    tell("dup", copy > fds[1]);
    close(fds[1]);
    tell("write through it", write(copy, "x", 1));
    tell("read it", read(fds[0], text, 8));
    tell("FIONBIO", ioctl(fds[0], FIONBIO, &on));
    tell("FIONBIO works", read(fds[0], text, 8));
    tell("FIONBIO is O_NONBLOCK", (fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
    on = 0;
    ioctl(fds[0], FIONBIO, &on);
    tell("FIONBIO off", (fcntl(fds[0], F_GETFL) & O_NONBLOCK) == 0);
    tell("dup2", dup2(fds[0], copy) == copy);
    tell("dup2 closed it", read(copy, text, 8));
    tell("close", close(copy));
    tell("close twice", close(copy));
    close(fds[0]);
}

void behave_pipe(void)
{
    signal(SIGPIPE, SIG_IGN);
    pipes();
    full_pipe();
    pairs();
    descriptors();
}
