"""The helper for chat completions, held to the cases that all SDKs share."""

import json
import unittest
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from turnwise_plugin import (
    BadValue,
    HttpResponse,
    Message,
    Plugin,
    RequestFailed,
    RequestFailure,
    Response,
    Turn,
    log,
)
from turnwise_plugin.llm import (
    Answer,
    Caps,
    ChatMessage,
    Failure,
    Memory,
    Prices,
    Prompt,
    Spending,
    Tool,
    ToolCall,
    Usage,
    split,
)

from .support import decide, event, message

CASES: dict[str, Any] = json.loads(Path(__file__, "../../../tests/llm.json").resolve().read_text(encoding="utf-8"))


def response(case: dict[str, Any]) -> Response:
    if "err" in case:
        why, *detail = case["err"]
        return Response("answer", RequestFailed(RequestFailure(why), *detail))
    ok = case["ok"]
    body = ok["body"] if isinstance(ok["body"], str) else json.dumps(ok["body"])
    headers = tuple((name, value) for name, value in ok.get("headers", []))
    return Response("answer", HttpResponse(ok["status"], headers, body))


def counts(usage: Usage | None) -> list[int] | None:
    return [usage.prompt_tokens, usage.completion_tokens] if usage else None


def call(id: str, arguments: str = "{}") -> ToolCall:
    return ToolCall(id, "t", arguments)


def take(memory: Memory, what: str, *words: Any) -> None:
    match what:
        case "words":
            memory.answer(Answer(words[0]))
        case "calls":
            memory.answer(Answer(calls=tuple(map(call, words))))
        case "call_with":
            memory.answer(Answer(calls=(call(*words),)))
        case _:
            getattr(memory, what)(*words)


def line(message: ChatMessage) -> str:
    of = [message["tool_call_id"]] if "tool_call_id" in message else []
    ids = [call["id"] for call in message.get("tool_calls", [])]
    words = [message["content"]] if message["content"] is not None else []
    return " ".join([message["role"], *of, *words, *ids])


class TheSharedCases(unittest.TestCase):
    def test_answers_and_failures_are_told_apart(self) -> None:
        for case in CASES["answers"]:
            with self.subTest(case["name"]):
                try:
                    answer = Answer.read(response(case))
                except Failure as failure:
                    expected = case["failure"]
                    self.assertEqual((failure.kind.value, failure.is_passing), (expected["kind"], expected["passing"]))
                    wait = failure.retry_after and failure.retry_after / timedelta(milliseconds=1)
                    self.assertEqual(wait, expected.get("retry_after_ms"))
                    self.assertEqual(counts(failure.usage), expected.get("usage"))
                    self.assertEqual(str(failure), expected.get("text", str(failure)))
                else:
                    expected = case["answer"]
                    calls = [[call.id, call.name, call.arguments] for call in answer.calls]
                    self.assertEqual((answer.text, answer.finish), (expected["text"], expected["finish"]))
                    self.assertEqual(calls, expected.get("calls", []))
                    self.assertEqual(answer.refusal, expected.get("refusal"))
                    self.assertEqual(counts(answer.usage), expected.get("usage"))

    def test_a_memory_keeps_whole_exchanges_within_its_budget(self) -> None:
        for case in CASES["memories"]:
            with self.subTest(case["name"]):
                memory = Memory([])
                for step in case["steps"]:
                    take(memory, *step)
                self.assertEqual([line(message) for message in memory.messages], case["kept"])
                open_calls = [call.id for call in memory.open_calls()]
                self.assertEqual(open_calls, case.get("open", open_calls))
                self.assertEqual(memory.estimated_tokens(), case.get("tokens", memory.estimated_tokens()))
                calls = [call for message in memory.messages for call in message.get("tool_calls", [])]
                arguments = [call["function"]["arguments"] for call in calls]
                self.assertEqual(arguments, case.get("arguments", arguments))

    def test_spending_is_counted_by_the_day_in_utc(self) -> None:
        cases, spending = CASES["spendings"], Spending()
        for step in cases["steps"]:
            spending.roll(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=step["now"]))
            spending.asked()
            spending.add(Usage(*step["usage"]), Prices(**cases["prices"]))
            spent = [spending.day, spending.requests, spending.tokens, spending.micros]
            self.assertEqual(spent, step["spending"])
        for case in cases["caps"]:
            self.assertEqual(spending.is_spent(Caps(**case["caps"])), case["spent"], case["caps"])

    def test_long_texts_are_divided_where_they_read_well(self) -> None:
        for case in CASES["splits"]:
            self.assertEqual(split(case["text"], case["chars_max"], case["parts_max"]), case["parts"])
        self.assertEqual(split("ab", 0, 3), ["a", "b"], "it ends even where there is no room")


@dataclass
class Conversation:
    messages: list[ChatMessage] = field(default_factory=list)
    spending: Spending = field(default_factory=Spending)


@dataclass
class Number:
    number: str


class ThePrompt(unittest.TestCase):
    def test_is_the_documented_request(self) -> None:
        memory = Memory([])
        memory.user("where is A-12345?")
        memory.answer(Answer(calls=(call("c1"),)))
        memory.tool_result("c1", "{}")
        tool = Tool("t", "Does it.", {"type": "object"})
        prompt = Prompt("m", memory).facts("{}").system("Be brief.").tools([tool]).without_calls().temperature(0.5)
        prompt.max_tokens(100).parameter("seed", 7)
        plugin = Plugin()

        @plugin.on_message
        def ask(turn: Turn[None], message: Message) -> None:
            prompt.ask(turn, "llm").id("answer-1")

        (effect,) = decide(plugin, message())["effects"]
        request = effect["val"]
        body = json.loads(request.pop("body"))
        self.assertEqual(
            request,
            {
                "id": "answer-1",
                "connection": "llm",
                "method": "POST",
                "path": "/chat/completions",
                "headers": [["content-type", "application/json"]],
                "timeout": 60,
                "whileWaiting": "cancel",
            },
        )
        called = {"id": "c1", "type": "function", "function": {"name": "t", "arguments": "{}"}}
        described = {"name": "t", "description": "Does it.", "parameters": {"type": "object"}}
        self.assertEqual(
            body,
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "{}"},
                    {"role": "user", "content": "where is A-12345?"},
                    {"role": "assistant", "content": None, "tool_calls": [called]},
                    {"role": "tool", "tool_call_id": "c1", "content": "{}"},
                ],
                "tools": [{"type": "function", "function": described}],
                "tool_choice": "none",
                "temperature": 0.5,
                "max_tokens": 100,
                "seed": 7,
            },
        )
        self.assertEqual(Prompt("m", Memory([])).without_calls().body(), {"model": "m", "messages": []})

    def test_arguments_are_read_as_a_type(self) -> None:
        self.assertEqual(call("c", '{"number":"A-1"}').read(Number), Number("A-1"))
        self.assertEqual(call("c", " ").read(), {})
        with self.assertRaisesRegex(BadValue, "t's arguments: missing field `number`"):
            call("c").read(Number)


class AConversation(unittest.TestCase):
    def test_is_kept_in_a_state(self) -> None:
        plugin = Plugin(Conversation, connections=["llm"])

        @plugin.on_message
        def ask(turn: Turn[Conversation], message: Message) -> None:
            memory = Memory(turn.state.messages)
            memory.user(message.text)
            turn.state.spending.roll(turn.now)
            Prompt("m", memory).ask(turn, "llm")

        @plugin.on_response
        def answer(turn: Turn[Conversation], response: Response) -> None:
            try:
                answer = Answer.read(response)
            except Failure as failure:
                log.warn(str(failure))
                return
            Memory(turn.state.messages).answer(answer)
            turn.reply(answer.text)

        state = decide(plugin, message("hi"))["state"]["val"]
        body = '{"choices":[{"message":{"content":"Hello!"}}]}'
        ok = {"tag": "ok", "val": {"status": 200, "headers": [], "body": body}}
        decision = decide(plugin, event("response", {"id": "llm", "outcome": ok}), state)
        self.assertEqual(decision["effects"][0]["val"]["text"], "Hello!")
        kept = json.loads(decision["state"]["val"])
        said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]
        self.assertEqual(kept["messages"], said)
