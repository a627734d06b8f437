"""What the synthesized stacks cost a month, line by line, from `prices.toml`, and what has no price.

Prices and their arithmetic belong here, one module a part of the site; printing them belongs into `commands`.
"""
