"""When things happened: the company's times, put on a real calendar that ends now. Nobody works outside their hours.

A day back is a weekday on which the team is there at noon. "12 min ago" is counted from now while only the customer
wrote, since they write at any hour; where people of the team had a part, it is counted from the last moment at which
the team had been there for a while, so that a demo that is started at night shows the evening before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from gateway.cli.company.script import Line
from gateway.domain.hours import Hours

SHIFT: Final = timedelta(hours=4)
"""How long the team must have been there: more than any "min ago" that one of them had a part in."""
STEP: Final = timedelta(minutes=15)
WEEK: Final = timedelta(days=7)
APART: Final = timedelta(seconds=20)
"""The least between two lines of one talk, so that those of one minute stand in order."""
NOON: Final = time(12)


class Diary:
    """One team's calendar; `now` is aware."""

    def __init__(self, hours: Hours, now: datetime) -> None:
        self._hours = hours
        self._now = now.astimezone(UTC)
        self._desk = self._last_shift()
        """Until when somebody was there."""
        self._days = self._working_days(self._desk.astimezone(hours.zone).date())

    def times(self, talk: Sequence[Line]) -> list[datetime]:
        """When each line happened, each after the one before."""
        times: list[datetime] = []
        for at in self._said(talk):
            times.append(max(at, times[-1] + APART) if times else at)
        return times

    def _said(self, talk: Sequence[Line]) -> Iterator[datetime]:
        days = 0
        for recent, lines in groupby(talk, lambda line: line.minutes is not None):
            run = tuple(lines)
            base = self._now if all(line.by_customer for line in run) else self._desk
            for line in run:
                if recent:
                    yield base - timedelta(minutes=line.minutes or 0)
                else:
                    days = days if line.days is None else line.days
                    yield datetime.combine(self._day(days), line.clock or NOON, self._hours.zone).astimezone(UTC)

    def _day(self, back: int) -> date:
        return self._days[back - 1]

    def _last_shift(self) -> datetime:
        """Now, if the team has been there for a while; else when it last had."""
        at = self._now
        while at > self._now - WEEK:
            if all(self._hours.is_open(at - STEP * steps) for steps in range(SHIFT // STEP + 1)):
                return at
            at -= STEP
        return self._now

    def _working_days(self, before: date) -> list[date]:
        """The days before this one, newest first; where the team has none, every day."""
        past = [before - timedelta(days=back) for back in range(1, 60)]
        working = [day for day in past if day.weekday() < 5 and self._is_there(day)]
        return working if len(working) > len(past) // 2 else past

    def _is_there(self, day: date) -> bool:
        return self._hours.is_open(datetime.combine(day, NOON, self._hours.zone))
