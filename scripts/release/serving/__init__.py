"""What decides how a file is answered: its headers, its address, its redirects, its variants, and the index the router reads.

Rules without AWS and without a folder's bytes; storing and switching releases belongs into `release`.
"""
