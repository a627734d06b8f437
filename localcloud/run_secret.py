"""The secret of one run: made by the supervisor, handed to its children in their environment, and to users in endpoints.json."""

import secrets

SECRET_VARIABLE = "LOCALCLOUD_SECRET"  # noqa: S105  the name of a variable
"""Not an argument of a command line, which every user of the machine can list."""


ACTIONS_VARIABLE = "LOCALCLOUD_ACTIONS"
"""What the console may run, for whoever starts localcloud: see `localcloud.console.actions`."""


def new_secret() -> str:
    """Return a secret in the shape of an access key id: letters and digits, which every SDK takes."""
    return f"LOCALCLOUD{secrets.token_hex(16).upper()}"
