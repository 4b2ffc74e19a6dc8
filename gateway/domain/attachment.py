"""Files that belong to messages, as values. This file owns what a reader may know of one; bytes are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

from gateway.domain.author import AgentId, CustomerId

AttachmentId = NewType("AttachmentId", int)

FileState = Literal["waiting", "ready", "failed"]
"""Waiting: the provider has it, and it is being fetched. Failed: it could not be fetched, or was refused."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. `size` in bytes, `width` and `height` in pixels of a picture, each None until known."""

    id: AttachmentId
    name: str
    type: str
    """Media type: by content once it is ready."""
    state: FileState
    size: int | None
    width: int | None
    height: int | None
    detail: str | None
    """Why it failed, in words an agent can read."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who uploaded a file: an agent or a customer. Only they may name it in a message."""

    agent: AgentId | None
    customer: CustomerId | None

    @classmethod
    def of_agent(cls, agent: AgentId) -> Owner:
        return cls(agent, None)

    @classmethod
    def of_customer(cls, customer: CustomerId) -> Owner:
        return cls(None, customer)

    @property
    def key(self) -> str:
        """Whose idempotency keys these are."""
        return f"agent:{self.agent}" if self.agent is not None else f"customer:{self.customer}"
