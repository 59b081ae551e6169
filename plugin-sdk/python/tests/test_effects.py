import unittest
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from turnwise_plugin import Message, Plugin, Priority, Turn, WhileWaiting

from .support import answer, decide, message


def effects(ask: Callable[[Turn[None]], object]) -> Any:
    return decide(asking(ask), message())["effects"]


def asking(ask: Callable[[Turn[None]], object]) -> Plugin[None]:
    plugin = Plugin()

    @plugin.on_message
    def handle(turn: Turn[None], message: Message) -> None:
        ask(turn)

    return plugin


@dataclass
class Payload:
    order: str
    tries: int = 0


class EveryEffect(unittest.TestCase):
    """As the contract's JSON has it."""

    def check(self, ask: Callable[[Turn[None]], object], tag: str, val: Any) -> None:
        self.assertEqual(effects(ask), [{"tag": tag, "val": val}])

    def test_reply(self) -> None:
        bare: Any = {"text": "Hi", "choices": [], "media": None, "campaign": None, "properties": []}
        self.check(lambda turn: turn.reply("Hi"), "reply", bare)
        full = {
            "text": "Hi",
            "choices": [
                {"id": "a", "title": "A", "description": None},
                {"id": "b", "title": "B", "description": "second line"},
            ],
            "media": {"url": "https://media.example/1", "mimeType": "image/png"},
            "campaign": "other",
            "properties": [{"name": "p", "value": '{"order":"1","tries":0}'}],
        }
        self.check(
            lambda turn: (
                turn.reply("Hi")
                .choice("a", "A")
                .choice("b", "B", "second line")
                .media("https://media.example/1", "image/png")
                .campaign("other")
                .property("p", Payload("1"))
            ),
            "reply",
            full,
        )

    def test_campaigns(self) -> None:
        val = {"name": "c", "properties": [{"name": "p", "value": "1"}]}
        self.check(lambda turn: turn.send_campaign("c").property("p", 1), "send-campaign", val)
        self.check(lambda turn: turn.send_canvas("c").property("p", 1), "send-canvas", val)

    def test_attributes(self) -> None:
        def check(ask: Callable[[Turn[None]], object], tag: str, val: Any) -> None:
            self.check(ask, "change-attribute", {"tag": tag, "val": val})

        check(lambda turn: turn.set_attribute("a", ["ü", None]), "set", {"name": "a", "value": '["ü",null]'})
        check(lambda turn: turn.unset_attribute("a"), "unset", "a")
        check(lambda turn: turn.increment_attribute("a"), "increment", ["a", 1])
        check(lambda turn: turn.increment_attribute("a", -(2**31)), "increment", ["a", -(2**31)])
        check(lambda turn: turn.add_to_attribute("a", "t"), "add", ["a", "t"])
        check(lambda turn: turn.remove_from_attribute("a", "t"), "remove", ["a", "t"])

    def test_events_and_what_else_has_a_name_and_a_value(self) -> None:
        self.check(lambda turn: turn.track_event("e"), "track-event", {"name": "e", "value": "{}"})
        self.check(lambda turn: turn.track_event("e", {"a": 1.5}), "track-event", {"name": "e", "value": '{"a":1.5}'})
        self.check(lambda turn: turn.switch_bot("b"), "switch-bot", {"name": "b", "value": "null"})
        self.check(lambda turn: turn.custom("c", True), "custom", {"name": "c", "value": "true"})

    def test_timers(self) -> None:
        timer = {"name": "t", "delay": 2, "payload": "null", "cancelOnMessage": False}
        self.check(lambda turn: turn.start_timer("t", 1.2), "start-timer", timer)
        self.check(lambda turn: turn.start_timer("t", timedelta(seconds=1, microseconds=1)), "start-timer", timer)
        full = timer | {"delay": 2**32 - 1, "payload": '{"order":"1","tries":0}', "cancelOnMessage": True}
        self.check(
            lambda turn: turn.start_timer("t", timedelta(days=100_000)).payload(Payload("1")).cancel_on_message(),
            "start-timer",
            full,
        )
        self.check(lambda turn: turn.cancel_timer("t"), "cancel-timer", "t")

    def test_requests(self) -> None:
        bare: Any = {
            "id": "shop",
            "connection": "shop",
            "method": "GET",
            "path": "/orders",
            "headers": [],
            "body": None,
            "timeout": 10,
            "whileWaiting": "deliver",
        }
        self.check(lambda turn: turn.request("shop", "/orders"), "request", bare)
        full = bare | {
            "id": "1",
            "method": "PUT",
            "headers": [["content-type", "application/json"], ["x", "y"]],
            "body": '{"a":1}',
            "timeout": 5,
            "whileWaiting": "hold",
        }
        self.check(
            lambda turn: (
                turn.request("shop", "/orders")
                .id("1")
                .json({"a": 1})
                .method("PUT")
                .header("x", "y")
                .timeout_seconds(5)
                .while_waiting(WhileWaiting.HOLD)
            ),
            "request",
            full,
        )

    def test_handoffs(self) -> None:
        bare: Any = {"reason": "asked", "summary": "", "team": None, "priority": "normal", "notice": None}
        self.check(lambda turn: turn.handoff("asked"), "handoff", bare)
        full = bare | {"summary": "s", "team": "t", "priority": "urgent", "notice": "n"}
        self.check(
            lambda turn: turn.handoff("asked").summary("s").team("t").priority(Priority.URGENT).notice("n"),
            "handoff",
            full,
        )
        self.check(lambda turn: turn.note("n"), "note", "n")
        self.check(lambda turn: turn.end_session("solved"), "end-session", "solved")


class WhatCannotCross(unittest.TestCase):
    def test_is_an_error_where_it_is_asked_for_and_leaves_no_effect(self) -> None:
        asks: list[tuple[Callable[[Any], object], str]] = [
            (lambda turn: turn.reply(5), "TypeError: text is a str, not a int"),
            (lambda turn: turn.reply("\ud83d"), "UnicodeEncodeError"),
            (lambda turn: turn.set_attribute("a", float("nan")), "ValueError"),
            (lambda turn: turn.set_attribute("a", "\ud83d"), "UnicodeEncodeError"),
            (lambda turn: turn.set_attribute("a", object()), "TypeError: a object cannot be written as JSON"),
            (lambda turn: turn.set_attribute("a", {1: 2}), "TypeError: a key of a JSON object is a str"),
            (lambda turn: turn.increment_attribute("a", 2**31), "ValueError: by is 2147483648"),
            (lambda turn: turn.increment_attribute("a", True), "TypeError: by is an int, not a bool"),
            (lambda turn: turn.start_timer("t", -1), "ValueError: delay is -1"),
            (lambda turn: turn.request("c", "/").timeout_seconds(1.5), "TypeError: seconds is an int"),
            (lambda turn: turn.handoff("r").priority("soon"), "ValueError"),
            (lambda turn: turn.step(None), "TypeError: name is a str"),
            (lambda turn: turn.pick([]), "IndexError"),
            (lambda turn: turn.random_below(2**32), "ValueError: end is"),
        ]
        for ask, expected in asks:
            with self.subTest(expected):
                error = answer(asking(ask), message())["err"]
                self.assertEqual(error["tag"], "other")
                self.assertTrue(error["val"].startswith(expected), error["val"])
                self.assertIn("test_effects.py", error["val"], "the author's own line is told")
