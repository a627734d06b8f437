"""Drills in virtual time: what a scenario would cost viewers, from the synthesized stacks or plans alone."""
