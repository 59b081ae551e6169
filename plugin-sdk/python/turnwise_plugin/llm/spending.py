"""What a day has cost so far, and what it may."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from .usage import Usage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prices:
    """What an endpoint takes for a million tokens of prompts and of answers, in any currency."""

    input: float = 0.0
    output: float = 0.0

    def micros(self, usage: Usage) -> int:
        """What a request costs, in millionths of the currency."""
        # A price for a million tokens is as many millionths for one.
        return ceil(max(0.0, usage.prompt_tokens * self.input + usage.completion_tokens * self.output))


@dataclass(frozen=True, slots=True)
class Caps:
    """What a day may cost: how often a model may be asked, tokens of prompts and answers together, and money in the prices'
    currency. What is none has no bound."""

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None


@dataclass
class Spending:
    """What was spent on the day (UTC, in days since 1970) of the last request: how often a model was asked, tokens, and
    millionths of the prices' currency. Keep it in the state, over the end of a session too."""

    day: int = 0
    requests: int = 0
    tokens: int = 0
    micros: int = 0

    def roll(self, now: datetime) -> None:
        """Begins anew where the day is another."""
        day = (now - _EPOCH).days
        if day != self.day:
            self.day, self.requests, self.tokens, self.micros = day, 0, 0, 0

    def asked(self) -> None:
        """A model is asked."""
        self.requests += 1

    def add(self, usage: Usage, prices: Prices) -> None:
        """What that took."""
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        self.micros += prices.micros(usage)

    def is_spent(self, caps: Caps) -> bool:
        """Whether the day has cost what it may, or more. A request is known by its cost only afterwards, so the last one may go
        over."""
        return (
            (caps.requests is not None and self.requests >= caps.requests)
            or (caps.tokens is not None and self.tokens >= caps.tokens)
            or (caps.cost is not None and self.micros >= caps.cost * 1e6)
        )
