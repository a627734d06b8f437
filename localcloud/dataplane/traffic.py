"""Who served whom in the last seconds, counted for somebody who looks on."""

from collections import Counter, deque
from typing import NamedTuple

from localcloud.dataplane.clock import monotonic_seconds

WINDOW_REAL_SECONDS = 5.0


class Served(NamedTuple):
    """One kind of exchange.

    Attributes:
        source: `place:<number>` of a viewer, `distribution:<id>` or `endpoint:<region>`.
        target: `distribution:<id>`, `endpoint:<region>` or `origin:<distribution id>/<origin id>`.
        outcome: a status code, or why there was none, such as `connect-timeout`.
        from_cache: whether the edge's cache answered.
    """

    source: str
    target: str
    outcome: str
    from_cache: bool = False


class Traffic:
    """Counts what was served, and forgets it after the window."""

    def __init__(self) -> None:
        """Count from zero."""
        self._seconds: deque[tuple[int, Counter[Served]]] = deque()
        self._totals: Counter[tuple[str, bool]] = Counter()

    def note(self, served: Served) -> None:
        """Count one exchange that has just ended."""
        second = int(monotonic_seconds())
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, Counter()))
            self._forget(second)
        self._seconds[-1][1][served] += 1
        if served.target.startswith("distribution:"):
            self._totals[served.target, served.from_cache] += 1

    def recent(self) -> dict[Served, int]:
        """Return what was served in the window, and how often."""
        self._forget(int(monotonic_seconds()))
        found: Counter[Served] = Counter()
        for _, counted in self._seconds:
            found.update(counted)
        return dict(found)

    def hits_and_requests(self, distribution_id: str) -> tuple[int, int]:
        """Return how many requests the cache has answered since the start, and how many there were."""
        target = f"distribution:{distribution_id}"
        hits = self._totals[target, True]
        return hits, hits + self._totals[target, False]

    def _forget(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] < second - WINDOW_REAL_SECONDS:
            self._seconds.popleft()
