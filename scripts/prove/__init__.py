"""Proving in an account of one's own what the design rests on and AWS documents unclearly: facts as data, checks, and the page.

The facts are `facts.toml`; the checks ask AWS's APIs, DNS and HTTPS, and never what answers them.
"""
