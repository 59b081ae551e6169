"""What the model is told of the conversation so far, within a budget."""

from typing import Any

from ..effects import _text
from ..values import text_of
from .answer import Answer
from .message import ChatMessage, ToolCall, calls_of
from .tokens import estimated_tokens

_NOT_DONE = '{"error":"not done: the user wrote meanwhile"}'
# A text this short is not shortened: the ellipsis would be no gain.
_SHORT_BYTES_MAX = 8


class Memory:
    """A conversation as it is kept in a state: what the user, the model and its tools said, and nothing else. It works on the
    list it is given, which is what the state holds.

    It is always one that an endpoint accepts: each call of a tool is followed by its result, and each result follows its call.
    It is made of *exchanges*, each from what the user wrote to where the user writes again; the oldest are forgotten first, and
    always whole.
    """

    def __init__(self, messages: list[ChatMessage]) -> None:
        self.messages = messages

    def user(self, text: str) -> None:
        """The user wrote. Calls that still have no result will never have one, which their results then say."""
        self._close_calls()
        self.messages.append({"role": "user", "content": _text(text, "text")})

    def answer(self, answer: Answer) -> None:
        """The model answered: with words, or with calls that `open_calls` lists from now on."""
        self._close_calls()
        self.messages.append(answer.message())

    def assistant(self, text: str) -> None:
        """Something was said to the user that the model did not say, but has to know."""
        self._close_calls()
        self.messages.append({"role": "assistant", "content": _text(text, "text")})

    def tool_result(self, call_id: str, text: str) -> None:
        """What a call came to. It is left out where no open call has this id: a result without a call is refused."""
        if any(call.id == call_id for call in self.open_calls()):
            self.messages.append({"role": "tool", "tool_call_id": call_id, "content": _text(text, "text")})

    def open_calls(self) -> list[ToolCall]:
        """Calls of the model's last answer that have no result yet."""
        done = set()
        for message in reversed(self.messages):
            if message["role"] != "tool":
                return [call for call in calls_of(message) if call.id not in done]
            done.add(message["tool_call_id"])
        return []

    def estimated_tokens(self) -> int:
        """Roughly what this costs in a prompt."""
        return sum(estimated_tokens(len(text_of(message).encode())) for message in self.messages)

    def trim(self, tokens_max: int) -> None:
        """Forgets the oldest exchanges until so many (estimated) tokens are left, which is at most four bytes of state each.
        The last exchange stays; where it is too large by itself, its longest texts are shortened."""
        while self.estimated_tokens() > tokens_max and len(starts := self._exchange_starts()) > 1:
            del self.messages[: starts[1]]
        while self.estimated_tokens() > tokens_max and self._shorten_longest():
            pass

    def forget_last_exchange(self) -> None:
        """Forgets the last exchange, e.g. because the endpoint refuses to read it."""
        if starts := self._exchange_starts():
            del self.messages[starts[-1] :]

    def clear(self) -> None:
        """Forgets everything."""
        self.messages.clear()

    def _close_calls(self) -> None:
        for call in self.open_calls():
            self.tool_result(call.id, _NOT_DONE)

    def _exchange_starts(self) -> list[int]:
        def is_user(at: int) -> bool:
            return bool(self.messages[at]["role"] == "user")

        return [at for at in range(len(self.messages)) if at == 0 or (is_user(at) and not is_user(at - 1))]

    def _shorten_longest(self) -> bool:
        """False where there is nothing left to shorten."""
        places = [place for message in self.messages for place in _texts(message)]
        holder, key = max(places, key=lambda place: len(place[0][place[1]].encode()), default=({"": ""}, ""))
        text = holder[key]
        if len(text.encode()) <= _SHORT_BYTES_MAX:
            return False
        # Half of the arguments would be no JSON any more, and refused.
        holder[key] = "{}" if key == "arguments" else text[: len(text) // 2] + "…"
        return True


def _texts(message: ChatMessage) -> list[tuple[dict[str, Any], str]]:
    """What is said in a message: where it stands, and under which key."""
    words = [(message, "content")] if message["content"] is not None else []
    return words + [(call["function"], "arguments") for call in message.get("tool_calls", [])]
