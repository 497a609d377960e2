#!/usr/bin/python3
"""terminal.py COMMAND ACTION... - runs a shell command in a terminal of 24 rows and 80 columns.

Actions, in order:  wait:TEXT (until it was printed)  size:ROWSxCOLUMNS  send:TEXT
keys:TEXT (sent one by one, as from a keyboard)  rest:SECONDS
Prints what the terminal was sent, then the exit code. Ends with 0, or 1 when an action failed.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

SECONDS = 15  # for each action


def set_size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    def __init__(self, command):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            set_size(0, 24, 80)
            os.execv("/bin/sh", ["sh", "-c", command])
        self.printed = b""
        self.seen = 0  # of what was printed, up to the end of the last text waited for
        self.ended = False

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return
        try:
            chunk = os.read(self.master, 65536)
        except OSError:  # how Linux says that the other side has gone
            chunk = b""
        self.ended = not chunk
        self.printed += chunk

    def wait(self, text):
        until = time.monotonic() + SECONDS
        while True:
            at = self.printed.replace(b'\r\n', b'\n').find(text, self.seen)
            if at >= 0:
                self.seen = at + len(text)
                return
            if self.ended or time.monotonic() > until:
                raise TimeoutError("never printed: %r" % text)
            self.read(0.1)

    def act(self, action):
        verb, _, argument = action.partition(":")
        text = argument.encode().decode("unicode_escape").encode("latin-1")
        if verb == "wait":
            self.wait(text)
        elif verb == "send":
            os.write(self.master, text)
        elif verb == "keys":
            for key in text:
                os.write(self.master, bytes([key]))
                self.read(0.02)
        elif verb == "rest":
            time.sleep(float(argument))
        elif verb == "size":
            set_size(self.master, *map(int, argument.split("x")))
        else:
            raise ValueError(action)

    def finish(self):
        until = time.monotonic() + SECONDS
        while not self.ended and time.monotonic() < until:
            self.read(0.1)
        if not self.ended:
            os.kill(self.pid, 9)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main():
    terminal = Terminal(sys.argv[1])
    failed = None
    try:
        for action in sys.argv[2:]:
            terminal.act(action)
    except (TimeoutError, OSError) as problem:
        failed = problem
    code = terminal.finish()
    sys.stdout.write(terminal.printed.decode("utf-8", "replace").replace("\r\n", "\n"))
    print("\nexit code %d%s" % (code, ", " + str(failed) if failed else ""))
    return 1 if failed else 0


sys.exit(main())
