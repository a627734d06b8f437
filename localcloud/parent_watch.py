"""Ends a process when the one that started it ends, so that nothing of localcloud outlives its command."""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_REAL_SECONDS = 0.5


def die_with_parent(parent_pid: int) -> None:
    """Ask for SIGTERM at the parent's death (Linux), and watch its process id everywhere.

    A parent that is gone already, or was never the direct parent, ends this process at once.

    Args:
        parent_pid: The id that the parent had when it started this process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit(f"process {parent_pid}, which started this one, is gone")
    threading.Thread(target=_watch, args=(parent_pid,), name="parent-watch", daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_REAL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
