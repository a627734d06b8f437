"""How `make test` shares the tests out between its four processes (pytest-xdist): two cores work while others wait.

A file's tests stay in one process, in their order. So do those that need the same slow thing: the bindings, the data plane's
localcloud, the deployed site that they change.
"""

from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# The gateway's tests hold moto in this process, before `mock_aws` of other tests changes it; the data plane's wait most of
# their time, so others work beside them. What needs a finished deployment comes last, where one process runs all; the rest
# runs while the deployment is under way.
_FIRST = ("test_gateway", "test_native_transfer", "test_state_bucket", "test_dataplane")
_LAST = (
    # The deployment's, which take longest. A process gets its next group when two tests are left, so short ones come last.
    "test_deployment",
    "test_release_crash",
    "test_deployment_tags",
    "test_deployment_undone",
    "test_demo",
    "test_security_stacks",  # one process has these while another has the deployment's
    "test_state_backend",
    "test_deployment_variants",
)
_CHANGES_THE_DEPLOYMENT = ("test_deployment", "test_release_crash")
_ONLY_READS_IT = ("test_deployment_variants",)
_DEPLOYMENT = "the deployment"
_LOADS_THE_BINDINGS = ("test_gateway_generated_sites.py",)


def turn(path: PurePath) -> int:
    """Returns when a file's tests have their turn; the lowest number comes first."""
    name = path.name
    if loads_the_bindings(path):
        return -2  # one process alone can do these
    if name.startswith(_FIRST):
        return -1
    named = max((prefix for prefix in _LAST if name.startswith(prefix)), key=len, default=None)
    return 0 if named is None else 1 + _LAST.index(named)


def group(path: str) -> str:
    """Returns what keeps a file's tests together with those of other files; the path itself when nothing does."""
    folder, name = PurePosixPath(path).parent.name, PurePosixPath(path).name
    if loads_the_bindings(PurePosixPath(path)):
        return "the bindings"
    if folder != "local" or name.startswith(_ONLY_READS_IT):
        return path
    if name.startswith("test_dataplane"):
        return "the data plane"
    return _DEPLOYMENT if name.startswith(_CHANGES_THE_DEPLOYMENT) else path


def loads_the_bindings(path: PurePath) -> bool:
    """Returns whether a file's import starts jsii and loads the AWS bindings; one process does, and the others leave it out."""
    return path.parent.name == "synth" or path.name in _LOADS_THE_BINDINGS


def is_left_out(path: PurePath, config: pytest.Config) -> bool:
    """Returns whether this process does not even collect a file. One that replaces a crashed process collects all of them."""
    given = getattr(config, "workerinput", None)
    if given is None or not loads_the_bindings(path):
        return False
    return 0 < int(given["workerid"].removeprefix("gw")) < int(given["workercount"])


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out the groups in the order of their first tests, each to a process that has collected it.

    xdist's own groups by mark get lost with pytest 9.2, where a test's id no longer is what xdist writes into it.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)
        self._collected: dict[Any, tuple[frozenset[str], bool]] = {}

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])

    def _check_nodes_have_same_collection(self) -> bool:
        """Puts the process that collected everything first; what the others have must be among it."""
        collected = self.registered_collections
        for by_node in (collected, self.assigned_work):
            for node in sorted(by_node, key=lambda node: -len(collected[node])):
                by_node[node] = by_node.pop(node)
        everything, *others = map(set, collected.values())
        # xdist takes the number of whoever collected last, and the line of dots would go beyond 100 %.
        self.config.pluginmanager.get_plugin("session").testscollected = len(everything)
        if all(each <= everything for each in others):
            return True
        return bool(super()._check_nodes_have_same_collection())

    def _assign_work_unit(self, node: Any) -> None:
        """Gives the first group that the process has; nothing when only another one has what is left.

        The deployment's tests are the longest row and come first, in a process that waits for the deployment: the others keep
        two cores at work meanwhile. The one that loads the bindings has a long row of its own.
        """
        if node not in self._collected:
            tests = frozenset(self.registered_collections[node])
            files = {test.partition("::")[0] for test in tests}
            self._collected[node] = tests, any(loads_the_bindings(PurePosixPath(file)) for file in files)
        own, has_bindings = self._collected[node]
        row = self.workqueue.items()
        for scope, tests in list(row) if has_bindings else sorted(row, key=lambda item: item[0] != _DEPLOYMENT):
            if own.issuperset(tests):
                self.workqueue.move_to_end(scope, last=False)
                super()._assign_work_unit(node)
                return


def in_turn(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Returns the tests in the order in which they run, or are handed out."""
    return sorted(items, key=lambda item: turn(item.path))
