"""Plays transcripts against a plugin that runs here, natively, with your debugger: no WebAssembly, milliseconds.

    class Conversations(unittest.TestCase):
        def test_transcripts(self) -> None:
            run_folder(plugin, "tests")

The player is the host's command, `turnwise test`: the one that the environment variable `TURNWISE` names, else the one on
PATH. It says what happens, this process answers as the plugin, and an `AssertionError` tells how what the bot did differs
from what is written.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import lift
from .plugin import Plugin


def run_folder(plugin: Plugin[Any], folder: str | Path) -> None:
    """Plays every `*.chat` file of a folder, named relative to the file that calls this. Raises `AssertionError`."""
    _play(plugin, _beside_the_caller(folder))


def run_file(plugin: Plugin[Any], file: str | Path) -> None:
    """Plays one transcript, named relative to the file that calls this. Raises `AssertionError`."""
    _play(plugin, _beside_the_caller(file))


def run(plugin: Plugin[Any], transcript: str) -> None:
    """Plays a transcript written in a test. Raises `AssertionError`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "transcript.chat")
        file.write_text(transcript, encoding="utf-8")
        _play(plugin, file)


def _play(plugin: Plugin[Any], path: Path) -> None:
    command = [_turnwise(), "test", "--stdio", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as player:
        assert player.stdin is not None and player.stdout is not None
        done = None
        for line in player.stdout:
            question = json.loads(line)
            if "done" in question:
                done = question["done"]
                break
            raw = lift.from_json(line)
            answer = plugin.answer(raw.context, raw.state, raw.event)
            try:
                player.stdin.write(json.dumps(answer) + "\n")
                player.stdin.flush()
            except BrokenPipeError:
                break
    if done is None:
        raise AssertionError(f"`{' '.join(command)}` ended with exit code {player.returncode}, and says why above")
    if done["failed"] or player.returncode != 0:
        raise AssertionError(
            f"{done['failed']} of {done['passed'] + done['failed']} transcripts failed\n\n{done['report']}"
        )


def _turnwise() -> str:
    found = os.environ.get("TURNWISE") or shutil.which("turnwise")
    if not found:
        raise FileNotFoundError(
            "transcripts are played by `turnwise test`: put turnwise on PATH, or its path in TURNWISE"
        )
    return found


def _beside_the_caller(path: str | Path) -> Path:
    file = sys._getframe(2).f_globals.get("__file__")
    return Path(file).resolve().parent / path if file else Path(path)
