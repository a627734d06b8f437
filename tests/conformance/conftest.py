"""The fixture of the conformance tests."""

from tests.conformance.cloud import cloud as cloud
