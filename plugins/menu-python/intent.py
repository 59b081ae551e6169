"""What a message asks for, by the button tapped or else by its words."""

from enum import Enum

from turnwise_plugin import Message

import order


class Intent(Enum):
    """Named as the buttons are."""

    MENU = "menu"
    AGENT = "agent"
    STOP = "stop"
    DONE = "done"
    ORDER = "order"
    HOURS = "hours"


_BUTTONS = {intent.value: intent for intent in Intent if intent is not Intent.STOP}


def of(message: Message) -> Intent | None:
    """What the message asks for; none where it is an answer, or not understood."""
    return _BUTTONS.get(message.choice or "") or _of_text(message.text)


def _of_text(text: str) -> Intent | None:
    text = text.lower()
    words = [_bare(word) for word in text.split()]

    def has(*wanted: str) -> bool:
        return any(word in wanted for word in words)

    def is_just(*wanted: str) -> bool:
        return len(words) == 1 and has(*wanted)

    if has("agent", "human"):
        return Intent.AGENT
    if is_just("menu", "back", "help", "restart"):
        return Intent.MENU
    if is_just("stop"):
        return Intent.STOP
    if order.find_number(text):
        # "Where is order 12345?" is answered by what takes the number.
        return None
    if has("order", "orders", "package", "parcel", "delivery"):
        return Intent.ORDER
    if has("hours", "open", "opening"):
        return Intent.HOURS
    return None


def _bare(word: str) -> str:
    """Without the punctuation around it; `agent@example.com` is not the word "agent"."""
    inside = [index for index, char in enumerate(word) if char.isalnum()]
    return word[inside[0] : inside[-1] + 1] if inside else ""
