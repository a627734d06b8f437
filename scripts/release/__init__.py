"""Releases: immutable copies of a built folder in both regions, and the one write that switches between them."""
