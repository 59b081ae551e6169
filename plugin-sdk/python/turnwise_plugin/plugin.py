"""A plugin: what it does with each kind of event."""

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, cast, overload

from . import events, lift, log, values
from .failure import BadState, describe
from .turn import Turn

S = TypeVar("S")
E = TypeVar("E")
# What a handler returns does not matter, so `return turn.reply("…")` is fine.
Handler = Callable[[Turn[S], E], object]
Migrate = Callable[[Any, int], object]

_HANDLERS: dict[type, str] = {
    events.Message: "on_message",
    events.Burst: "on_burst",
    events.TimerFired: "on_timer",
    events.Response: "on_response",
    events.DeliveryFailure: "on_delivery_failed",
    events.HandoffFailed: "on_handoff",
    events.HandoffAccepted: "on_handoff",
    events.HandoffReturned: "on_handoff",
    events.SessionExpired: "on_session_expired",
    events.Switched: "on_switched",
    events.External: "on_external",
}


class Plugin(Generic[S]):
    """A plugin, made once in its module and filled by decorators; only `on_message` is required.

        plugin = Plugin(State, steps=["menu", "awaiting-order"])

        @plugin.on_message
        def answer(turn: Turn[State], message: Message) -> None: ...

    `state` is what is remembered between turns, as JSON of at most 64 KiB: a dataclass, `dict`, `int`, …, whatever
    `turnwise_plugin.values` can write. A conversation starts with `state()`, so all fields have defaults, and a dataclass can
    grow without a migration. There is nothing else that lasts: every turn runs in a fresh instance of the module.

    `state_version` is written beside every stored state; raise it when `migrate` has something new to do. `steps` are those
    that `Turn.step` names, in the order a conversation passes through them; `connections` and `campaigns` those that are
    used by name, each of which needs a grant in the configuration; `handles` what this plugin does itself that the host
    otherwise would, e.g. "commands".
    """

    @overload
    def __init__(
        self: "Plugin[None]",
        state: None = None,
        *,
        state_version: int = 1,
        steps: Iterable[str] = (),
        connections: Iterable[str] = (),
        campaigns: Iterable[str] = (),
        handles: Iterable[str] = (),
    ) -> None: ...
    @overload
    def __init__(
        self,
        state: type[S],
        *,
        state_version: int = 1,
        steps: Iterable[str] = (),
        connections: Iterable[str] = (),
        campaigns: Iterable[str] = (),
        handles: Iterable[str] = (),
    ) -> None: ...
    def __init__(
        self,
        state: Any = None,
        *,
        state_version: int = 1,
        steps: Iterable[str] = (),
        connections: Iterable[str] = (),
        campaigns: Iterable[str] = (),
        handles: Iterable[str] = (),
    ) -> None:
        self.state_version = state_version
        self.steps = tuple(steps)
        self.connections = tuple(connections)
        self.campaigns = tuple(campaigns)
        self.handles = tuple(handles)
        self._shape: values.Shape[S] = values.Shape(state)
        self._default: Callable[[], S] = (lambda: cast(S, None)) if state is None else state
        self._default_text = self._shape.write(self._default())
        self._handlers: dict[str, Handler[S, Any]] = {}
        self._migrate: Migrate | None = None

    def on_message(self, handler: Handler[S, events.Message]) -> Handler[S, events.Message]:
        """The user wrote."""
        return self._handle("on_message", handler)

    def on_burst(self, handler: Handler[S, events.Burst]) -> Handler[S, events.Burst]:
        """The user wrote several messages within the bot's coalescing window. By default each is handled like a message that
        came alone."""
        return self._handle("on_burst", handler)

    def on_timer(self, handler: Handler[S, events.TimerFired]) -> Handler[S, events.TimerFired]:
        """A timer of `Turn.start_timer` came due."""
        return self._handle("on_timer", handler)

    def on_response(self, handler: Handler[S, events.Response]) -> Handler[S, events.Response]:
        """The answer to a `Turn.request`, or why there is none."""
        return self._handle("on_response", handler)

    def on_delivery_failed(self, handler: Handler[S, events.DeliveryFailure]) -> Handler[S, events.DeliveryFailure]:
        """A reply or campaign of an earlier turn was not delivered to Braze."""
        return self._handle("on_delivery_failed", handler)

    def on_handoff(self, handler: Handler[S, events.HandoffUpdate]) -> Handler[S, events.HandoffUpdate]:
        """A handoff of `Turn.handoff` failed, was accepted, or came back."""
        return self._handle("on_handoff", handler)

    def on_session_expired(self, handler: Handler[S, events.SessionExpired]) -> Handler[S, events.SessionExpired]:
        """The session ended by idling. What is in `turn.state` afterwards is what the next session starts with; by default
        that is nothing."""
        return self._handle("on_session_expired", handler)

    def on_switched(self, handler: Handler[S, events.Switched]) -> Handler[S, events.Switched]:
        """Another bot passed the conversation here."""
        return self._handle("on_switched", handler)

    def on_external(self, handler: Handler[S, events.External]) -> Handler[S, events.External]:
        """Another system pushed an event in, e.g. "order-shipped"."""
        return self._handle("on_external", handler)

    def on_event(self, handler: Handler[S, events.Event]) -> Handler[S, events.Event]:
        """Every event, before its own handler: for what concerns all of them. End it with `plugin.dispatch(turn, event)`."""
        return self._handle("on_event", handler)

    def migrate(self, migrate: Migrate) -> Migrate:
        """Turns a state that version `from` stored, as plain JSON values, into one that this version reads: called with both,
        before the first turn of each conversation that has such a state. By default it is left as it is."""
        if self._migrate is not None:
            raise ValueError("migrate is there twice")
        self._migrate = migrate
        return migrate

    def dispatch(self, turn: Turn[S], event: events.Event) -> None:
        """Hands an event to its own handler, or does what is done without one."""
        handler = self._handlers.get(_HANDLERS[type(event)])
        if handler is not None:
            handler(turn, event)
            return
        match event:
            case events.Burst(messages):
                for message in messages:
                    self.dispatch(turn, message)
            case events.SessionExpired():
                turn.state = self._default()
            case events.TimerFired(name):
                log.warn(f"no on_timer handles the timer {name}")
            case events.Response(id):
                log.warn(f"no on_response handles the response to {id}")
            case events.DeliveryFailure(number, campaign, reason):
                log.warn(f"campaign {campaign} of turn {number} was not delivered: {reason}")
            case events.Switched(name):
                log.warn(f"no on_switched handles the conversation that came from {name}")
            case events.External(name):
                log.warn(f"no on_external handles {name}")
            case events.Message():
                raise NotImplementedError("the plugin has no on_message")

    def answer(self, context: Any, state: str | None, event: Any) -> dict[str, Any]:
        """One turn, for tests and the adapter: takes the contract's records and gives `{"ok": decision}` or `{"err": error}`
        as the contract's JSON has them. Never raises."""
        try:
            return {"ok": self._decide(lift.context(context), state, lift.event(event))}
        except BadState as error:
            return {"err": {"tag": "bad-state", "val": describe(error)}}
        # A handler that ends the process would end it for the host too.
        except BaseException as error:
            return {"err": {"tag": "other", "val": describe(error)}}

    def migrated(self, state: str, version: int) -> dict[str, Any]:
        """The state of an older version as this one's: `{"ok": state}` or `{"err": error}`. Never raises."""
        try:
            if self._migrate is None:
                return {"ok": state}
            new = self._migrate(values.parse(state), version)
            return {"ok": self._shape.write(cast(S, new)) if _is(new, self._shape.kind) else values.to_json(new)}
        except BaseException as error:
            return {"err": {"tag": "bad-state", "val": describe(error)}}

    def _decide(self, context: events.Context, before: str | None, event: events.Event) -> dict[str, Any]:
        # A replay draws the same numbers, whoever draws them.
        if (random := sys.modules.get("random")) is not None:
            random.seed(context.seed)
        turn = Turn(context, self._state(before))
        self._handlers.get("on_event", self.dispatch)(turn, event)
        state = self._next_state(before, turn.state, expired=isinstance(event, events.SessionExpired))
        return {"state": state, "effects": turn._effects, "step": turn._step}

    def _state(self, text: str | None) -> S:
        if text is None:
            return self._default()
        try:
            return self._shape.read(text)
        except values.BadValue as bad:
            raise BadState(str(bad)) from None

    def _next_state(self, before: str | None, state: S, *, expired: bool) -> dict[str, str]:
        """A state that is the default is not stored at all, and one that did not change is kept, so that a plugin without
        state never writes any. After a session has expired "keep" would mean "clear", so it is not said."""
        try:
            after = self._shape.write(state)
        except values.BadValue as bad:
            raise bad.within("state") from None
        if after == self._default_text:
            return {"tag": "keep"} if before is None else {"tag": "clear"}
        if after == before and not expired:
            return {"tag": "keep"}
        return {"tag": "replace", "val": after}

    def _handle(self, name: str, handler: Handler[S, E]) -> Handler[S, E]:
        if name in self._handlers:
            raise ValueError(f"{name} is there twice")
        if inspect.iscoroutinefunction(handler):
            raise TypeError(f"{name} is async, and a turn cannot wait: what comes later is an event of its own")
        self._handlers[name] = handler
        return handler


def _is(value: object, kind: Any) -> bool:
    return isinstance(kind, type) and isinstance(value, kind)
