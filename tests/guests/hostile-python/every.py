"""Every event that comes in and every effect that goes out, for tests of what lies between the contract and the SDK."""

from typing import Any

from turnwise_plugin import Event, Priority, Turn, WhileWaiting


def describe(event: Event) -> str:
    """All of an event: dataclasses say what is in them."""
    return repr(event)


def first(turn: Turn[Any]) -> None:
    """Half of the effects, each with all that it can hold."""
    reply = turn.reply("text").choice("a", "A").choice("b", "B", "second line")
    reply.media("https://media.example/1", "image/png").campaign("other").property("p", True)
    turn.send_campaign("campaign").property("p", 1)
    turn.send_canvas("canvas")
    turn.set_attribute("set", "value")
    turn.unset_attribute("unset")
    turn.increment_attribute("increment", -3)
    turn.add_to_attribute("add", "text")
    turn.remove_from_attribute("remove", "text")
    turn.track_event("event", {"a": 1.5})
    turn.step("a-step")


def second(turn: Turn[Any]) -> None:
    """The other half."""
    turn.start_timer("timer", 60).payload("payload").cancel_on_message()
    turn.cancel_timer("old")
    request = turn.request("shop", "/orders?id=1").id("order").json({}).method("PUT").timeout_seconds(5)
    request.while_waiting(WhileWaiting.CANCEL)
    turn.handoff("asked").summary("summary").notice("notice").team("team").priority(Priority.HIGH)
    turn.note("note")
    turn.switch_bot("bot")
    turn.custom("custom", [])
    turn.end_session("outcome")
