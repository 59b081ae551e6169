"""Between a `Plugin` and the component's exports. Only components import it: `wit_world` is made when one is built."""

import gc
import io
import sys
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.manifest import Description
from wit_world.imports import log as host_log
from wit_world.imports import types

from . import failure, log
from .plugin import Plugin

_LEVELS = {
    "debug": host_log.Level.DEBUG,
    "info": host_log.Level.INFO,
    "warn": host_log.Level.WARN,
    "error": host_log.Level.ERROR,
}
# What is printed without a line's end is not held back for longer.
LINE_CHARS_MAX = 4 * 1024
# The host keeps no more of a turn's log, and what is much longer would cost the turn.
LOG_CHARS_MAX = 16 * 1024

# Python has learned all it will after a dozen or so.
WARM_UP_TURNS = 32

_plugin: Plugin[Any]
_name: str
_version: str
_streams: list["LogStream"] = []


def serve(module: ModuleType, *, name: str, version: str) -> None:
    """Makes the plugin of this module the component's. Called once, when the component is built: what is imported by then is
    part of it, and a turn imports nothing."""
    global _plugin, _name, _version
    _plugin, _name, _version = _plugin_of(module), name, version
    failure.preload_sources()
    log.redirect(_write)
    _streams[:] = [LogStream("info"), LogStream("warn")]
    sys.stdout, sys.stderr = _streams
    # A bot that imports `logging` finds it going to the turn's log, unless it has set it up otherwise.
    if (logging := sys.modules.get("logging")) is not None and not logging.root.handlers:
        _log_to_host(logging)
    # What this imports when it is first called has to be there by then.
    datetime.strptime("2000", "%Y")
    _warm_up()
    # Nothing of an earlier turn is there, so there is nothing old to collect: only a turn's own garbage is looked at.
    gc.collect()
    gc.freeze()


def _warm_up() -> None:
    """Runs turns of a plugin that says something. What Python learns about a function in its first runs is then part of the
    component, instead of being learned, and written into fresh memory, in each turn."""
    user = types.User(None, None, None, None, None)
    context = types.Context("", 1, 1, user, "", 0, 0, [], [], types.DeskStatus_Open())
    message = types.Message("", "hello", [types.Media("", None)], None, None, 0)
    plugin = Plugin(dict)
    plugin.on_message(lambda turn, message: turn.reply(message.text).choice("a", "A").property("b", "c"))
    for _ in range(WARM_UP_TURNS):
        _decision(plugin.answer(context, '{"a":[1]}', types.Event_Message(message))["ok"])


class Bot(exports.Bot):
    """The export `bot`."""

    def handle(self, context: types.Context, state: str | None, event: types.Event) -> types.Decision:
        answer = _plugin.answer(context, state, event)
        for stream in _streams:
            stream.end_line()
        return _decision(_value(answer))


class Manifest(exports.Manifest):
    """The export `manifest`."""

    def describe(self) -> Description:
        of = _plugin
        lists = (of.steps, of.connections, of.campaigns, of.handles)
        steps, connections, campaigns, handles = map(list, lists)
        return Description(_name, _version, of.state_version, steps, connections, campaigns, handles)


class Migration(exports.Migration):
    """The export `migration`."""

    def migrate(self, state: str, from_: int) -> str:
        migrated: str = _value(_plugin.migrated(state, from_))
        return migrated


class LogStream(io.TextIOBase):
    """stdout or stderr as lines of the turn's log."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            _write(self._level, line)
        if len(self._line) > LINE_CHARS_MAX:
            self.end_line()
        return len(text)

    def end_line(self) -> None:
        line, self._line = self._line, ""
        if line:
            _write(self._level, line)


def _plugin_of(module: ModuleType) -> Plugin[Any]:
    plugins = [value for value in vars(module).values() if isinstance(value, Plugin)]
    if len(set(map(id, plugins))) != 1:
        found = "no Plugin" if not plugins else "more than one Plugin"
        raise TypeError(f"{module.__name__} has {found}; it needs one: `plugin = Plugin()`")
    if "on_message" not in plugins[0]._handlers and "on_event" not in plugins[0]._handlers:
        raise TypeError(f"{module.__name__} has no `@plugin.on_message`")
    return plugins[0]


def _write(level: str, message: str) -> None:
    host_log.write(_LEVELS[level], message[:LOG_CHARS_MAX].encode("utf-8", "replace").decode())


def _log_to_host(logging: Any) -> None:
    def level_of(number: int) -> str:
        names = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))
        return next((name for at_least, name in names if number >= at_least), "debug")

    handler = logging.Handler()
    handler.emit = lambda record: _write(level_of(record.levelno), handler.format(record))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)


def _value(answer: dict[str, Any]) -> Any:
    if "ok" in answer:
        return answer["ok"]
    error = answer["err"]
    kind = types.Error_BadState if error["tag"] == "bad-state" else types.Error_Other
    raise Err(kind(error["val"]))


def _decision(decision: dict[str, Any]) -> types.Decision:
    effects = [_EFFECTS[effect["tag"]](effect["val"]) for effect in decision["effects"]]
    return types.Decision(_next_state(decision["state"]), effects, decision["step"])


def _next_state(state: dict[str, str]) -> types.NextState:
    match state["tag"]:
        case "replace":
            return types.NextState_Replace(state["val"])
        case "clear":
            return types.NextState_Clear()
    return types.NextState_Keep()


def _named(of: dict[str, str]) -> types.NamedJson:
    return types.NamedJson(of["name"], of["value"])


def _all_named(of: list[dict[str, str]]) -> list[types.NamedJson]:
    return [_named(each) for each in of]


def _reply(of: dict[str, Any]) -> types.Effect:
    choices = [types.Choice(each["id"], each["title"], each["description"]) for each in of["choices"]]
    media = of["media"] and types.Media(of["media"]["url"], of["media"]["mimeType"])
    return types.Effect_Reply(types.Reply(of["text"], choices, media, of["campaign"], _all_named(of["properties"])))


def _campaign(of: dict[str, Any]) -> types.Campaign:
    return types.Campaign(of["name"], _all_named(of["properties"]))


def _change_attribute(of: dict[str, Any]) -> types.Effect:
    change: types.AttributeChange
    match of["tag"], of["val"]:
        case "set", value:
            change = types.AttributeChange_Set(_named(value))
        case "unset", name:
            change = types.AttributeChange_Unset(name)
        case "increment", (name, by):
            change = types.AttributeChange_Increment((name, by))
        case "add", (name, text):
            change = types.AttributeChange_Add((name, text))
        case _, (name, text):
            change = types.AttributeChange_Remove((name, text))
    return types.Effect_ChangeAttribute(change)


def _timer(of: dict[str, Any]) -> types.Effect:
    return types.Effect_StartTimer(types.Timer(of["name"], of["delay"], of["payload"], of["cancelOnMessage"]))


def _request(of: dict[str, Any]) -> types.Effect:
    request = types.Request(
        of["id"],
        of["connection"],
        of["method"],
        of["path"],
        [(name, value) for name, value in of["headers"]],
        of["body"],
        of["timeout"],
        types.WhileWaiting[of["whileWaiting"].upper()],
    )
    return types.Effect_Request(request)


def _handoff(of: dict[str, Any]) -> types.Effect:
    priority = types.Priority[of["priority"].upper()]
    return types.Effect_Handoff(types.Handoff(of["reason"], of["summary"], of["team"], priority, of["notice"]))


_EFFECTS: dict[str, Callable[[Any], types.Effect]] = {
    "reply": _reply,
    "send-campaign": lambda of: types.Effect_SendCampaign(_campaign(of)),
    "send-canvas": lambda of: types.Effect_SendCanvas(_campaign(of)),
    "change-attribute": _change_attribute,
    "track-event": lambda of: types.Effect_TrackEvent(_named(of)),
    "start-timer": _timer,
    "cancel-timer": types.Effect_CancelTimer,
    "request": _request,
    "handoff": _handoff,
    "note": types.Effect_Note,
    "switch-bot": lambda of: types.Effect_SwitchBot(_named(of)),
    "end-session": types.Effect_EndSession,
    "custom": lambda of: types.Effect_Custom(_named(of)),
}
