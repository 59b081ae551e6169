"""Run by `python3 -m unittest`, which needs nothing installed, or by pytest."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "../../plugin-sdk/python"))

from bot import plugin
from order import find_number, is_proof
from turnwise_plugin.testing import run_folder


class Conversations(unittest.TestCase):
    def test_transcripts(self) -> None:
        run_folder(plugin, "tests")


class Orders(unittest.TestCase):
    def test_order_numbers_are_found_in_what_people_write(self) -> None:
        cases = {
            "A-12345": "A-12345",
            "a12345": "A-12345",
            "It's #b-54321, thanks!": "B-54321",
            "12345": "12345",
            "12345678": "12345678",
            "1234": None,
            "123456789": None,
            "A-123456": None,
            "AB-12345": None,
            "A--12345": None,
            "١٢٣٤٥": None,
            "": None,
            "-": None,
        }
        for text, number in cases.items():
            with self.subTest(text):
                self.assertEqual(find_number(text), number)

    def test_a_postcode_or_an_address_is_proof(self) -> None:
        for text in ["10115", "SW1A 1AA", "1010-234", " sam@example.com ", "agent@shop.example"]:
            with self.subTest(text):
                self.assertTrue(is_proof(text))
        for text in ["", "no", "I don't know", "sam@", "@example.com", "sam@example", "a b@example.com", "12345678901"]:
            with self.subTest(text):
                self.assertFalse(is_proof(text))
