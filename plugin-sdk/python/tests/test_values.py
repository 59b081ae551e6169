import unittest
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, TypedDict

from turnwise_plugin import BadValue
from turnwise_plugin.values import Shape


class Colour(Enum):
    RED = "red"
    BLUE = 2


@dataclass
class Item:
    name: str
    price: float = 0.0


@dataclass
class Empty:
    pass


@dataclass
class Waiting:
    since: datetime
    items: list[Item] = field(default_factory=list)


@dataclass
class Tree:
    value: int = 0
    children: list["Tree"] = field(default_factory=list)


class Loose(TypedDict, total=False):
    anything: int


@dataclass
class Everything:
    step: Empty | Waiting = field(default_factory=Empty)
    colour: Colour = Colour.RED
    plan: Literal["free", "gold"] = "free"
    item: Item | None = None
    pair: tuple[int, ...] = ()
    prices: dict[str, float] = field(default_factory=dict)
    either: int | str = 0
    loose: Loose = field(default_factory=lambda: Loose())
    tree: Tree = field(default_factory=Tree)
    anything: Any = None
    flag: bool = False


class RoundTrips(unittest.TestCase):
    def test_everything_comes_back_as_it_was(self) -> None:
        shape: Shape[Everything] = Shape(Everything)
        full = Everything(
            step=Waiting(datetime(2026, 1, 2, 3, 4, 5, 678, UTC), [Item("ü", 1.5)]),
            colour=Colour.BLUE,
            plan="gold",
            item=Item("n"),
            pair=(1, 2),
            prices={"a": 1.0},
            either="text",
            loose={"anything": 1},
            tree=Tree(1, [Tree(2)]),
            anything={"a": [None, True]},
            flag=True,
        )
        for value in (Everything(), full):
            self.assertEqual(shape.read(shape.write(value)), value)
        self.assertEqual(
            shape.write(full),
            '{"step":{"type":"Waiting","since":"2026-01-02T03:04:05.000678+00:00","items":[{"name":"ü","price":1.5}]},'
            '"colour":2,"plan":"gold","item":{"name":"n","price":0.0},"pair":[1,2],"prices":{"a":1.0},"either":"text",'
            '"loose":{"anything":1},"tree":{"value":1,"children":[{"value":2,"children":[]}]},'
            '"anything":{"a":[null,true]},"flag":true}',
        )

    def test_what_is_missing_has_its_default_and_what_is_too_much_is_left_out(self) -> None:
        shape: Shape[Everything] = Shape(Everything)
        self.assertEqual(shape.read('{"gone":1}'), Everything())
        self.assertEqual(shape.read('{"item":{"name":"n"}}'), Everything(item=Item("n")))

    def test_plain_types_are_shapes_too(self) -> None:
        for kind, text, value in [
            (None, "null", None),
            (int, "7", 7),
            (float, "7", 7.0),
            (str, '"7"', "7"),
            (dict, '{"a":[1]}', {"a": [1]}),
            (list, '[1,"a"]', [1, "a"]),
            (dict[str, int], '{"a":1}', {"a": 1}),
            (list[int], "[1]", [1]),
        ]:
            with self.subTest(text):
                self.assertEqual(Shape[Any](kind).read(text), value)


class Mistakes(unittest.TestCase):
    def test_a_value_of_another_shape_says_where_and_what_but_no_text(self) -> None:
        for text, expected in [
            ("seven", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
            ("[]", "invalid type: a list, expected an object"),
            ('{"flag":1}', "flag: invalid type: integer `1`, expected a boolean"),
            ('{"item":{}}', "item: missing field `name`"),
            ('{"item":{"name":7}}', "item: name: invalid type: integer `7`, expected a string"),
            ('{"pair":[1,true]}', "pair: 1: invalid type: boolean `true`, expected an integer"),
            ('{"prices":{"a":"secret"}}', "prices: a: invalid type: a string, expected a number"),
            ('{"colour":"green"}', "colour: invalid value, expected one of 'red', 2"),
            ('{"plan":"iron"}', "plan: invalid value, expected one of 'free', 'gold'"),
            ('{"step":{"type":"Gone"}}', "step: invalid `type`, expected one of Empty, Waiting"),
            ('{"step":{"type":"Waiting","since":"soon"}}', "step: since: Invalid isoformat string: 'soon'"),
        ]:
            with self.subTest(text), self.assertRaises(BadValue) as raised:
                Shape[Everything](Everything).read(text)
            self.assertEqual(str(raised.exception), expected)

    def test_a_value_that_could_not_be_read_again_is_not_written(self) -> None:
        wrong: list[Any] = [
            Everything(flag="yes"),  # type: ignore[arg-type]
            Everything(item=Empty()),  # type: ignore[arg-type]
            Everything(step=Item("n")),  # type: ignore[arg-type]
            Everything(pair=[1]),  # type: ignore[arg-type]
            Item("n"),
        ]
        for value in wrong:
            with self.subTest(value), self.assertRaises(BadValue):
                Shape[Everything](Everything).write(value)

    def test_a_type_that_cannot_be_json_is_refused_when_it_is_declared(self) -> None:
        @dataclass
        class Bad:
            when: complex = 0j

        @dataclass
        class Tagged:
            type: str = ""

        with self.assertRaisesRegex(TypeError, "Bad.when: .*complex"):
            Shape(Bad)
        with self.assertRaisesRegex(TypeError, "Tagged.type: in a union"):
            Shape(Tagged | Empty)
