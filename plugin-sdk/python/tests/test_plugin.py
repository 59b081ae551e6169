import logging
import unittest
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from turnwise_plugin import (
    Author,
    BadState,
    BadValue,
    Burst,
    Context,
    DeliveryFailure,
    Desk,
    DeskStatus,
    Event,
    External,
    HandoffAccepted,
    HandoffFailed,
    HandoffReturned,
    HttpResponse,
    Media,
    Message,
    Plugin,
    RequestFailed,
    RequestFailure,
    Response,
    SessionExpired,
    Switched,
    TimerFired,
    TranscriptLine,
    Turn,
    User,
    log,
)

from .support import answer, decide, event, message

RECEIVED = datetime.fromtimestamp(1_700_000_000, UTC)


class WhatComesIn(unittest.TestCase):
    def seen(self, raw: dict[str, Any]) -> Event:
        plugin, seen = Plugin(), list[Event]()
        plugin.on_event(lambda turn, event: seen.append(event))
        decide(plugin, raw)
        return seen[0]

    def test_every_event(self) -> None:
        hello = Message("m1", "hello", (), None, None, RECEIVED)
        photo = message("", media=[{"url": "u", "mimeType": None}], choice="a", flowResponse="{}")
        returned = {
            "agent": "Ana",
            "note": None,
            "transcript": [{"at": 1_700_000_000_000, "author": "user", "text": "t"}],
        }
        http = {"status": 204, "headers": [["a", "b"]], "body": ""}
        failed = {"turn": 1, "campaign": "reply", "reason": "r", "ambiguous": True}
        cases: list[tuple[dict[str, Any], Event]] = [
            (message(), hello),
            (photo, Message("m1", "", (Media("u", None),), "a", "{}", RECEIVED)),
            (event("burst", [message()["val"]]), Burst((hello,))),
            (event("timer", {"name": "t", "payload": "1", "due": 1_700_000_000_000}), TimerFired("t", "1", RECEIVED)),
            (
                event("response", {"id": "1", "outcome": event("ok", http)}),
                Response("1", HttpResponse(204, (("a", "b"),), "")),
            ),
            (event("delivery-failed", failed), DeliveryFailure(1, "reply", "r", True)),
            (event("handoff", event("failed", "closed")), HandoffFailed("closed")),
            (event("handoff", event("accepted", None)), HandoffAccepted(None)),
            (
                event("handoff", event("returned", returned)),
                HandoffReturned("Ana", None, (TranscriptLine(RECEIVED, Author.USER, "t"),)),
            ),
            (event("session-expired", 60), SessionExpired(60)),
            (event("switched", {"name": "b", "value": "null"}), Switched("b", "null")),
            (event("external", {"name": "e", "value": "{}"}), External("e", "{}")),
        ]
        for raw, expected in cases:
            with self.subTest(raw["tag"]):
                self.assertEqual(self.seen(raw), expected)

    def test_every_reason_why_a_request_has_no_response(self) -> None:
        for case, expected in [
            (event("denied", "no grant"), RequestFailed(RequestFailure.DENIED, "no grant")),
            ({"tag": "timeout"}, RequestFailed(RequestFailure.TIMEOUT)),
            (event("unreachable", "dns"), RequestFailed(RequestFailure.UNREACHABLE, "dns")),
            ({"tag": "too-large"}, RequestFailed(RequestFailure.TOO_LARGE)),
            (event("other", "x"), RequestFailed(RequestFailure.OTHER, "x")),
        ]:
            with self.subTest(case["tag"]):
                seen = self.seen(event("response", {"id": "1", "outcome": event("err", case)}))
                self.assertEqual(seen, Response("1", expected))

    def test_the_context(self) -> None:
        plugin, seen = Plugin(), list[Context]()
        plugin.on_message(lambda turn, message: seen.append(turn.context))
        decide(plugin, message())
        self.assertEqual(
            seen[0],
            Context(
                "c_1",
                2,
                3,
                User("u1", None, "+4915112345678", "de", "Ada"),
                "whatsapp",
                datetime(2023, 11, 14, 22, 13, 20, 123000, UTC),
                7,
                {"hours": '"9 to 5"', "tries": "3"},
                {"first_name": '"Zoë"'},
                Desk(DeskStatus.CLOSED, datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)),
            ),
        )

    def test_conveniences(self) -> None:
        said = Message("m", "  Forget ", (), "a", None, RECEIVED)
        self.assertTrue(said.says("forget") and said.chose("a") and not said.is_wordless)
        self.assertEqual(TimerFired("t", '{"a":1}', RECEIVED).read(), {"a": 1})
        self.assertEqual(External("e", "7").read(int), 7)
        with self.assertRaisesRegex(BadValue, "the response's body: it is not JSON"):
            HttpResponse(200, (), "<html>").read()

    def test_settings_and_fields(self) -> None:
        @dataclass
        class Settings:
            hours: str
            tries: int = 1
            colour: str = "red"

        plugin, seen = Plugin(), list[object]()

        @plugin.on_message
        def look(turn: Turn[None], message: Message) -> None:
            seen.append(turn.setting("hours", str))
            seen.append(turn.setting("tries"))
            seen.append(turn.setting("gone", str))
            seen.append(turn.setting("gone", str, "default"))
            seen.append(turn.field("first_name", str))
            seen.append(turn.settings(Settings))
            turn.setting("hours", int)

        error = answer(plugin, message())["err"]
        self.assertEqual(seen, ["9 to 5", 3, None, "default", "Zoë", Settings("9 to 5", 3)])
        self.assertTrue(error["val"].startswith("setting: hours: invalid type: a string, expected an integer\n"), error)


class WhatComesOfIt(unittest.TestCase):
    def test_state_is_written_only_where_it_changed(self) -> None:
        def after(before: str | None, state: int, raw: dict[str, Any] | None = None) -> Any:
            plugin = Plugin(int)

            @plugin.on_event
            def become(turn: Turn[int], event: Event) -> None:
                turn.state = state

            return decide(plugin, raw or message(), before)["state"]

        expired = event("session-expired", 60)
        self.assertEqual(after(None, 0), {"tag": "keep"})
        self.assertEqual(after(None, 1), {"tag": "replace", "val": "1"})
        self.assertEqual(after("1", 1), {"tag": "keep"})
        self.assertEqual(after("1", 2), {"tag": "replace", "val": "2"})
        self.assertEqual(after("1", 0), {"tag": "clear"})
        # After a session has expired the contract reads "keep" as "clear".
        self.assertEqual(after("1", 1, expired), {"tag": "replace", "val": "1"})
        self.assertEqual(after("1", 0, expired), {"tag": "clear"})

    def test_numbers_are_those_of_every_other_sdk(self) -> None:
        drawn = {
            0: [5, 2, 0, 97, 0, 0, 746756797, 771],
            1: [3, 4, 5, 44, 0, 0, 3768183916, 523],
            7: [2, 0, 5, 58, 0, 0, 2009842848, 328],
            2**32 - 1: [2, 2, 5, 7, 0, 0, 1942233492, 743],
        }
        for seed, expected in drawn.items():
            plugin, seen = Plugin(), list[int]()
            ends = [6, 6, 6, 100, 1, 0, 2**32 - 1, 1000]
            plugin.on_message(lambda turn, message: seen.extend(map(turn.random_below, ends)))
            decide(plugin, message(), seed=seed)
            self.assertEqual(seen, expected)

    def test_pythons_own_random_follows_the_seed(self) -> None:
        import random

        plugin, seen = Plugin(), list[float]()
        plugin.on_message(lambda turn, message: seen.append(random.random()))
        for seed in (1, 1, 2):
            decide(plugin, message(), seed=seed)
        self.assertTrue(seen[0] == seen[1] != seen[2], seen)

    def test_without_a_handler(self) -> None:
        plugin, lines = Plugin(int), list[str]()
        self.addCleanup(log.redirect, log._write)
        log.redirect(lambda level, line: lines.append(f"{level} {line}"))

        @plugin.on_message
        def count(turn: Turn[int], message: Message) -> None:
            turn.state += 1
            turn.step(message.text)

        burst = event("burst", [message("one")["val"], message("two")["val"]])
        self.assertEqual(decide(plugin, burst), {"state": {"tag": "replace", "val": "2"}, "effects": [], "step": "two"})
        self.assertEqual(decide(plugin, event("session-expired", 60), "7")["state"], {"tag": "clear"})
        self.assertEqual(decide(plugin, event("handoff", event("accepted", None)), "7")["state"], {"tag": "keep"})
        self.assertEqual(lines, [])
        decide(plugin, event("timer", {"name": "t", "payload": "1", "due": 0}))
        decide(plugin, event("external", {"name": "e", "value": "{}"}))
        decide(plugin, event("switched", {"name": "b", "value": "{}"}))
        decide(plugin, event("response", {"id": "1", "outcome": event("err", {"tag": "timeout"})}))
        decide(plugin, event("delivery-failed", {"turn": 1, "campaign": "c", "reason": "r", "ambiguous": False}))
        self.assertEqual(
            lines,
            [
                "warn no on_timer handles the timer t",
                "warn no on_external handles e",
                "warn no on_switched handles the conversation that came from b",
                "warn no on_response handles the response to 1",
                "warn campaign c of turn 1 was not delivered: r",
            ],
        )
        self.assertIn("no on_message", answer(Plugin(), message())["err"]["val"])

    def test_on_event_comes_first_and_dispatches(self) -> None:
        plugin, seen = Plugin(), list[str]()
        plugin.on_message(lambda turn, message: seen.append(message.text))

        @plugin.on_event
        def first(turn: Turn[None], event: Event) -> None:
            seen.append("first")
            plugin.dispatch(turn, event)

        decide(plugin, message())
        self.assertEqual(seen, ["first", "hello"])

    def test_handlers_are_refused_where_they_could_not_work(self) -> None:
        plugin = Plugin()
        plugin.on_message(lambda turn, message: None)
        with self.assertRaisesRegex(ValueError, "on_message is there twice"):
            plugin.on_message(lambda turn, message: None)

        async def later(turn: Turn[None], timer: TimerFired) -> None: ...

        with self.assertRaisesRegex(TypeError, "on_timer is async"):
            plugin.on_timer(later)
        with self.assertRaises(TypeError):
            Plugin(complex)


class Failures(unittest.TestCase):
    def failing(self, error: BaseException) -> Any:
        plugin = Plugin()

        @plugin.on_message
        def fail(turn: Turn[None], message: Message) -> None:
            turn.reply("never said")
            raise error

        return answer(plugin, message())["err"]

    def test_an_exception_is_told_with_its_place(self) -> None:
        said = self.failing(KeyError("x"))
        self.assertEqual(said["tag"], "other")
        head, place, source = said["val"].split("\n")
        self.assertEqual(head, "KeyError: 'x'")
        self.assertRegex(place, r'^  File ".*test_plugin.py", line \d+, in Failures.failing.<locals>.fail$')
        self.assertEqual(source, "    raise error")

    def test_what_would_end_the_process_is_only_an_error(self) -> None:
        self.assertTrue(self.failing(SystemExit(0))["val"].startswith("SystemExit: 0\n"))
        self.assertTrue(self.failing(KeyboardInterrupt())["val"].startswith("KeyboardInterrupt\n"))

    def test_a_cause_is_told_too(self) -> None:
        error = ValueError("outer")
        error.__cause__ = KeyError("inner")
        self.assertIn("\ncaused by KeyError: 'inner'", self.failing(error)["val"])

    def test_however_long_it_is_bounded_and_its_innermost_frames_are_kept(self) -> None:
        plugin = Plugin()

        def descend(depth: int) -> None:
            if depth == 0:
                raise ValueError("ü" * 100_000)
            elif depth % 2 == 0:
                descend(depth - 1)
            else:
                descend(depth - 1)

        plugin.on_message(lambda turn, message: descend(200))
        said = answer(plugin, message())["err"]["val"]
        self.assertLessEqual(len(said.encode()), 4096)
        self.assertIn('raise ValueError("ü" * 100_000)', said)
        self.assertIn("\n  …\n", said)

    def test_a_recursion_is_told_once(self) -> None:
        plugin = Plugin()

        def descend() -> None:
            descend()

        plugin.on_message(lambda turn, message: descend())
        said = answer(plugin, message())["err"]["val"]
        self.assertRegex(
            said, r"^RecursionError: .*\n(  File .*\n.*\n)?  File .*descend, \d\d\d times\n    descend\(\)$"
        )

    def test_an_error_that_cannot_be_told_is_told_so(self) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise ValueError

        self.assertTrue(self.failing(Mute())["val"].startswith("Mute: (its message cannot be told)"))
        self.assertTrue(self.failing(Exception("\ud83d"))["val"].startswith("Exception: ?"))

    def test_a_state_that_cannot_be_read_or_written(self) -> None:
        plugin = Plugin(int)

        @plugin.on_message
        def spoil(turn: Turn[int], message: Message) -> None:
            turn.state = "seven"  # type: ignore[assignment]

        read = answer(plugin, message(), '"x"')["err"]
        self.assertEqual(read["tag"], "bad-state")
        self.assertTrue(read["val"].startswith("invalid type: a string, expected an integer"))
        written = answer(plugin, message(), "1")["err"]
        self.assertEqual(written["tag"], "other")
        self.assertTrue(written["val"].startswith("state: invalid type: a string, expected an integer"), written)
        self.assertEqual(self.failing(BadState("older than time"))["tag"], "bad-state")


class Migrations(unittest.TestCase):
    @dataclass
    class State:
        name: str = ""

    def test_the_state_is_handed_over_as_plain_values(self) -> None:
        plugin = Plugin(self.State, state_version=2)
        self.assertEqual(plugin.migrated('{"n":"a"}', 1), {"ok": '{"n":"a"}'})

        @plugin.migrate
        def migrate(state: Any, version: int) -> object:
            return self.State(state["n"]) if version == 1 else {"name": "plain"}

        self.assertEqual(plugin.migrated('{"n":"a"}', 1), {"ok": '{"name":"a"}'})
        self.assertEqual(plugin.migrated("7", 0), {"ok": '{"name":"plain"}'})
        for state in ("{}", "no JSON"):
            self.assertEqual(plugin.migrated(state, 1)["err"]["tag"], "bad-state")


if __name__ == "__main__":
    logging.basicConfig()
    unittest.main()
