"""How the commands reach a running localcloud: start its process, read its endpoints file, ask its control API.

Speaks to it over the network only and never imports `localcloud`; what a drill breaks there is decided in `drill`.
"""
