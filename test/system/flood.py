"""flood.py ADDRESS MAC KIND SECONDS [RATE]: too much of something for one guest.

Frames go out of dom0's bridge, RATE a second or as fast as they can, from
neighbours that do not exist; says how many.  The kinds are in KINDS; "tiny" is a peer that opens
connections, sends single bytes out of order, never the first, and leaves with
a reset.
"""

import os
import random
import socket
import struct
import sys
import time

BRIDGE = "xenbr0"
PEER = "10.0.2.77"
VARIANTS = 1000  # of a frame
SYN, RST, ACK = 2, 4, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def neighbour():
    return f"10.0.2.{random.randrange(120, 250)}"


def ether(kind, payload, source):
    return MAC + source + struct.pack("!H", kind) + payload


def ip(protocol, payload, source=None, fragment=0):
    source = source or neighbour()
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), random.randrange(65536),
        fragment, 64, protocol, 0, socket.inet_aton(source), TO)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ether(0x800, head + payload, OWN)


def tcp(source, sport, seq, ack, flags, data=b""):
    pseudo = socket.inet_aton(source) + TO + struct.pack(
        "!HH", 6, 20 + len(data))
    head = struct.pack("!HHIIBBHHH", sport, 80, seq & 0xFFFFFFFF, ack, 0x50,
                       flags, 1000, 0, 0)
    total = checksum(pseudo + head + data)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    return ip(6, head + data, source)


def udp(size):
    return struct.pack("!HHHH", random.randrange(1024, 65536), 9, 8 + size, 0) \
        + bytes(size)


def arp(source):
    mac = b"\x02" + os.urandom(5)
    return ether(0x806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, mac, socket.inet_aton(source),
        bytes(6), TO), mac)


def icmp():
    body = struct.pack("!BBHHH", 8, 0, 0, 1, random.randrange(65536)) + bytes(56)
    return ip(1, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


KINDS = {
    "frames": lambda: ip(17, udp(1400)),
    "arp": lambda: arp(neighbour()),
    "icmp": icmp,
    "syn": lambda: tcp(neighbour(), random.randrange(1024, 65536),
                       random.randrange(2**32), 0, SYN),
    "udp": lambda: ip(17, udp(10)),
    "fragments": lambda: ip(17, udp(1000), fragment=0x2000),
}


def flood(frame, seconds, rate):
    frames = [frame() for _ in range(VARIANTS)]
    sent = 0
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        for f in random.sample(frames, 10):
            LINE.send(f)
        sent += 10
        if rate:
            time.sleep(max(0, start + sent / rate - time.monotonic()))
    print(f"{sent} frames")


def answer_to(port):
    """The guest's initial sequence number."""
    while True:
        f = LINE.recv(2048)
        if f[12:14] == b"\x08\x00" and f[23] == 6 and f[26:30] == TO:
            sport, dport, seq, _, _, flags = struct.unpack("!HHIIBB", f[34:48])
            if dport == port and flags == SYN | ACK:
                return seq


def tiny(seconds):
    LINE.send(ether(0x806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, OWN, socket.inet_aton(PEER),
        bytes(6), TO), OWN))
    peers = []
    sent = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        port, seq = random.randrange(1024, 65536), random.randrange(2**31)
        LINE.send(tcp(PEER, port, seq, 0, SYN))
        ack = answer_to(port) + 1
        LINE.send(tcp(PEER, port, seq + 1, ack, ACK))
        for at in random.sample(range(3, 4000, 2), 400):
            LINE.send(tcp(PEER, port, seq + at, ack, ACK, b"x"))
        peers.append((port, seq, ack))
        sent += 400
    for port, seq, ack in peers:
        LINE.send(tcp(PEER, port, seq + 1, ack, RST | ACK))
    print(f"{sent} bytes over {len(peers)} connections")


TO = socket.inet_aton(sys.argv[1])
MAC = bytes.fromhex(sys.argv[2].replace(":", ""))
with open(f"/sys/class/net/{BRIDGE}/address") as address:
    OWN = bytes.fromhex(address.read().strip().replace(":", ""))
LINE = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
LINE.bind((BRIDGE, 0))
if sys.argv[3] == "tiny":
    LINE.settimeout(10)
    tiny(float(sys.argv[4]))
else:
    flood(KINDS[sys.argv[3]], float(sys.argv[4]), float((sys.argv + [0])[5]))
