"""Starts Triton and leaves a watcher beside it, so that Triton never outlives whoever started us.

usage: launch.py GRACE_SECONDS SHM_PREFIX PROGRAM [ARGUMENT ...]

This process becomes Triton itself (exec), so its process id, exit code and signals are Triton's own. The watcher
holds our standard input, which the starter keeps open and silent: its end of file means that the starter is gone,
even by SIGKILL. It then ends Triton's process group and removes the shared memory of SHM_PREFIX. A death signal set
by prctl would not do: a server that is still loading drops its model processes when it gets TERM.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.1


def send(process: int, number: int) -> bool:
    """Signal a process, or a group by its negative number; whether anybody was there."""
    try:
        os.kill(process, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(leader: int, grace: float) -> None:
    """TERM for the group, and KILL for what is left when its leader is gone or the grace is over."""
    deadline = time.monotonic() + grace
    send(-leader, signal.SIGTERM)
    while send(leader, 0) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    send(-leader, signal.SIGKILL)


def watch(lifeline: int, leader: int, grace: float, prefix: str) -> None:
    """Wait for the starter's end, then tidy up after it."""
    # Out of Triton's group: ending that group must not end the watcher.
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    while os.read(lifeline, 4096):
        pass
    end_group(leader, grace)
    for region in Path("/dev/shm").glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


def main() -> None:
    """Fork the watcher, then become Triton."""
    grace, prefix, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    leader = os.getpid()
    if os.fork() == 0:
        try:
            watch(0, leader, grace, prefix)
        finally:
            os._exit(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Python ignores these two, and an ignored signal stays ignored in the program that follows.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execv(command[0], command)


main()
