"""What the unit tests have in common."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def moto_without_managed_policies() -> Iterator[None]:
    """The gateway has moto load AWS's 1,582 managed policies; `mock_aws` in the same process would do so each time, for 2 s."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("MOTO_IAM_LOAD_MANAGED_POLICIES", raising=False)
        yield
