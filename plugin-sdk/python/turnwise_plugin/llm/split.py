"""Long answers as several messages."""

# Where a text is best divided, best first: between paragraphs, lines, sentences, words.
_SEAMS = (("\n\n",), ("\n",), (". ", "! ", "? ", "。", "！", "？"), (" ",))
_ELLIPSIS = " …"


def split(text: str, chars_max: int, parts_max: int) -> list[str]:
    """A text in at most so many parts of at most so many characters each (WhatsApp takes 4096), divided where it reads well.
    What does not fit the last part is left out, which an ellipsis says. No part is empty; of an empty text there is none."""
    parts: list[str] = []
    rest = text.strip()
    while rest and len(parts) < parts_max:
        if len(rest) <= chars_max:
            parts.append(rest)
            break
        is_last = len(parts) + 1 == parts_max
        at = _seam(rest, max(0, chars_max - len(_ELLIPSIS)) if is_last else chars_max)
        part = rest[:at].rstrip()
        parts.append(part + _ELLIPSIS if is_last else part)
        rest = rest[at:].lstrip()
    return parts


def _seam(text: str, chars: int) -> int:
    """Where the first part ends: at most `chars` characters, and not under half of that for a better seam."""
    for seams in _SEAMS:
        found = [at + len(seam) for seam in seams if (at := text.rfind(seam, 0, chars)) >= 0]
        if found and max(found) > chars // 2:
            return max(found)
    # Never zero, even where there is no room at all: what is left has to become shorter.
    return max(1, chars)
