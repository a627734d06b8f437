"""What an alarm's message becomes: read, told from all health checks together, worded, and posted to the webhook.

Ships with `handler.py`, which Lambda loads, in one archive; nothing else of the project can be imported.
"""
