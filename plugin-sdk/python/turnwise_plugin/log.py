"""The turn's log: at most 16 KiB a turn are kept. Never write what the user typed into it.

`print` and the standard library's `logging` go there too.
"""

import sys
from collections.abc import Callable

Write = Callable[[str, str], None]


def _to_stderr(level: str, message: str) -> None:
    print(level, message, file=sys.stderr)


# In a component the adapter puts the host's log here.
_write: Write = _to_stderr


def debug(message: str) -> None:
    """For the plugin's author."""
    _write("debug", message)


def info(message: str) -> None:
    """Worth reading."""
    _write("info", message)


def warn(message: str) -> None:
    """Worth a look."""
    _write("warn", message)


def error(message: str) -> None:
    """Something is wrong."""
    _write("error", message)


def redirect(write: Write) -> None:
    """Sends every line elsewhere from now on: called with the level's name and the line."""
    global _write
    _write = write
