"""The request: what the model is to know, and what it may do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from ..effects import Effects, Request, WhileWaiting, _text
from ..values import to_json
from .memory import Memory
from .tokens import estimated_tokens

# Below the connection's base URL, which ends in the API's version: `https://api.openai.com/v1`.
_PATH = "/chat/completions"
# Long answers take their time; the connection's own limit holds where it is shorter.
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may ask for. Its name is of letters, digits, `_` and `-`; its description tells the model what it
    does and when to use it; its parameters are a JSON Schema of the arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


class Prompt:
    """A chat-completions request for a model to go on with what is remembered. `body` is what is sent; `ask` sends it."""

    def __init__(self, model: str, memory: Memory) -> None:
        self._model = _text(model, "model")
        self._messages = list(memory.messages)
        self._tools: list[Tool] = []
        self._facts: list[str] = []
        self._system: str | None = None
        self._words_only = False
        self._parameters: dict[str, Any] = {}

    def system(self, text: str) -> Self:
        """Who the model is and what it must keep to. Nothing that a user can set belongs in here, not even a name: the model
        would obey it."""
        self._system = _text(text, "text")
        return self

    def facts(self, text: str) -> Self:
        """Facts for the model to know but not to obey, before everything that was said: a user's message, not kept."""
        self._facts.append(_text(text, "text"))
        return self

    def tools(self, tools: Iterable[Tool]) -> Self:
        """What the model may ask for; one it asks for is in `Answer.calls`."""
        self._tools.extend(tools)
        return self

    def without_calls(self) -> Self:
        """Has the model answer in words now, whatever tools there are."""
        self._words_only = True
        return self

    def temperature(self, temperature: float) -> Self:
        """From 0, the same again and again, to 2. Some models take none."""
        return self.parameter("temperature", temperature)

    def max_tokens(self, tokens: int) -> Self:
        """How long the answer may be. Newer models of OpenAI want it as a `parameter` named `max_completion_tokens` instead."""
        return self.parameter("max_tokens", tokens)

    def parameter(self, name: str, value: object) -> Self:
        """Anything else that the endpoint understands."""
        self._parameters[_text(name, "name")] = value
        return self

    def body(self) -> dict[str, Any]:
        """The request's body."""
        system = [] if self._system is None else [{"role": "system", "content": self._system}]
        facts = [{"role": "user", "content": text} for text in self._facts]
        body: dict[str, Any] = {"model": self._model, "messages": [*system, *facts, *self._messages]}
        if self._tools:
            body["tools"] = [{"type": "function", "function": tool} for tool in self._tools]
            # Without tools an endpoint refuses a choice among them.
            if self._words_only:
                body["tool_choice"] = "none"
        return body | self._parameters

    def estimated_tokens(self) -> int:
        """Roughly what this costs before there is an answer."""
        return estimated_tokens(len(to_json(self.body()).encode()))

    def ask(self, turn: Effects, connection: str) -> Request:
        """Sends it through this connection; the answer is a turn of its own. A message of the user's meanwhile gives the request
        up, so that what was written in two messages is answered once; the builder can say otherwise."""
        request = turn.request(connection, _PATH).json(self.body()).timeout_seconds(_TIMEOUT_SECONDS)
        return request.while_waiting(WhileWaiting.CANCEL)
