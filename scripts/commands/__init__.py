"""The verbs of the `failover` command, one module each: they read arguments, call the library and print.

What could be used without a terminal belongs into the room that the verb calls; only `cli` and `demo` import verbs.
"""
