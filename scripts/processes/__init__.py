"""Child processes that end with the command that started them, even when it is killed.

Nothing here knows what the processes do.
"""
