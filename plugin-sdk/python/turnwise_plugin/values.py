"""Between typed Python values and JSON.

A type is compiled once, at import, into a reader and a writer, so that a turn only runs them. What can be a type here: `None`,
`bool`, `int`, `float`, `str`, `datetime`, `Any`, enums (by value), `Literal`, `list`, `tuple[T, ...]`, `dict[str, T]`,
`TypedDict` (unchecked), dataclasses of these, `T | None`, and unions. A union of dataclasses is told apart by a key `"type"`
with the class's name.
"""

import json
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, Union

T = TypeVar("T")
Convert = Callable[[Any], Any]

TAG = "type"


class BadValue(ValueError):
    """A JSON value of another shape than the one asked for."""

    def within(self, name: str) -> "BadValue":
        """The same, with where it is."""
        return BadValue(f"{name}: {self}")


class Shape(Generic[T]):
    """A type that can be read from JSON text and written as such."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self._read, self._write = _compile(kind)

    def read(self, text: str) -> T:
        """Raises `BadValue` where the text is no JSON, or JSON of another shape."""
        value: T = self._read(parse(text))
        return value

    def write(self, value: T) -> str:
        """Raises `BadValue` or `TypeError` where the value is not of this type; what is written can be read."""
        written = self._write(value)
        self._read(written)
        return text_of(written)


def parse(text: str) -> Any:
    """JSON text as plain Python values. Raises `BadValue`."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadValue(f"it is not JSON: {error}") from None


def to_json(value: object) -> str:
    """JSON text of a value: plain ones, dataclasses, enums, datetimes. Raises `TypeError` for others."""
    return text_of(_plain(value))


def text_of(plain: object) -> str:
    """JSON text of plain values, compact. Raises `ValueError` for what JSON has no words for, such as NaN."""
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()  # Half a character, which Python strings can hold, cannot cross into the host.
    return text


_SHAPES: dict[Any, Shape[Any]] = {}


def shape_of(kind: type[T]) -> Shape[T]:
    """The shape of a type, compiled at its first use."""
    shape = _SHAPES.get(kind)
    if shape is None:
        shape = _SHAPES[kind] = Shape(kind)
    return shape


def read(text: str, kind: type[T]) -> T:
    """Reads JSON text as a type. Raises `BadValue`."""
    return shape_of(kind).read(text)


def _compile(kind: Any) -> tuple[Convert, Convert]:
    """The reader and the writer of a type. Raises `TypeError` where it cannot be JSON."""
    if kind in _SCALARS:
        return _SCALARS[kind], _plain
    if kind in (Any, object):
        return _same, _plain
    if typing.is_typeddict(kind):
        return _expect(dict, "an object"), _plain
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind), _plain
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind)
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is Literal:
        return _literal(arguments), _plain
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is list or (origin is tuple and len(arguments) == 2 and arguments[1] is ...):
        return _sequence(origin, arguments[0] if arguments else Any)
    if origin is dict and (not arguments or arguments[0] is str):
        return _mapping(arguments[1] if arguments else Any)
    raise TypeError(f"{kind!r} cannot be kept as JSON; see turnwise_plugin.values for what can")


def _same(value: Any) -> Any:
    return value


def _expect(kind: type, expected: str) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise _mismatch(value, expected)
        return value

    return read


def _float(value: Any) -> float:
    if type(value) not in (int, float):
        raise _mismatch(value, "a number")
    return float(value)


def _datetime(value: Any) -> datetime:
    if type(value) is not str:
        raise _mismatch(value, "a date and time")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise BadValue(str(error)) from None


_SCALARS: dict[Any, Convert] = {
    None: _expect(type(None), "null"),
    type(None): _expect(type(None), "null"),
    bool: _expect(bool, "a boolean"),
    int: _expect(int, "an integer"),
    float: _float,
    str: _expect(str, "a string"),
    datetime: _datetime,
}


def _enum(kind: type[Enum]) -> Convert:
    members = {member.value: member for member in kind}

    def read(value: Any) -> Enum:
        member = members.get(value) if isinstance(value, (str, int, float)) else None
        if member is None:
            raise BadValue(f"invalid value, expected one of {', '.join(map(repr, members))}")
        return member

    return read


def _literal(choices: tuple[Any, ...]) -> Convert:
    def read(value: Any) -> Any:
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            raise BadValue(f"invalid value, expected one of {', '.join(map(repr, choices))}")
        return value

    return read


# Dataclasses can hold themselves: whoever asks for one while it is being compiled gets the converters all the same.
_DATACLASSES: dict[type, tuple[Convert, Convert]] = {}


def _dataclass(kind: Any) -> tuple[Convert, Convert]:
    if kind in _DATACLASSES:
        return _DATACLASSES[kind]
    plan: list[tuple[str, Convert, Convert, bool]] = []

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _mismatch(value, "an object")
        arguments = {}
        for name, read_field, _, required in plan:
            if name in value:
                try:
                    arguments[name] = read_field(value[name])
                except BadValue as bad:
                    raise bad.within(name) from None
            elif required:
                raise BadValue(f"missing field `{name}`")
        return kind(**arguments)

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise _mismatch(value, f"a {kind.__name__}")
        return {name: write_field(getattr(value, name)) for name, _, write_field, _ in plan}

    _DATACLASSES[kind] = read, write
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        if field.init:
            try:
                read_field, write_field = _compile(hints[field.name])
            except TypeError as error:
                raise TypeError(f"{kind.__name__}.{field.name}: {error}") from None
            required = field.default is MISSING and field.default_factory is MISSING
            plan.append((field.name, read_field, write_field, required))
    return read, write


def _sequence(origin: type, item: Any) -> tuple[Convert, Convert]:
    read_item, write_item = _compile(item)

    def read(value: Any) -> Any:
        if type(value) is not list:
            raise _mismatch(value, "a list")
        return origin(_at(index, read_item, each) for index, each in enumerate(value))

    def write(value: Any) -> Any:
        if not isinstance(value, origin):
            raise _mismatch(value, f"a {origin.__name__}")
        return [write_item(each) for each in typing.cast("list[Any]", value)]

    return read, write


def _mapping(item: Any) -> tuple[Convert, Convert]:
    read_item, write_item = _compile(item)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _mismatch(value, "an object")
        return {name: _at(name, read_item, each) for name, each in value.items()}

    def write(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _mismatch(value, "a dict")
        return {_key(name): write_item(each) for name, each in value.items()}

    return read, write


def _union(members: tuple[Any, ...]) -> tuple[Convert, Convert]:
    some = [member for member in members if member is not type(None)]
    optional = len(some) < len(members)
    if len(some) > 1 and all(isinstance(member, type) and is_dataclass(member) for member in some):
        read_some, write_some = _tagged(some)
    else:
        read_some, write_some = _first_that_fits([_compile(member) for member in some])

    def read(value: Any) -> Any:
        return None if optional and value is None else read_some(value)

    def write(value: Any) -> Any:
        return None if optional and value is None else write_some(value)

    return read, write


def _tagged(members: list[Any]) -> tuple[Convert, Convert]:
    by_name = {member.__name__: _compile(member) for member in members}
    for member in members:
        if any(field.name == TAG for field in fields(member)):
            raise TypeError(
                f"{member.__name__}.{TAG}: in a union this key is the class's name; call the field something else"
            )

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _mismatch(value, "an object")
        name = value.get(TAG)
        if name not in by_name:
            raise BadValue(f"invalid `{TAG}`, expected one of {', '.join(by_name)}")
        return by_name[name][0](value)

    def write(value: Any) -> Any:
        name = type(value).__name__
        if name not in by_name:
            raise _mismatch(value, f"one of {', '.join(by_name)}")
        return {TAG: name} | by_name[name][1](value)

    return read, write


def _first_that_fits(members: list[tuple[Convert, Convert]]) -> tuple[Convert, Convert]:
    def convert(which: int) -> Convert:
        def fit(value: Any) -> Any:
            why: ValueError | TypeError = BadValue("invalid type")
            for member in members:
                try:
                    return member[which](value)
                except (BadValue, TypeError) as error:
                    why = error
            raise why

        return fit

    return convert(0), convert(1)


def _at(place: object, convert: Convert, value: Any) -> Any:
    try:
        return convert(value)
    except BadValue as bad:
        raise bad.within(str(place)) from None


def _plain(value: Any) -> Any:
    """A value as JSON has it, by what it is and not by what it was declared as."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, dict):
        return {_key(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def _key(name: Any) -> str:
    name = name.value if isinstance(name, Enum) else name
    if not isinstance(name, str):
        raise TypeError(f"a key of a JSON object is a str, not a {type(name).__name__}")
    return name


def _mismatch(value: Any, expected: str) -> BadValue:
    """Says what a value is without telling a text of it: errors are seen by more people than conversations."""
    match value:
        case None:
            found = "null"
        case bool():
            found = f"boolean `{str(value).lower()}`"
        case int():
            found = f"integer `{value}`"
        case float():
            found = f"floating point `{value}`"
        case str():
            found = "a string"
        case list():
            found = "a list"
        case dict():
            found = "an object"
        case _:
            found = f"a {type(value).__name__}"
    return BadValue(f"invalid type: {found}, expected {expected}")
