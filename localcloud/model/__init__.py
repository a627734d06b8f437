"""The decisions of Route 53 and CloudFront as pure functions: no sockets, no clock, no threads.

The data plane runs them in real time, the simulator in virtual time. Every rule names its AWS source.
"""
