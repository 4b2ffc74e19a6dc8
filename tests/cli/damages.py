"""Each kind of damage that a person with SQL could do to what people wrote, and what `teamline verify` says of it."""

from __future__ import annotations

COLUMNS = "team_id, thread_id, direction, identity_id, line_id, channel, agent_id, credential_id, body, salt, at"
SIX = "seq, message_id, agent_id, credential_id, digest, prev, hash"

# What is done by SQL -> the team, the link and message named, and why. Messages 2, 3, 5, 6, 8 and 9 are outbound.
DAMAGE: dict[str, tuple[str, str]] = {
    "body": (
        "UPDATE message SET body = 'Other words' WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "salt": (
        "UPDATE message SET salt = x'00' WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "time": (
        "UPDATE message SET at = at + 1 WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "channel": (
        "UPDATE message SET channel = 'chat' WHERE id = 5; UPDATE delivery SET channel = 'chat' WHERE message_id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "address": (
        "UPDATE identity SET address = '+13035559999' WHERE id = 1",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "kind of address": (
        "UPDATE identity SET kind = 'whatsapp' WHERE id = 2",
        "great-lakes: link 1: message 8: its text, evidence, address or time is not what was signed",
    ),
    "identity": (
        "UPDATE message SET identity_id = 2 WHERE id = 5; UPDATE delivery SET identity_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "delivery's identity": (
        "UPDATE delivery SET identity_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's channel": (
        "UPDATE delivery SET channel = 'chat' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's own address": (
        "UPDATE delivery SET endpoint = '+19999999999' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's thread": (
        "UPDATE delivery SET thread_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "delivery's team": (
        "UPDATE delivery SET team_id = 'great-lakes' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "delivery of another message": (
        (
            "UPDATE delivery SET message_id = -1 WHERE message_id = 5; "
            "UPDATE delivery SET message_id = 5 WHERE message_id = 8; "
            "UPDATE delivery SET message_id = 8 WHERE message_id = -1"
        ),
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "thread": (
        "UPDATE message SET thread_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its thread is of another customer than its address",
    ),
    "thread of the same customer": (
        (
            "INSERT INTO thread (id, customer_id, team_id, created_at) VALUES (9, 1, 'great-lakes', 0); "
            "UPDATE message SET thread_id = 9 WHERE id = 5; UPDATE delivery SET thread_id = 9 WHERE message_id = 5"
        ),
        "front-range: link 3: message 5: its pair of addresses is another",
    ),
    "team": (
        "UPDATE message SET team_id = 'great-lakes' WHERE id = 5",
        "front-range: link 3: message 5: the message is of another team than its chain",
    ),
    "customer of the address": (
        "UPDATE identity SET customer_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: its thread is of another customer than its address",
    ),
    "customer of the thread": (
        "UPDATE thread SET customer_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: its thread is of another customer than its address",
    ),
    "line": (
        "UPDATE message SET line_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "line of another address": (
        "UPDATE line SET endpoint = '+13035550100' WHERE id = 2; UPDATE message SET line_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its pair of addresses is another",
    ),
    "line of another channel": (
        "UPDATE line SET channel = 'chat' WHERE id = 1",
        "front-range: link 1: message 2: its pair of addresses is another",
    ),
    "line deleted": ("DELETE FROM line WHERE id = 2", "great-lakes: link 1: message 8: its line is gone"),
    "own address": (
        "UPDATE line SET endpoint = '+19999999999' WHERE id = 1; UPDATE delivery SET endpoint = '+19999999999'",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "author": (
        "UPDATE message SET agent_id = 2, credential_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: the message names another author or other evidence than was signed",
    ),
    "evidence": (
        "UPDATE message SET credential_id = 3 WHERE id = 5",
        "front-range: link 3: message 5: the message names another author or other evidence than was signed",
    ),
    "author in both": (
        (
            "UPDATE message SET agent_id = 2, credential_id = 2 WHERE id = 5; "
            "UPDATE authorship SET agent_id = 2, credential_id = 2 WHERE message_id = 5"
        ),
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "evidence of another kind": (
        "UPDATE credential SET kind = 'token' WHERE id = 1",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "evidence revoked before": (
        "UPDATE credential SET revoked_at = 1 WHERE id = 1",
        "front-range: link 1: message 2: the evidence had ended before the message was written",
    ),
    "evidence expired before": (
        "UPDATE credential SET expires_at = 1 WHERE id = 1",
        "front-range: link 1: message 2: the evidence had ended before the message was written",
    ),
    "evidence made after": (
        "UPDATE credential SET created_at = created_at + 3600000000 WHERE id = 1",
        "front-range: link 1: message 2: the evidence is younger than the message",
    ),
    "evidence of another": (
        "UPDATE credential SET agent_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: the evidence is another person's",
    ),
    "evidence deleted": (
        "DELETE FROM credential WHERE id = 1",
        "front-range: link 1: message 2: its evidence is gone",
    ),
    "token without may_reply": (
        "UPDATE credential SET may_reply = 0 WHERE id = 3",
        "front-range: link 4: message 6: the evidence did not allow replies",
    ),
    "person deleted": ("DELETE FROM agent WHERE id = 1", "front-range: link 1: message 2: its agent is gone"),
    "message deleted": ("DELETE FROM message WHERE id = 5", "front-range: link 3: message 5: the message is gone"),
    "newest message deleted": (
        "DELETE FROM message WHERE id = 9",
        "great-lakes: link 2: message 9: the message is gone",
    ),
    "thread deleted": ("DELETE FROM thread WHERE id = 2", "great-lakes: link 1: message 8: its thread is gone"),
    "delivery deleted": (
        "DELETE FROM delivery WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is gone",
    ),
    "direction": (
        "UPDATE message SET direction = 'note' WHERE id = 5",
        "front-range: link 3: message 5: the message is not outbound",
    ),
    "direction of a customer's": (
        "UPDATE message SET direction = 'out' WHERE id = 1",
        "front-range: message 1: it is in no authorship chain",
    ),
    "first link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 1",
        "front-range: link 2: message 3: link 1 is missing",
    ),
    "middle link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 2",
        "front-range: link 3: message 5: link 2 is missing",
    ),
    "last link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 4",
        "front-range: link 4: the chain ends before it, but its head says 4 links",
    ),
    "chain deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range'",
        "front-range: link 1: the chain ends before it, but its head says 4 links",
    ),
    "chain and head deleted": (
        (
            "DELETE FROM authorship WHERE team_id = 'front-range'; "
            "UPDATE team SET chain_seq = 0, chain_hash = x'' WHERE id = 'front-range'"
        ),
        "front-range: message 2: it is in no authorship chain",
    ),
    "two links swapped": (
        (
            "UPDATE authorship SET seq = 99 WHERE team_id = 'front-range' AND seq = 2; "
            "UPDATE authorship SET seq = 2 WHERE team_id = 'front-range' AND seq = 3; "
            "UPDATE authorship SET seq = 3 WHERE team_id = 'front-range' AND seq = 99"
        ),
        "front-range: link 2: message 5: it does not carry the hash of the link before",
    ),
    "hash": (
        "UPDATE authorship SET hash = x'00' WHERE message_id = 5",
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "hash of the last": (
        "UPDATE authorship SET hash = x'00' WHERE message_id = 9",
        "great-lakes: link 2: message 9: its hash does not fit what it says",
    ),
    "digest": (
        "UPDATE authorship SET digest = x'00' WHERE message_id = 5",
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "no link": (
        f"INSERT INTO message ({COLUMNS}) SELECT {COLUMNS} FROM message WHERE id = 5",
        "front-range: message 10: it is in no authorship chain",
    ),
    "link of no team": (
        f"INSERT INTO authorship (team_id, {SIX}) SELECT 'nobody', 1, 1, 1, 1, x'', x'', x''",
        "nobody: message 1: its team does not exist",
    ),
    "head's hash": (
        "UPDATE team SET chain_hash = x'00' WHERE id = 'great-lakes'",
        "great-lakes: link 2: the head of the chain is another",
    ),
    "head too far": (
        "UPDATE team SET chain_seq = 3 WHERE id = 'great-lakes'",
        "great-lakes: link 3: the chain ends before it, but its head says 3 links",
    ),
    "head set back": (
        (
            "UPDATE team SET chain_seq = 1, chain_hash = "
            "(SELECT hash FROM authorship WHERE team_id = 'great-lakes' AND seq = 1) WHERE id = 'great-lakes'"
        ),
        "great-lakes: link 2: the head of the chain says that there is none",
    ),
}
