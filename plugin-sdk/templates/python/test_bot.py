"""Run by `python3 -m unittest`, which needs nothing installed, or by pytest."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "sdk"))

from bot import plugin
from turnwise_plugin.testing import run_folder


class Conversations(unittest.TestCase):
    def test_transcripts(self) -> None:
        run_folder(plugin, "tests")
