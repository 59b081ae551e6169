"""What came back, where it is an answer."""

import json
from dataclasses import dataclass
from typing import Any, Self

from ..events import RequestFailed, Response
from ..values import text_of
from .failure import Failure, FailureKind
from .message import ChatMessage, ToolCall
from .usage import Usage

_FINISHES = {None: "stop", "tool_calls": "tool-calls", "function_call": "tool-calls"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said. There are words, calls or a refusal in it, often words beside calls.

    The text has no white space around it; it is empty where there are only calls or a refusal. Each of the calls wants a result
    before the model is asked again. `finish` says why it ends here: "stop" (it was all said), "length" (its limit was reached in
    the middle), "tool-calls" (for their results), or a reason of the endpoint's own. `usage` is what it took, where the endpoint
    says so.
    """

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish: str = "stop"
    usage: Usage | None = None

    @classmethod
    def read(cls, response: Response) -> Self:
        """Reads the response to a `Prompt`. Raises `Failure` where there is no answer in it."""
        outcome = response.outcome
        if isinstance(outcome, RequestFailed):
            raise Failure.of_error(outcome)
        if not outcome.is_success:
            raise Failure.of_status(outcome)
        try:
            body = json.loads(outcome.body)
        except ValueError:
            # Without a word of what is there: logs are kept longer than conversations.
            raise Failure(FailureKind.UNREADABLE, "the answer is no JSON") from None
        usage = Usage.of(_field(body, "usage"))
        choice = next(iter(_list(_field(body, "choices"))), None)
        message = _field(choice, "message")
        if message is None:
            raise Failure(FailureKind.UNREADABLE, "the answer is no chat completion")
        text = _words(_field(message, "content")).strip()
        calls = _calls(_list(_field(message, "tool_calls")))
        refusal = _words(_field(message, "refusal"))
        reason = _field(choice, "finish_reason")
        if reason == "content_filter" and not text:
            raise Failure(FailureKind.FILTERED, "the answer was held back", usage=usage)
        if not text and not calls and not refusal.strip():
            raise Failure(FailureKind.UNREADABLE, "there is nothing in the answer", usage=usage)
        reason = reason if isinstance(reason, str) else None
        return cls(text, calls, refusal if refusal.strip() else None, _FINISHES.get(reason, reason or ""), usage)

    def message(self) -> ChatMessage:
        """As it is remembered."""
        words = self.text or self.refusal or (None if self.calls else "")
        message: ChatMessage = {"role": "assistant", "content": words}
        if self.calls:
            message["tool_calls"] = [call.to_message() for call in self.calls]
        return message


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(content: Any) -> str:
    """A text, or a list of parts of which those of text are joined."""
    if isinstance(content, str):
        return content
    texts = (_field(part, "text") for part in _list(content))
    return "".join(text for text in texts if isinstance(text, str))


def _calls(found: list[Any]) -> tuple[ToolCall, ...]:
    """A call without a name of its own gets one: two calls with the same could not be told apart."""
    calls: list[ToolCall] = []
    known: set[str] = set()
    for at, call in enumerate(found):
        called = _field(call, "function")
        name, arguments, id = _field(called, "name"), _field(called, "arguments"), _field(call, "id")
        if not isinstance(name, str):
            raise Failure(FailureKind.UNREADABLE, "a call names no tool")
        id = id if isinstance(id, str) else ""
        if not id or id in known:
            id = f"{id}call_{at}"
        known.add(id)
        # The documented shape is JSON in a text; some servers send the JSON itself.
        if not isinstance(arguments, str):
            arguments = text_of({} if arguments is None else arguments)
        calls.append(ToolCall(id, name, arguments))
    return tuple(calls)
