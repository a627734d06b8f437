"""Site file -> constructs -> stacks. Knows nothing of `scripts` or `localcloud`."""
