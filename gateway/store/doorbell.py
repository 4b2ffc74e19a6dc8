"""Wake-ups without a payload, within one process. A ring says "read the database again" and nothing more.

An ear cannot lose a ring: it remembers how many it has heard, so that one that comes between reading the database and
waiting is heard at once. Every waiter also polls, by the time it is ready to wait.

Texts come in by the thousand, and most waiters have nothing to do with them: a commit of texts alone has a ring of its
own, which only those hear who asked for all.
"""

from __future__ import annotations

import asyncio


class Bell:
    """Belongs to one event loop; `ring` is called there."""

    def __init__(self) -> None:
        self.rings = 0
        """How often it has rung."""
        self._next: asyncio.Future[None] | None = None

    def ring(self) -> None:
        self.rings += 1
        if self._next is not None:
            self._next.set_result(None)
            self._next = None

    def coming(self) -> asyncio.Future[None]:
        """Done at the next ring."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next


class Doorbell(Bell):
    """Rings for everything that was committed."""

    def __init__(self) -> None:
        super().__init__()
        self._deeds = Bell()
        """The same without texts."""

    def ring(self) -> None:
        super().ring()
        self._deeds.ring()

    def ring_for_texts(self) -> None:
        """For a commit of what customers and providers tell us, and nothing else."""
        super().ring()

    def listen(self, *, texts: bool = True) -> Ear:
        """An ear that hears every ring from now on. Listen first, then read the database."""
        return Ear(self if texts else self._deeds)


class Ear:
    """One waiter's hearing."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._heard = bell.rings

    async def heard(self, timeout: float) -> bool:  # noqa: ASYNC109  waiting for either is the point
        """True as soon as the bell has rung since the last call (or `listen`); False after `timeout` seconds."""
        if self._heard == self._bell.rings:
            # All ears share the future, and `asyncio.wait` never cancels it.
            await asyncio.wait((self._bell.coming(),), timeout=timeout)
        rung = self._heard != self._bell.rings
        self._heard = self._bell.rings
        return rung
