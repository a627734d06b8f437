"""Heaps of the C library, counted by itself: https://man7.org/linux/man-pages/man3/malloc_info.3.html"""

import subprocess
import sys

import pytest

_PROGRAM = """
import ctypes, sys, threading
from scripts.processes.heaps import keep_few_heaps
if {is_few}:
    keep_few_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
meet = threading.Barrier(12)
def work():
    meet.wait()
    libc.malloc(1000)
    meet.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has such heaps")
@pytest.mark.parametrize("is_few", [True, False])
def test_threads_share_two_heaps(is_few: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(is_few=is_few)], check=True, capture_output=True, text=True
    )
    count = done.stdout.count("<heap nr=")
    assert 1 <= count <= 2 if is_few else count > 2
