"""Servers outside AWS that the site's records lead to: the same releases, by the same ids, in a folder or a bucket there.

What a release is and when it is switched belongs into `release`; here is where else it lies.
"""
