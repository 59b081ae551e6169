"""A guest that does, on request, what no plugin should: the text of a message says what. Anything else is echoed.

The words are those of `hostile`, its elder sister in Rust, without what only compiled code can do; what Python adds comes last.
"""

import json
import logging
import os
import random
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import every
from turnwise_plugin import BadState, Event, Message, Plugin, Turn, log

# The host's limit.
STATE_BYTES_MAX = 64 * 1024
# Additions that take about a millisecond in this interpreter.
SPINS_PER_MILLISECOND = 10_000

# Survives a turn only where an instance does.
calls = 0

# What is remembered; nothing if it is empty.
plugin = Plugin(str)
Mode = Callable[[Turn[str]], object]
modes: dict[str, Mode] = {}


def mode(text: str) -> Callable[[Mode], Mode]:
    def register(run: Mode) -> Mode:
        modes[text] = run
        return run

    return register


@plugin.on_event
def handle(turn: Turn[str], event: Event) -> None:
    global calls
    calls += 1
    if not isinstance(event, Message) or event.media:
        turn.reply(every.describe(event))
        return
    match event.text.split(" "):
        case ["million", "effects"]:
            effects(turn, 1_000_000)
        case [count, "effects"]:
            effects(turn, int(count))
        case ["slow", milliseconds]:
            turn.reply(f"slow {sum(range(int(milliseconds) * SPINS_PER_MILLISECOND))}")
        case ["sleep", milliseconds]:
            time.sleep(int(milliseconds) / 1000)
            turn.reply("slept")
        case ["remember", text]:
            turn.state = text
            turn.reply("remembered")
        case _ if event.text in modes:
            said = modes[event.text](turn)
            if said is not None:
                turn.reply(str(said))
        case _:
            turn.reply(event.text)


def effects(turn: Turn[str], count: int) -> None:
    for _ in range(count):
        turn.cancel_timer("")


# Errors and traps.


@mode("panic")
def panic(turn: Turn[str]) -> None:
    turn.reply("never said")
    raise RuntimeError("asked to panic")


@mode("unreachable")
def unreachable(_turn: Turn[str]) -> None:
    os.abort()


@mode("exit")
def leave(_turn: Turn[str]) -> None:
    sys.exit(0)


@mode("divide by zero")
def divide_by_zero(_turn: Turn[str]) -> object:
    return 7 // calls.__class__(0)


@mode("out of bounds")
def out_of_bounds(_turn: Turn[str]) -> object:
    return [calls][7]


@mode("stack overflow")
def descend(turn: Turn[str]) -> object:
    return f"{descend(turn)} and deeper"


@mode("stack overflow in C")
def descend_in_c(_turn: Turn[str]) -> object:
    nest: list[Any] = []
    for _ in range(1_000_000):
        nest = [nest]
    return len(repr(nest))


@mode("json depth")
def json_depth(_turn: Turn[str]) -> object:
    return json.loads("[" * 1_000_000)


@mode("error")
def error(_turn: Turn[str]) -> None:
    raise Exception("asked for an error")


@mode("bad state")
def bad_state(_turn: Turn[str]) -> None:
    raise BadState("asked for a bad state")


@mode("error without words")
def error_without_words(_turn: Turn[str]) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("cannot say")

    raise Mute


@mode("huge error")
def huge_error(_turn: Turn[str]) -> None:
    raise Exception("e" * (8 << 20))


# Time.


@mode("loop")
def loop(_turn: Turn[str]) -> None:
    while True:
        pass


@mode("loop that catches all")
def loop_that_catches_all(_turn: Turn[str]) -> None:
    while True:
        try:
            descend(_turn)
        except BaseException:
            pass


@mode("loop calling log")
def loop_calling_log(_turn: Turn[str]) -> None:
    while True:
        log.debug("")


# Space.


@mode("grow memory")
def grow_memory(_turn: Turn[str]) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(b"x" * (1 << 20)))


@mode("huge text")
def huge_text(_turn: Turn[str]) -> object:
    return "x" * (60 << 20)


@mode("big state")
def big_state(turn: Turn[str]) -> object:
    # With its quotes, one byte over the limit.
    turn.state = "s" * (STATE_BYTES_MAX - 1)
    return "big state"


@mode("log flood")
def log_flood(_turn: Turn[str]) -> object:
    for _ in range(100_000):
        log.info("l" * 1024)
    return "logged 100 MB"


@mode("print flood")
def print_flood(_turn: Turn[str]) -> object:
    for _ in range(100_000):
        print("p" * 1024)
    return "printed 100 MB"


@mode("log line")
def log_line(_turn: Turn[str]) -> object:
    log.info("l" * (8 << 20))
    return "logged one line of 8 MB"


# What the user must never see, or see only as text.


@mode("nul text")
def nul_text(_turn: Turn[str]) -> object:
    return "before\0after"


@mode("control text")
def control_text(_turn: Turn[str]) -> object:
    return "\x1b[31mred\x1b[0m \u202ebackwards\u202c {{ ${api_key} }} {% abort_message() %}\r\n\x07"


@mode("empty text")
def empty_text(_turn: Turn[str]) -> object:
    return ""


@mode("bad json")
def bad_json(turn: Turn[str]) -> None:
    # Past the SDK, which would not write it.
    turn._push("track-event", {"name": "broken", "value": '{"a":'})


@mode("half a character")
def half_a_character(_turn: Turn[str]) -> object:
    return "\ud83d"


@mode("half a character past the SDK")
def half_a_character_past_the_sdk(turn: Turn[str]) -> None:
    turn._push("note", "\ud83d")


@mode("wrong type")
def wrong_type(turn: Turn[str]) -> None:
    turn.reply(5)  # type: ignore[arg-type]


@mode("wrong type past the SDK")
def wrong_type_past_the_sdk(turn: Turn[str]) -> None:
    turn._push("note", 5)


@mode("unknown effect")
def unknown_effect(turn: Turn[str]) -> None:
    turn._push("broadcast", "everybody")


@mode("wrong state")
def wrong_state(turn: Turn[str]) -> None:
    turn.state = 5  # type: ignore[assignment]


# What an instance and its world are.


@mode("static")
def static(_turn: Turn[str]) -> object:
    return calls


@mode("clock")
def clock(turn: Turn[str]) -> object:
    return f"now {turn.now.timestamp() * 1000:.0f} seed {turn.context.seed}"


@mode("date")
def date(turn: Turn[str]) -> object:
    same = datetime.now(UTC) == turn.now and abs(time.time() - turn.now.timestamp()) < 0.001
    return f"{datetime.now(UTC).isoformat()} {'is' if same else 'is not'} the turn's"


@mode("random")
def draw(turn: Turn[str]) -> object:
    return f"{random.random()} {os.urandom(4).hex()} {turn.random_below(1000)}"


@mode("files")
def files(_turn: Turn[str]) -> object:
    try:
        return f"a file of {len(open('/etc/passwd').read())}"
    except OSError as error:
        return f"no files: {error}"


@mode("sockets")
def sockets(_turn: Turn[str]) -> object:
    try:
        return socket.create_connection(("127.0.0.1", 80), timeout=1)
    except OSError as error:
        return f"no sockets: {error}"


@mode("environment")
def environment(_turn: Turn[str]) -> object:
    return f"{len(os.environ)} variables, {len(sys.argv)} arguments"


@mode("print")
def say_in_every_way(_turn: Turn[str]) -> object:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    print("without an end", end="")
    logging.info("by logging")
    logging.error("by logging, as an error")
    os.write(1, b"past Python\n")
    return "printed"


@mode("state")
def state(turn: Turn[str]) -> object:
    return json.dumps(turn.state) if turn.state else "none"


@mode("forget")
def forget(turn: Turn[str]) -> object:
    turn.state = ""
    return "forgotten"


@mode("effects first")
def effects_first(turn: Turn[str]) -> None:
    every.first(turn)


@mode("effects second")
def effects_second(turn: Turn[str]) -> None:
    every.second(turn)
