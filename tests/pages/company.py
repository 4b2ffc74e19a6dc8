"""A small company's morning, to look at: a few people and conversations, and the states a message can be in."""

from __future__ import annotations

from datetime import timedelta

from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago, rfc3339

OTHERS = [
    ("Marcus Oyelaran", "+13035550142", "Thanks, that sorted it. Have a good weekend"),
    ("+17205550188", "+17205550188", "Is the Colfax branch open tomorrow?"),
    ("ליאת ברק", "+13035550177", "שלום, אפשר לשנות את המשלוח ליום שלישי?"),
    ("Priya Raman", "+13035550119", "Got the invoice, but the VAT line looks off. Can you check line 4?"),
    ("Tom Becker", "+17205550131", "ok"),
    ("Wanjiru Kamau", "+13035550166", "The courier says nobody was home, we were here all day"),
    ("Ellis Hart", "+17205550104", "Can I move my appointment to after 4?"),
    ("Sofía Marín", "+13035550158", "¿Me pueden llamar mañana por la mañana?"),
    ("Jonas Lindqvist", "+17205550162", "Perfect, see you then."),
    ("Amal Haddad", "+13035550195", "Can someone tell me when the part arrives"),
    ("Greg Novak", "+17205550120", "Picture of the meter attached"),
    ("Bea Castellano", "+13035550133", "No rush, whenever you get to it"),
]

STATUS = {
    "faults": [
        {
            "path": "config/adapters/sms.toml",
            "line": 7,
            "key": "acount_sid",
            "problem": "this key is not known",
            "remedy": "did you mean account_sid?",
        }
    ],
    "notices": ["server.listen was changed: it takes effect after a restart"],
    "started_at": rfc3339(ago(hours=5)),
    "streams": 3,
    "channels": [
        {
            "name": "sms",
            "adapter": "twilio_sms",
            "last_in": rfc3339(ago(minutes=2)),
            "last_out": rfc3339(ago(minutes=4)),
            "last_error": {"at": rfc3339(ago(minutes=31)), "code": "30003", "detail": "The phone cannot be reached."},
            "queued": 2,
            "sending": 1,
            "retrying": 1,
            "unknown": 1,
            "configuration": [
                {
                    "code": "30034",
                    "detail": "The number is not registered to send texts.",
                    "count": 3,
                    "at": rfc3339(ago(minutes=40)),
                    "link": "https://www.twilio.com/docs/api/errors/30034",
                }
            ],
        },
        {"name": "phone", "adapter": "loopback", "queued": 0, "sending": 0, "retrying": 0, "unknown": 0},
    ],
    "people": [
        {
            "login": "ana",
            "name": "Ana Reyes",
            "display_name": "Ana",
            "role": "admin",
            "teams": [],
            "disabled": False,
        },
        {
            "login": "ben",
            "name": "Ben Whitlock",
            "display_name": "Ben",
            "role": "agent",
            "teams": ["front-range"],
            "disabled": False,
        },
    ],
    "tokens": [
        {"login": "ben", "label": "export", "may_reply": False, "created_at": rfc3339(ago(days=12))},
    ],
}


def furnish(gateway: FakeGateway) -> str:
    """Fills a gateway and answers the thread worth looking at first."""
    ana, ben = gateway.agent("ana", "Ana Reyes", "admin"), gateway.agent("ben", "Ben Whitlock")
    for place, (name, number, words) in enumerate(OTHERS):
        thread = gateway.thread(name, number)
        start = ago(hours=3 * place + 2)
        gateway.write(thread, "in", gateway.customer(thread), "Hello, a question about my order", start)
        gateway.write(
            thread,
            "out",
            gateway.person(ben),
            "Hello, of course.",
            start + timedelta(minutes=4),
            delivery={"state": "delivered"},
        )
        picture = {"media": [{"content_type": "image/jpeg"}]} if "Picture" in words else {}
        gateway.write(thread, "in", gateway.customer(thread), words, ago(minutes=9 + 17 * place), **picture)
        if place % 4 == 0:
            gateway.write(
                thread,
                "out",
                gateway.person(ana),
                "You are welcome.",
                ago(minutes=5 + 16 * place),
                delivery={"state": "read"},
            )
        if place % 5 == 3:
            gateway.threads[thread]["claimed_by"] = {"id": ben["id"], "name": ben["name"]}
        for agent in (ana, ben):
            gateway.unread[agent["id"], thread] = 2 if place % 3 == 1 else 0
    failed = gateway.messages[next(iter(gateway.threads))][-1]
    gateway.status |= STATUS
    failed["delivery"] = {"state": "failed", "detail": "The number is not in service."}
    return conversation(gateway)


def conversation(gateway: FakeGateway) -> str:
    ana, ben = gateway.agents["ana"], gateway.agents["ben"]
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    dana = gateway.customer(thread)

    def said(minutes: float, body: str, **more: object) -> None:
        gateway.write(thread, "in", dana, body, ago(minutes=minutes), **more)

    def answered(minutes: float, body: str, state: str, **more: object) -> None:
        gateway.write(
            thread,
            "out",
            gateway.person(ana),
            body,
            ago(minutes=minutes),
            delivery={"state": state, "at": rfc3339(ago(minutes=minutes - 0.1)), **more},
        )

    def event(minutes: float, kind: str, agent: dict[str, object]) -> None:
        gateway.messages[thread].append(
            {"event": kind, "at": rfc3339(ago(minutes=minutes)), "author": gateway.person(agent)}
        )

    said(1500, "Hi, this is Dana at 418 Vine. Our furnace service was booked for this week, can you tell me which day?")
    answered(
        1492,
        "Hello Dana, it is Ana. You are down for Thursday, 8 to 10. Shall they ring when they are on the way?",
        "delivered",
    )
    said(1490, "Yes, that would be great")
    event(1489, "thread.done", ana)
    said(58, "Morning! Something came up on Thursday after all.")
    said(
        57,
        "Could they come on Friday instead? Anything before noon works, and the week after is fine too.",
    )
    event(51, "thread.claimed", ana)
    gateway.write(
        thread,
        "note",
        gateway.person(ben),
        "Crew 4 is at Capitol Hill on Friday morning anyway, 418 Vine is on their way. I have not moved anything yet.",
        ago(minutes=46),
    )
    answered(
        41,
        "Friday works: between 9 and 11, the same crew. I have moved it, and they will ring about 20 minutes before.",
        "unknown",
        detail="The provider did not say whether it took it.",
    )
    answered(40, "If 9 is too early for you, say so here.", "delivered")
    said(12, "9 is perfect. One more thing, the gate code changed, it's 4471 now")
    said(11, "", media=[{"content_type": "image/jpeg"}])
    gateway.threads[thread]["claimed_by"] = {"id": ana["id"], "name": ana["name"]}
    gateway.unread[ana["id"], thread] = 0
    return thread
