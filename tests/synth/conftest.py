"""Every example site file and its stacks, for the tests that hold for all of them."""

from collections.abc import Iterator

import pytest

from constructs_lib.site_file.models import SiteFile
from tests.worlds.synthesized import EXAMPLES, Stacks, changed, example_text, site_of, stacks_of


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def site(example: str) -> SiteFile:
    return site_of(example_text(example))


# Not a session's fixture: a module that has examples of its own would get another one's stacks.
@pytest.fixture
def stacks(example: str) -> Stacks:
    """Stack name -> its Terraform JSON."""
    return stacks_of(example_text(example))


@pytest.fixture(scope="session", autouse=True)
def _shared_documents_stay_as_they_are() -> Iterator[None]:
    yield
    assert changed() == [], "a test changed a document that other tests read: let it change a copy"
