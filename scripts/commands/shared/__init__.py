"""What several verbs share: options, tables, progress bars, the words for how whole a region is.

No verb belongs here, and nothing that could be used without a terminal.
"""
