"""Turns to try a plugin with."""

import json
from typing import Any

from turnwise_plugin import Plugin, lift

CONTEXT: dict[str, Any] = {
    "conversation": "c_1",
    "session": 2,
    "turn": 3,
    "user": {"externalId": "u1", "alias": None, "phone": "+4915112345678", "language": "de", "profileName": "Ada"},
    "source": "whatsapp",
    "now": 1_700_000_000_123,
    "seed": 7,
    "settings": [{"name": "hours", "value": '"9 to 5"'}, {"name": "tries", "value": "3"}],
    "fields": [{"name": "first_name", "value": '"Zoë"'}],
    "desk": {"tag": "closed", "val": 1_700_000_060_000},
}


def event(tag: str, val: Any) -> dict[str, Any]:
    return {"tag": tag, "val": val}


def message(text: str = "hello", **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": "m1",
        "text": text,
        "media": [],
        "choice": None,
        "flowResponse": None,
        "received": 1_700_000_000_000,
    }
    return event("message", record | more)


def answer(plugin: Plugin[Any], event: dict[str, Any], state: str | None = None, **context: Any) -> dict[str, Any]:
    """What the plugin says, as it comes out of the JSON that the player reads."""
    raw = lift.from_json(json.dumps({"context": CONTEXT | context, "state": state, "event": event}))
    decision: dict[str, Any] = json.loads(json.dumps(plugin.answer(raw.context, raw.state, raw.event)))
    return decision


def decide(plugin: Plugin[Any], event: dict[str, Any], state: str | None = None, **context: Any) -> dict[str, Any]:
    """The decision of a turn that must have one."""
    said = answer(plugin, event, state, **context)
    assert "ok" in said, said
    decision: dict[str, Any] = said["ok"]
    return decision
