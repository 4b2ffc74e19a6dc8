"""Signing in and out: the rows behind it, without a password check."""

from __future__ import annotations

import pytest

from gateway.actions.sign_in import WINDOW, Attempt, begin_sign_in, finish_sign_in, sign_out
from gateway.actions.view import me
from gateway.errors import TooMany, Unauthenticated
from gateway.store.agents import set_password
from gateway.store.credentials import secret_hash
from tests.company import FRONT, SECOND, Company

NEW = secret_hash("a new session")
ATTEMPT = Attempt("pair", ("login", "address"), 0)


async def test_a_session_begins_and_ends(company: Company) -> None:
    """Signing in opens a session for thirty days; signing out ends it and no other."""
    ana = await company.hire("ana", FRONT)
    now = company.clock()
    principal, teams = await company.store.write(finish_sign_in, ana.id, "argon2id", NEW, ATTEMPT, now)
    assert (ana.id, "ana", [FRONT]) == (principal.agent, principal.login, teams)
    assert (principal, [FRONT]) == await company.store.read(me, NEW, now + 29 * 86_400 * SECOND)
    with pytest.raises(Unauthenticated):
        await company.store.read(me, NEW, now + 30 * 86_400 * SECOND)
    await company.store.write(sign_out, NEW, now)
    with pytest.raises(Unauthenticated):
        await company.store.read(me, NEW, now)
    await company.store.read(me, ana.secret, now)


async def test_signing_out_leaves_a_token(company: Company) -> None:
    """A personal token is not ended by signing out with it."""
    token = await company.token(await company.hire("ana", FRONT), may_reply=False)
    await company.store.write(sign_out, token, company.clock())
    assert not (await company.store.read(me, token, company.clock()))[0].may_reply


@pytest.mark.parametrize("change", ["password", "disabled", "unknown"])
async def test_what_changed_meanwhile_opens_no_session(company: Company, change: str) -> None:
    """Whose password was changed, or who was disabled, between the check and the session gets none."""
    ana = await company.hire("ana", FRONT)
    if change == "password":
        await company.store.write(set_password, ana.id, "another")
    elif change == "disabled":
        await company.sql("UPDATE agent SET disabled_at = 1")
    agent = ana.id if change != "unknown" else type(ana.id)(99)
    with pytest.raises(Unauthenticated):
        await company.store.write(finish_sign_in, agent, "argon2id", NEW, ATTEMPT, company.clock())
    assert [(1,)] == await company.rows("SELECT count(*) FROM credential")


async def test_attempts_are_bounded_and_forgotten(company: Company) -> None:
    """So many attempts in a quarter of an hour and no more, by login and by address; a success forgets the login's own,
    and does not count against others at the address."""
    ana = await company.hire("ana", FRONT)
    subjects = (("login", 3), ("address", 5))

    async def attempt() -> bool:
        try:
            return await company.store.write(begin_sign_in, "ana", subjects, company.clock.tick()) is not None
        except TooMany:
            return False

    assert [True, True, True, False, False] == [await attempt() for _ in range(5)]
    right = Attempt("login", ("address",), company.clock() - 2 * SECOND)  # the third was the last that counted
    await company.store.write(finish_sign_in, ana.id, "argon2id", NEW, right, company.clock())
    assert [True, True, True, False] == [await attempt() for _ in range(4)]
    company.clock.tick(WINDOW.seconds)
    assert await attempt()


async def test_a_login_nobody_has_counts_too(company: Company) -> None:
    """An unknown login is nobody, and its attempts are bounded as any other's."""
    assert await company.store.write(begin_sign_in, "eve", (("login", 1),), company.clock()) is None
    with pytest.raises(TooMany) as refused:
        await company.store.write(begin_sign_in, "eve", (("login", 1),), company.clock())
    assert WINDOW.seconds == refused.value.retry_after
