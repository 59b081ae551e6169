"""What a request took."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request: of its prompt and of its answer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    @classmethod
    def of(cls, usage: Any) -> Self | None:
        """As the endpoint says it. An odd count is no reason to lose the answer."""
        if not isinstance(usage, dict):
            return None
        counts = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
        return cls(*(count if type(count) is int and count >= 0 else 0 for count in counts))
