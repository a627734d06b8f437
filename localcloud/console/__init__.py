"""The console: a page on loopback that shows what this localcloud does, and lets its owner break and mend it.

It reads the data plane in whose process it runs, asks the gateway's control API, and decides nothing that is served.
"""
