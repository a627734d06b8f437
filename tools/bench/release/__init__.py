"""`make bench-release`: publishing 10,000 files to two regions, against the tools that people use for it today.

Measures and compares; that a publish is right is shown by the tests.
"""
