"""One turn: what a handler may know, and the decision it builds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

from . import values
from .effects import Effects, _text
from .events import Context, Desk, User

S = TypeVar("S")
T = TypeVar("T")

_MASK = 2**64 - 1


class Turn(Effects, Generic[S]):
    """One event being handled. Its properties and getters say what there is to know; its other methods ask for something to
    be done, which happens after the turn is committed, in the order it was asked for.

    `state` is the conversation's: what it is when the handler returns is what the next turn sees.
    """

    def __init__(self, context: Context, state: S) -> None:
        super().__init__()
        self.context = context
        self.state = state
        self._random = context.seed
        self._step: str | None = None

    @property
    def user(self) -> User:
        """Who is talking."""
        return self.context.user

    @property
    def now(self) -> datetime:
        """When the turn runs, in UTC. It stands still during the turn."""
        return self.context.now

    @property
    def desk(self) -> Desk:
        """Whether a human could take over now."""
        return self.context.desk

    @overload
    def setting(self, name: str) -> Any: ...
    @overload
    def setting(self, name: str, kind: type[T]) -> T | None: ...
    @overload
    def setting(self, name: str, kind: type[T], default: T) -> T: ...
    def setting(self, name: str, kind: Any = Any, default: Any = None) -> Any:
        """One of `[plugins.NAME.settings]`, or the default where it is not there. Raises `BadValue` where it is of another
        type."""
        return _find(self.context.settings, "setting", name, kind, default)

    def settings(self, kind: type[T]) -> T:
        """All settings as one dataclass; give its fields defaults for those that may be missing. Raises `BadValue`."""
        return _collect(self.context.settings, "settings", kind)

    @overload
    def field(self, name: str) -> Any: ...
    @overload
    def field(self, name: str, kind: type[T]) -> T | None: ...
    @overload
    def field(self, name: str, kind: type[T], default: T) -> T: ...
    def field(self, name: str, kind: Any = Any, default: Any = None) -> Any:
        """A value the inbound carried beside the message, or the default where it is not there. Raises `BadValue` where it
        is of another type."""
        return _find(self.context.fields, "field", name, kind, default)

    def fields(self, kind: type[T]) -> T:
        """All values the inbound carried beside the message, as one dataclass. Raises `BadValue`."""
        return _collect(self.context.fields, "fields", kind)

    def random_below(self, end: int) -> int:
        """A random number below `end` (at most 2³² - 1), zero where `end` is zero. It comes from the turn's seed, so a
        replay draws the same numbers. Not for secrets."""
        if not 0 <= end < 2**32:
            raise ValueError(f"end is {end}, and it can be 0 to {2**32 - 1}")
        # SplitMix64, of which the high half is used; the high half of a product maps it into the range.
        self._random = (self._random + 0x9E37_79B9_7F4A_7C15) & _MASK
        mixed = self._random
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
        return ((mixed >> 32) * end) >> 32

    def pick(self, options: Sequence[T]) -> T:
        """One of these at random, so that a bot need not always say the same. Raises `IndexError` where there is none."""
        return options[self.random_below(len(options))]

    def step(self, name: str) -> None:
        """Names the state-machine state this turn ends in; shown in the console and counted."""
        self._step = _text(name, "name")


def _find(named: dict[str, str], what: str, name: str, kind: Any, default: Any) -> Any:
    if name not in named:
        return default
    try:
        return values.read(named[name], kind)
    except values.BadValue as bad:
        raise bad.within(name).within(what) from None


def _collect(named: dict[str, str], what: str, kind: type[T]) -> T:
    try:
        together = ",".join(f"{values.text_of(name)}:{value}" for name, value in named.items())
        return values.read(f"{{{together}}}", kind)
    except values.BadValue as bad:
        raise bad.within(what) from None
