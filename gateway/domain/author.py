"""Who wrote a message. This file owns the only way to be an author, and refuses anyone who is not a person.

An outbound message needs `Author.human(...)`. Its evidence names the credential row (a session or a personal token)
under which the words came in; only `store.credentials.authenticate` makes one, inside the writing transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

AgentId = NewType("AgentId", int)
CustomerId = NewType("CustomerId", int)
CredentialId = NewType("CredentialId", int)

EvidenceKind = Literal["session", "token"]
Role = Literal["agent", "lead", "admin"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The authentication under which something was written."""

    kind: EvidenceKind
    credential: CredentialId


@dataclass(frozen=True, slots=True)
class Author:
    """A person on the team's side, with the evidence for it. `display_name` is what customers see."""

    agent: AgentId
    name: str
    display_name: str
    evidence: Evidence

    @classmethod
    def human(cls, agent: AgentId, name: str, display_name: str, evidence: Evidence) -> Author:
        return cls(agent, name, display_name, evidence)


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated agent: the author they would be, and what they may do."""

    author: Author
    login: str
    role: Role
    may_reply: bool
    """False for a personal token made without `--may-reply`: it reads and writes notes."""

    @property
    def agent(self) -> AgentId:
        return self.author.agent

    @property
    def key(self) -> str:
        """Whose idempotency keys these are."""
        return f"agent:{self.agent}"
