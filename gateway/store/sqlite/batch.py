"""Group commit, inside the writer's thread: many actions, each under its own savepoint, one COMMIT.

Owns every path by which a batch can end, and gives every job of it an outcome or gives the job back. It raises nothing:
what an action raises is that action's outcome. SQLite rolls the whole transaction back on some errors (a full disk, an
interrupted write), so after each action it looks whether there still is one; if not, nothing of the batch counts and
each action runs again alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import structlog

from gateway.errors import Misuse, OutcomeUnknown, TeamlineError
from gateway.store.lanes import LIST_LIMITS, Job
from gateway.store.perform import perform
from gateway.store.sqlite import faults
from gateway.store.sqlite.connection import Watch
from gateway.store.sqlite.transaction import Transaction, settle

BATCH_TIME: Final = 0.010
"""Seconds after which a batch takes no further action and commits: the share of waiting that callers put up with."""

SLOW: Final = 0.050
"""Seconds after which an action is logged: everybody waited behind it."""

log = structlog.get_logger(__name__)

Outcome = tuple[Job, Any, BaseException | None]


@dataclass(slots=True, repr=False)
class Report:
    """What became of a batch."""

    outcomes: list[Outcome] = field(default_factory=list)
    left: list[Job] = field(default_factory=list)
    """Not run, or undone: to be tried again."""
    committed: int = 0
    """Transactions."""
    busy: bool = False
    """Another process holds the database."""
    wrote: bool = False
    lost: bool = False
    """A COMMIT failed and may have happened: only a fresh start can tell, so the process must end."""


class Batches:
    """Made in the loop, used in the writer's thread only."""

    def __init__(self, watch: Watch, *, serving: bool) -> None:
        self._watch = watch
        self._serving = serving  # a short-lived second writer keeps nobody waiting but itself

    def commit(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> Report:
        report = Report()
        changes = connection.total_changes
        try:
            self._together(connection, _calls(jobs), report)
        finally:
            report.wrote = connection.total_changes != changes
        return report

    def _together(self, db: sqlite3.Connection, calls: list[list[Job]], report: Report) -> None:
        if not _begin(db, [job for call in calls for job in call], report):
            return
        until = monotonic() + BATCH_TIME
        done: list[Outcome] = []
        for position, call in enumerate(calls):
            if done and monotonic() > until:
                report.left = [job for later in calls[position:] for job in later]
                break
            done += self._run(db, call)
            if not db.in_transaction:
                report.left = [job for later in calls[position + 1 :] for job in later]
                self._alone(db, [job for call in calls[: position + 1] for job in call], report)
                return
        _finish(db, done, report)

    def _alone(self, db: sqlite3.Connection, jobs: Sequence[Job], report: Report) -> None:
        for position, job in enumerate(jobs):
            if report.lost:
                report.left[:0] = jobs[position:]
                return
            if not _begin(db, jobs[position:], report):
                return
            done = self._run(db, [job])
            if db.in_transaction:
                _finish(db, done, report)
            else:
                report.outcomes += done

    def _run(self, db: sqlite3.Connection, call: Sequence[Job]) -> list[Outcome]:
        """One call under its savepoint; a list that fails is run again one by one."""
        jobs = [job for job in call if not job.future.done()]  # nobody waits for the others any more
        if not jobs:
            return []
        started = monotonic()
        try:
            return self._attempt(db, jobs)
        except BaseException as error:  # noqa: BLE001  the writer outlives whatever an action does
            _undo(db)
            if len(jobs) == 1:
                return [(jobs[0], None, _own(jobs[0], error))]
        finally:
            if (took := monotonic() - started) > SLOW and self._serving:
                log.warning("slow action", action=jobs[0].name, jobs=len(jobs), seconds=round(took, 3))
        return [outcome for job in jobs if db.in_transaction for outcome in self._run(db, [job])]

    def _attempt(self, db: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
        db.execute("SAVEPOINT action")
        tx = Transaction(db, self._watch)
        # A list's callers each have a context of their own; it runs in the first one's.
        values = jobs[0].context.run(settle, tx, jobs[0].name, perform(tx, jobs))
        outcomes: list[Outcome] = [(job, value, None) for job, value in zip(jobs, values, strict=True)]
        db.execute("RELEASE action")
        return outcomes


def _calls(jobs: Iterable[Job]) -> list[list[Job]]:
    """Jobs in order; items of one list action share a call, where the first of them stands."""
    calls: list[list[Job]] = []
    lists: dict[Any, list[Job]] = {}
    for job in jobs:
        call = lists.get(job.action) if job.listed else None
        if call is None or len(call) >= LIST_LIMITS[job.lane]:
            calls.append(call := [])
            if job.listed:
                lists[job.action] = call
        call.append(job)
    return calls


def _begin(db: sqlite3.Connection, jobs: Sequence[Job], report: Report) -> bool:
    """Where it fails nothing happened to `jobs`: they wait for a busy database, and are told of any other trouble."""
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        if faults.code(error) in faults.BUSY:
            report.busy = True
            report.left[:0] = jobs
        else:
            report.outcomes += [(job, None, faults.unavailable(error)) for job in jobs]
        return False
    return True


def _finish(db: sqlite3.Connection, done: list[Outcome], report: Report) -> None:
    """COMMIT. An action's own error stands or falls with it too: it may have seen what others wrote in the batch."""
    try:
        _commit(db)
    except sqlite3.Error as error:
        surely_not = _roll_back(db) and faults.code(error) in faults.SURELY_NOT_COMMITTED
        report.lost = report.lost or not surely_not
        verdict: TeamlineError = faults.unavailable(error) if surely_not else OutcomeUnknown()
        report.outcomes += [(job, None, verdict) for job, _, _ in done]
    else:
        report.committed += 1
        report.outcomes += done


def _commit(db: sqlite3.Connection) -> None:
    db.execute("COMMIT")


def _undo(db: sqlite3.Connection) -> None:
    """Back to the savepoint; where that fails, the whole batch is discarded."""
    if db.in_transaction:
        try:
            db.execute("ROLLBACK TO action")
            db.execute("RELEASE action")
        except sqlite3.Error:
            _roll_back(db)


def _roll_back(db: sqlite3.Connection) -> bool:
    try:
        if db.in_transaction:
            db.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True


def _own(job: Job, error: BaseException) -> BaseException:
    """What the caller sees: the action's own error, unless raising it there would end more than the call."""
    if isinstance(error, sqlite3.Error):
        return faults.fault(error, "SAVEPOINT")
    return error if isinstance(error, Exception) else Misuse(f"{job.name} raised {type(error).__name__}")
