"""What is told of a turn that failed: the error first, then where it came from, within what the host keeps."""

import linecache
import sys
from itertools import groupby
from types import TracebackType

from .values import BadValue

# The host keeps as much.
FAILURE_BYTES_MAX = 4 * 1024
# So much of it may be the error's own words, so that there is room for where it came from.
MESSAGE_CHARS_MAX = 1024
CAUSES_MAX = 3
_ROOTS: list[str] = []
_OURS = __file__.removesuffix("failure.py")


class BadState(Exception):
    """The stored state cannot be read by this version; the user gets the fallback text and the state stays."""


def describe(error: BaseException) -> str:
    """The error and its causes, each with the frames it passed through; the innermost are kept where there are too many."""
    parts = [_headline(error)]
    bytes_left = FAILURE_BYTES_MAX - len(parts[0].encode()) - 16
    for depth in range(CAUSES_MAX):
        if depth > 0:
            parts.append(f"caused by {_headline(error)}"[: max(bytes_left, 0) // 4])
            bytes_left -= len(parts[-1].encode()) + 1
        frames = _frames(error.__traceback__, bytes_left)
        parts.extend(frames)
        bytes_left -= sum(len(frame.encode()) + 1 for frame in frames)
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or bytes_left <= 0:
            break
        error = cause
    return "\n".join(parts)


def preload_sources() -> None:
    """Keeps the source of what is imported, so that a frame can show its line where there are no files any more."""
    _ROOTS[:] = sorted((root.rstrip("/") + "/" for root in sys.path if root), key=len, reverse=True)
    standard = linecache.__file__.removesuffix("linecache.py")
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.endswith(".py") and not file.startswith((standard, _OURS)):
            lines = linecache.getlines(file)
            # Without a time of change the entry is never compared with the file.
            linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def _headline(error: BaseException) -> str:
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be told)"
    # A value of another shape says all there is to say; of others the kind is half of the message.
    kind = "" if isinstance(error, (BadValue, BadState)) else type(error).__name__
    line = ": ".join(part for part in (kind, message) if part)
    line = line if len(line) <= MESSAGE_CHARS_MAX else line[:MESSAGE_CHARS_MAX] + "…"
    return line.encode("utf-8", "replace").decode() or type(error).__name__


def _frames(traceback: TracebackType | None, bytes_max: int) -> list[str]:
    """From the outermost to the innermost, without those of this package."""
    places: list[tuple[str, int, str]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append((code.co_filename, traceback.tb_lineno, code.co_qualname))
        traceback = traceback.tb_next
    authors = [place for place in places if not place[0].startswith(_OURS)]
    kept: list[str] = []
    # A recursion is told once.
    for (file, number, name), repeats in groupby(reversed(authors)):
        frame = f'  File "{_short(file)}", line {number}, in {name}'
        if (times := sum(1 for _ in repeats)) > 1:
            frame += f", {times} times"
        source = linecache.getline(file, number).strip()
        if source:
            frame += f"\n    {source[:160]}"
        bytes_max -= len(frame.encode("utf-8", "replace")) + 1
        if bytes_max <= 0:
            kept.append("  …")
            break
        kept.append(frame.encode("utf-8", "replace").decode())
    return kept[::-1]


def _short(file: str) -> str:
    return next((file.removeprefix(root) for root in _ROOTS if file.startswith(root)), file)
