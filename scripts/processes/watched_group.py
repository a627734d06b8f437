"""A command whose process group ends when its parent ends.

`python -I -S scripts/processes/watched_group.py PARENT_PID COMMAND...`: `process_group` starts its children through it, in groups
of their own, so that not even a SIGKILL of the `failover` command leaves Terraform or its provider behind. Output, exit code and
the signal that ended the command pass through. A signal to the group reaches the command once, from the kernel; the watcher takes
no notice of its own copy.

Every Terraform run pays for its start: only the standard library, and little of it.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

POLL_SECONDS = 0.2
# For each step of the end: long enough for Terraform to write its state, short enough for nobody to find it running.
GRACE_SECONDS = 2.0
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_CANNOT_RUN = 127  # https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02


def run(parent_pid: int, command: list[str]) -> None:
    """Run the command and end as it ends.

    A poll, not PR_SET_PDEATHSIG: that acts when the *thread* that started this process ends, and Terraform is started in threads.

    Args:
        parent_pid: the id of the process that started this one.
        command: the program and its arguments.
    """
    # Until there is a command, a signal to the group ends this process and nothing has begun. The kernel gives a group's signal
    # to a forking process before the fork or to both sides after it, so none is lost. A shell's `&` may have left SIGINT ignored.
    # The command begins when this process is told of no more signals: else one that came first would end the watcher alone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.getppid() != parent_pid:
        sys.exit(f"process {parent_pid}, which started this one, is gone")
    waiting, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(telling)
        if os.read(waiting, 1):
            _become(command)
        os._exit(_CANNOT_RUN)  # the watcher is gone
    os.close(waiting)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    try:  # noqa: SIM105  (the import of contextlib would take as long as all the rest)
        os.write(telling, b"x")
    except BrokenPipeError:  # a signal has ended the child already
        pass
    os.close(telling)
    _end_with(parent_pid)
    _, status = os.waitpid(child, 0)
    if os.getppid() != parent_pid:
        os.killpg(0, signal.SIGKILL)  # what the command left behind: nobody else is there to end it
    _end_as(os.waitstatus_to_exitcode(status))


def _become(command: list[str]) -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them; programs expect not to
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606  (no shell is the point)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(_CANNOT_RUN)


def _end_with(parent_pid: int) -> None:
    """Look for the parent now and then; once it is gone, end the whole group, a little harder each time."""
    endings = iter(_ENDINGS)

    def look(_number: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent_pid:
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
            os.killpg(0, next(endings))

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, POLL_SECONDS, POLL_SECONDS)


def _end_as(exit_code: int) -> None:
    if exit_code < 0:
        if exit_code != -signal.SIGKILL:
            signal.signal(-exit_code, signal.SIG_DFL)
        os.kill(os.getpid(), -exit_code)
    # sys.exit would take the handlers away first, and the next alarm would end this process instead.
    os._exit(exit_code)


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2:])
