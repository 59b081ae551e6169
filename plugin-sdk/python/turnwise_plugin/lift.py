"""From the contract's records, as the component's bindings or a JSON line have them, to this package's.

Both have attributes in snake_case. A variant is told by its class: the bindings call the case `session-expired` of `event`
`Event_SessionExpired`, and a JSON line's `Variant` has it as a tag.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from . import events

# Compiled here, since a turn would begin by doing it.
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_MAX = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


class Variant:
    """A case of a variant, as a JSON line has it."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value


class Record:
    """A record, as a JSON line has it: attributes in snake_case, absent where the line has none."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update((_snake(name), value) for name, value in fields.items())

    def __getattr__(self, name: str) -> None:
        return None


def from_json(line: str) -> Any:
    """Records and variants of a JSON line."""
    return json.loads(line, object_hook=_from_object)


def context(raw: Any) -> events.Context:
    """The contract's `context`."""
    tag, value = _case(raw.desk)
    return events.Context(
        raw.conversation,
        raw.session,
        raw.turn,
        _user(raw.user),
        raw.source,
        _time(raw.now),
        raw.seed,
        {named.name: named.value for named in raw.settings},
        {named.name: named.value for named in raw.fields},
        events.Desk(events.DeskStatus(tag), None if value is None else _time(value)),
    )


def event(raw: Any) -> events.Event:
    """The contract's `event`."""
    tag, value = _case(raw)
    match tag:
        case "message":
            return _message(value)
        case "burst":
            return events.Burst(tuple(_message(message) for message in value))
        case "timer":
            return events.TimerFired(value.name, value.payload, _time(value.due))
        case "response":
            return events.Response(value.id, _outcome(value.outcome))
        case "delivery-failed":
            return events.DeliveryFailure(value.turn, value.campaign, value.reason, value.ambiguous)
        case "handoff":
            return _handoff(value)
        case "session-expired":
            return events.SessionExpired(value)
        case "switched":
            return events.Switched(value.name, value.value)
        case "external":
            return events.External(value.name, value.value)
    raise ValueError(f"this SDK does not know the event {tag}")


def _user(raw: Any) -> events.User:
    alias = raw.alias and events.UserAlias(raw.alias.name, raw.alias.label)
    return events.User(raw.external_id, alias, raw.phone, raw.language, raw.profile_name)


def _message(raw: Any) -> events.Message:
    media = tuple(events.Media(each.url, each.mime_type) for each in raw.media)
    return events.Message(raw.id, raw.text, media, raw.choice, raw.flow_response, _time(raw.received))


def _outcome(raw: Any) -> events.HttpResponse | events.RequestFailed:
    tag, value = _case(raw)
    if tag == "ok":
        return events.HttpResponse(value.status, _pairs(value.headers), value.body)
    tag, value = _case(value)
    return events.RequestFailed(events.RequestFailure(tag), value or "")


def _handoff(raw: Any) -> events.HandoffUpdate:
    tag, value = _case(raw)
    match tag:
        case "failed":
            return events.HandoffFailed(value)
        case "accepted":
            return events.HandoffAccepted(value)
        case "returned":
            return events.HandoffReturned(value.agent, value.note, tuple(_line(line) for line in value.transcript))
    raise ValueError(f"this SDK does not know the handoff update {tag}")


def _line(raw: Any) -> events.TranscriptLine:
    # Bindings have an enum of their own, a JSON line the name.
    author = raw.author if isinstance(raw.author, str) else raw.author.name.lower()
    return events.TranscriptLine(_time(raw.at), events.Author(author), raw.text)


def _pairs(raw: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in raw)


def _time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=min(milliseconds, _MILLISECONDS_MAX))


def _case(raw: Any) -> tuple[str, Any]:
    if isinstance(raw, Variant):
        return raw.tag, raw.value
    return _tag(type(raw).__name__), getattr(raw, "value", None)


@cache
def _tag(name: str) -> str:
    """`session-expired` of `Event_SessionExpired`; `none` of `DeskStatus_None_`; `ok` of `Ok`."""
    case = name.partition("_")[2].rstrip("_") or name
    return _INNER_CAPITAL.sub("-", case).lower()


@cache
def _snake(name: str) -> str:
    return _INNER_CAPITAL.sub("_", name).lower()


def _from_object(fields: dict[str, Any]) -> Record | Variant:
    return Variant(fields["tag"], fields.get("val")) if "tag" in fields else Record(fields)
