"""Fixtures of the tests against localcloud."""

from tests.local.dataplane_world import world as world
from tests.local.deployment_world import deployment as deployment
from tests.local.gateway_world import gateway_world as gateway_world
