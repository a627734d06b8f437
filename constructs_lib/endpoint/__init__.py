"""The regional endpoint that DNS falls back to: an HTTP API and the function that serves a region's bucket.

What other functions share of packing and rights (`archive`, `python_function`) is here; their code is in `functions`.
"""
