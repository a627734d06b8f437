"""Our extension of Chaos Toolkit: actions and probes for experiments on disk, and the command that runs them with its engine.

An experiment names `scripts.chaos.actions` and `scripts.chaos.probes`; docs/CHAOS.md lists what they hold. Both find the site
by FAILOVER_OUTPUTS and FAILOVER_LOCALCLOUD, so `chaos run` of Chaos Toolkit itself works as well.
"""
