"""Releases: immutable copies of a built folder in both regions, and the one write that switches between them.

Plans, uploads, checks, switches and prunes; how a single file is answered is decided in `serving`.
"""
