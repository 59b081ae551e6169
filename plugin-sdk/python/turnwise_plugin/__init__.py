"""Write Turnwise plugins in Python.

A plugin is a pure function: it is given a conversation's state and an event, and says what becomes of the state and what
is to be done. It has no clock, no network and no memory of its own; the `Turn` hands it all it may know and collects all
it asks for.

    from turnwise_plugin import Message, Plugin, Turn

    plugin = Plugin()

    @plugin.on_message
    def greet(turn: Turn[None], message: Message) -> None:
        turn.reply("Hello! What can I do for you?").choice("order", "Order status").choice("agent", "An agent")

This package is ordinary Python: tests and debuggers import it. `turnwise_plugin.testing` plays transcripts.
"""

from . import log
from .effects import Campaign, Handoff, Priority, Reply, Request, Timer, WhileWaiting
from .events import (
    Author,
    Burst,
    Context,
    DeliveryFailure,
    Desk,
    DeskStatus,
    Event,
    External,
    HandoffAccepted,
    HandoffFailed,
    HandoffReturned,
    HandoffUpdate,
    HttpResponse,
    Media,
    Message,
    RequestFailed,
    RequestFailure,
    Response,
    SessionExpired,
    Switched,
    TimerFired,
    TranscriptLine,
    User,
    UserAlias,
)
from .failure import BadState
from .plugin import Plugin
from .turn import Turn
from .values import BadValue

__all__ = [
    "Author",
    "BadState",
    "BadValue",
    "Burst",
    "Campaign",
    "Context",
    "DeliveryFailure",
    "Desk",
    "DeskStatus",
    "Event",
    "External",
    "Handoff",
    "HandoffAccepted",
    "HandoffFailed",
    "HandoffReturned",
    "HandoffUpdate",
    "HttpResponse",
    "Media",
    "Message",
    "Plugin",
    "Priority",
    "Reply",
    "Request",
    "RequestFailed",
    "RequestFailure",
    "Response",
    "SessionExpired",
    "Switched",
    "Timer",
    "TimerFired",
    "TranscriptLine",
    "Turn",
    "User",
    "UserAlias",
    "WhileWaiting",
    "log",
]
