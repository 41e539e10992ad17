"""advertise.py INTERFACE ROUTER PREFIX [DNS]: one router advertisement.

ROUTER is the interface's link-local address, PREFIX a /64 for autonomous
configuration (RFC 4861), DNS a server for five minutes (RFC 8106).
"""

import socket
import struct
import sys


def main():
    interface, router, prefix = sys.argv[1:4]
    index = socket.if_nametoindex(interface)
    header = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0)
    option += socket.inet_pton(socket.AF_INET6, prefix)
    for server in sys.argv[4:]:
        option += struct.pack("!BBHI", 25, 3, 0, 300)
        option += socket.inet_pton(socket.AF_INET6, server)
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    s.bind((router, 0, 0, index))
    s.sendto(header + option, ("ff02::1", 0, 0, index))  # Linux does the sum


main()
