"""What the company's signed tokens say of an app's customers, and who else they may be."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.author import AgentId, CustomerId
from gateway.domain.message import ThreadId
from gateway.store.reach import in_reach
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class Profile:
    """Of one identity; what a token does not say is None."""

    phone: str | None
    phone_verified: bool
    postal_code: str | None
    region: str | None
    customer_class: str | None
    account: str | None
    locale: str | None


async def keep(tx: Tx, identity: int, said: Profile, now: int) -> None:
    """The newest token's word stands for all of it."""
    await tx.run(
        """INSERT INTO profile
                  (identity_id, phone, phone_verified, postal_code, region, class, account, locale, seen_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
           ON CONFLICT (identity_id) DO UPDATE
              SET phone = excluded.phone, phone_verified = excluded.phone_verified,
                  postal_code = excluded.postal_code, region = excluded.region, class = excluded.class,
                  account = excluded.account, locale = excluded.locale, seen_at = excluded.seen_at""",
        identity,
        said.phone,
        int(said.phone_verified),
        said.postal_code,
        said.region,
        said.customer_class,
        said.account,
        said.locale,
        now,
    )


async def of_thread(tx: Tx, agent: AgentId, thread: ThreadId) -> list[Row]:
    """identity_id, phone, phone_verified, postal_code, region, class, account, locale, seen_at of the thread's app
    identities."""
    return list(
        await tx.all(
            f"""SELECT profile.identity_id, profile.phone, profile.phone_verified, profile.postal_code, profile.region,
                       profile.class, profile.account, profile.locale, profile.seen_at
                  FROM thread JOIN identity ON identity.customer_id = thread.customer_id
                  JOIN profile ON profile.identity_id = identity.id
                 WHERE thread.id = ?2 AND {in_reach("?2")} ORDER BY profile.seen_at DESC""",  # noqa: S608
            agent,
            thread,
        )
    )


async def maybe_same(tx: Tx, agent: AgentId, customer: CustomerId) -> list[Row]:
    """thread, customer, name and verified of other customers with the same phone, in threads that the agent may see: a
    phone that a carrier vouches for on one side, and an app's token on the other."""
    return list(
        await tx.all(
            f"""SELECT thread.id AS thread, customer.id AS customer, coalesce(customer.name, home.address) AS name,
                       max(said.verified) AS verified
                  FROM (SELECT texts.customer_id AS other, profile.phone_verified AS verified
                          FROM identity AS app JOIN profile ON profile.identity_id = app.id
                          JOIN identity AS texts ON texts.address = profile.phone
                               AND texts.kind IN ('sms', 'whatsapp', 'rcs')
                         WHERE app.customer_id = ?2
                        UNION
                        SELECT app.customer_id AS other, profile.phone_verified AS verified
                          FROM identity AS texts JOIN profile ON profile.phone = texts.address
                          JOIN identity AS app ON app.id = profile.identity_id
                         WHERE texts.customer_id = ?2 AND texts.kind IN ('sms', 'whatsapp', 'rcs')) AS said
                  JOIN thread ON thread.customer_id = said.other JOIN customer ON customer.id = said.other
                  LEFT JOIN line ON line.id = thread.last_line_id
                  LEFT JOIN identity AS home ON home.id = line.identity_id
                 WHERE said.other <> ?2 AND {in_reach("thread.id")}
                 GROUP BY thread.id, customer.id, customer.name, home.address
                 ORDER BY thread.id LIMIT 10""",  # noqa: S608  fixed words only
            agent,
            customer,
        )
    )
