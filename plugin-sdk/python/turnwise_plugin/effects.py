"""What a turn can ask for: every effect of the contract, by name.

Each method asks at once; where there is more to say, it returns a builder that says it. An effect is kept as the contract's
JSON has it, `{"tag": "reply", "val": {…}}`. What the contract cannot carry is an error here, where the author's line is known.
"""

from datetime import timedelta
from enum import Enum
from math import ceil
from typing import Any, Self

from .values import to_json

Fields = dict[str, Any]

_U32_MAX = 2**32 - 1
_S32_MAX = 2**31 - 1


class Priority(Enum):
    """How urgent a handoff is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class WhileWaiting(Enum):
    """What a message does that arrives before the response: is a turn of its own, waits for it, or gives the request up."""

    DELIVER = "deliver"
    HOLD = "hold"
    CANCEL = "cancel"


class Effects:
    """The effects of one turn, in the order they were asked for."""

    def __init__(self) -> None:
        self._effects: list[Fields] = []

    def reply(self, text: str) -> "Reply":
        """Says something to the user: not empty, at most 4096 characters."""
        reply: Fields = {"text": _text(text, "text"), "choices": [], "media": None, "campaign": None, "properties": []}
        return Reply(self._push("reply", reply))

    def send_campaign(self, name: str) -> "Campaign":
        """Triggers another campaign for the user, named as in the configuration."""
        return Campaign(self._push("send-campaign", {"name": _text(name, "name"), "properties": []}))

    def send_canvas(self, name: str) -> "Campaign":
        """Enters the user into a Canvas, named as in the configuration."""
        return Campaign(self._push("send-canvas", {"name": _text(name, "name"), "properties": []}))

    def set_attribute(self, name: str, value: object) -> None:
        """Sets a custom attribute of the user's Braze profile: text, number, boolean, list of texts, object."""
        self._attribute("set", _named(name, value))

    def unset_attribute(self, name: str) -> None:
        """Removes a custom attribute."""
        self._attribute("unset", _text(name, "name"))

    def increment_attribute(self, name: str, by: int = 1) -> None:
        """Adds to a number. Not tried again where it is unknown whether Braze did it."""
        self._attribute("increment", [_text(name, "name"), _whole(by, "by", -_S32_MAX - 1, _S32_MAX)])

    def add_to_attribute(self, name: str, text: str) -> None:
        """Adds a text to an array of texts."""
        self._attribute("add", [_text(name, "name"), _text(text, "text")])

    def remove_from_attribute(self, name: str, text: str) -> None:
        """Removes a text from an array of texts."""
        self._attribute("remove", [_text(name, "name"), _text(text, "text")])

    def track_event(self, name: str, properties: object = None) -> None:
        """Records a custom event on the user's Braze profile, with properties such as `{"plan": "gold"}`."""
        self._push("track-event", _named(name, {} if properties is None else properties))

    def start_timer(self, name: str, delay: timedelta | float) -> "Timer":
        """Asks to be called again after this time (seconds, rounded up). A timer of the same name is replaced."""
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
        delay_seconds = min(_whole(ceil(seconds), "delay", 0, 2**63), _U32_MAX)
        timer = {"name": _text(name, "name"), "delay": delay_seconds, "payload": "null", "cancelOnMessage": False}
        return Timer(self._push("start-timer", timer))

    def cancel_timer(self, name: str) -> None:
        """Cancels a timer; one that is not there is fine."""
        self._push("cancel-timer", _text(name, "name"))

    def request(self, connection: str, path: str) -> "Request":
        """Calls another system through a connection of the configuration, with path and query below its base URL. The
        answer is a later turn's `on_response`.

        It is a GET with the connection's name as id and a timeout of ten seconds, unless the builder says otherwise.
        """
        request: Fields = {
            "id": _text(connection, "connection"),
            "connection": connection,
            "method": "GET",
            "path": _text(path, "path"),
            "headers": [],
            "body": None,
            "timeout": 10,
            "whileWaiting": WhileWaiting.DELIVER.value,
        }
        return Request(self._push("request", request))

    def handoff(self, reason: str) -> "Handoff":
        """Asks for a human to take over; the reason is a word or two, and counted."""
        handoff = {
            "reason": _text(reason, "reason"),
            "summary": "",
            "team": None,
            "priority": Priority.NORMAL.value,
            "notice": None,
        }
        return Handoff(self._push("handoff", handoff))

    def note(self, text: str) -> None:
        """Leaves a note that only the agent sees."""
        self._push("note", _text(text, "text"))

    def switch_bot(self, bot: str, payload: object = None) -> None:
        """Passes the conversation to another bot, with a payload for it."""
        self._push("switch-bot", _named(bot, payload))

    def end_session(self, outcome: str) -> None:
        """Ends the session, with the outcome to count, e.g. "solved"."""
        self._push("end-session", _text(outcome, "outcome"))

    def custom(self, name: str, value: object = None) -> None:
        """Asks for an effect that this version of the contract has no name for."""
        self._push("custom", _named(name, value))

    def _attribute(self, tag: str, change: Any) -> None:
        self._push("change-attribute", {"tag": tag, "val": change})

    def _push(self, tag: str, val: Any) -> Any:
        self._effects.append({"tag": tag, "val": val})
        return val


class _Builder:
    """Says more about an effect that was asked for."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self._fields = fields


class _WithProperties(_Builder):
    __slots__ = ()

    def property(self, name: str, value: object) -> Self:
        """Adds a trigger property."""
        self._fields["properties"].append(_named(name, value))
        return self


class Reply(_WithProperties):
    """Says more about a reply."""

    __slots__ = ()

    def choice(self, id: str, title: str, description: str | None = None) -> Self:
        """Offers something to tap: up to 3 become buttons (titles of at most 20 characters), up to 10 a list (24). A
        description is a second line in a list, of at most 72 characters."""
        choice = {
            "id": _text(id, "id"),
            "title": _text(title, "title"),
            "description": _maybe(description, "description"),
        }
        self._fields["choices"].append(choice)
        return self

    def media(self, url: str, mime_type: str | None = None) -> Self:
        """Attaches a file, e.g. of type "image/jpeg"."""
        self._fields["media"] = {"url": _text(url, "url"), "mimeType": _maybe(mime_type, "mime_type")}
        return self

    def campaign(self, name: str) -> Self:
        """Sends it by another campaign than the source's, named as in the configuration."""
        self._fields["campaign"] = _text(name, "name")
        return self


class Campaign(_WithProperties):
    """Says more about a campaign or Canvas."""

    __slots__ = ()


class Timer(_Builder):
    """Says more about a timer."""

    __slots__ = ()

    def payload(self, value: object) -> Self:
        """Handed back when it fires."""
        self._fields["payload"] = to_json(value)
        return self

    def cancel_on_message(self) -> Self:
        """Drops it by itself when the user writes before it fires."""
        self._fields["cancelOnMessage"] = True
        return self


class Request(_Builder):
    """Says more about a request."""

    __slots__ = ()

    def id(self, id: str) -> Self:
        """Names it; the response carries the name. For telling apart several requests on one connection."""
        self._fields["id"] = _text(id, "id")
        return self

    def method(self, method: str) -> Self:
        """e.g. "POST"."""
        self._fields["method"] = _text(method, "method")
        return self

    def header(self, name: str, value: str) -> Self:
        """Adds a header beside those of the connection."""
        self._fields["headers"].append([_text(name, "name"), _text(value, "value")])
        return self

    def body(self, text: str) -> Self:
        """Sends this text."""
        self._fields["body"] = _text(text, "text")
        return self

    def json(self, value: object) -> Self:
        """Sends this as JSON, by POST unless `method` is called after it."""
        return self.method("POST").header("content-type", "application/json").body(to_json(value))

    def timeout_seconds(self, seconds: int) -> Self:
        """Gives up after this many seconds; the connection's own limit holds where it is shorter."""
        self._fields["timeout"] = _whole(seconds, "seconds", 0, _U32_MAX)
        return self

    def while_waiting(self, what: WhileWaiting) -> Self:
        """What a message does that arrives before the response; by default it is a turn of its own, at once."""
        self._fields["whileWaiting"] = WhileWaiting(what).value
        return self


class Handoff(_Builder):
    """Says more about a handoff."""

    __slots__ = ()

    def summary(self, text: str) -> Self:
        """One line the agent reads first."""
        self._fields["summary"] = _text(text, "text")
        return self

    def notice(self, text: str) -> Self:
        """Said to the user while they wait."""
        self._fields["notice"] = _text(text, "text")
        return self

    def team(self, name: str) -> Self:
        """Who should take it, as named at the desk."""
        self._fields["team"] = _text(name, "name")
        return self

    def priority(self, priority: Priority) -> Self:
        """How urgent it is."""
        self._fields["priority"] = Priority(priority).value
        return self


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a str, not a {type(value).__name__}")
    value.encode()  # Half a character, which Python strings can hold, cannot cross into the host.
    return value


def _maybe(value: object, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _whole(value: object, what: str, lowest: int, highest: int) -> int:
    if type(value) is not int:
        raise TypeError(f"{what} is an int, not a {type(value).__name__}")
    if not lowest <= value <= highest:
        raise ValueError(f"{what} is {value}, and it can be {lowest} to {highest}")
    return value


def _named(name: str, value: object) -> Fields:
    return {"name": _text(name, "name"), "value": to_json(value)}
