"""Looking at the site as a visitor does: resolve, connect, read the page, at times that a schedule sets; one sample a view.

Knows DNS and HTTP; who is asked and what the answers mean is decided by `drill` and `release`.
"""
