#!/usr/bin/python3
"""attach_ws.py CONTAINER - attaches to a container (cat, with stdin) as a browser does, and prints
what comes back of a line."""
import base64
import hashlib
import os
import socket
import sys

LINE = b"through a websocket\n"
KEY = base64.b64encode(b"0123456789abcdef").decode()
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455


def read_head(stream):
    lines = []
    while True:
        line = stream.readline().decode().rstrip("\r\n")
        if not line:
            return lines[0], dict(line.lower().split(": ", 1) for line in lines[1:])
        lines.append(line)


def read_frame(stream):
    _, size = stream.read(2)
    if size == 126:
        size = int.from_bytes(stream.read(2), "big")
    return stream.read(size)


def text_frame(text):
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
    return bytes([0x81, 0x80 | len(text)]) + mask + masked


def main():
    wire = socket.socket(socket.AF_UNIX)
    wire.settimeout(15)
    wire.connect(os.environ["DOCKER_HOST"][len("unix://"):])
    wire.sendall((
        "GET /v1.41/containers/%s/attach/ws?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n"
        "Host: docker\r\nOrigin: http://docker\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n" % (sys.argv[1], KEY)).encode())
    stream = wire.makefile("rb")
    status, fields = read_head(stream)
    accept = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest()).decode()
    print(status, fields["upgrade"], fields["sec-websocket-accept"] == accept.lower())
    wire.sendall(text_frame(LINE))
    came = b""
    while LINE not in came:
        came += read_frame(stream)
    print(came)


main()
