"""The verbs of the `failover` command, one module each: they read arguments, call the library and print."""
