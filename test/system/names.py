"""names.py ADDRESS...: a name server for names.test, at each of these.

What it answers depends on the name; some answers are what no server should
send.  "ready" is printed when it can be asked.
"""

import os
import socket
import struct
import sys
import threading

OWNER = b"\xc0\x0c"  # the question's name
late = set()


def record(kind, data, owner=OWNER):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def a(last, owner=OWNER):
    return record(1, bytes([192, 0, 2, last]), owner)


def aaaa(last):
    return record(28, bytes([0x20, 1, 0xd, 0xb8] + [0] * 11 + [last]))


def back(query):
    """The name of an address."""
    if query[12:-4] == b"\x011\x012\x010\x03192\x07in-addr\x04arpa\0":
        return [message(query, [record(12, b"\3one\4test\0")])]
    reverse = bytes([0x20, 1, 0xd, 0xb8] + [0] * 11 + [1]).hex()[::-1].encode()
    name = b"".join(b"\1" + reverse[i:i + 1] for i in range(32))
    if query[12:-4] == name + b"\3ip6\4arpa\0":
        return [message(query, [record(12, b"\4both\4test\0")])]
    return [message(query, [], 0x8183)]


def message(query, records, flags=0x8180):
    return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + \
        query[12:] + b"".join(records)


def answers(query, tcp=False):
    """The messages to send for a query."""
    kind = query[-3]
    if kind == 12:
        return back(query)
    name = query[13:13 + query[12]].decode().lower()
    right = message(query, [a(1)] if kind == 1 else [])
    if name == "both" and kind == 28 or name == "six":
        return [message(query, [aaaa(1)] if kind == 28 else [])]
    if name == "half" and kind == 28:
        return []
    if kind == 28 and name not in ("none", "broken", "silent"):
        return [right]
    if name == "many":
        return [message(query, [a(n) for n in range(1, 6)])]
    if name == "alias":
        return [message(query, [record(5, b"\3www\xc0\x12"),
                                record(5, b"\3one\0", b"\3www\xc0\x12"),
                                a(1, b"\3one\0")])]
    if name == "late" and name not in late:
        late.add(name)
        return []
    if name == "lies":
        other = bytes([query[0] ^ 1]) + right[1:]
        strange = right.replace(b"\4lies", b"\4lied")
        return [b"", b"x", query, other, strange, right[:-1], right]
    if name == "large" and not tcp:
        return [message(query, [], 0x8380)]
    if name == "none":
        return [message(query, [], 0x8183)]
    if name == "empty":
        return [message(query, [])]
    if name == "broken":
        return [message(query, [], 0x8182)]
    if name == "loop":
        return [message(query, [record(5, OWNER), a(66)]), right]
    if name == "pointer":
        at = len(query)
        return [message(query, [a(66, struct.pack(">H", 0xc000 | at))]), right]
    if name == "cut":
        wrong = message(query, [a(66)])
        return [wrong[:n] for n in range(0, len(wrong), 3)] + [right]
    if name == "noise":
        return [query[:2] + os.urandom(200) for _ in range(50)] + [right]
    if name == "silent":
        return []
    return [right]


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_tcp(address):
    s = socket.create_server((address, 53), family=family(address))
    while True:
        c, _ = s.accept()
        with c, c.makefile("rb") as f:
            size, = struct.unpack(">H", f.read(2))
            got, = answers(f.read(size), tcp=True)
            c.sendall(struct.pack(">H", len(got)))
            c.sendall(got)


def serve_udp(s):
    while True:
        query, peer = s.recvfrom(512)
        for answer in answers(query):
            s.sendto(answer, peer)


def main():
    threads = []
    for address in sys.argv[1:]:
        s = socket.socket(family(address), socket.SOCK_DGRAM)
        s.bind((address, 53))
        threads += [threading.Thread(target=serve_udp, args=(s,)),
                    threading.Thread(target=serve_tcp, args=(address,))]
    for t in threads:
        t.start()
    print("ready", flush=True)


main()
