"""Every right that a call needs: its own action and what AWS asks for beside it. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.examples.access_check.actions import Need, action_of, context_of
from tools.examples.access_check.calls import Call
from tools.examples.access_check.implied import implied
from tools.examples.access_check.resources import WITHOUT_RESOURCE, resources

_NEED_NOTHING = {"sts:GetCallerIdentity"}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


def needs(call: Call) -> Iterator[Need]:
    """Yields every right that a call needs, those of the calls that AWS makes in the caller's name included."""
    if f"{call.service}:{call.operation}" in _NEED_NOTHING:
        return
    if call.operation == "DeleteObjects":
        yield from _deleted_objects(call)
        return
    action = action_of(call)
    for resource in ["*"] if action in WITHOUT_RESOURCE else resources(call):
        yield Need(action=action, resource=resource, context=context_of(call))
    yield from implied(call, action)


def _deleted_objects(call: Call) -> Iterator[Need]:
    """DeleteObjects needs the right of each deletion: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html."""
    for entry in re.findall(r"<Object>(.*?)</Object>", call.body, re.DOTALL):
        key = re.search(r"<Key>(.*?)</Key>", entry)
        action = "s3:DeleteObjectVersion" if "<VersionId>" in entry else "s3:DeleteObject"
        yield Need(
            action=action,
            resource=f"arn:aws:s3:::{call.get('Bucket')}/{key[1] if key else ''}",
            context=context_of(call),
        )
