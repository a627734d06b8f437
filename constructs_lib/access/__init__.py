"""Who may work on the account, and the trail of what was done: roles for GitHub, their boundaries, the audit trail.

What each role's policy says is in `access_policies`, as pure functions.
"""
