"""The data plane: DNS, HTTPS edge, regional endpoints and health checkers, all in one asyncio process.

It serves what the control plane holds and reads it through AWS's own APIs only. Loopback addresses only.
"""
