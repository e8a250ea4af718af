#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fuse.py DIRECTORY FILE: a file system in FUSE's own protocol (fuse(4), linux/fuse.h, version 7.31).

It has two files: "exe" is FILE, executable, and "data" a megabyte that can be written. Prints
"ready" once it is mounted, and serves until it is ended. Stopped by SIGSTOP it is a server that
does not answer any more.
"""

import ctypes
import errno
import os
import pathlib
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS = 1, 2, 3, 4, 14, 15, 16, 17
RELEASE, FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT = 18, 20, 25, 26, 27, 28, 29, 36
BATCH_FORGET = 42
NO_ANSWER = (FORGET, BATCH_FORGET, INTERRUPT)
ROOT, EXE, DATA = 1, 2, 3
NAMES = {b"exe": EXE, b"data": DATA}


class Files:
    def __init__(self, exe):
        self.bytes = {EXE: exe, DATA: bytearray(1 << 20)}

    def attributes(self, node):
        mode = {ROOT: stat.S_IFDIR | 0o755, EXE: stat.S_IFREG | 0o755, DATA: stat.S_IFREG | 0o666}[node]
        size = len(self.bytes.get(node, b""))
        return struct.pack("6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def read(self, node, body):
        _, offset, size = struct.unpack_from("QQI", body)
        return bytes(self.bytes[node][offset:offset + size])

    def write(self, node, body):
        _, offset, size = struct.unpack_from("QQI", body)
        self.bytes[node][offset:offset + size] = body[40:40 + size]
        return struct.pack("II", size, 0)

    def answer(self, code, node, body):
        """The bytes, or an errno."""
        if code == INIT:
            return struct.pack("4I2HI I2H8I", 7, 31, 1 << 17, 0, 16, 12, 1 << 16, 1, 0, 0, *[0] * 8)
        if code == LOOKUP:
            found = NAMES.get(body.rstrip(b"\0"))
            return struct.pack("4Q2I", found, 0, 0, 0, 0, 0) + self.attributes(found) if found else errno.ENOENT
        if code in (GETATTR, SETATTR):
            return struct.pack("Q2I", 0, 0, 0) + self.attributes(node)
        if code in (OPEN, OPENDIR):
            return struct.pack("Q2I", 0, 0, 0)
        if code == READ:
            return self.read(node, body)
        if code == WRITE:
            return self.write(node, body)
        if code == STATFS:
            return bytes(80)
        return b"" if code in (RELEASE, RELEASEDIR, FSYNC, FLUSH, READDIR) else errno.ENOSYS


def mount(directory):
    fd = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"stuck", os.fsencode(directory), b"fuse", 0, options):
        raise OSError(ctypes.get_errno(), "mount")
    return fd


def serve(fd, files):
    while True:
        request = os.read(fd, 1 << 18)
        length, code, unique, node = struct.unpack_from("IIQQ", request)
        if code in NO_ANSWER:
            continue
        answer = files.answer(code, node, request[40:length])
        error, body = (-answer, b"") if isinstance(answer, int) else (0, answer)
        os.write(fd, struct.pack("IiQ", 16 + len(body), error, unique) + body)


def main():
    files = Files(pathlib.Path(sys.argv[2]).read_bytes())
    fd = mount(sys.argv[1])
    print("ready", flush=True)
    serve(fd, files)


if __name__ == "__main__":
    main()
