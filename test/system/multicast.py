"""multicast.py INTERFACE ADDRESS GUEST: talks to multicast.c by its groups.

ADDRESS is the interface's IPv4 address, GUEST the guest's.
"""

import socket
import struct
import sys

PORT = 4600
INTERFACE, ADDRESS, GUEST = sys.argv[1:]
INDEX = socket.if_nametoindex(INTERFACE)
GROUPS = {socket.AF_INET: ("239.192.2.1", "239.192.2.2"),
          socket.AF_INET6: ("ff12::4d01%" + INTERFACE, "ff12::4d02")}


def new_socket(family):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.settimeout(10)
    if family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                     socket.inet_aton(ADDRESS))
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, INDEX)
    return s


def listen(family):
    """A socket that hears what the guest tells its third group."""
    s = new_socket(family)
    group = socket.inet_pton(family, GROUPS[family][1])
    s.bind(("", PORT))
    if family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     group + socket.inet_aton(ADDRESS))
    else:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                     group + struct.pack("@I", INDEX))
    return s


def ask(s, text, to):
    """Is it answered?"""
    to = socket.getaddrinfo(to, PORT, s.family, s.type)[0][4]
    s.sendto(text, to)
    while True:
        try:
            got = s.recv(99)
        except TimeoutError:
            return False
        if got == text:
            return True


def check(what, condition):
    if not condition:
        sys.exit("not so: " + what)


def main():
    news = {f: listen(f) for f in GROUPS}
    asks = {f: new_socket(f) for f in GROUPS}
    for f, s in asks.items():
        word = b"hello %d" % f
        check("the group answers by family %d" % f, ask(s, word, GROUPS[f][0]))
        for k, heard in news.items():
            check("it tells family %d" % k, heard.recv(99) == word)
    v4 = asks[socket.AF_INET]
    check("it hears of leaving", ask(v4, b"leave", GUEST))
    for f, s in asks.items():
        s.settimeout(2)
        check("there is nobody in the group of family %d" % f,
              not ask(s, b"anybody", GROUPS[f][0]))
    v4.settimeout(10)
    check("it hears of the end", ask(v4, b"end", GUEST))


main()
