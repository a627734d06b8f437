"""Mutation run over the core modules: would the tests notice if a line said something else?

What a mutant is lies in `mutations` for Python and in `javascript`, which modules are tried in `subjects`, running in `__main__`.
No other tool belongs here. Why none of the maintained ones: docs/adr/0023-own-mutants.md.
"""
