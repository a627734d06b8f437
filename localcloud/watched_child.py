"""`python -m localcloud.watched_child PARENT_PID MODULE [ARGUMENT...]`: a module that ends when its parent ends.

The supervisor starts its children through it, so that not even its own SIGKILL leaves one behind.
"""

import runpy
import sys

from localcloud.parent_watch import die_with_parent

if __name__ == "__main__":
    parent_pid, module, *arguments = sys.argv[1:]
    die_with_parent(int(parent_pid))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
