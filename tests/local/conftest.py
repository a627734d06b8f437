"""Fixtures of the tests against localcloud."""

from tests.worlds.dataplane_world import world as world
from tests.worlds.deployment_world import deployment as deployment
from tests.worlds.gateway_world import gateway_world as gateway_world
