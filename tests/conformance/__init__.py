"""What AWS documents, asked of an emulator through AWS's APIs, DNS and HTTPS alone.

By default a localcloud of their own is started; `tests/conformance/cloud.py` says how to point the tests at another emulator.
"""
