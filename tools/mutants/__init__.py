"""Mutation run over the core modules: would the tests notice if a line said something else?

What a mutant is lies in `mutations`, which modules are tried in `subjects`, running in `__main__`. No other tool belongs here.
"""
