"""The fixtures of the conformance tests."""

from collections.abc import Iterator

import pytest

from tests.conformance.cloud import authority as authority
from tests.conformance.cloud import cloud as cloud
from tests.conformance.origin_server import OriginServer, origin_server


@pytest.fixture
def origin() -> Iterator[OriginServer]:
    """A web server that CloudFront may ask."""
    with origin_server() as server:
        yield server
