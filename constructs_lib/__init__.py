"""Site file -> constructs -> stacks: everything that becomes Terraform JSON, one room a job.

Knows nothing of `scripts` or `localcloud`; `main.py` alone runs it.
"""
