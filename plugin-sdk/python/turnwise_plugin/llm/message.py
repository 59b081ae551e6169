"""What was said, in the shape that both the endpoint and the state have."""

from dataclasses import dataclass
from typing import Any, TypeVar, overload

from .. import values

T = TypeVar("T")

ChatMessage = dict[str, Any]
"""One message of a conversation with a model, as the API has it: `{"role": "user" | "assistant" | "tool", "content": …}`. There
is none for the system prompt: it is the plugin's and of today, while these are kept."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool to be used. The call's result goes under its id; the arguments are JSON text, as far as the
    model kept to it."""

    id: str
    name: str
    arguments: str

    @overload
    def read(self) -> Any: ...
    @overload
    def read(self, kind: type[T]) -> T: ...
    def read(self, kind: Any = Any) -> Any:
        """The arguments, as a type of yours or as plain values. Check them like anything a stranger typed: what the user writes
        can talk a model into much. Raises `BadValue`; tell the model so in the call's result, and it usually does better."""
        try:
            return values.read(self.arguments if self.arguments.strip() else "{}", kind)
        except values.BadValue as bad:
            raise bad.within(f"{self.name}'s arguments") from None

    def to_message(self) -> dict[str, Any]:
        """As a message holds it."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


def calls_of(message: ChatMessage) -> list[ToolCall]:
    """The calls in a message of ours."""
    return [
        ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls", [])
    ]
