"""What a prober saw, in one SQLite file: every page view of the last two days, then minutes, then hours.

A view moves from table to table and is in one of them at any moment, so a reader adds the three up. Write-ahead logging keeps the
file whole when the prober is killed (https://sqlite.org/wal.html); what is lost then is the last second.
A minute or hour keeps counts, and durations as histograms: a year at one page view a second is below 200 MB.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError, MissingOutputError
from scripts.probe.histogram import Histogram
from scripts.probe.samples import Sample

APPLICATION_ID = 0x46_4F_56_52
"""In the file's header, so that another program's database is never written to: https://sqlite.org/pragma.html"""
SCHEMA_VERSION = 1
VIEW_SECONDS = 48 * 3600
MINUTE_SECONDS = 14 * 86400
MAX_VIEWS = 500_000
"""At more than about three views a second, views become minutes sooner."""
DEFAULT_RETAIN_DAYS = 400
BUSY_SECONDS = 10.0

PHASES = ("dns", "connect", "tls", "first_byte", "total")

_TABLES = f"""
CREATE TABLE views (
  at REAL NOT NULL, hostname TEXT NOT NULL, family TEXT NOT NULL, resolver TEXT NOT NULL, region TEXT, release TEXT,
  is_cached INTEGER, error TEXT, late REAL NOT NULL, {", ".join(f"{phase} REAL" for phase in PHASES)}
);
CREATE INDEX views_at ON views (at);
CREATE TABLE periods (
  start INTEGER NOT NULL, seconds INTEGER NOT NULL, hostname TEXT NOT NULL, family TEXT NOT NULL, resolver TEXT NOT NULL,
  region TEXT NOT NULL, error TEXT NOT NULL, views INTEGER NOT NULL, cached INTEGER NOT NULL, cacheable INTEGER NOT NULL,
  {", ".join(f"{phase} TEXT NOT NULL" for phase in PHASES)},
  PRIMARY KEY (start, seconds, hostname, family, resolver, region, error)
) WITHOUT ROWID;
CREATE TABLE findings (at REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, is_ok INTEGER NOT NULL, detail TEXT NOT NULL);
CREATE TABLE entries (at REAL NOT NULL, family TEXT NOT NULL, entry TEXT NOT NULL);
CREATE TABLE recovery_points (at REAL NOT NULL, seconds REAL NOT NULL, source TEXT NOT NULL);
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One page view as it is kept. `at` is Unix time of its schedule; durations are AWS seconds."""

    at: float
    hostname: str
    family: str
    resolver: str
    region: str | None
    release: str | None
    is_cached: bool | None
    error: str | None
    late: float
    dns: float | None
    connect: float | None
    tls: float | None
    first_byte: float | None
    total: float | None


@dataclasses.dataclass(slots=True, kw_only=True)
class Period:
    """Page views of one kind that began within `seconds` from `start`.

    Attributes:
        start: Unix time; a view that is still whole is a period of 0 s.
        region: who answered, "" for nobody.
        error: the kind of failure, "" for none.
        cached: how many came from an edge cache, of `cacheable` that told.
        phases: phase -> its durations.
    """

    start: float
    seconds: int
    hostname: str
    family: str
    resolver: str
    region: str
    error: str
    views: int = 0
    cached: int = 0
    cacheable: int = 0
    phases: dict[str, Histogram] = dataclasses.field(default_factory=lambda: {phase: Histogram() for phase in PHASES})

    def merge(self, other: Period) -> None:
        """Add the other period's views."""
        self.views += other.views
        self.cached += other.cached
        self.cacheable += other.cacheable
        for phase in PHASES:
            self.phases[phase].merge(other.phases[phase])


def view_of(sample: Sample, *, at: float, hostname: str, resolver: str) -> View:
    """Return what is kept of a sample."""
    phases = sample.phases
    return View(
        at=at,
        hostname=hostname,
        family=sample.family.value,
        resolver=resolver,
        region=sample.region,
        release=sample.release,
        is_cached=None if sample.cache is None else sample.cache.lower().startswith(("hit", "refreshhit")),
        error=None if sample.error is None else sample.error.value,
        late=max(0.0, sample.started_at_seconds - sample.scheduled_at_seconds),
        dns=phases.dns_seconds,
        connect=phases.connect_seconds,
        tls=phases.tls_seconds,
        first_byte=phases.first_byte_seconds,
        total=sample.total_seconds if sample.error is None else None,
    )


_COLUMNS = tuple(field.name for field in dataclasses.fields(View))
_INSERT_VIEW = f"INSERT INTO views VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  no outside text
_INSERT_PERIOD = f"INSERT OR REPLACE INTO periods VALUES ({', '.join('?' * (10 + len(PHASES)))})"  # noqa: S608  as above


class History:
    """One history file, made when it is not there; several processes may use it at once.

    Args:
        path: the file; its folder is made.

    Raises:
        EnvironmentFailureError: the file is broken, another program's, or of a newer version of this command.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, views: Iterable[View]) -> None:
        """Keep views; they are in the file when this returns."""
        rows = [dataclasses.astuple(view) for view in views]
        with self._transaction():
            self._database.executemany(_INSERT_VIEW, rows)

    def note_finding(self, at: float, kind: str, subject: str, *, is_ok: bool, detail: str) -> bool:
        """Keep a survey's finding if it is news; return whether it changed between good and bad."""
        with self._transaction():
            (last,) = self._database.execute(
                "SELECT max(rowid), is_ok FROM findings WHERE kind = ? AND subject = ?", (kind, subject)
            ).fetchall()
            if last[1] is not None and bool(last[1]) == is_ok:
                return False
            self._database.execute("INSERT INTO findings VALUES (?, ?, ?, ?, ?)", (at, kind, subject, is_ok, detail))
        return last[1] is not None or not is_ok

    def note_entry(self, at: float, family: str, entry: str) -> float | None:
        """Keep what the authoritative servers lead to; return since when (Unix time), None when it was never otherwise."""
        with self._transaction():
            rows = self._database.execute(
                "SELECT at, entry FROM entries WHERE family = ? ORDER BY rowid DESC LIMIT 2", (family,)
            ).fetchall()
            if rows and rows[0][1] == entry:
                return float(rows[0][0]) if len(rows) > 1 else None
            self._database.execute("INSERT INTO entries VALUES (?, ?, ?)", (at, family, entry))
        return at if rows else None

    def note_recovery_point(self, at: float, seconds: float, source: str) -> None:
        """Keep a measured recovery point: `source` says how it was measured."""
        with self._transaction():
            self._database.execute("INSERT INTO recovery_points VALUES (?, ?, ?)", (at, seconds, source))

    def recovery_points(self, since: float, until: float) -> list[tuple[float, float, str]]:
        """Return (Unix time, seconds, source) of a window, oldest first."""
        with self._translated():
            rows = self._database.execute(
                "SELECT at, seconds, source FROM recovery_points WHERE at >= ? AND at < ? ORDER BY at", (since, until)
            ).fetchall()
        return [(float(at), float(seconds), str(source)) for at, seconds, source in rows]

    def periods(self, since: float, until: float) -> Iterator[Period]:
        """Yield everything that began in a window, oldest first; whole minutes and hours where views are gone."""
        with self._translated():
            for row in self._database.execute(
                "SELECT * FROM periods WHERE start + seconds > ? AND start < ? ORDER BY start", (since, until)
            ):
                yield _period(row)
            for row in self._database.execute(
                "SELECT * FROM views WHERE at >= ? AND at < ? ORDER BY at", (since, until)
            ):
                yield _one(_view(row))

    def compact(self, now: float, *, retain_days: float = DEFAULT_RETAIN_DAYS) -> None:
        """Turn old views into minutes and old minutes into hours, and forget what is older than `retain_days`."""
        with self._transaction():
            self._views_to_minutes(now)
            self._minutes_to_hours(now)
            for table, column in (("periods", "start"), ("findings", "at"), ("recovery_points", "at")):
                self._database.execute(f"DELETE FROM {table} WHERE {column} < ?", (now - retain_days * 86400,))  # noqa: S608

    def _open(self) -> None:
        with self._translated():
            (application_id,) = self._database.execute("PRAGMA application_id").fetchone()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and (application_id != APPLICATION_ID or version != SCHEMA_VERSION):
            raise EnvironmentFailureError(
                f"{self.path} is not a history of this version of `failover probe`: name another file with --history"
            )
        with self._translated():
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            self._make_tables()

    def _make_tables(self) -> None:
        with self._transaction():
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables:  # another process was faster
                return
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    self._database.execute(statement)
            self._database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _views_to_minutes(self, now: float) -> None:
        (count,) = self._database.execute("SELECT count(*) FROM views").fetchone()
        until = now - VIEW_SECONDS
        if count > MAX_VIEWS:
            (nth,) = self._database.execute(
                "SELECT at FROM views ORDER BY at DESC LIMIT 1 OFFSET ?", (MAX_VIEWS,)
            ).fetchone()
            until = max(until, nth)
        until = until // 60 * 60
        rows = self._database.execute("SELECT * FROM views WHERE at < ?", (until,))
        self._keep(_grouped((_one(_view(row)) for row in rows), seconds=60))
        self._database.execute("DELETE FROM views WHERE at < ?", (until,))

    def _minutes_to_hours(self, now: float) -> None:
        until = (now - MINUTE_SECONDS) // 3600 * 3600
        rows = self._database.execute("SELECT * FROM periods WHERE seconds = 60 AND start < ?", (until,))
        self._keep(_grouped((_period(row) for row in rows), seconds=3600))
        self._database.execute("DELETE FROM periods WHERE seconds = 60 AND start < ?", (until,))

    def _keep(self, periods: Iterable[Period]) -> None:
        for period in periods:
            key = (period.start, period.seconds, period.hostname, period.family, period.resolver, period.region)
            known = self._database.execute(
                "SELECT * FROM periods WHERE start = ? AND seconds = ? AND hostname = ? AND family = ? AND resolver = ?"
                " AND region = ? AND error = ?",
                (*key, period.error),
            ).fetchone()
            if known is not None:  # views of a minute that came late, as after the clock was set back
                period.merge(_period(known))
            histograms = [period.phases[phase].to_text() for phase in PHASES]
            self._database.execute(
                _INSERT_PERIOD,
                (*key, period.error, period.views, period.cached, period.cacheable, *histograms),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise EnvironmentFailureError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise EnvironmentFailureError(
                f"{self.path} is no whole SQLite database ({error}): move it away, the next run begins a new one"
            ) from error


@contextmanager
def open_existing(path: Path) -> Iterator[History]:
    """Yield the history in a file that a prober made.

    Raises:
        MissingOutputError: there is none.
        EnvironmentFailureError: see `History`.
    """
    if not path.is_file():
        raise MissingOutputError(f"{path} is not there: let `failover probe` run, or name its file with --history")
    history = History(path)
    try:
        yield history
    finally:
        history.close()


def _view(row: Sequence[Any]) -> View:
    return View(**dict(zip(_COLUMNS, row, strict=True)))


def _one(view: View) -> Period:
    period = Period(
        start=view.at,
        seconds=0,
        hostname=view.hostname,
        family=view.family,
        resolver=view.resolver,
        region=view.region or "",
        error=view.error or "",
        views=1,
        cached=int(view.is_cached or 0),
        cacheable=int(view.is_cached is not None),
    )
    for phase in PHASES:
        seconds: float | None = getattr(view, phase)
        if seconds is not None:
            period.phases[phase].add(seconds)
    return period


def _period(row: tuple[object, ...]) -> Period:
    start, seconds, hostname, family, resolver, region, error, views, cached, cacheable, *texts = row
    return Period(
        start=float(str(start)),
        seconds=int(str(seconds)),
        hostname=str(hostname),
        family=str(family),
        resolver=str(resolver),
        region=str(region),
        error=str(error),
        views=int(str(views)),
        cached=int(str(cached)),
        cacheable=int(str(cacheable)),
        phases={phase: Histogram.from_text(str(text)) for phase, text in zip(PHASES, texts, strict=True)},
    )


def _grouped(periods: Iterable[Period], *, seconds: int) -> list[Period]:
    found: dict[tuple[object, ...], Period] = {}
    for each in periods:
        start = int(each.start // seconds * seconds)
        key = (start, each.hostname, each.family, each.resolver, each.region, each.error)
        if key not in found:
            found[key] = Period(
                start=start,
                seconds=seconds,
                hostname=each.hostname,
                family=each.family,
                resolver=each.resolver,
                region=each.region,
                error=each.error,
            )
        found[key].merge(each)
    return list(found.values())
