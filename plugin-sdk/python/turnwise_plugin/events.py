"""What comes in: everything a plugin learns about a turn. `wit/bot.wit` explains each field."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, overload

from . import values

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UserAlias:
    """Names an anonymous Braze profile."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class User:
    """Who is talking. The profile name is set by the user; never trust it."""

    external_id: str | None = None
    alias: UserAlias | None = None
    phone: str | None = None
    language: str | None = None
    profile_name: str | None = None


class DeskStatus(Enum):
    """Whether agents are there."""

    OPEN = "open"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where agents work. `reopens` is known only of a closed one, and not of each."""

    status: DeskStatus
    reopens: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about a turn but its event. Settings and fields are JSON text here; `Turn.setting` and `Turn.field` read them."""

    conversation: str
    session: int
    turn: int
    user: User
    source: str
    now: datetime
    seed: int
    settings: dict[str, str]
    fields: dict[str, str]
    desk: Desk


@dataclass(frozen=True, slots=True)
class Media:
    """A file, by reference."""

    url: str
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the user. The text is empty where it is only media or a flow's answer, which is JSON text."""

    id: str
    text: str
    media: tuple[Media, ...]
    choice: str | None
    flow_response: str | None
    received: datetime

    def says(self, text: str) -> bool:
        """Whether the user typed exactly this, whatever the case and the space around it."""
        return self.text.strip().lower() == text.lower()

    def chose(self, id: str) -> bool:
        """Whether the user tapped (or typed the title of) the choice with this id."""
        return self.choice == id

    @property
    def is_wordless(self) -> bool:
        """Whether there is no text to read: only media, a flow's answer, or nothing."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages that came within the bot's coalescing window, oldest first."""

    messages: tuple[Message, ...]


class _Json:
    """Something with a JSON value that can be read as a type."""

    __slots__ = ()

    def _named(self) -> tuple[str, str]:
        raise NotImplementedError

    @overload
    def read(self) -> Any: ...
    @overload
    def read(self, kind: type[T]) -> T: ...
    def read(self, kind: Any = Any) -> Any:
        """Reads the value as a type of yours, or as plain values. Raises `BadValue` where it is of another shape."""
        name, text = self._named()
        try:
            return values.read(text, kind)
        except values.BadValue as bad:
            raise bad.within(name) from None


@dataclass(frozen=True, slots=True)
class TimerFired(_Json):
    """A timer that this bot started came due; after downtime that may be long ago. `read` gives its payload."""

    name: str
    payload: str
    due: datetime

    def _named(self) -> tuple[str, str]:
        return self.name, self.payload


@dataclass(frozen=True, slots=True)
class HttpResponse(_Json):
    """A response of any status. `read` gives its body as JSON."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def _named(self) -> tuple[str, str]:
        return "the response's body", self.body


class RequestFailure(Enum):
    """Why a request has no response."""

    DENIED = "denied"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too-large"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request that has no response. The detail is for people, and not always there."""

    why: RequestFailure
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request, under the request's id."""

    id: str
    outcome: HttpResponse | RequestFailed


@dataclass(frozen=True, slots=True)
class DeliveryFailure:
    """A reply or campaign of an earlier turn was not delivered to Braze; if ambiguous, it may have been all the same."""

    turn: int
    campaign: str
    reason: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class HandoffFailed:
    """Nobody took it: no desk, desk closed, deadline passed, declined, unreachable."""

    reason: str


@dataclass(frozen=True, slots=True)
class HandoffAccepted:
    """An agent took it; the bot is silent until it comes back."""

    agent: str | None


class Author(Enum):
    """Who said a line."""

    USER = "user"
    BOT = "bot"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a conversation between people."""

    at: datetime
    author: Author
    text: str


@dataclass(frozen=True, slots=True)
class HandoffReturned:
    """The agent gave the conversation back; the bot may speak at once."""

    agent: str | None
    note: str | None
    transcript: tuple[TranscriptLine, ...]


HandoffUpdate = HandoffFailed | HandoffAccepted | HandoffReturned


@dataclass(frozen=True, slots=True)
class SessionExpired:
    """The session ended by idling for this long."""

    idle_seconds: int


@dataclass(frozen=True, slots=True)
class Switched(_Json):
    """Another bot passed the conversation here; the name is that bot's. `read` gives its payload."""

    name: str
    value: str

    def _named(self) -> tuple[str, str]:
        return self.name, self.value


@dataclass(frozen=True, slots=True)
class External(_Json):
    """Another system pushed an event in, e.g. "order-shipped". `read` gives its value."""

    name: str
    value: str

    def _named(self) -> tuple[str, str]:
        return self.name, self.value


Event = (
    Message
    | Burst
    | TimerFired
    | Response
    | DeliveryFailure
    | HandoffFailed
    | HandoffAccepted
    | HandoffReturned
    | SessionExpired
    | Switched
    | External
)
