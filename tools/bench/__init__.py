"""The numbers of the README, measured here: `python -m tools.bench` and `python -m tools.bench.release`.

Each figure is printed beside its limit; tests of behaviour belong into `tests`.
"""
