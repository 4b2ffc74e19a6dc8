"""What every channel's config file has in common. An adapter declares its own model on top of `ChannelConfig`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo

BY_REGION = "by-region"
"""Instead of a team: the customer's own team, found by their number or place."""


class Strict(BaseModel):
    """Frozen, and unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _resolve(value: object, info: ValidationInfo) -> Any:
    """`{env = ...}` or `{file = ...}` into its content; the reader of the files is handed in by the settings."""
    reader = (info.context or {}).get("secrets")
    if reader is None:
        return value  # made in code (a test, a demo): a SecretStr already
    return reader(value)


Secret = Annotated[SecretStr, BeforeValidator(_resolve)]
"""`{ env = "NAME" }` or `{ file = "PATH" }`, never a value. Declared here as one, it is redacted everywhere."""


class Destination(Strict):
    """Where messages to one of our addresses go: a team's id, or "by-region"; and how fast it may send."""

    team: str
    per_second: Annotated[float, Field(gt=0, le=1000, strict=True, allow_inf_nan=False)] | None = None


def _place(value: object) -> object:
    if isinstance(value, str):
        return {"team": value}
    if not isinstance(value, (Mapping, Destination)):
        raise ValueError(f'is neither a team nor a table; write a team\'s id, "{BY_REGION}" or {{ team = "..." }}')  # noqa: TRY004  pydantic collects ValueErrors
    return value


Place = Annotated[Destination, BeforeValidator(_place)]
"""A destination as it is written: a team's id alone is short for a table."""


class ChannelConfig(Strict):
    """The keys of any `adapters/*.toml`."""

    adapter: str
    enabled: Annotated[bool, Field(strict=True)] = True

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """(key path, team id or "by-region") for each team this file names, so that a wrong one is a fault by line."""
        return ()

    def claims(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """(key path, what it is at the provider) for what one channel of this adapter may have and no second one."""
        return ()

    def problems(self, public_url: str, listen: str) -> Iterable[tuple[tuple[str, ...], str, str]]:
        """(key path, what is wrong, what would be right) for what only the whole folder can show."""
        return ()
